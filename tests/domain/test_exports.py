"""What an export of the data on a person says of people of the office: a number, no name."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final, get_args, get_type_hints

from domain.access import Role
from domain.events import CaseEvent
from domain.exports import BEFORE_IS_STAFF, KEPT_BACK, STAFF, STAFF_FIELDS, StaffNumbers
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
