"""Selecting: from the pool through the committee to a place, or none."""

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Route
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.standing import demand_standing
from domain.errors import NotShortlisted, ReasonsMissing, SecondOfficerNeeded, WrongGrade
from domain.gradings import (
    OF_ACHIEVEMENT,
    CaseGraded,
    CaseTakenOutOfRank,
    DepartureReason,
    Grade,
    GradeRemarks,
)
from domain.rules.terms import AfterNoPlace
from domain.standing import AssessmentSetAside


def shortlist(state: s.CaseState, command: c.ShortlistCase) -> Facts:
    """Return the fact that a case of the pool goes before the committee.

    Criteria met are no points, and whoever was assessed by these has no rank [S22].
    """
    match state:
        case s.InPool(by_criteria=by_criteria):
            rank = None if by_criteria else command.rank
            return (e.CaseShortlisted(exercise=command.exercise, rank=rank),)
        case _:
            raise not_now(state, command)


def select(
    state: s.CaseState, command: c.SelectCase | c.PassOverCase, given: Circumstances
) -> Facts:
    """Return the fact that the shortlisted case was allotted a place, or none.

    Whoever graded it took part in the exercise, and so confirms nothing of it. With a stale
    assessment it has no place; where it would roll over it is assessed anew instead.
    """
    if isinstance(state, s.Shortlisted) and given.actor in state.graded_by:
        raise SecondOfficerNeeded(
            f"{given.actor} graded {state.filed.reference}; have somebody confirm the selection "
            "who graded no case of it"
        )
    if isinstance(state, s.Shortlisted):
        demand_shortlisted(state, command.exercise)
    match state, command:
        case s.Shortlisted(exercise=exercise), c.SelectCase():
            demand_standing(state.filed)
            return (e.CaseSelected(exercise=exercise, rank=command.rank),)
        case s.Shortlisted(exercise=exercise), c.PassOverCase():
            passed = e.CaseNotSelected(exercise=exercise, rank=command.rank, then=command.then)
            # In the pool it would be ranked by what its assessment no longer rests on.
            if state.filed.stale and command.then is AfterNoPlace.ROLLS_OVER:
                return (passed, AssessmentSetAside(personal=None))
            return (passed,)
        case _:
            raise not_now(state, command)


def demand_shortlisted(state: s.Shortlisted, exercise: str) -> None:
    """Pass where the case is on the shortlist of this exercise; else `NotShortlisted`."""
    if state.exercise != exercise:
        raise NotShortlisted(
            f"{state.filed.reference} is not on the shortlist of {exercise}, but on that of "
            f"{state.exercise}"
        )


def grade(state: s.CaseState, command: c.GradeCase, given: Circumstances) -> Facts:
    """Return the fact that the panel graded the case, with a grade of its route [S1][S34]."""
    match state:
        case s.Shortlisted(filed=filed, exercise=exercise):
            demand_shortlisted(state, command.exercise)
            of_achievement = filed.route is Route.ACHIEVEMENT
        case _:
            raise not_now(state, command)
    if of_achievement is not (command.grade in OF_ACHIEVEMENT):
        grades = [each for each in Grade if (each in OF_ACHIEVEMENT) is of_achievement]
        raise WrongGrade(f"a case of the {filed.route} route is one of: {', '.join(grades)}")
    said = command.remarks.strip()
    return (
        CaseGraded(
            exercise=exercise,
            grade=command.grade,
            graded_by=given.actor,
            personal=GradeRemarks(text=said) if said else None,
        ),
    )


def take_out_of_rank(state: s.CaseState, command: c.TakeOutOfRank, given: Circumstances) -> Facts:
    """Return the fact that the exercise departs from the rank of the case, with its reason."""
    match state:
        case s.Shortlisted(exercise=exercise, grade=Grade() as grade):
            demand_shortlisted(state, command.exercise)
            reason = command.reason.strip()
        case _:
            raise not_now(state, command)
    if not reason:
        raise ReasonsMissing("say why the exercise departs from the rank of the case")
    return (
        CaseTakenOutOfRank(
            exercise=exercise,
            direction=command.direction,
            code=command.code,
            grade=grade,
            decided_by=given.actor,
            personal=DepartureReason(text=reason),
        ),
    )
