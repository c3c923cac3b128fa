"""What an applicant sees of their case: never a rank, a name of the office or a note within it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, get_args

import psycopg
import pytest

from domain import stages as s
from domain.events import (
    ApplicationRefused,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    CaseEvent,
    Event,
)
from domain.exercise_events import ExerciseEvent
from domain.particulars import (
    ApplicationCorrected,
    ContactChanged,
    Correction,
    ErasureDecided,
    NewContact,
)
from domain.processes import EFFECTS, Party
from domain.wire import WIRE
from domain.work_events import WorkEvent
from services.api.app import create_api
from services.projections.runner import catch_up_all
from services.store import NewEvent
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.contract import shapes
from tests.domain.histories import HISTORIES, JOHN, REFUSED
from tests.integration.mailing import new_reference, submitted
from tests.services.api.calling import Caller
from tests.services.coming_in import come_in, status_told
from tests.services.storing import commit_of, writing
from tests.services.visiting import Visitor

AT: Final = datetime(2019, 9, 2, 4, tzinfo=UTC)
OFFICER: Final = "somebody-of-the-office"
WITHIN: Final = "said-within-the-office"
RANK: Final = 987_654
OF_OFFICERS: Final = ("officer", "author", "before")
_OF_BOTH: Final = {*get_args(CaseEvent), *get_args(WorkEvent)}
OF_CASES: Final = [
    kind for kind in WIRE if kind in _OF_BOTH - {ApplicationSubmitted, ErasureDecided}
]


READABLE: Final[Mapping[type[Event], Event]] = MappingProxyType(
    {
        ApplicationRefused: REFUSED,
        ApplicationCorrected: ApplicationCorrected(
            fields=("languages",),
            assessed_anew=False,
            personal=Correction(application=JOHN, reason="Mistyped"),
        ),
        ContactChanged: ContactChanged(
            personal=NewContact(email="j@new.example", former="j@old.example", evidence="Seen")
        ),
        # In whose place there is no other, whose address would be the one to come in by.
        ApplicationWithdrawn: replace(shapes.example(ApplicationWithdrawn), refiled_as=None),
    }
)
"""Events whose example says what no case could hold."""


def _marked(event: Event) -> Event:
    """Return the event with markers for whoever acted, for ranks, and for words of the office."""
    told = any(Party.APPLICANT in each.to for each in EFFECTS.get(type(event), ()))
    found: Event = _with_markers(event, words=not told)
    return found


def _with_markers(value: Any, *, words: bool, within: bool = False) -> Any:
    changed: dict[str, Any] = {}
    for each in fields(value):
        held = getattr(value, each.name)
        if is_dataclass(held):
            personal = within or each.name == "personal"
            changed[each.name] = _with_markers(held, words=words, within=personal)
        elif each.name in OF_OFFICERS or each.name.endswith("_by"):
            changed[each.name] = OFFICER if type(held) is str else held
        elif each.name == "rank":
            changed[each.name] = RANK
        elif words and within and each.name in {"text", "reason", "evidence", "remarks"}:
            changed[each.name] = WITHIN if type(held) is str else held
    return replace(value, **changed)


@pytest.fixture
def unguarded(database: TestDatabase) -> Iterator[None]:
    """A database that takes any event by itself, without what has to go before it."""
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER USER")
    return


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("kind", OF_CASES, ids=lambda kind: WIRE[kind].name)
def test_no_event_tells_an_applicant_of_ranks_officers_or_notes(
    office: Office, kind: type[Event]
) -> None:
    reference = new_reference()
    event = _marked(READABLE.get(kind) or shapes.example(kind))
    history = (submitted(reference, JOHN), *HISTORIES[s.InPool][1:])
    before = [NewEvent(event=each, effective_at=AT) for each in history]
    stream, seen = f"case-{reference}", len(before)
    office.store.append(commit_of(writing(stream, 0, *before)))
    if kind in get_args(WorkEvent):
        stream, seen = f"work-{reference}", 0
    marked = writing(stream, seen, NewEvent(event=event, effective_at=AT))
    office.store.append(commit_of(marked, actor=OFFICER))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), reference)
    assert page.path == "/status", page.text
    told = status_told(Caller(app=create_api(office), office=office), reference).text
    for untold in (OFFICER, WITHIN, str(RANK), f"{RANK:,}"):
        assert untold not in page.html
        assert untold not in told


def test_there_are_markers_to_be_found() -> None:
    marked = [repr(_marked(shapes.example(kind))) for kind in OF_CASES]
    for marker in (OFFICER, WITHIN, str(RANK)):
        assert sum(marker in each for each in marked) >= 3
    assert not set(OF_CASES) & {*get_args(ExerciseEvent)}
