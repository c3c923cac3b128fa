"""What an export of the data on a person says of people of the office: a number, no name."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, get_args, get_type_hints

import pytest

from domain.access import Role
from domain.data_access import KeptBack
from domain.decisions import DecisionConfirmed, DecisionDeclined, DecisionProposed, Matter
from domain.events import CaseEvent
from domain.exports import BEFORE_IS_STAFF, KEPT_BACK, STAFF, STAFF_FIELDS, StaffNumbers, parts_of
from domain.interruptions import CaseHeld, HoldLifted
from domain.papers import (
    CheckOutcome,
    DocumentChecked,
    DocumentForm,
    DocumentVerified,
    Finding,
)
from domain.record import Recorded
from domain.work_events import WorkEvent

SAYS_NOBODY: Final = frozenset(
    {
        "before",
        "digest",
        "edition",
        "effect",
        "event_id",
        "exercise",
        "factor",
        "fields",
        "id",
        "party",
        "reference",
        "refiled_as",
        "refiles",
        "rule",
        "rules",
        "ruleset",
        "stored",
        "stratum",
    }
)
"""Texts in clear that name nobody; `before` is a ruleset where it is no officer."""


def texts(kind: Any, name: str = "") -> Iterator[str]:
    """Yield the names of all fields in clear that hold a text, at any depth."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        for each in fields(kind):
            if each.name != "personal":
                yield from texts(hints[each.name], each.name)
    elif kind is str:
        yield name
    for inner in get_args(kind):
        yield from texts(inner, name)


def test_every_text_of_an_event_either_names_somebody_of_the_office_or_nobody() -> None:
    events = {*get_args(CaseEvent), *get_args(WorkEvent)}
    found = {name for each in events for name in texts(each)}
    assert found == STAFF_FIELDS | SAYS_NOBODY
    with_before = {each for each in events if "before" in {*texts(each)}}
    assert {each.__name__ for each in with_before - BEFORE_IS_STAFF} == {"CaseMovedToRuleset"}


def test_the_same_person_has_the_same_number_and_another_has_another() -> None:
    numbers = StaffNumbers()
    told = [numbers.told(each) for each in ("chan", "lee", "chan")]
    assert told == ["staff 1", "staff 2", "staff 1"]


def test_neither_the_applicant_nor_a_program_is_of_the_office() -> None:
    assert frozenset({Role.APPLICANT, Role.SERVICE}) == {*Role} - STAFF


def test_what_can_be_kept_back_is_of_the_case_or_of_the_work_on_it() -> None:
    assert KEPT_BACK.keys() <= {*get_args(CaseEvent), *get_args(WorkEvent)}


_A = "officer.chan"
_HELD: Final = CaseHeld(personal=None)
_PROPOSED: Final = DecisionProposed(matter=Matter.VOIDING, proposed_by=_A, personal=None)
_DECLINED: Final = DecisionDeclined(
    matter=Matter.VOIDING, proposed_by=_A, declined_by="officer.lee", personal=None
)
_CONFIRMED: Final = DecisionConfirmed(
    matter=Matter.VOIDING, proposed_by=_A, confirmed_by="officer.lee"
)


def recorded(event: CaseEvent, name: str) -> Recorded[CaseEvent]:
    at = datetime(2019, 5, 1, tzinfo=UTC)
    return Recorded(
        event_id=name,
        stream="case-QM-4K7RT-9XWPR",
        version=1,
        event=event,
        effective_at=at,
        recorded_at=at,
        actor=_A,
        role="officer",
        command="",
        command_id="",
        causation_id="",
        correlation_id="",
    )


def checked(outcome: CheckOutcome) -> DocumentChecked:
    return DocumentChecked(document=1, outcome=outcome, checked_by=_A, personal=None)


def verified(finding: Finding) -> DocumentVerified:
    return DocumentVerified(document=1, form=DocumentForm.ORIGINAL, finding=finding, verified_by=_A)


@pytest.mark.parametrize(
    ("history", "left_out"),
    [
        ((checked(CheckOutcome.SUSPECT), checked(CheckOutcome.ILLEGIBLE)), {0}),
        ((verified(Finding.NOT_GENUINE), verified(Finding.GENUINE)), {0}),
        ((_HELD, _PROPOSED), {0, 1}),
        ((_HELD, _PROPOSED, HoldLifted(personal=None), _DECLINED), {0, 1, 2, 3}),
        ((_HELD, _PROPOSED, _PROPOSED, _CONFIRMED), {0, 1}),  # the first has lapsed
        ((_HELD, _PROPOSED, _CONFIRMED), {0}),
        ((_PROPOSED, _DECLINED, _HELD), {2}),
        ((_HELD, HoldLifted(personal=None), _PROPOSED, _DECLINED), {0, 1}),
        ((_HELD, replace(_PROPOSED, matter=Matter.ERASURE)), {0}),
    ],
)
def test_whatever_tells_of_an_investigation_belongs_to_it(
    history: tuple[CaseEvent, ...], left_out: set[int]
) -> None:
    case = [recorded(each, str(number)) for number, each in enumerate(history)]
    parts = parts_of(case, ())
    assert set(parts.values()) == {KeptBack.INVESTIGATIONS}
    assert {int(each) for each in parts} == left_out
