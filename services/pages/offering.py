"""A command that may be given now, as a form, and what came of a form that was not carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.catalogue import Catalogue, label_of
from services.pages.forms import Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A command that may be given now, as a form."""

    slug: str
    title: str
    does: str
    inputs: tuple[Input, ...]
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    command_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A form that was not carried out: why, by field, and what had been typed into it.

    `labels` are what the fields at fault are called. `since` is the version of the case that the
    form was made from, where the case has changed.
    """

    slug: str
    title: str
    faults: Mapping[str, str]
    labels: Mapping[str, str]
    typed: Mapping[str, str]
    since: int | None = field(default=None)


def refused_form(
    words: Catalogue,
    slug: str,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
    *,
    since: int | None = None,
) -> Refused:
    """Return what is said of a form that was not carried out."""
    return Refused(
        slug=slug,
        title=words(f"command.{slug}.title"),
        faults=faults,
        labels={each: label_of(words, slug, each) for each in faults if each},
        typed=typed,
        since=since,
    )
