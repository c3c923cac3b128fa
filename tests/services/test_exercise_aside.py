"""Who stepped aside from a case, and the departures from its rank in an exercise."""

import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain.access import Person, Role
from domain.errors import RecusedFromCase
from domain.gradings import DepartureCode, Direction, Grade
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at
from services.wiring import Office
from tests.services.asking import SUPERVISOR, asked
from tests.services.exercising import PANEL, SECOND, confirm
from tests.services.visiting import TO_POOL, file_case

THIRD = Person(name="officer.third", role=Role.SUPERVISOR)


@pytest.fixture
def emma(office: Office) -> str:
    """Emma's case, in a pool of two."""
    file_case(office, "john", *TO_POOL)
    return file_case(office, "emma", *TO_POOL)


def opened(office: Office) -> None:
    """The shortlist of an exercise with one place is drawn."""
    command = q.OpenExercise(exercise="first", title="First", places=1)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))


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
