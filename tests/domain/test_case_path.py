"""The whole way of an application under the rules as they ship, from filing to entry."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application, Channel, Route
from domain.case import decide, evolve, load
from domain.days import HONG_KONG
from domain.deciding.circumstances import Circumstances
from domain.decisions import DecisionConfirmed, DecisionProposed, Matter
from domain.errors import EarlierThanHistory, OriginalsNotSeen, PaperNotTaken
from domain.rules.choose import NoRuleset
from domain.rules.types import FeeSchedule, Rulebook
from tests.domain.deciding import (
    NOON,
    REFERENCE,
    given,
    real_rulebook,
    with_a_list_known_later,
)
from tests.domain.histories import EMMA, EXERCISE, HISTORIES, JACKIE, JOHN, VISA_FEE

FEE = 600
TO_POOL: tuple[c.CaseCommand, ...] = (
    c.AcknowledgeApplication(),
    c.AssessPrerequisites(),
    c.ScoreApplication(),
)
TO_VISA: tuple[c.CaseCommand, ...] = (
    c.ShortlistCase(exercise=EXERCISE, rank=3),
    c.SelectCase(exercise=EXERCISE, rank=3),
    c.ProposeApprovalInPrinciple(),
    c.ConfirmDecision(matter=Matter.APPROVAL_IN_PRINCIPLE),
    c.VerifyOriginals(),
    c.ProposeApproval(),
    c.ConfirmDecision(matter=Matter.APPROVAL),
    c.PayVisaFee(amount_hkd=VISA_FEE),
    c.IssueVisa(),
    c.ActivateVisa(entered_on=NOON.date()),
)


def carried_out(
    commands: Iterable[c.CaseCommand],
    *,
    at: datetime = NOON,
    rulebook: Rulebook | None = None,
) -> tuple[e.CaseEvent, ...]:
    """Return every fact of a new case on which these commands were carried out in turn.

    One officer gives them all, and another confirms what was proposed.
    """
    first = Circumstances(
        at=at, rulebook=rulebook or real_rulebook(), actor="officer-1", reference=REFERENCE
    )
    second = replace(first, actor="officer-2")
    facts: tuple[e.CaseEvent, ...] = ()
    for command in commands:
        given = second if isinstance(command, c.ConfirmDecision) else first
        facts += decide(load(facts), command, given)
    return facts


def with_application_fee(rulebook: Rulebook, hkd: int, since: datetime) -> Rulebook:
    """Return the rulebook with one more schedule of fees, which asks one for the application."""
    schedule: FeeSchedule = replace(rulebook.fees[0], from_instant=since, application_hkd=hkd)
    return replace(rulebook, fees=(*rulebook.fees, schedule))


@pytest.mark.parametrize(
    ("application", "points", "ruleset", "years"),
    [
        (JOHN, 175, "gpt-2018", (2, 3, 3)),
        (EMMA, 120, "gpt-2018", (2, 3, 3)),
        (JACKIE, 225, "apt-225", (8,)),
    ],
    ids=["john", "emma", "jackie"],
)
def test_an_application_goes_all_the_way_to_an_activated_visa(
    application: Application, points: int, ruleset: str, years: tuple[int, ...]
) -> None:
    facts = carried_out((c.SubmitApplication(application=application), *TO_POOL, *TO_VISA))
    assert [type(each) for each in facts] == [
        e.ApplicationSubmitted,
        e.ApplicationAcknowledged,
        e.PrerequisitesAssessed,
        e.ApplicationScored,
        e.CaseShortlisted,
        e.CaseSelected,
        DecisionProposed,
        DecisionConfirmed,
        e.ApprovedInPrinciple,
        e.OriginalsVerified,
        DecisionProposed,
        DecisionConfirmed,
        e.ApplicationApproved,
        e.VisaFeePaid,
        e.VisaIssued,
        e.VisaActivated,
    ]
    score, approval = facts[3], facts[12]
    assert isinstance(score, e.ApplicationScored)
    assert (score.total, score.ruleset) == (points, ruleset)
    assert approval == e.ApplicationApproved(
        stay_years=years, visa_fee_hkd=VISA_FEE, pay_by=date(2020, 3, 2)
    )
    active = load(facts)
    assert isinstance(active, s.Active)
    assert active.stay_until == date(2019 + years[0], 9, 1)


@pytest.mark.parametrize(
    ("submitted_on", "optional"),
    [
        (datetime(2023, 4, 1, 15, 59, tzinfo=UTC), False),
        (datetime(2023, 4, 1, 16, tzinfo=UTC), True),
    ],
)
def test_originals_are_optional_for_whoever_submitted_online_only(
    submitted_on: datetime, *, optional: bool
) -> None:
    filed, *rest = HISTORIES[s.InPrinciple]
    assert isinstance(filed, e.ApplicationSubmitted)
    case = given(replace(filed, submitted_at=submitted_on), *rest)
    decided = case.at(datetime(2023, 9, 1, tzinfo=UTC)).once_confirmed(c.ProposeApproval())
    if optional:
        decided.leads_to(s.Stage.APPROVED)
    else:
        decided.refused(
            OriginalsNotSeen, "submitted on 1 April 2023 is approved once the originals"
        )


@pytest.mark.parametrize(
    ("submitted_on", "by"),
    [
        (datetime(2023, 4, 1, 15, 59, tzinfo=UTC), date(2023, 12, 1)),
        (datetime(2023, 4, 1, 16, tzinfo=UTC), None),
    ],
)
def test_originals_are_due_three_months_after_the_approval_in_principle_where_they_are_seen(
    submitted_on: datetime, by: date | None
) -> None:
    filed, *rest = HISTORIES[s.Selected]
    assert isinstance(filed, e.ApplicationSubmitted)
    case = given(replace(filed, submitted_at=submitted_on), *rest)
    decided = case.at(datetime(2023, 9, 1, 4, tzinfo=UTC))
    decided.once_confirmed(c.ProposeApprovalInPrinciple()).then(
        e.ApprovedInPrinciple(originals_by=by)
    )


def test_originals_are_still_taken_after_their_day() -> None:
    given(*HISTORIES[s.InPrinciple]).at(NOON + timedelta(days=200)).when(
        c.VerifyOriginals()
    ).leads_to(s.Stage.VERIFIED)


@pytest.mark.parametrize(
    ("received", "taken"),
    [
        (datetime(2006, 6, 28, 4, tzinfo=UTC), True),
        (datetime(2023, 4, 1, 15, 59, tzinfo=UTC), True),
        (datetime(2023, 4, 1, 16, tzinfo=UTC), False),
        (datetime(2026, 1, 5, 4, tzinfo=UTC), False),
    ],
)
def test_paper_is_taken_until_filing_is_online_only(received: datetime, *, taken: bool) -> None:
    case = given().at(received)
    paper = case.when(c.SubmitApplication(application=EMMA, channel=Channel.PAPER))
    if taken:
        paper.leads_to(s.Stage.SUBMITTED)
    else:
        paper.refused(PaperNotTaken, "it is filed online")
    online = case.when(c.SubmitApplication(application=EMMA, channel=Channel.ONLINE))
    assert online.refusal is None


def test_the_visa_says_what_its_holder_may_do() -> None:
    given(*HISTORIES[s.VisaPaid]).when(c.IssueVisa()).then(
        e.VisaIssued(
            conditions=e.VisaConditions(
                stay_years=2, may_work=True, may_study=True, may_establish_business=True
            ),
            activate_by=date(2020, 3, 2),
        )
    )


def test_a_submission_keeps_the_instant_the_channel_and_the_application() -> None:
    given().when(c.SubmitApplication(application=EMMA, channel=e.Channel.PAPER)).then(
        e.ApplicationSubmitted(
            reference=REFERENCE,
            route=Route.GENERAL,
            channel=e.Channel.PAPER,
            submitted_at=NOON,
            application_fee_hkd=None,
            personal=EMMA,
            persons=3,
        )
    )


def test_the_score_keeps_the_skeleton_in_clear_and_the_rest_with_the_person() -> None:
    *_, score = carried_out((c.SubmitApplication(application=JOHN), *TO_POOL))
    assert isinstance(score, e.ApplicationScored)
    assert score.digest.startswith("sha256:")
    assert score.reference_date == NOON.astimezone(HONG_KONG).date()
    assert sum(each.points for each in score.factors) == score.total
    assert score.personal is not None
    assert score.personal.total == score.total


def test_the_skeleton_names_the_rules_that_gave_points_and_the_editions_they_read() -> None:
    *_, assessed, score = carried_out((c.SubmitApplication(application=JOHN), *TO_POOL))
    assert isinstance(assessed, e.PrerequisitesAssessed)
    assert isinstance(score, e.ApplicationScored)
    assert {each.id: each.edition for each in assessed.results}["nationality"] == (
        "nationalities-2012"
    )
    assert score.personal is not None
    given_by = {each.factor: each.awards for each in score.factors}
    assert given_by == {
        each.factor: tuple(
            e.RulePoints(rule=award.rule, points=award.points, edition=award.edition)
            for award in each.awards
        )
        for each in score.personal.factors
    }
    assert given_by["talent_list"][0].edition == "talent-list-2018"


def test_an_entry_before_the_visa_was_issued_is_refused() -> None:
    case = given(*HISTORIES[s.Issued]).at(NOON + timedelta(days=30))
    issued = replace(case, circumstances=replace(case.circumstances, since=NOON))
    day = NOON.astimezone(HONG_KONG).date()
    issued.when(c.ActivateVisa(entered_on=day - timedelta(days=1))).refused(
        EarlierThanHistory, "issued on 2 September 2019"
    )
    issued.when(c.ActivateVisa(entered_on=day)).leads_to(s.Stage.ACTIVE)


def test_the_reference_date_is_the_day_of_submission_and_not_of_the_assessment() -> None:
    facts = carried_out((c.SubmitApplication(application=JOHN), c.AcknowledgeApplication()))
    years_later = NOON.replace(year=2024, month=12)
    decided = given(*facts).at(years_later).when(c.AssessPrerequisites())
    (assessed,) = decided.facts
    assert isinstance(assessed, e.PrerequisitesAssessed)
    assert (assessed.ruleset, assessed.reference_date) == ("gpt-2018", date(2019, 9, 2))


def test_stay_fee_and_time_to_pay_follow_the_day_of_submission_and_not_of_approval() -> None:
    approved_on = datetime(2025, 3, 3, 4, tzinfo=UTC)
    given(*HISTORIES[s.Verified]).at(approved_on).once_confirmed(c.ProposeApproval()).then(
        e.ApplicationApproved(stay_years=(2, 3, 3), visa_fee_hkd=VISA_FEE, pay_by=date(2025, 9, 3))
    )


@pytest.mark.parametrize(("seconds", "years"), [(-1, (2, 3, 3)), (0, (3, 3, 2))])
def test_the_stay_pattern_changes_with_the_day_in_hong_kong(
    seconds: int, years: tuple[int, ...]
) -> None:
    first_minute = datetime(2022, 12, 27, 16, 0, tzinfo=UTC)
    filed, *rest = HISTORIES[s.Verified]
    assert isinstance(filed, e.ApplicationSubmitted)
    submitted = replace(filed, submitted_at=first_minute + timedelta(seconds=seconds))
    case = given(submitted, *rest).at(datetime(2023, 6, 1, tzinfo=UTC))
    (approved,) = case.once_confirmed(c.ProposeApproval()).facts
    assert isinstance(approved, e.ApplicationApproved)
    assert approved.stay_years == years


def test_the_reference_date_is_the_day_in_hong_kong() -> None:
    first_minute = datetime(2018, 8, 27, 16, 0, tzinfo=UTC)
    submitted = given().at(first_minute).when(c.SubmitApplication(application=JOHN))
    facts = (*submitted.facts, e.ApplicationAcknowledged())
    (assessed,) = given(*facts).when(c.AssessPrerequisites()).facts
    assert isinstance(assessed, e.PrerequisitesAssessed)
    assert assessed.reference_date == date(2018, 8, 28)


def test_the_ruleset_follows_the_day_in_hong_kong() -> None:
    evening_before = datetime(2006, 6, 27, 15, 59, 59, tzinfo=UTC)
    submit = c.SubmitApplication(application=JOHN)
    given().at(evening_before).when(submit).refused(NoRuleset, "27 June 2006")
    given().at(evening_before + timedelta(seconds=1)).when(submit).leads_to(s.Stage.SUBMITTED)


def test_a_submission_on_a_day_without_rules_is_refused_by_name() -> None:
    submit = c.SubmitApplication(application=JOHN)
    given().at(datetime(2000, 1, 1, tzinfo=UTC)).when(submit).refused(
        NoRuleset, "general route is loaded for 1 January 2000"
    )


def test_no_fee_is_asked_before_the_fees_of_2025() -> None:
    given().when(c.SubmitApplication(application=JOHN)).leads_to(s.Stage.SUBMITTED)


def test_where_a_fee_applies_the_case_waits_for_it() -> None:
    rulebook = with_application_fee(real_rulebook(), FEE, since=NOON)
    submit = c.SubmitApplication(application=JOHN)
    given().under(rulebook).when(submit).leads_to(s.Stage.FEE_AWAITED)
    second_before = NOON - timedelta(seconds=1)
    given().under(rulebook).at(second_before).when(submit).leads_to(s.Stage.SUBMITTED)


def test_a_paid_application_goes_the_same_way() -> None:
    rulebook = with_application_fee(real_rulebook(), FEE, since=NOON)
    commands = (
        c.SubmitApplication(application=JOHN),
        c.PayApplicationFee(amount_hkd=FEE),
        *TO_POOL,
        *TO_VISA,
    )
    facts = carried_out(commands, rulebook=rulebook)
    assert facts[1] == e.ApplicationFeePaid(amount_hkd=FEE)
    assert isinstance(load(facts), s.Active)


def test_a_case_not_selected_waits_with_its_points_and_may_be_shortlisted_again() -> None:
    facts = carried_out(
        (
            c.SubmitApplication(application=EMMA),
            *TO_POOL,
            c.ShortlistCase(exercise=EXERCISE, rank=9),
            c.PassOverCase(exercise=EXERCISE, rank=9),
        )
    )
    waiting = load(facts)
    assert isinstance(waiting, s.InPool)
    assert waiting.points == 120
    again = c.ShortlistCase(exercise="2019-q4", rank=1)
    given(*facts).when(again).then(e.CaseShortlisted(exercise="2019-q4", rank=1))


def test_loading_is_one_fold_of_the_facts() -> None:
    facts = carried_out((c.SubmitApplication(application=JOHN), *TO_POOL, *TO_VISA))
    start: s.CaseState = s.Draft()
    for cut in range(len(facts)):
        assert load(facts) == reduce(evolve, facts[cut:], load(facts[:cut]))
    assert load(()) == start


def test_nothing_is_scored_where_a_prerequisite_became_unmet_since_it_was_assessed() -> None:
    book = with_a_list_known_later(EMMA.applicant.nationality)
    until_then = (c.AcknowledgeApplication(), c.AssessPrerequisites())
    facts = carried_out((c.SubmitApplication(application=EMMA), *until_then), rulebook=book)
    case = given(*facts).under(book)
    case.when(c.ScoreApplication()).leads_to(s.Stage.IN_POOL)
    scored = case.at(datetime(2025, 1, 1, 4, tzinfo=UTC)).when(c.ScoreApplication())
    scored.leads_to(s.Stage.PREREQUISITES_UNMET)
    (found,) = scored.facts
    assert isinstance(found, e.PrerequisitesAssessed)
    assert [each.id for each in found.results if not each.met] == ["nationality"]
