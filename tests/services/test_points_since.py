"""Since when a case has its points: what the row, the log and an exercise by that order say."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain import exercise_events as x
from domain.exercise_lists import digest_by, in_order
from domain.overrides import OverrideCode
from domain.rules.rank import PoolMember
from domain.rules.terms import Archetype, Order, Terms
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at
from services.latest_pool import LatestPool
from services.pool import pool_at
from services.projections import pools, queries
from services.projections.pools import Wanted
from services.projections.runner import catch_up_all
from services.redrawing import redraw
from services.store import Commit, NewEvent, StreamWrite
from services.wiring import Office
from tests.services.asking import MAY_2019, SUPERVISOR, asked, filed_by
from tests.services.exercising import select
from tests.services.openings import TO_POOL, another, file

BY_POINTS_SINCE: Final = Order.POINTS_SCORED_REFERENCE
HELD: Final = MAY_2019 + timedelta(days=30)


def day(number: int) -> datetime:
    return MAY_2019 + timedelta(days=number)


@pytest.fixture
def first(office: Office) -> str:
    """John's case, which has its points since the first of May."""
    return file(office, filed_by("john"), *TO_POOL)


@pytest.fixture
def second(office: Office, first: str) -> str:
    """A case with as many points, since the day after."""
    assert first
    reference = file(office, another("john", "X9"))
    for command in TO_POOL:
        carry_out(office, reference, command, asked(at=day(1)))
    return reference


def since(office: Office, reference: str) -> tuple[int | None, datetime | None]:
    """Return the points of a case and since when it has them, which row and log agree on."""
    catch_up_all(office.store, office.models)
    row = queries.case_row(office.models, reference)
    assert row is not None
    by_log = {each.reference: each for each in pool_at(office, row.position, day(60)).members}
    kept = pools.freeze(office.store, office.models, Wanted(exercise="one", at=day(60)))
    assert {each.reference: each for each in kept.members} == by_log
    if row.stage is Stage.IN_POOL:
        assert (by_log[reference].points, by_log[reference].scored_at) == (
            row.points,
            row.scored_at,
        )
    return row.points, row.scored_at


def overridden(office: Office, reference: str, points: int, at: datetime) -> None:
    command = c.ProposeOverride(
        rule="renowned-institution",
        points=points,
        code=OverrideCode.DOCUMENTS_SHOW_LESS,
        evidence=("document 7",),
        reason="The diploma is of another school",
    )
    carry_out(office, reference, command, asked(at=at))
    confirm = c.ConfirmOverride(rule="renowned-institution")
    carry_out(office, reference, confirm, asked(SUPERVISOR, at=at))


def test_a_score_with_the_same_points_leaves_since_when_a_case_has_them(
    office: Office, first: str
) -> None:
    assert since(office, first) == (175, MAY_2019)
    carry_out(office, first, c.ScoreApplication(), asked(at=day(2)))
    assert since(office, first) == (175, MAY_2019)
    # Other points it has since it was given them, and its first ones again since it was so again.
    overridden(office, first, 0, day(3))
    assert since(office, first) == (145, day(3))
    carry_out(office, first, c.ScoreApplication(), asked(at=day(4)))
    assert since(office, first) == (145, day(3))
    overridden(office, first, 30, day(5))
    assert since(office, first) == (175, day(5))


def test_a_case_that_begins_anew_has_its_points_since_it_is_scored_again(
    office: Office, first: str
) -> None:
    filed = filed_by("john")
    spoken = filed.languages[:-1]
    corrected = c.CorrectApplication(application=replace(filed, languages=spoken), reason="A slip")
    carry_out(office, first, corrected, asked(at=day(2)))
    assert since(office, first) == (None, None)
    for command in TO_POOL[1:]:
        carry_out(office, first, command, asked(at=day(3)))
    assert since(office, first) == (175, day(3))


def opened(office: Office, *, places: int = 1) -> None:
    command = q.OpenExercise(exercise="one", title="One", places=places, order=BY_POINTS_SINCE)
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=HELD))


def taken(office: Office, *references: str) -> list[bool]:
    return [case_at(office, each).stage is Stage.SELECTED for each in references]


@pytest.mark.parametrize("again", ["before", "after"])
def test_a_tie_is_not_lost_by_being_scored_again(
    office: Office, first: str, second: str, again: str
) -> None:
    rescored = asked(at=day(2))
    if again == "before":
        carry_out(office, first, c.ScoreApplication(), rescored)
    opened(office)
    if again == "after":
        # It is still as the pool froze it, with all by which it was placed.
        carry_out(office, first, c.ScoreApplication(), asked(at=HELD))
    exercises.draw_shortlist(office, "one", asked(SUPERVISOR, at=HELD))
    select(office, "one", at=HELD)
    assert taken(office, first, second) == [True, False]
    assert redraw(office, "one").differences == ()


def test_who_came_to_other_points_and_back_waits_for_the_next_exercise(
    office: Office, first: str, second: str
) -> None:
    opened(office)
    overridden(office, first, 0, HELD)
    overridden(office, first, 30, HELD)
    carry_out(office, first, c.ScoreApplication(), asked(at=HELD))
    exercises.draw_shortlist(office, "one", asked(SUPERVISOR, at=HELD))
    select(office, "one", at=HELD)
    assert taken(office, first, second) == [False, True]
    assert redraw(office, "one").differences == ()


def test_an_exercise_that_was_opened_on_the_last_scores_is_drawn_as_it_was(
    office: Office, first: str, second: str
) -> None:
    carry_out(office, first, c.ScoreApplication(), asked(at=day(2)))
    catch_up_all(office.store, office.models)
    position = office.store.sequence()
    waiting = pool_at(office, position, HELD)
    last = {first: day(2), second: day(1)}
    former = tuple(replace(each, scored_at=last[each.reference]) for each in waiting.members)
    by_hand(office, position, former)
    other = replace(office, latest_pool=LatestPool())
    exercises.draw_shortlist(other, "one", asked(SUPERVISOR, at=HELD))
    select(other, "one", at=HELD)
    assert taken(office, first, second) == [False, True]
    assert redraw(office, "one").differences == ()


def by_hand(office: Office, position: int, members: tuple[PoolMember, ...]) -> None:
    """Open an exercise as it was opened when every score began the points anew."""
    terms = Terms(order=BY_POINTS_SINCE, places=1)
    fact = x.ExerciseOpened(
        exercise="one",
        title="One",
        archetype=Archetype.RANK_TO_QUOTA,
        places=1,
        shortlist_size=None,
        pool_position=position,
        pool_size=len(members),
        pool_digest=digest_by(terms, in_order(terms, members)),
        order=BY_POINTS_SINCE,
    )
    number = uuid4()
    write = StreamWrite(
        stream="exercise-one", expected=0, events=(NewEvent(event=fact, effective_at=HELD),)
    )
    commit = Commit(
        command_id=number,
        fingerprint=b"1",
        writes=(write,),
        actor="supervisor.ho",
        role="supervisor",
        command="OpenExercise",
        causation_id=str(number),
        correlation_id="1",
    )
    office.store.append(commit)
