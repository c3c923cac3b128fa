"""Ending a case: refused with reasons, withdrawn, lapsed, made void; and its person erased."""

from dataclasses import replace
from datetime import date

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.days import add_months, hong_kong_date, written_out
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.deciding.keeping import demand_free
from domain.decisions import DecisionWords, VoidingCode
from domain.errors import AwaitsSecondOfficer, NothingOverdue, PersonErased, ReasonsMissing
from domain.filed import Filed
from domain.interruptions import CaseLapsed, LapseCause
from domain.particulars import ErasureDecided
from domain.residence import ExtensionRefused, VisaVoided
from domain.rules.choose import limit
from domain.rules.limits import Limit
from domain.rules.reasons import Message, Reason
from domain.rules.tested import because


def refusal(
    state: s.CaseState, command: c.CaseCommand, texts: tuple[str, ...], given: Circumstances
) -> Facts:
    """Return the fact of the refusal, of the class that the stage calls for."""
    match state:
        case s.PrerequisitesUnmet(filed=filed, unmet=unmet, reasons=found):
            refused = _refused(e.RefusalClass.PREREQUISITES, unmet, found, texts)
        case s.BelowMark(proposals=(first, *_)):
            raise AwaitsSecondOfficer(
                f"an override of {first.rule} is proposed and awaits a second officer; have it "
                "confirmed or declined before the application is refused"
            )
        case s.BelowMark(filed=filed):
            found = (_below(state),)
            refused = _refused(e.RefusalClass.POINTS, (e.MARK_RULE,), found, texts)
        case (
            s.Shortlisted(filed=filed)
            | s.NotSelected(filed=filed)
            | s.Selected(filed=filed)
            | s.InPrinciple(filed=filed)
            | s.Verified(filed=filed)
        ):
            refused = _refused(e.RefusalClass.SELECTION, (), (), texts)
        case s.Extending():
            return (ExtensionRefused(personal=DecisionWords(texts=given_reasons(texts))),)
        case _:
            raise not_now(state, command)
    return (replace(refused, reconsider_by=reconsider_by(filed, given)),)


def reconsider_by(filed: Filed, given: Circumstances) -> date | None:
    """Return until when a refusal of today can be asked to be looked at again [S81].

    None where it was looked at again as often as it can be.
    """
    submitted_on = hong_kong_date(filed.submitted_at)
    if filed.reconsiderations >= limit(given.rulebook, Limit.RECONSIDERATIONS, submitted_on):
        return None
    months = limit(given.rulebook, Limit.RECONSIDERATION_MONTHS, submitted_on)
    return add_months(given.today, months)


def withdraw(state: s.CaseState, command: c.WithdrawApplication, given: Circumstances) -> Facts:
    """Return the fact that the applicant withdrew before a decision."""
    if isinstance(state, s.Undecided):
        said = command.reason.strip()
        return (
            e.ApplicationWithdrawn(
                personal=e.WithdrawalReason(text=said) if said else None,
                refiled_as=given.refiling,
            ),
        )
    raise not_now(state, command)


def lapse(state: s.CaseState, command: c.LapseCase, given: Circumstances) -> Facts:
    """Return the fact that no further action is taken, for something is overdue."""
    match state:
        case s.Approved(pay_by=due):
            return _lapsed(LapseCause.PAYMENT, due, given)
        case s.Issued(activate_by=due):
            return _lapsed(LapseCause.ACTIVATION, due, given)
        case s.Active(stay_until=due):
            return _lapsed(LapseCause.STAY, due, given)
        case _ if isinstance(state, s.Undecided) and (asked := state.filed.papers.requested):
            return _lapsed(LapseCause.DOCUMENTS, asked.due_on, given)
        case _:
            raise not_now(state, command)


def voiding(
    state: s.CaseState, command: c.CaseCommand, code: VoidingCode | None, texts: tuple[str, ...]
) -> Facts:
    """Return the fact that the visa is void, even after years."""
    if not isinstance(state, s.Granted) or code is None:
        raise not_now(state, command)
    return (VisaVoided(code=code, personal=DecisionWords(texts=given_reasons(texts))),)


def erasure(state: s.CaseState, command: c.CaseCommand) -> Facts:
    """Return the fact that the person of an ended case is erased."""
    if not isinstance(state, s.Ended | s.Settled):
        raise not_now(state, command)
    if state.filed.erased:
        raise PersonErased("what was held on this person has been erased already")
    demand_free(state.filed)
    return (ErasureDecided(),)


def given_reasons(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the reasons where there are any, else refuse."""
    if not texts:
        raise ReasonsMissing("give at least one reason that the person can act on")
    return texts


def _lapsed(cause: LapseCause, due: date, given: Circumstances) -> Facts:
    if given.today <= due:
        raise NothingOverdue(f"{cause} can only be said after {written_out(due)}")
    return (CaseLapsed(cause=cause, due_on=due),)


def _below(state: s.BelowMark) -> Reason:
    points, mark = state.points, state.pass_mark
    if state.by_criteria:
        return because(Message.BELOW_CRITERIA, met=points, needed=mark, short=mark - points)
    return because(Message.BELOW_PASS_MARK, points=points, pass_mark=mark, short=mark - points)


def _refused(
    reason_class: e.RefusalClass,
    rules: tuple[str, ...],
    found: tuple[Reason, ...],
    texts: tuple[str, ...],
) -> e.ApplicationRefused:
    if not found:
        given_reasons(texts)
    reasons = e.RefusalReasons(texts=texts, reasons=found)
    return e.ApplicationRefused(reason_class=reason_class, rules=rules, personal=reasons)
