"""Selecting: from the pool through the committee to a place, or none."""

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.deciding.circumstances import Facts, not_now


def shortlist(state: s.CaseState, command: c.ShortlistCase) -> Facts:
    """Return the fact that a case of the pool with points goes before the committee."""
    match state:
        case s.InPool(by_criteria=False):
            return (e.CaseShortlisted(exercise=command.exercise, rank=command.rank),)
        case _:
            raise not_now(state, command)


def select(state: s.CaseState, command: c.SelectCase | c.PassOverCase) -> Facts:
    """Return the fact that the shortlisted case was allotted a place, or none."""
    match state, command:
        case s.Shortlisted(exercise=exercise), c.SelectCase() if exercise == command.exercise:
            return (e.CaseSelected(exercise=exercise, rank=command.rank),)
        case s.Shortlisted(exercise=exercise), c.PassOverCase() if exercise == command.exercise:
            return (e.CaseNotSelected(exercise=exercise, rank=command.rank),)
        case _:
            raise not_now(state, command)
