"""Every event is either told to somebody or has its reason, and the documented table says which."""

from typing import get_args

import pytest

from domain.events import Event
from domain.processes import EFFECTS, Party
from domain.untold import UNTOLD
from domain.wire import WIRE
from domain.work_events import WorkEvent
from services.notifications.cloud_events import NAMES
from tests.contract import who_is_told


@pytest.mark.parametrize("event", WIRE, ids=lambda each: each.__name__)
def test_every_event_is_told_to_somebody_or_says_why_not(event: type[Event]) -> None:
    assert (event in EFFECTS) != (event in UNTOLD), (
        "give it an effect in domain/processes.py, or a reason in domain/untold.py"
    )


def test_the_table_is_current() -> None:
    assert who_is_told.PAGE.read_text(encoding="utf-8") == who_is_told.present(), (
        "run `python -m tests.contract.pin` and look at what it changes"
    )


def test_the_table_has_a_row_for_every_effect_and_every_condition_has_words() -> None:
    rows = who_is_told.present().splitlines()
    for event, effects in EFFECTS.items():
        for effect in effects:
            (row,) = [
                each
                for each in rows
                if each.startswith(f"| {WIRE[event].name} | {effect.name}")
                and each.split("|")[2].split()[0] == effect.name
            ]
            assert who_is_told.told(effect) in row
            assert effect.when.__doc__


def test_the_page_lists_what_applicants_are_written_about_and_no_system_is_told_of() -> None:
    beside = {
        WIRE[event].name
        for event, effects in EFFECTS.items()
        if event in get_args(WorkEvent) and any(Party.APPLICANT in each.to for each in effects)
    }
    assert {"still-in-queue", "duplicate-refused", "data-access-answered"} <= beside
    assert not beside & set(NAMES)
    (said,) = who_is_told.present().partition("No system is told of")[2].split("\n- ")[0:1]
    listed = said.split("written to:")[1].partition(".")[0]
    assert {each.strip(" `\n") for each in listed.split(",")} == beside
