"""The case as a decider: what each command may do, and what each event makes of the case.

`decide` refuses or returns facts and changes nothing; `evolve` never refuses and never skips.
`reduce(evolve, history, Draft())` is the whole of loading.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import assert_never

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.days import add_months, hong_kong_date, stay_ends, written_out
from domain.errors import (
    EarlierThanHistory,
    NoFeeDue,
    NotAllowedNow,
    PersonErased,
    ReasonsMissing,
    TooLate,
    WrongAmount,
)
from domain.findings import application_scored, prerequisites_assessed
from domain.rules.assess import assess
from domain.rules.choose import application_fee, choose, stay_pattern, time_limits, visa_fee
from domain.rules.types import Assessment, Rulebook

Facts = tuple[e.CaseEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a decision may look at besides the case: the instant it takes effect, and the rules.

    `reference` is the reference that a new case is to have. `since` is when the case came to its
    stage, None for a new one.
    """

    at: datetime
    rulebook: Rulebook
    reference: str = ""
    since: datetime | None = None


def load(history: Iterable[e.CaseEvent]) -> s.CaseState:
    """Return the state that `history` leads to."""
    start: s.CaseState = s.Draft()
    return reduce(evolve, history, start)


def decide(state: s.CaseState, command: c.CaseCommand, given: Circumstances) -> Facts:  # noqa: C901, PLR0911, PLR0912 - one arm per command is the clearest table of them
    """Return the facts that follow from `command`, or raise the `Refusal` that forbids it."""
    match command:
        case c.SubmitApplication():
            return _submit(state, command, given)
        case c.PayApplicationFee():
            return _pay_application_fee(state, command)
        case c.AcknowledgeApplication():
            return _acknowledge(state, command)
        case c.AssessPrerequisites():
            return _assess_prerequisites(state, command, given)
        case c.ScoreApplication():
            return _score(state, command, given)
        case c.ShortlistCase():
            return _shortlist(state, command)
        case c.SelectCase() | c.PassOverCase():
            return _select(state, command)
        case c.ApproveInPrinciple():
            return _approve_in_principle(state, command)
        case c.VerifyOriginals():
            return _verify(state, command)
        case c.ApproveApplication():
            return _approve(state, command, given)
        case c.PayVisaFee():
            return _pay_visa_fee(state, command, given)
        case c.IssueVisa():
            return _issue(state, command, given)
        case c.ActivateVisa():
            return _activate(state, command, given)
        case c.RefuseApplication():
            return _refuse(state, command)
        case c.WithdrawApplication():
            return _withdraw(state, command)
        case _:
            assert_never(command)


def evolve(state: s.CaseState, event: e.CaseEvent) -> s.CaseState:  # noqa: C901, PLR0911, PLR0912 - one arm per event, as above
    """Return the state after `event`; every event of a case leads somewhere from every state."""
    filed = _filed(state, event)
    match event:
        case e.ApplicationSubmitted(application_fee_hkd=None):
            return s.Submitted(filed=filed)
        case e.ApplicationSubmitted(application_fee_hkd=fee):
            return s.FeeAwaited(filed=filed, due_hkd=fee or 0)
        case e.ApplicationFeePaid():
            return s.Submitted(filed=filed)
        case e.ApplicationAcknowledged():
            return s.Acknowledged(filed=filed)
        case e.PrerequisitesAssessed():
            return _after_prerequisites(filed, event)
        case e.ApplicationScored():
            return _after_score(filed, event)
        case e.CaseShortlisted():
            return s.Shortlisted(filed=filed, points=_points(state), exercise=event.exercise)
        case e.CaseSelected():
            return s.Selected(filed=filed)
        case e.CaseNotSelected():
            return s.InPool(filed=filed, points=_points(state))
        case e.ApprovedInPrinciple():
            return s.InPrinciple(filed=filed)
        case e.OriginalsVerified():
            return s.Verified(filed=filed)
        case e.ApplicationApproved():
            return s.Approved(
                filed=filed,
                stay_years=event.stay_years,
                due_hkd=event.visa_fee_hkd,
                pay_by=event.pay_by,
            )
        case e.VisaFeePaid():
            return s.VisaPaid(filed=filed, stay_years=_stay_years(state))
        case e.VisaIssued():
            return s.Issued(
                filed=filed,
                stay_years=event.conditions.stay_years,
                activate_by=event.activate_by,
            )
        case e.VisaActivated():
            return s.Active(filed=filed, stay_until=event.stay_until)
        case e.ApplicationRefused():
            return s.Refused(filed=filed, reason_class=event.reason_class)
        case e.ApplicationWithdrawn():
            return s.Withdrawn(filed=filed)
        case _:
            assert_never(event)


# What each command may do.


def _submit(state: s.CaseState, command: c.SubmitApplication, given: Circumstances) -> Facts:
    match state:
        case s.Draft():
            route = command.application.route
            choose(given.rulebook, route, hong_kong_date(given.at))
            return (
                e.ApplicationSubmitted(
                    reference=given.reference,
                    route=route,
                    channel=command.channel,
                    submitted_at=given.at,
                    application_fee_hkd=application_fee(given.rulebook, given.at),
                    personal=command.application,
                ),
            )
        case _:
            raise _not_now(state, command)


def _pay_application_fee(state: s.CaseState, command: c.PayApplicationFee) -> Facts:
    match state:
        case s.FeeAwaited(due_hkd=due):
            _exactly(due, command.amount_hkd)
            return (e.ApplicationFeePaid(amount_hkd=due),)
        case s.Submitted():
            raise NoFeeDue("no application fee is due on this case, or it was paid before")
        case _:
            raise _not_now(state, command)


def _acknowledge(state: s.CaseState, command: c.AcknowledgeApplication) -> Facts:
    match state:
        case s.Submitted():
            return (e.ApplicationAcknowledged(),)
        case _:
            raise _not_now(state, command)


def _assess_prerequisites(
    state: s.CaseState, command: c.AssessPrerequisites, given: Circumstances
) -> Facts:
    match state:
        case s.Acknowledged(filed=filed):
            return (prerequisites_assessed(_assessment(filed, given)),)
        case _:
            raise _not_now(state, command)


def _score(state: s.CaseState, command: c.ScoreApplication, given: Circumstances) -> Facts:
    match state:
        case s.PrerequisitesMet(filed=filed):
            return (application_scored(_assessment(filed, given)),)
        case _:
            raise _not_now(state, command)


def _shortlist(state: s.CaseState, command: c.ShortlistCase) -> Facts:
    match state:
        case s.InPool():
            return (e.CaseShortlisted(exercise=command.exercise, rank=command.rank),)
        case _:
            raise _not_now(state, command)


def _select(state: s.CaseState, command: c.SelectCase | c.PassOverCase) -> Facts:
    match state, command:
        case s.Shortlisted(exercise=exercise), c.SelectCase() if exercise == command.exercise:
            return (e.CaseSelected(exercise=exercise, rank=command.rank),)
        case s.Shortlisted(exercise=exercise), c.PassOverCase() if exercise == command.exercise:
            return (e.CaseNotSelected(exercise=exercise, rank=command.rank),)
        case _:
            raise _not_now(state, command)


def _approve_in_principle(state: s.CaseState, command: c.ApproveInPrinciple) -> Facts:
    match state:
        case s.Selected():
            return (e.ApprovedInPrinciple(),)
        case _:
            raise _not_now(state, command)


def _verify(state: s.CaseState, command: c.VerifyOriginals) -> Facts:
    match state:
        case s.InPrinciple():
            return (e.OriginalsVerified(),)
        case _:
            raise _not_now(state, command)


def _approve(state: s.CaseState, command: c.ApproveApplication, given: Circumstances) -> Facts:
    match state:
        case s.Verified(filed=filed):
            submitted_on = hong_kong_date(filed.submitted_at)
        case _:
            raise _not_now(state, command)
    years = stay_pattern(given.rulebook, filed.route, submitted_on).years
    today = hong_kong_date(given.at)
    stay_days = (stay_ends(today, years[0]) - today).days + 1
    limits = time_limits(given.rulebook, submitted_on)
    return (
        e.ApplicationApproved(
            stay_years=years,
            visa_fee_hkd=visa_fee(given.rulebook, filed.submitted_at, stay_days),
            pay_by=add_months(today, limits.payment_months),
        ),
    )


def _pay_visa_fee(state: s.CaseState, command: c.PayVisaFee, given: Circumstances) -> Facts:
    match state:
        case s.Approved(due_hkd=due, pay_by=pay_by):
            _not_after(pay_by, hong_kong_date(given.at), "the fee for the visa was to be paid")
            _exactly(due, command.amount_hkd)
            return (e.VisaFeePaid(amount_hkd=due),)
        case _:
            raise _not_now(state, command)


def _issue(state: s.CaseState, command: c.IssueVisa, given: Circumstances) -> Facts:
    match state:
        case s.VisaPaid(filed=filed, stay_years=years):
            conditions = e.VisaConditions(
                stay_years=years[0], may_work=True, may_study=True, may_establish_business=True
            )
            limits = time_limits(given.rulebook, hong_kong_date(filed.submitted_at))
            by = add_months(hong_kong_date(given.at), limits.activation_months)
            return (e.VisaIssued(conditions=conditions, activate_by=by),)
        case _:
            raise _not_now(state, command)


def _activate(state: s.CaseState, command: c.ActivateVisa, given: Circumstances) -> Facts:
    match state:
        case s.Issued(activate_by=by, stay_years=years):
            _not_after(by, command.entered_on, "the visa was to be activated")
            _not_after(hong_kong_date(given.at), command.entered_on, "an entry is recorded")
            _not_before_issue(command.entered_on, given.since)
            until = stay_ends(command.entered_on, years)
            return (e.VisaActivated(entered_on=command.entered_on, stay_until=until),)
        case _:
            raise _not_now(state, command)


def _refuse(state: s.CaseState, command: c.RefuseApplication) -> Facts:
    match state:
        case s.PrerequisitesUnmet(unmet=unmet, texts=texts):
            return _refused(e.RefusalClass.PREREQUISITES, unmet, (*texts, *command.reasons))
        case s.BelowMark(points=points, pass_mark=mark):
            short = f"{points} points were scored and {mark} are needed"
            return _refused(e.RefusalClass.POINTS, (e.MARK_RULE,), (short, *command.reasons))
        case s.Shortlisted() | s.Selected() | s.InPrinciple() | s.Verified():
            return _refused(e.RefusalClass.SELECTION, (), command.reasons)
        case _:
            raise _not_now(state, command)


def _withdraw(state: s.CaseState, command: c.WithdrawApplication) -> Facts:
    if isinstance(state, s.Undecided):
        said = command.reason.strip()
        return (e.ApplicationWithdrawn(personal=e.WithdrawalReason(text=said) if said else None),)
    raise _not_now(state, command)


# What the commands share.


def _not_now(state: s.CaseState, command: c.CaseCommand) -> NotAllowedNow:
    return NotAllowedNow(type(command).__name__, s.stage_of(state), s.possible(state))


def _exactly(due: int, paid: int) -> None:
    if due != paid:
        raise WrongAmount(due, paid)


def _not_after(last: date, day: date, what: str) -> None:
    if day > last:
        raise TooLate(f"{what} by {written_out(last)}; {written_out(day)} is later")


def _not_before_issue(entered_on: date, issued_at: datetime | None) -> None:
    if issued_at is not None and entered_on < (issued_on := hong_kong_date(issued_at)):
        entered, issued = written_out(entered_on), written_out(issued_on)
        raise EarlierThanHistory(f"an entry on {entered} is before the visa, issued on {issued}")


def _refused(reason_class: e.RefusalClass, rules: tuple[str, ...], texts: tuple[str, ...]) -> Facts:
    said = tuple(text.strip() for text in texts if text.strip())
    if not said:
        raise ReasonsMissing("give at least one reason that the applicant can act on")
    reasons = e.RefusalReasons(texts=said)
    return (e.ApplicationRefused(reason_class=reason_class, rules=rules, personal=reasons),)


def _assessment(filed: s.Filed, given: Circumstances) -> Assessment:
    """Assess under the ruleset of the day of submission, which is the reference date too."""
    if filed.application is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be assessed")
    on = hong_kong_date(filed.submitted_at)
    ruleset = choose(given.rulebook, filed.route, on)
    return assess(ruleset, filed.application, on)


# What the events share.


def _filed(state: s.CaseState, event: e.CaseEvent) -> s.Filed:
    if isinstance(event, e.ApplicationSubmitted):
        return s.Filed(
            reference=event.reference,
            route=event.route,
            submitted_at=event.submitted_at,
            application=event.personal,
        )
    if isinstance(state, s.Draft):
        raise TypeError(f"a history cannot begin with {type(event).__name__}")
    return state.filed


def _after_prerequisites(filed: s.Filed, event: e.PrerequisitesAssessed) -> s.CaseState:
    unmet = tuple(each.id for each in event.results if not each.met)
    if not unmet:
        return s.PrerequisitesMet(filed=filed)
    found = event.personal.prerequisites if event.personal else ()
    texts = tuple(each.reason for each in found if not each.met)
    return s.PrerequisitesUnmet(filed=filed, unmet=unmet, texts=texts)


def _after_score(filed: s.Filed, event: e.ApplicationScored) -> s.CaseState:
    if event.total >= event.pass_mark:
        return s.InPool(filed=filed, points=event.total)
    return s.BelowMark(filed=filed, points=event.total, pass_mark=event.pass_mark)


def _points(state: s.CaseState) -> int:
    return state.points if isinstance(state, s.InPool | s.Shortlisted) else 0


def _stay_years(state: s.CaseState) -> tuple[int, ...]:
    return state.stay_years if isinstance(state, s.Approved) else ()
