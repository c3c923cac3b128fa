"""Who stepped aside from a case, and the departures from its rank in an exercise."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain.access import Person, Role
from domain.application import Relative
from domain.errors import RecusedFromCase
from domain.gradings import DepartureCode, Direction, Grade
from domain.stages import Shortlisted, Stage
from domain.standing import SetAssessmentAside
from services import exercises
from services.cases import carry_out, case_at
from services.latest_pool import LatestPool
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import AUDITOR, SUPERVISOR, asked, filed_by
from tests.services.exercising import PANEL, SECOND, confirm
from tests.services.trying import dry_run
from tests.services.visiting import TO_POOL, file_case

_WAITING = """
    SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND relation = 'exercise_pools'::regclass AND NOT granted
"""
THIRD = Person(name="officer.third", role=Role.SUPERVISOR)


@pytest.fixture
def emma(office: Office) -> str:
    """Emma's case, in a pool of two."""
    file_case(office, "john", *TO_POOL)
    return file_case(office, "emma", *TO_POOL)


def opened(office: Office, exercise: str = "first") -> None:
    """The shortlist of an exercise with one place is drawn."""
    command = q.OpenExercise(exercise=exercise, title="An exercise", places=1)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, exercise, asked(SUPERVISOR))


def grade(office: Office, reference: str) -> None:
    command = c.GradeCase(exercise="first", grade=Grade.OUTSTANDING)
    carry_out(office, reference, command, asked(PANEL))


def depart(office: Office, reference: str, by: Person) -> None:
    command = q.DepartFromRank(
        reference=reference,
        direction=Direction.PLACE,
        code=DepartureCode.NEEDS,
        reason="The only one of the trade",
    )
    exercises.depart_from_rank(office, "first", command, asked(by))


def test_whoever_stepped_aside_before_departs_from_no_rank_of_the_case(
    office: Office, emma: str
) -> None:
    carry_out(office, emma, c.RecuseOfficer(reason="A cousin"), asked(SUPERVISOR))
    opened(office)
    grade(office, emma)
    with pytest.raises(RecusedFromCase):
        depart(office, emma, SUPERVISOR)
    depart(office, emma, SECOND)


def test_whoever_stepped_aside_signs_for_no_departure_of_the_case(
    office: Office, emma: str
) -> None:
    carry_out(office, emma, c.RecuseOfficer(reason="A cousin"), asked(SECOND))
    opened(office)
    grade(office, emma)
    depart(office, emma, SUPERVISOR)
    with pytest.raises(RecusedFromCase, match=f"{SECOND.name} stepped aside from a case"):
        exercises.propose_selection(office, "first", asked(SECOND))
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    with pytest.raises(RecusedFromCase, match=f"{SECOND.name} stepped aside from a case"):
        confirm(office, "first", asked(SECOND))
    assert case_at(office, emma).stage is Stage.SHORTLISTED
    confirm(office, "first", asked(THIRD))
    assert case_at(office, emma).stage is Stage.SELECTED


def test_a_departure_does_not_stand_once_its_maker_has_stepped_aside(
    office: Office, emma: str
) -> None:
    opened(office)
    grade(office, emma)
    depart(office, emma, SUPERVISOR)
    carry_out(office, emma, c.RecuseOfficer(reason="A cousin"), asked(SUPERVISOR))
    with pytest.raises(RecusedFromCase, match=f"{SUPERVISOR.name} departed from the rank"):
        exercises.propose_selection(office, "first", asked(THIRD))
    depart(office, emma, THIRD)
    exercises.propose_selection(office, "first", asked(THIRD))
    confirm(office, "first", asked(SECOND))
    assert case_at(office, emma).stage is Stage.SELECTED


def test_whoever_proposed_and_stepped_aside_since_signed_for_no_departure(
    office: Office, emma: str
) -> None:
    opened(office)
    grade(office, emma)
    depart(office, emma, SUPERVISOR)
    exercises.propose_selection(office, "first", asked(THIRD))
    carry_out(office, emma, c.RecuseOfficer(reason="A cousin"), asked(THIRD))
    with pytest.raises(RecusedFromCase, match=f"{THIRD.name} stepped aside from a case"):
        confirm(office, "first", asked(SECOND))
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    confirm(office, "first", asked(SECOND))
    assert case_at(office, emma).stage is Stage.SELECTED


def test_a_dry_run_says_what_forbids_the_proposal(office: Office, emma: str) -> None:
    carry_out(office, emma, c.RecuseOfficer(reason="A cousin"), asked(SECOND))
    departed_by_one_aside(office, emma)
    for person in (THIRD, AUDITOR):
        with pytest.raises(RecusedFromCase, match=f"{SUPERVISOR.name} departed from the rank"):
            dry_run(office, "first", person)
    with pytest.raises(RecusedFromCase, match=f"{SECOND.name} stepped aside from a case"):
        dry_run(office, "first", SECOND)
    depart(office, emma, THIRD)
    assert dry_run(office, "first", AUDITOR).command == "ProposeSelection"


def departed_by_one_aside(office: Office, reference: str) -> None:
    """Whoever departed from the rank of a shortlisted case has stepped aside from it since."""
    opened(office)
    grade(office, reference)
    depart(office, reference, SUPERVISOR)
    carry_out(office, reference, c.RecuseOfficer(reason="A cousin"), asked(SUPERVISOR))


@pytest.mark.parametrize(
    ("proposer", "freed"), [(THIRD, False), (SUPERVISOR, False), (SUPERVISOR, True)]
)
def test_a_departed_case_that_is_held_as_a_selection_is_proposed_stops_nobody(
    office: Office, emma: str, proposer: Person, *, freed: bool
) -> None:
    """Neither another proposer nor whoever stepped aside, also where it is free again by then."""
    departed_by_one_aside(office, emma)
    carry_out(office, emma, c.HoldCase(reason="An inquiry"), asked(THIRD))
    exercises.propose_selection(office, "first", asked(proposer))
    if freed:
        carry_out(office, emma, c.LiftHold(reason="It was genuine"), asked(THIRD))
    confirm(office, "first", asked(SECOND))
    assert case_at(office, emma).stage is Stage.IN_POOL


def test_a_departed_case_of_another_exercise_by_now_stops_nobody(office: Office, emma: str) -> None:
    departed_by_one_aside(office, emma)
    filed = filed_by("emma")
    family = replace(filed.family, permanent_resident_relative=Relative.SIBLING)
    for command in (
        c.CorrectApplication(application=replace(filed, family=family), reason="A sister"),
        SetAssessmentAside(reason="A sister came up"),
        c.AssessPrerequisites(),
        c.ScoreApplication(),
    ):
        carry_out(office, emma, command, asked(THIRD))
    catch_up_all(office.store, office.models)
    opened(office, "second")
    exercises.propose_selection(office, "first", asked(THIRD))
    confirm(office, "first", asked(SECOND))
    state = case_at(office, emma).state
    assert isinstance(state, Shortlisted)
    assert state.exercise == "second"


def test_whoever_steps_aside_while_the_selection_is_written_signs_for_no_departure(
    office: Office, database: TestDatabase, emma: str
) -> None:
    opened(office)
    grade(office, emma)
    depart(office, emma, SUPERVISOR)
    exercises.propose_selection(office, "first", asked(THIRD))
    # Another process, which reads the pool between what it asks first and what it writes.
    other = replace(office, latest_pool=LatestPool())
    with psycopg.connect(database.admin_url) as slow, ThreadPoolExecutor(1) as beside:
        slow.execute("LOCK TABLE exercise_pools IN ACCESS EXCLUSIVE MODE")
        selecting = beside.submit(confirm, other, "first", asked(SECOND))
        while not (selecting.done() or slow.execute(_WAITING).fetchall()):
            time.sleep(0.01)
        carry_out(office, emma, c.RecuseOfficer(reason="A cousin"), asked(THIRD))
        slow.rollback()
        with pytest.raises(RecusedFromCase, match=f"{THIRD.name} stepped aside from a case"):
            selecting.result()
    assert case_at(office, emma).stage is Stage.SHORTLISTED
