"""What the office refuses, and what it tells whoever asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application
from domain.errors import (
    NoFeeDue,
    NotAllowedNow,
    NotShortlisted,
    PersonErased,
    ReasonsMissing,
    TooLate,
    WrongAmount,
)
from domain.rules.reasons import Message, Reason
from tests.domain.deciding import given
from tests.domain.histories import (
    ACTIVATE_BY,
    APPLICATION_FEE,
    EXERCISE,
    HISTORIES,
    JOHN,
    PAY_BY,
    RECONSIDER_BY,
    VISA_FEE,
    criteria_met,
    submitted,
)

REASON = "The employer named did not confirm the post"
LAST_HONG_KONG_SECOND = datetime(2020, 3, 2, 15, 59, 59, tzinfo=UTC)
"""The end of the days by which the fee is to be paid and the visa to be activated."""


def minor() -> Application:
    """Return John's application, were he fifteen."""
    applicant = replace(JOHN.applicant, date_of_birth=date(2004, 1, 1))
    return replace(JOHN, applicant=applicant)


@pytest.mark.parametrize("offered", [0, -1, APPLICATION_FEE - 1, APPLICATION_FEE + 1])
def test_the_application_fee_is_paid_exactly(offered: int) -> None:
    case = given(*HISTORIES[s.FeeAwaited])
    case.when(c.PayApplicationFee(amount_hkd=offered)).refused(WrongAmount, "pay exactly HK$600")


def test_a_fee_that_nobody_asked_for_is_not_taken() -> None:
    case = given(*HISTORIES[s.Submitted])
    case.when(c.PayApplicationFee(amount_hkd=APPLICATION_FEE)).refused(NoFeeDue)


@pytest.mark.parametrize("offered", [0, VISA_FEE - 1, VISA_FEE + 1])
def test_the_visa_fee_is_paid_exactly(offered: int) -> None:
    case = given(*HISTORIES[s.Approved])
    case.when(c.PayVisaFee(amount_hkd=offered)).refused(WrongAmount, "HK$230 is due")


def test_the_visa_fee_may_be_paid_until_the_end_of_its_last_day_in_hong_kong() -> None:
    assert date(2020, 3, 2) == PAY_BY
    case = given(*HISTORIES[s.Approved])
    pay = c.PayVisaFee(amount_hkd=VISA_FEE)
    case.at(LAST_HONG_KONG_SECOND).when(pay).leads_to(s.Stage.VISA_PAID)
    too_late = LAST_HONG_KONG_SECOND + timedelta(seconds=1)
    case.at(too_late).when(pay).refused(TooLate, "by 2 March 2020; 3 March 2020 is later")


def test_a_visa_is_activated_on_its_last_day_and_not_after_it() -> None:
    assert date(2020, 3, 2) == ACTIVATE_BY
    case = given(*HISTORIES[s.Issued]).at(datetime(2020, 4, 1, tzinfo=UTC))
    case.when(c.ActivateVisa(entered_on=ACTIVATE_BY)).then(
        e.VisaActivated(entered_on=ACTIVATE_BY, stay_until=date(2022, 3, 1))
    )
    late = c.ActivateVisa(entered_on=ACTIVATE_BY + timedelta(days=1))
    case.when(late).refused(TooLate, "the visa was to be activated by 2 March 2020")


def test_an_entry_in_the_future_is_not_recorded() -> None:
    case = given(*HISTORIES[s.Issued])
    case.when(c.ActivateVisa(entered_on=date(2019, 9, 3))).refused(
        TooLate, "an entry is recorded by 2 September 2019"
    )


def test_unmet_prerequisites_refuse_in_their_own_words() -> None:
    facts = (submitted(minor()), *HISTORIES[s.Acknowledged][1:])
    assessed = given(*facts).when(c.AssessPrerequisites())
    assessed.leads_to(s.Stage.PREREQUISITES_UNMET)
    decided = given(*facts, *assessed.facts).once_confirmed(c.ProposeRefusal())
    (refused,) = decided.facts
    assert isinstance(refused, e.ApplicationRefused)
    assert refused.reason_class is e.RefusalClass.PREREQUISITES
    assert refused.rules == ("age",)
    assert refused.personal is not None
    (reason,) = refused.personal.reasons
    assert (reason.message, reason.facts["age"]) == (Message.AGE_FROM, 15)
    assert refused.personal.texts == ()


def test_too_few_points_refuse_with_both_figures() -> None:
    facts = {"points": 79, "pass_mark": 80, "short": 1}
    below = Reason(message=Message.BELOW_PASS_MARK, facts=facts)
    given(*HISTORIES[s.BelowMark]).once_confirmed(c.ProposeRefusal(reasons=(REASON,))).then(
        e.ApplicationRefused(
            reason_class=e.RefusalClass.POINTS,
            rules=("pass-mark",),
            personal=e.RefusalReasons(texts=(REASON,), reasons=(below,)),
            reconsider_by=RECONSIDER_BY,
        )
    )


def test_too_few_criteria_refuse_with_both_figures() -> None:
    below = Reason(message=Message.BELOW_CRITERIA, facts={"met": 5, "needed": 6, "short": 1})
    history = (*HISTORIES[s.PrerequisitesMet], criteria_met(5))
    given(*history).once_confirmed(c.ProposeRefusal()).then(
        e.ApplicationRefused(
            reason_class=e.RefusalClass.POINTS,
            rules=("pass-mark",),
            personal=e.RefusalReasons(texts=(), reasons=(below,)),
            reconsider_by=RECONSIDER_BY,
        )
    )


@pytest.mark.parametrize("stage", [s.Shortlisted, s.Selected, s.InPrinciple, s.Verified])
def test_a_refusal_after_deliberation_says_why(stage: type[s.CaseState]) -> None:
    given(*HISTORIES[stage]).once_confirmed(c.ProposeRefusal(reasons=(f"  {REASON} ", ""))).then(
        e.ApplicationRefused(
            reason_class=e.RefusalClass.SELECTION,
            rules=(),
            personal=e.RefusalReasons(texts=(REASON,)),
            reconsider_by=RECONSIDER_BY,
        )
    )


@pytest.mark.parametrize("reasons", [(), ("",), (" ", "\n")])
def test_a_refusal_without_a_reason_is_refused_itself(reasons: tuple[str, ...]) -> None:
    case = given(*HISTORIES[s.Selected])
    case.once_confirmed(c.ProposeRefusal(reasons=reasons)).refused(ReasonsMissing)


@pytest.mark.parametrize("stage", [s.Approved, s.VisaPaid, s.Issued, s.Active, s.Refused])
def test_a_decided_application_cannot_be_withdrawn(stage: type[s.CaseState]) -> None:
    given(*HISTORIES[stage]).when(c.WithdrawApplication()).refused(NotAllowedNow)


def test_a_withdrawal_keeps_what_the_applicant_said() -> None:
    case = given(*HISTORIES[s.InPool])
    case.when(c.WithdrawApplication(reason="We are moving to Lisbon")).then(
        e.ApplicationWithdrawn(personal=e.WithdrawalReason(text="We are moving to Lisbon"))
    )


@pytest.mark.parametrize("command", [c.SelectCase, c.PassOverCase])
def test_another_exercise_decides_nothing_on_a_shortlisted_case(
    command: type[c.SelectCase | c.PassOverCase],
) -> None:
    case = given(*HISTORIES[s.Shortlisted])
    case.when(command(exercise=f"{EXERCISE}-other")).refused(NotShortlisted)


@pytest.mark.parametrize(
    ("stage", "command"),
    [(s.Acknowledged, c.AssessPrerequisites()), (s.PrerequisitesMet, c.ScoreApplication())],
)
def test_an_erased_person_cannot_be_assessed(
    stage: type[s.CaseState], command: c.CaseCommand
) -> None:
    history = (submitted(None), *HISTORIES[stage][1:])
    given(*history).when(command).refused(PersonErased)


def test_an_erased_persons_unmet_prerequisites_keep_their_ids() -> None:
    erased = (submitted(None), *HISTORIES[s.PrerequisitesUnmet][1:])
    given(*erased).once_confirmed(c.ProposeRefusal(reasons=(REASON,))).then(
        e.ApplicationRefused(
            reason_class=e.RefusalClass.PREREQUISITES,
            rules=("age",),
            personal=e.RefusalReasons(texts=(REASON,)),
            reconsider_by=RECONSIDER_BY,
        )
    )
