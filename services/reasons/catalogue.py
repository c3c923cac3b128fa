"""The catalogue of a language: every template it needs, read and checked.

Law: a catalogue says every message, all that a rule asks and every word that these are made of, and
each of their facts, or it is refused with all its faults at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from domain.application import AchievementKind, Correspondence, Level, Relative, Sector
from domain.errors import Reportable
from domain.rules.reasons import Kind, Message
from domain.rules.types import Catches
from services.reasons.asking import ASKS
from services.reasons.templates import Template, faults_of, read_template

Catalogue = Mapping[str, Template]
"""Templates by their dotted place in the document, such as `say.aged`."""

_NUMBER: Final = {"number": Kind.NUMBER}


class CatalogueFaults(Reportable, ValueError):
    """A catalogue of reasons cannot be used; `faults` holds each fault with its place."""

    def __init__(self, language: str, faults: tuple[str, ...]) -> None:
        """Keep the faults, told a line each."""
        self.language, self.faults = language, faults
        super().__init__("\n".join(f"reasons in {language}: {fault}" for fault in faults))


@cache
def catalogue(language: Correspondence) -> Catalogue:
    """Return the catalogue that ships for a language, or raise `CatalogueFaults`."""
    file = files("services.reasons") / f"{language}.toml"
    return parse_catalogue(language, tomllib.loads(file.read_text("utf-8")))


def parse_catalogue(language: str, document: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue that a document writes, or raise `CatalogueFaults` with every fault."""
    faults: list[str] = []
    found = dict(_leaves(document))
    wanted = _wanted()
    faults += [f"{place}: is missing" for place in wanted if place not in found]
    faults += [f"{place}: is not known here" for place in found if place not in wanted]
    templates: dict[str, Template] = {}
    for place, facts in wanted.items():
        if place in found:
            templates[place], wrong = _template(found[place], facts)
            faults += [f"{place}: {fault}" for fault in wrong]
    if faults:
        raise CatalogueFaults(language, tuple(faults))
    return templates


def _template(text: Any, facts: Mapping[str, Kind]) -> tuple[Template, list[str]]:
    if not isinstance(text, str):
        return (), [f"must be a text, not {text!r}"]
    try:
        template = read_template(text)
    except ValueError as fault:
        return (), [f"{fault}: {text!r}"]
    return template, list(faults_of(template, facts))


def _leaves(document: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", value


def _wanted() -> dict[str, Mapping[str, Kind]]:
    """Return the place of every template, with the facts that it has to say."""
    return {
        "spans.years": _NUMBER,
        "spans.days": _NUMBER,
        "spans.between": {},
        "spans.about": {"span": Kind.TEXT, **_NUMBER},
        "words.nothing": {},
        "words.money": {"amount": Kind.TEXT},
        **{f"levels.{each}.some": {} for each in Level},
        **{f"levels.{each}.none": {} for each in Level},
        **{f"levels.{each}.counted": _NUMBER for each in Level},
        **{f"sectors.{each}": {} for each in Sector},
        **{f"relatives.{each}": {} for each in Relative},
        **{f"achievements.{each}": {} for each in AchievementKind},
        **{f"catches.{each}": {} for each in Catches},
        **{f"asks.{each}": facts for each, facts in ASKS.items()},
        **{f"say.{each}": each.facts for each in Message},
    }
