"""The first exercise of 2006 from the counter to the places, through the services."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain.events import ApplicationRefused, RefusalClass
from domain.exercise_events import ExerciseOpened, SelectionMade, ShortlistDrawn
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at, submit
from services.exercise_requests import events_of
from services.population import Arrival
from services.redrawing import redraw
from services.wiring import Office
from tests.domain import first_exercise as first
from tests.services.asking import SUPERVISOR, asked, asked_for, together
from tests.services.exercising import select

EXERCISE = "2006-1"


def take_in(office: Office, arrived: Arrival, *, processed: bool) -> str:
    """File an application on its day and take it as far as the office came with it."""
    at = arrived.received_at
    command = c.SubmitApplication(application=arrived.application, channel=arrived.channel)
    reference = submit(office, command, asked(at=at)).reference

    def then(command: c.CaseCommand, days: int) -> Stage:
        when = at + timedelta(days=days)
        return carry_out(office, reference, command, asked_for(command, SUPERVISOR, at=when)).stage

    if not processed:
        return reference
    then(c.AcknowledgeApplication(), 3)
    if (stage := then(c.AssessPrerequisites(), 9)) is Stage.PREREQUISITES_MET:
        stage = then(c.ScoreApplication(), 12)
    if stage in {Stage.PREREQUISITES_UNMET, Stage.BELOW_MARK}:
        for step in together(c.ProposeRefusal()):
            then(step, 15)
    elif arrived.withdraws:
        then(c.WithdrawApplication(), 18)
    return reference


def hold(office: Office, at: datetime) -> None:
    command = q.OpenExercise(
        exercise=EXERCISE,
        title="First exercise of 2006",
        places=first.ALLOTTED,
        shortlist_size=first.BEFORE_COMMITTEE,
    )
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=at))
    exercises.draw_shortlist(office, EXERCISE, asked(SUPERVISOR, at=at))
    select(office, EXERCISE, at=at)
    exercises.publish_result(office, EXERCISE, asked(SUPERVISOR, at=at))


def refusals(office: Office, references: list[str]) -> Counter[RefusalClass]:
    return Counter(
        each.event.reason_class
        for reference in references
        for each in case_at(office, reference).events
        if isinstance(each.event, ApplicationRefused)
    )


@pytest.fixture
def held(office: Office) -> list[str]:
    """The references of all who applied, after the exercise."""
    references = [
        take_in(office, arrived, processed=processed) for arrived, processed in first.arrivals()
    ]
    hold(office, first.HELD_AT)
    return references


def test_the_first_exercise_comes_out_as_it_was_published(office: Office, held: list[str]) -> None:
    cases = [case_at(office, reference) for reference in held]
    stages = Counter(each.stage for each in cases)
    assert stages == {
        Stage.SUBMITTED: first.RECEIVED - first.PROCESSED,
        Stage.REFUSED: first.PREREQUISITES_UNMET + first.BELOW_MARK,
        Stage.WITHDRAWN: first.WITHDRAWN,
        Stage.SELECTED: first.ALLOTTED,
        Stage.IN_POOL: first.BEFORE_COMMITTEE - first.ALLOTTED,
    }
    assert refusals(office, held) == {
        RefusalClass.PREREQUISITES: first.PREREQUISITES_UNMET,
        RefusalClass.POINTS: first.BELOW_MARK,
    }
    _recorded_and_drawn_again(office)


def _recorded_and_drawn_again(office: Office) -> None:
    facts = {type(each.event): each.event for each in events_of(office, EXERCISE)}
    opened, drawn, made = (
        facts[ExerciseOpened], facts[ShortlistDrawn], facts[SelectionMade]
    )  # fmt: skip
    assert isinstance(opened, ExerciseOpened)
    assert isinstance(drawn, ShortlistDrawn)
    assert isinstance(made, SelectionMade)
    assert (opened.pool_size, opened.quota) == (first.BEFORE_COMMITTEE, first.QUOTA)
    assert drawn.general + drawn.achievement == first.BEFORE_COMMITTEE
    assert (made.general, made.achievement, made.passed_over) == (73, 10, 39)

    head = office.store.sequence()
    once, again = (redraw(office, EXERCISE) for _ in range(2))
    assert once == again
    assert (once.differences, once.pool) == ((), first.BEFORE_COMMITTEE)
    assert once.selection is not None
    assert len(once.selection.taken) == first.ALLOTTED
    assert office.store.sequence() == head
