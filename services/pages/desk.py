"""The work on a case as its page shows it: who has it, the notes, and the forms for both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, get_args
from uuid import uuid4

from domain import work_commands as c
from domain.access import WORK_ACTION_OF, Action, Person, permitted
from domain.slugs import slug
from domain.stages import Draft
from domain.work import possible, standing
from services import work
from services.cases import CaseAt
from services.catalogue import Catalogue, label_of
from services.identity import officers
from services.looking import work_beside
from services.pages import forms
from services.pages.guard import visitor
from services.pages.offering import Offer
from services.wiring import Office

COMMANDS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {slug(each.__name__): each for each in get_args(c.WorkCommand)}
)
"""The commands on the work on a case, by the name in the address of their form."""

EXPORT: Final = slug(c.ExportData.__name__)
"""What is no command of such a kind alone: it is answered with a file."""

_IN_WORDS: Final = frozenset({"text", "reason"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The work on a case, with the forms that whoever is signed in may send."""

    found: work.WorkAt
    is_mine: bool
    offers: tuple[Offer, ...]


def desk_of(office: Office, words: Catalogue, case: CaseAt) -> Desk | None:
    """Return the work on a case; None where whoever is signed in must not see it."""
    person = visitor()
    if not permitted(person, Action.READ_WORK):
        return None
    found = work_beside(office, case)
    recused = frozenset() if isinstance(case.state, Draft) else case.state.filed.recused
    return Desk(
        found=found,
        is_mine=found.holder == person.name,
        offers=tuple(
            _offer(office, words, found, command)
            for command in _given_now(found, person, recused)
            if permitted(person, WORK_ACTION_OF[command])
        ),
    )


def _given_now(found: work.WorkAt, person: Person, recused: frozenset[str]) -> Iterator[type[Any]]:
    yield from possible(found.state, person.name, recused)
    if found.state.access.open is not None and person.name not in recused:
        yield c.ExportData


def _offer(office: Office, words: Catalogue, found: work.WorkAt, command: type[Any]) -> Offer:
    name = slug(command.__name__)
    inputs = tuple(_asked(office, found, each) for each in forms.inputs_of(command))
    return Offer(
        slug=name,
        title=words(f"command.{name}.title"),
        does=words(f"command.{name}.does"),
        inputs=inputs,
        labels={each.name: label_of(words, name, each.name) for each in inputs},
        hints={},
        command_id=str(uuid4()),
    )


def _asked(office: Office, found: work.WorkAt, given: forms.Input) -> forms.Input:
    """Return a field with what there is to choose from, where that is known."""
    if given.name in _IN_WORDS:
        return replace(given, kind="words")
    if given.name == "note":
        notes = {str(each.number): _titled(found, each.number) for each in standing(found.state)}
        return replace(given, kind="choice", choices=notes)
    if given.name == "officer" and (known := officers(office.settings)) is not None:
        others = sorted(known - {found.holder})
        return replace(given, kind="choice", choices={each: each for each in others})
    return given


def _titled(found: work.WorkAt, number: int) -> str:
    note = found.notes[number - 1]
    return f"{number}, by {note.author}"
