"""Selecting: from the pool through the committee to what the originals bear out."""

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


def approve_in_principle(state: s.CaseState, command: c.ApproveInPrinciple) -> Facts:
    """Return the fact that only the originals are awaited."""
    match state:
        case s.Selected():
            return (e.ApprovedInPrinciple(),)
        case _:
            raise not_now(state, command)


def verify(state: s.CaseState, command: c.VerifyOriginals) -> Facts:
    """Return the fact that the originals bear out what was claimed."""
    match state:
        case s.InPrinciple():
            return (e.OriginalsVerified(),)
        case _:
            raise not_now(state, command)
