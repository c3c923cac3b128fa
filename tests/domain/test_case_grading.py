"""Grades and departures from rank, as the case has them."""

from dataclasses import replace

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.case import load
from domain.errors import (
    NotAllowedNow,
    NotShortlisted,
    ReasonsMissing,
    SecondOfficerNeeded,
    WrongGrade,
)
from domain.following import possible
from domain.gradings import (
    CaseGraded,
    CaseTakenOutOfRank,
    DepartureCode,
    DepartureReason,
    Direction,
    Grade,
    GradeRemarks,
)
from domain.rules.terms import AfterNoPlace
from tests.domain.deciding import given
from tests.domain.histories import (
    EXERCISE,
    GRADED,
    JACKIE,
    SHORTLISTED,
    TO_BE_REFUSED,
    submitted,
    until,
)

LISTED = until(SHORTLISTED)
ACHIEVEMENT = (submitted(JACKIE), *LISTED[1:])
OUT = c.TakeOutOfRank(
    exercise=EXERCISE, direction=Direction.NO_PLACE, code=DepartureCode.DOUBTS, reason=" Doubts "
)


def grading(grade: Grade, remarks: str = "", exercise: str = EXERCISE) -> c.GradeCase:
    return c.GradeCase(exercise=exercise, grade=grade, remarks=remarks)


def test_the_panel_grades_a_shortlisted_case() -> None:
    given(*LISTED).by("panel-1").when(grading(Grade.AVERAGE, " Sound ")).then(
        CaseGraded(
            exercise=EXERCISE,
            grade=Grade.AVERAGE,
            graded_by="panel-1",
            personal=GradeRemarks(text="Sound"),
        )
    )


def test_a_grade_needs_no_words() -> None:
    (fact,) = given(*LISTED).when(grading(Grade.RECOMMENDED)).facts
    assert isinstance(fact, CaseGraded)
    assert fact.personal is None


def test_a_later_grade_stands_in_place_of_an_earlier_one() -> None:
    again = replace(GRADED, grade=Grade.AVERAGE)
    state = load((*LISTED, GRADED, again))
    assert isinstance(state, s.Shortlisted)
    assert state.grade is Grade.AVERAGE


@pytest.mark.parametrize(
    ("history", "grade"),
    [(LISTED, Grade.EXCEPTIONAL), (ACHIEVEMENT, Grade.OUTSTANDING)],
)
def test_each_route_has_grades_of_its_own(history: tuple[e.CaseEvent, ...], grade: Grade) -> None:
    refusal = given(*history).when(grading(grade)).refusal
    assert type(refusal) is WrongGrade
    named = str(refusal).partition("one of: ")[2].split(", ")
    exceptional = {Grade.EXCEPTIONAL, Grade.NOT_EXCEPTIONAL}
    own = exceptional if history is ACHIEVEMENT else set(Grade) - exceptional
    assert set(named) == own


def test_an_achievement_is_judged_exceptional_or_not() -> None:
    for grade in (Grade.EXCEPTIONAL, Grade.NOT_EXCEPTIONAL):
        assert len(given(*ACHIEVEMENT).when(grading(grade)).facts) == 1


def test_a_grade_is_of_the_exercise_that_the_case_is_before() -> None:
    other = grading(Grade.AVERAGE, exercise="another")
    given(*LISTED).when(other).refused(
        NotShortlisted, f"is not on the shortlist of another, but on that of {EXERCISE}"
    )


@pytest.mark.parametrize(
    "command", [c.SelectCase(exercise=EXERCISE, rank=1), c.PassOverCase(exercise=EXERCISE)]
)
def test_whoever_graded_a_case_neither_selects_it_nor_passes_it_over(
    command: c.SelectCase | c.PassOverCase,
) -> None:
    again = replace(GRADED, graded_by="panel-2")
    for grader in (GRADED.graded_by, "panel-2"):
        refusal = given(*LISTED, GRADED, again).by(grader).when(command).refusal
        assert isinstance(refusal, SecondOfficerNeeded)
    assert given(*LISTED, GRADED, again).when(command).facts


def test_a_departure_from_rank_has_the_grade_and_the_reason() -> None:
    given(*LISTED, GRADED).by("supervisor-1").when(OUT).then(
        CaseTakenOutOfRank(
            exercise=EXERCISE,
            direction=Direction.NO_PLACE,
            code=DepartureCode.DOUBTS,
            grade=Grade.OUTSTANDING,
            decided_by="supervisor-1",
            personal=DepartureReason(text="Doubts"),
        )
    )


def test_without_a_grade_or_a_reason_nobody_is_taken_out_of_rank() -> None:
    given(*LISTED).when(OUT).refused(NotAllowedNow, "shortlisted")
    given(*LISTED, GRADED).when(replace(OUT, reason=" ")).refused(ReasonsMissing, "say why")


def test_only_its_own_exercise_gives_a_case_a_place_or_none_or_departs_from_its_rank() -> None:
    case = given(*LISTED, GRADED)
    for command in (
        c.SelectCase(exercise="another", rank=1),
        c.PassOverCase(exercise="another", rank=1),
        replace(OUT, exercise="another"),
    ):
        case.when(command).refused(NotShortlisted, "another")


def test_who_is_not_to_roll_over_waits_for_a_refusal() -> None:
    order = c.PassOverCase(exercise=EXERCISE, rank=1, then=AfterNoPlace.IS_REFUSED)
    given(*LISTED).when(order).then(TO_BE_REFUSED)
    then = possible(load((*LISTED, TO_BE_REFUSED)))
    assert {"ProposeRefusal", "WithdrawApplication"} <= set(then)
    assert not {"SelectCase", "ShortlistCase"} & set(then)
