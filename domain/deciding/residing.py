"""Residing: extensions of stay by the pattern of the approval, and the right of abode."""

from dataclasses import replace
from datetime import timedelta

from domain import commands as c
from domain import stages as s
from domain.days import add_years, hong_kong_date, stay_ends, written_out
from domain.deciding.circumstances import Circumstances, Facts, exactly, filing_of, not_now
from domain.errors import GroundTaken, NoStayLeft, ReasonsMissing, TooEarly, TooLate
from domain.filed import Filed
from domain.residence import (
    ExtensionSought,
    RightOfAbodeReached,
    Settlement,
    SettlementEvidence,
    StayExtended,
)
from domain.rules.choose import application_fee, limit, stay_pattern
from domain.rules.limits import Limit


def seek_extension(state: s.CaseState, command: c.SeekExtension, given: Circumstances) -> Facts:
    """Return the fact that the holder asked to stay on, in the weeks before the stay ends."""
    if not isinstance(state, s.Active):
        raise not_now(state, command)
    if not state.stays_left:
        raise NoStayLeft("the pattern of stays that was approved has no further period")
    weeks = limit(given.rulebook, Limit.EXTENSION_WEEKS, hong_kong_date(state.filed.submitted_at))
    first = state.stay_until - timedelta(weeks=weeks)
    if given.today < first:
        raise TooEarly(f"an extension can be asked for from {written_out(first)}")
    if given.today > state.stay_until:
        raise TooLate(f"the stay ended on {written_out(state.stay_until)}")
    said = command.evidence.strip()
    if not said:
        raise ReasonsMissing("say where the evidence of settlement is found")
    _demand_ground(state, command.settlement, given)
    fee = _fee(state.filed, given)
    exactly(0 if fee is None else fee, command.amount_hkd)
    return (
        ExtensionSought(
            settlement=command.settlement, fee_hkd=fee, personal=SettlementEvidence(text=said)
        ),
    )


def _fee(filed: Filed, given: Circumstances) -> int | None:
    """Return what is paid with an application to stay on, by the day of that one [S30]."""
    filing = replace(filing_of(filed, given), submitted_at=given.at)
    fee = application_fee(given.rulebook, filing)
    return None if fee is None else filed.persons * fee


def _demand_ground(state: s.Active, settlement: Settlement, given: Circumstances) -> None:
    """Pass where the next extension may rest on this: steps taken are for the first one [S73]."""
    if settlement is Settlement.TOP_TIER:
        _top_tier(state, given)
    pattern = stay_pattern(given.rulebook, filing_of(state.filed, given)).years
    first = sum(state.stays_left) == sum(pattern[1:])
    if settlement is Settlement.STEPS_TAKEN and not first:
        raise GroundTaken(
            "steps taken to settle are enough for the first extension only; show a post, a "
            "business or the income of the top tier"
        )


def _top_tier(state: s.Active | s.Extending, given: Circumstances) -> int:
    """Return the years that the pattern of the top tier gives beyond those given by now [S27]."""
    filing = filing_of(state.filed, given)
    ordinary, top = (
        sum(stay_pattern(given.rulebook, filing, top_tier=tier).years) for tier in (False, True)
    )
    return top - (ordinary - sum(state.stays_left))


def extension(state: s.CaseState, command: c.CaseCommand, given: Circumstances) -> Facts:
    """Return the fact that the stay goes on for the next period of its pattern.

    In the top tier that is all that its pattern still gives, at once.
    """
    match state:
        case s.Extending(stays_left=(years, *left)):
            if state.settlement is Settlement.TOP_TIER:
                years, left = _top_tier(state, given), []
            until = stay_ends(state.stay_until + timedelta(days=1), years)
            return (
                StayExtended(
                    settlement=state.settlement,
                    years=years,
                    stay_until=until,
                    stays_left=tuple(left),
                ),
            )
        case _:
            raise not_now(state, command)


def reach_abode(state: s.CaseState, command: c.RecordRightOfAbode, given: Circumstances) -> Facts:
    """Return the fact that the holder has lived here long enough [S18]."""
    if not isinstance(state, s.Active) or state.entered_on is None:
        raise not_now(state, command)
    years = limit(given.rulebook, Limit.ABODE_YEARS, hong_kong_date(state.filed.submitted_at))
    earliest = add_years(state.entered_on, years)
    if command.reached_on < earliest:
        raise TooEarly(
            f"{years} years from the entry on {written_out(state.entered_on)} are "
            f"over on {written_out(earliest)}"
        )
    last = min(state.stay_until, given.today)
    if command.reached_on > last:
        raise TooLate(f"the right of abode is reached within the stay, by {written_out(last)}")
    return (RightOfAbodeReached(reached_on=command.reached_on),)
