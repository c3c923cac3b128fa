"""Reconsidering a refusal: asked for with new material, then reopened or upheld [S81]."""

from domain import commands as c
from domain import stages as s
from domain.days import add_months, hong_kong_date, written_out
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.ending import given_reasons, reconsider_by
from domain.decisions import DecisionWords
from domain.errors import ReasonsMissing, TooLate, TooOften
from domain.reconsidering import (
    CaseReopened,
    NewMaterial,
    ReconsiderationRequested,
    RefusalUpheld,
)
from domain.rules.choose import limit
from domain.rules.limits import Limit


def request(state: s.CaseState, command: c.RequestReconsideration, given: Circumstances) -> Facts:
    """Return the fact that the applicant asked again, with new material, in time."""
    if not isinstance(state, s.Refused):
        raise not_now(state, command)
    submitted_on = hong_kong_date(state.filed.submitted_at)
    times = limit(given.rulebook, Limit.RECONSIDERATIONS, submitted_on)
    if state.filed.reconsiderations >= times:
        raise TooOften(
            f"a refusal is looked at again at most {times} times; a new application can always "
            "be filed"
        )
    if given.since is not None:
        months = limit(given.rulebook, Limit.RECONSIDERATION_MONTHS, submitted_on)
        last = add_months(hong_kong_date(given.since), months)
        if given.today > last:
            raise TooLate(f"a reconsideration was to be asked for by {written_out(last)}")
    said = command.material.strip()
    if not said:
        raise ReasonsMissing("say what is new since the refusal")
    number = state.filed.reconsiderations + 1
    return (ReconsiderationRequested(request=number, personal=NewMaterial(text=said)),)


def reopening(state: s.CaseState, command: c.CaseCommand) -> Facts:
    """Return the fact that the case is assessed anew."""
    if isinstance(state, s.UnderReconsideration):
        return (CaseReopened(),)
    raise not_now(state, command)


def upholding(
    state: s.CaseState, command: c.CaseCommand, texts: tuple[str, ...], given: Circumstances
) -> Facts:
    """Return the fact that the refusal stands, with reasons."""
    if isinstance(state, s.UnderReconsideration):
        words = DecisionWords(texts=given_reasons(texts))
        until = reconsider_by(state.filed, given)
        return (RefusalUpheld(personal=words, reconsider_by=until),)
    raise not_now(state, command)
