"""Granting: the approval, the fee for the visa, the visa and the entry on it."""

from datetime import date, datetime

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.days import add_months, hong_kong_date, stay_ends, written_out
from domain.deciding.circumstances import Circumstances, Facts, exactly, filing_of, not_now
from domain.deciding.standing import demand_standing
from domain.errors import (
    DocumentsAwaited,
    EarlierThanHistory,
    NotGenuine,
    OriginalsNotSeen,
    TooLate,
)
from domain.filed import Filed
from domain.rules.choose import limit, originals_seen, stay_pattern, visa_fee
from domain.rules.limits import Limit, OriginalsSeen


def approval_in_principle(
    state: s.CaseState, command: c.CaseCommand, given: Circumstances
) -> Facts:
    """Return the fact that only the originals are awaited, and by when."""
    match state:
        case s.Selected(filed=filed):
            demand_standing(filed)
            return (e.ApprovedInPrinciple(originals_by=_originals_by(filed, given)),)
        case _:
            raise not_now(state, command)


def _originals_by(filed: Filed, given: Circumstances) -> date | None:
    """Return the last day to show the originals [S64][S65][S66]; None where none need be seen."""
    submitted_on = hong_kong_date(filed.submitted_at)
    if originals_seen(given.rulebook, submitted_on) is OriginalsSeen.OPTIONAL:
        return None
    months = limit(given.rulebook, Limit.ORIGINALS_MONTHS, submitted_on)
    return add_months(given.today, months)


def verify(state: s.CaseState, command: c.VerifyOriginals) -> Facts:
    """Return the fact that the originals bear out what was claimed."""
    match state:
        case s.InPrinciple(filed=filed):
            _demand_genuine(filed)
            return (e.OriginalsVerified(),)
        case _:
            raise not_now(state, command)


def approval(state: s.CaseState, command: c.CaseCommand, given: Circumstances) -> Facts:
    """Return the fact of the approval, with the stays and the fee that follow from it."""
    match state:
        case s.Verified(filed=filed):
            pass
        case s.InPrinciple(filed=filed):
            _without_originals(filed, given)
        case _:
            raise not_now(state, command)
    demand_standing(filed)
    _demand_genuine(filed)
    _demand_answered(filed)
    filing, today = filing_of(filed, given), given.today
    years = stay_pattern(given.rulebook, filing).years
    stay_days = (stay_ends(today, years[0]) - today).days + 1
    months = limit(given.rulebook, Limit.PAYMENT_MONTHS, filing.submitted_on)
    return (
        e.ApplicationApproved(
            stay_years=years,
            visa_fee_hkd=filed.persons * visa_fee(given.rulebook, filing, stay_days),
            pay_by=add_months(today, months),
            persons=filed.persons,
        ),
    )


def _demand_genuine(filed: Filed) -> None:
    """Pass where no document was found not to be genuine, else refuse."""
    if forged := filed.papers.not_genuine:
        numbers = ", ".join(str(each.number) for each in forged)
        raise NotGenuine(
            f"not genuine: document {numbers}; propose a refusal, or verify it again where that "
            "was a mistake"
        )


def _demand_answered(filed: Filed) -> None:
    """Pass where nothing is awaited that the office asked for, else refuse."""
    if filed.papers.requested is not None:
        missing = ", ".join(filed.papers.missing)
        raise DocumentsAwaited(
            f"asked for and not here yet: {missing}; record what came, or cancel the request "
            "with a reason"
        )


def _without_originals(filed: Filed, given: Circumstances) -> None:
    """Pass where the regime leaves it to the office whether originals are seen [S61][S62]."""
    submitted_on = hong_kong_date(filed.submitted_at)
    if originals_seen(given.rulebook, submitted_on) is not OriginalsSeen.OPTIONAL:
        raise OriginalsNotSeen(
            f"an application submitted on {written_out(submitted_on)} is approved once the "
            "originals were seen; verify them first"
        )


def pay_visa_fee(state: s.CaseState, command: c.PayVisaFee, given: Circumstances) -> Facts:
    """Return the fact that the fee for the visa was paid, in time and to the dollar."""
    match state:
        case s.Approved(due_hkd=due, pay_by=pay_by):
            _not_after(pay_by, given.today, "the fee for the visa was to be paid")
            exactly(due, command.amount_hkd)
            return (e.VisaFeePaid(amount_hkd=due),)
        case _:
            raise not_now(state, command)


def issue(state: s.CaseState, command: c.IssueVisa, given: Circumstances) -> Facts:
    """Return the fact that the visa was issued, and until when it can be activated."""
    match state:
        case s.VisaPaid(filed=filed, stay_years=years):
            conditions = e.VisaConditions(
                stay_years=years[0], may_work=True, may_study=True, may_establish_business=True
            )
            submitted_on = hong_kong_date(filed.submitted_at)
            months = limit(given.rulebook, Limit.ACTIVATION_MONTHS, submitted_on)
            by = add_months(given.today, months)
            return (e.VisaIssued(conditions=conditions, activate_by=by),)
        case _:
            raise not_now(state, command)


def activate(state: s.CaseState, command: c.ActivateVisa, given: Circumstances) -> Facts:
    """Return the fact that the holder entered, and until when they may stay."""
    match state:
        case s.Issued(activate_by=by, stay_years=years):
            _not_after(by, command.entered_on, "the visa was to be activated")
            _not_after(given.today, command.entered_on, "an entry is recorded")
            _not_before_issue(command.entered_on, given.since)
            until = stay_ends(command.entered_on, years)
            return (e.VisaActivated(entered_on=command.entered_on, stay_until=until),)
        case _:
            raise not_now(state, command)


def _not_after(last: date, day: date, what: str) -> None:
    if day > last:
        raise TooLate(f"{what} by {written_out(last)}; {written_out(day)} is later")


def _not_before_issue(entered_on: date, issued_at: datetime | None) -> None:
    if issued_at is not None and entered_on < (issued_on := hong_kong_date(issued_at)):
        entered, issued = written_out(entered_on), written_out(issued_on)
        raise EarlierThanHistory(f"an entry on {entered} is before the visa, issued on {issued}")
