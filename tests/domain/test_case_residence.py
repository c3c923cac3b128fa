"""A life here: extensions by the pattern of stays, the right of abode, and a visa made void."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, get_args

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import commands as c
from domain import decisions as d
from domain import events as e
from domain import stages as s
from domain.case import evolve, load
from domain.days import HONG_KONG, add_years
from domain.decisions import Matter, VoidingCode
from domain.errors import (
    GroundTaken,
    NoStayLeft,
    NotAllowedNow,
    ReasonsMissing,
    TooEarly,
    TooLate,
    WrongAmount,
)
from domain.particulars import DependantAdded, Relation
from domain.residence import (
    ExtensionRefused,
    ExtensionSought,
    RightOfAbodeReached,
    Settlement,
    SettlementEvidence,
    StayExtended,
    VisaVoided,
)
from domain.rules.choose import NoRule
from tests.domain.deciding import given
from tests.domain.histories import ABODE, ACTIVATED, HELD, HISTORIES, SOUGHT, until

UNTIL: Final = ACTIVATED.stay_until
ENTERED: Final = ACTIVATED.entered_on
SEEK: Final = c.SeekExtension(settlement=Settlement.EMPLOYED, evidence=" document 12\n")
SECOND: Final = StayExtended(
    settlement=Settlement.EMPLOYED, years=3, stay_until=date(2024, 9, 30), stays_left=(3,)
)
THIRD: Final = StayExtended(
    settlement=Settlement.EMPLOYED, years=3, stay_until=date(2027, 9, 30), stays_left=()
)
TOP: Final = replace(THIRD, settlement=Settlement.TOP_TIER)
ALL_STAYS: Final = (*HISTORIES[s.Active], SOUGHT, SECOND, SOUGHT, THIRD)
SEVEN_YEARS: Final = date(2026, 10, 1)
VOID: Final = c.ProposeVoiding(
    code=VoidingCode.FALSE_DOCUMENT, reasons=("The diploma is forged", " ")
)


def on(day: date) -> datetime:
    """Return noon of a day in Hong Kong."""
    return datetime.combine(day, time(12), HONG_KONG)


@pytest.mark.parametrize("days", [-28, -27, -1, 0])
def test_an_extension_is_sought_in_the_last_four_weeks_of_a_stay(days: int) -> None:
    case = given(*HISTORIES[s.Active]).at(on(UNTIL + timedelta(days=days)))
    case.when(SEEK).then(SOUGHT)
    case.when(SEEK).leads_to(s.Stage.EXTENDING)


def test_an_extension_is_sought_neither_before_nor_after() -> None:
    case = given(*HISTORIES[s.Active])
    case.at(on(UNTIL - timedelta(days=29))).when(SEEK).refused(
        TooEarly, "an extension can be asked for from 2 September 2021"
    )
    case.at(on(UNTIL + timedelta(days=1))).when(SEEK).refused(
        TooLate, "the stay ended on 30 September 2021"
    )


def test_the_days_of_an_extension_are_those_of_hong_kong() -> None:
    first = datetime(2021, 9, 1, 16, 0, tzinfo=UTC)
    case = given(*HISTORIES[s.Active])
    assert case.at(first).when(SEEK).refusal is None
    case.at(first - timedelta(seconds=1)).when(SEEK).refused(TooEarly)


@pytest.mark.parametrize("settlement", Settlement)
def test_it_is_kept_how_the_holder_settled(settlement: Settlement) -> None:
    seek = replace(SEEK, settlement=settlement)
    case = given(*HISTORIES[s.Active]).at(on(UNTIL))
    sought = ExtensionSought(settlement=settlement, personal=SettlementEvidence(text="document 12"))
    case.when(seek).then(sought)
    extended = given(*HISTORIES[s.Active], sought).once_confirmed(c.ProposeExtension())
    if settlement is Settlement.TOP_TIER:
        whole = date(2027, 9, 30)
        extended.then(replace(TOP, years=6, stay_until=whole))
    else:
        extended.then(replace(SECOND, settlement=settlement))


def submitted_at(instant: datetime) -> s.Active:
    """Return a case whose holder stays here, submitted at another instant."""
    state = load(HISTORIES[s.Active])
    assert isinstance(state, s.Active)
    return replace(state, filed=replace(state.filed, submitted_at=instant))


def test_the_top_tier_stays_for_the_rest_of_its_pattern_whenever_it_is_shown() -> None:
    # Under the pattern 3+5 of who submitted after 28 December 2022, and after a second stay.
    later = datetime(2023, 1, 3, 4, tzinfo=UTC)
    case = submitted_at(later)
    three = replace(case, stays_left=(3, 2), stay_until=date(2026, 3, 31))
    second = replace(case, stays_left=(2,), stay_until=date(2029, 3, 31))
    for state, years, until_day in (
        (three, 5, date(2031, 3, 31)),
        (second, 2, date(2031, 3, 31)),
    ):
        seek = replace(SEEK, settlement=Settlement.TOP_TIER, amount_hkd=600)
        asked = replace(given().at(on(state.stay_until)), state=state)
        sought = replace(asked, state=evolve(state, asked.when(seek).facts[0]))
        sought.once_confirmed(c.ProposeExtension()).then(
            replace(TOP, years=years, stay_until=until_day)
        )


def test_where_there_is_no_top_tier_nobody_stays_by_it() -> None:
    early = submitted_at(datetime(2012, 5, 1, 4, tzinfo=UTC))
    case = replace(given().at(on(UNTIL)), state=early)
    case.when(replace(SEEK, settlement=Settlement.TOP_TIER)).refused(NoRule, "top-tier")


def test_steps_taken_are_enough_for_the_first_extension_only() -> None:
    steps = replace(SEEK, settlement=Settlement.STEPS_TAKEN)
    assert given(*HISTORIES[s.Active]).at(on(UNTIL)).when(steps).refusal is None
    second = given(*HISTORIES[s.Active], SOUGHT, SECOND).at(on(SECOND.stay_until))
    second.when(steps).refused(GroundTaken, "for the first extension only")
    assert second.when(SEEK).refusal is None


def test_the_fee_of_an_extension_is_that_of_the_day_it_is_asked_for() -> None:
    # Submitted in 2019, when there was no such fee; asked for since, for two who stay on.
    spouse = DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=None)
    whole = load((*HISTORIES[s.Active], spouse, SOUGHT, SECOND))
    assert isinstance(whole, s.Active)
    state = replace(whole, stay_until=date(2025, 3, 20))
    since = datetime(2025, 2, 26, 11, tzinfo=HONG_KONG)
    case = replace(given(), state=state)
    case.at(since - timedelta(seconds=1)).when(SEEK).then(SOUGHT)
    case.at(since).when(SEEK).refused(WrongAmount, "HK$1200 is due and HK$0 was offered")
    case.at(since).when(replace(SEEK, amount_hkd=1200)).then(replace(SOUGHT, fee_hkd=1200))
    case.at(since - timedelta(seconds=1)).when(replace(SEEK, amount_hkd=1200)).refused(WrongAmount)


def test_an_extension_needs_evidence() -> None:
    case = given(*HISTORIES[s.Active]).at(on(UNTIL))
    case.when(replace(SEEK, evidence=" \n")).refused(
        ReasonsMissing, "say where the evidence of settlement is found"
    )


def test_each_extension_gives_the_next_period_of_the_pattern() -> None:
    first = (*HISTORIES[s.Active], SOUGHT)
    # The day of the decision does not matter: the new period begins where the old one ends.
    for day in (UNTIL - timedelta(days=20), UNTIL + timedelta(days=90)):
        given(*first).at(on(day)).once_confirmed(c.ProposeExtension()).then(SECOND)
    second = (*first, SECOND, SOUGHT)
    given(*second).once_confirmed(c.ProposeExtension()).then(THIRD)
    whole = load(ALL_STAYS)
    assert whole == s.Active(
        filed=whole.filed,  # type: ignore[union-attr]  # not a draft, as the whole says
        stay_until=date(2027, 9, 30),
        entered_on=ENTERED,
        stays_left=(),
    )


def test_after_the_last_period_there_is_none() -> None:
    case = given(*ALL_STAYS).at(on(date(2027, 9, 30)))
    case.when(SEEK).refused(NoStayLeft, "has no further period")


def test_the_next_window_opens_before_the_end_of_the_new_stay() -> None:
    case = given(*HISTORIES[s.Active], SOUGHT, SECOND)
    end = SECOND.stay_until
    case.at(on(UNTIL)).when(SEEK).refused(TooEarly, "from 2 September 2024")
    assert case.at(on(end - timedelta(weeks=4))).when(SEEK).refusal is None
    case.at(on(end - timedelta(weeks=4, days=1))).when(SEEK).refused(TooEarly)


def test_a_stay_that_is_not_extended_ends_when_it_was_to_end() -> None:
    words = d.DecisionWords(texts=("No income was shown",))
    case = given(*HISTORIES[s.Extending])
    case.once_confirmed(c.ProposeRefusal(reasons=("No income was shown",))).then(
        ExtensionRefused(personal=words)
    )
    after = load((*HISTORIES[s.Extending], ExtensionRefused(personal=words)))
    assert after == load(HISTORIES[s.Active])
    again = given(*HISTORIES[s.Extending], ExtensionRefused(personal=words))
    again.at(on(UNTIL)).when(SEEK).then(SOUGHT)


def test_a_stay_may_not_be_extended_while_it_is_refused_for_want_of_a_period() -> None:
    # Only a history that no command made asks again after the last period.
    case = given(*ALL_STAYS, SOUGHT)
    case.when(c.ProposeExtension()).refused(NotAllowedNow, "while the case is extension-sought")


@given_any(
    st.dates(date(2019, 1, 1), date(2040, 1, 1)),
    st.lists(st.integers(1, 8), min_size=1, max_size=4),
)
def test_stays_are_together_never_longer_than_the_pattern(entered: date, years: list[int]) -> None:
    approved = e.ApplicationApproved(
        stay_years=tuple(years), visa_fee_hkd=230, pay_by=date(2020, 3, 2)
    )
    conditions = e.VisaConditions(
        stay_years=years[0], may_work=True, may_study=True, may_establish_business=True
    )
    issued = e.VisaIssued(conditions=conditions, activate_by=entered)
    history = (*HISTORIES[s.Verified], approved, e.VisaFeePaid(amount_hkd=230), issued)
    case = given(*history).at(on(entered))
    state = evolve(case.state, case.when(c.ActivateVisa(entered_on=entered)).facts[0])
    for _ in years[1:]:
        sought = replace(case, state=evolve(state, SOUGHT))
        (extended,) = sought.once_confirmed(c.ProposeExtension()).facts
        state = evolve(sought.state, extended)
    assert isinstance(state, s.Active)
    assert state.stays_left == ()
    last = add_years(entered, sum(years)) - timedelta(days=1)
    # A stay from 29 February loses a day where the next year has none.
    assert last - timedelta(days=1) <= state.stay_until <= last


@pytest.mark.parametrize("history", [ALL_STAYS, ALL_STAYS[:-2]], ids=len)
def test_the_right_of_abode_is_reached_after_seven_years_and_not_before(
    history: tuple[e.CaseEvent, ...],
) -> None:
    case = given(*history).at(on(date(2027, 9, 1)))
    early = c.RecordRightOfAbode(reached_on=SEVEN_YEARS - timedelta(days=1))
    case.when(early).refused(
        TooEarly, "7 years from the entry on 1 October 2019 are over on 1 October 2026"
    )
    reached = c.RecordRightOfAbode(reached_on=SEVEN_YEARS)
    if history is ALL_STAYS:
        case.when(reached).then(ABODE)
        case.when(reached).leads_to(s.Stage.SETTLED)
    else:
        case.when(reached).refused(TooLate, "within the stay, by 30 September 2024")


def test_the_right_of_abode_is_reached_within_the_stay_and_not_in_the_future() -> None:
    case, end = given(*ALL_STAYS), THIRD.stay_until
    for day in (SEVEN_YEARS, SEVEN_YEARS + timedelta(days=1), end):
        decided = case.at(on(end)).when(c.RecordRightOfAbode(reached_on=day))
        decided.then(RightOfAbodeReached(reached_on=day))
    after = c.RecordRightOfAbode(reached_on=end + timedelta(days=1))
    case.at(on(end + timedelta(days=9))).when(after).refused(TooLate, "by 30 September 2027")
    tomorrow = c.RecordRightOfAbode(reached_on=SEVEN_YEARS + timedelta(days=1))
    case.at(on(SEVEN_YEARS)).when(tomorrow).refused(TooLate, "by 1 October 2026")


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each is not s.Active])
def test_only_whoever_stays_here_seeks_or_reaches_anything(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage]).at(on(UNTIL))
    for command in (SEEK, c.RecordRightOfAbode(reached_on=UNTIL)):
        case.when(command).refused(NotAllowedNow, f"while the case is {s.STAGES[stage]}")


def test_whose_entry_is_not_known_reaches_nothing() -> None:
    state = load(ALL_STAYS)
    assert isinstance(state, s.Active)
    case = replace(given().at(on(THIRD.stay_until)), state=replace(state, entered_on=None))
    case.when(c.RecordRightOfAbode(reached_on=SEVEN_YEARS)).refused(NotAllowedNow)


def test_whoever_came_on_29_february_waits_until_the_end_of_february() -> None:
    leap = e.VisaActivated(entered_on=date(2020, 2, 29), stay_until=date(2028, 2, 27))
    case = given(*until(HISTORIES[s.Issued][-1]), leap).at(on(date(2028, 1, 1)))
    case.when(c.RecordRightOfAbode(reached_on=date(2027, 2, 27))).refused(TooEarly)
    assert case.when(c.RecordRightOfAbode(reached_on=date(2027, 2, 28))).refusal is None


@pytest.mark.parametrize("stage", get_args(s.Granted))
def test_a_visa_is_made_void_whatever_followed_from_it(stage: type[s.CaseState]) -> None:
    words = d.DecisionWords(texts=("The diploma is forged",))
    for history in (HISTORIES[stage], (*HISTORIES[stage], HELD)):
        years_later = given(*history).at(datetime(2045, 6, 1, tzinfo=UTC))
        voided = years_later.once_confirmed(VOID)
        voided.then(VisaVoided(code=VoidingCode.FALSE_DOCUMENT, personal=words))
        voided.leads_to(s.Stage.VOIDED)


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each not in get_args(s.Granted)])
def test_where_nothing_was_granted_nothing_is_void(stage: type[s.CaseState]) -> None:
    given(*HISTORIES[stage]).when(VOID).refused(NotAllowedNow, "propose-voiding is not possible")


@pytest.mark.parametrize("code", VoidingCode)
def test_a_voiding_keeps_the_code_that_was_proposed(code: VoidingCode) -> None:
    case = given(*HISTORIES[s.Settled])
    (void,) = case.once_confirmed(replace(VOID, code=code)).facts
    assert isinstance(void, VisaVoided)
    assert void.code is code


def test_a_voiding_without_its_code_is_not_confirmed() -> None:
    # Only a history that no command made has such a proposal.
    words = d.DecisionWords(texts=("The diploma is forged",))
    bare = d.DecisionProposed(matter=Matter.VOIDING, proposed_by="officer-2", personal=words)
    case = given(*HISTORIES[s.Active], bare)
    case.when(c.ConfirmDecision(matter=Matter.VOIDING)).refused(NotAllowedNow)
