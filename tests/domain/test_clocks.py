"""The clock of a case: which working days the office had it, and who stopped it meanwhile."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.clocks import (
    STOPPED_BY,
    Change,
    Clock,
    Stop,
    StopCause,
    Turn,
    of_case,
    read_clock,
)
from domain.days import HONG_KONG, hong_kong_date
from domain.projections.status import AWAITED, Party
from domain.reconsidering import CaseReopened, RefusalUpheld
from domain.record import Recorded
from domain.residence import ExtensionRefused
from domain.standing import AssessmentSetAside
from domain.working_days import HolidaysNotLoaded
from tests.domain.deciding import NOON, real_rulebook
from tests.domain.histories import (
    APPLICATION_FEE,
    CANCELLED,
    HISTORIES,
    IN_PRINCIPLE,
    MAIN_PATH,
    RECONSIDERED,
    REFUSED,
    SELECTED,
    SOUGHT,
    document,
    requested,
    submitted,
    until,
)
from tests.domain.test_case_residence import SECOND

CALENDAR = real_rulebook().calendar
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

instants = st.datetimes(datetime(2019, 4, 15), datetime(2019, 6, 15), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is drawn beside it
changes = st.lists(
    st.builds(Change, at=instants, turn=st.sampled_from(Turn), cause=st.sampled_from(StopCause)),
    max_size=12,
)


def on(month: int, day: int, hour: int = 12) -> datetime:
    """Return an hour of a day of 2019 in Hong Kong."""
    return datetime(2019, month, day, hour, tzinfo=HONG_KONG)


def stops(at: datetime, cause: StopCause = StopCause.DOCUMENTS_AWAITED) -> Change:
    return Change(at=at, turn=Turn.STOPS, cause=cause)


def starts(at: datetime, cause: StopCause = StopCause.DOCUMENTS_AWAITED) -> Change:
    return Change(at=at, turn=Turn.STARTS, cause=cause)


def read(changes: Sequence[Change], *, begun: datetime, at: datetime) -> Clock:
    return read_clock(changes, CALENDAR, begun=begun, at=at)


def stopped(clock: Clock) -> dict[StopCause, int]:
    return {each.cause: each.working_days for each in clock.stopped}


# What is counted. 1 May 2019 was a Wednesday and a holiday, 13 May a Monday and one.


def test_a_clock_that_nothing_stops_runs_every_working_day_after_its_first() -> None:
    found = read((), begun=on(4, 30), at=on(5, 15))
    assert (found.running, found.stopped, found.runs) == (9, (), True)
    assert read((), begun=on(4, 30), at=on(4, 30, 18)).running == 0


def test_a_stop_takes_the_days_that_begin_while_it_lasts() -> None:
    asked, answered = on(5, 7, 15), on(5, 9, 9)
    found = read((stops(asked), starts(answered)), begun=on(5, 2), at=on(5, 10))
    assert stopped(found) == {StopCause.DOCUMENTS_AWAITED: 2}  # Wednesday and Thursday
    assert found.running == 4  # Friday, Monday and Tuesday before, Friday after
    assert found.runs


def test_a_stop_within_a_day_costs_no_day() -> None:
    found = read((stops(on(5, 7, 9)), starts(on(5, 7, 17))), begun=on(5, 2), at=on(5, 10))
    assert (found.running, found.stopped) == (6, ())


def test_a_clock_that_stands_says_why_and_since_when() -> None:
    found = read((stops(on(5, 7)),), begun=on(5, 2), at=on(5, 14))
    assert not found.runs
    assert found.stops == (
        Stop(cause=StopCause.DOCUMENTS_AWAITED, by=Party.APPLICANT, since=on(5, 7)),
    )
    assert found.elapsed == found.running + 4


def test_a_day_that_two_causes_stop_counts_once_for_the_first() -> None:
    changes = (
        stops(on(5, 6)),
        stops(on(5, 7), StopCause.INVESTIGATION),
        starts(on(5, 9)),
        starts(on(5, 14), StopCause.INVESTIGATION),
    )
    found = read(changes, begun=on(5, 2), at=on(5, 15))
    assert stopped(found) == {StopCause.DOCUMENTS_AWAITED: 3, StopCause.INVESTIGATION: 2}
    assert found.running == 3
    both = read(changes, begun=on(5, 2), at=on(5, 8))
    assert [each.cause for each in both.stops] == [
        StopCause.DOCUMENTS_AWAITED,
        StopCause.INVESTIGATION,
    ]


def test_what_is_stopped_twice_is_stopped_since_the_first_time() -> None:
    found = read((stops(on(5, 6)), stops(on(5, 8))), begun=on(5, 2), at=on(5, 10))
    assert [each.since for each in found.stops] == [on(5, 6)]
    again = read((stops(on(5, 6)), stops(on(5, 8)), starts(on(5, 9))), begun=on(5, 2), at=on(5, 10))
    assert again.runs


def test_no_day_counts_after_the_decision() -> None:
    changes = (
        stops(on(5, 6)),
        stops(on(5, 8), StopCause.DECIDED),
        starts(on(5, 20)),
        stops(on(5, 22), StopCause.DECIDED),
    )
    found = read(changes, begun=on(5, 2), at=datetime(2040, 1, 1, tzinfo=UTC))
    assert (found.running, stopped(found)) == (2, {StopCause.DOCUMENTS_AWAITED: 2})
    assert [each.cause for each in found.stops] == [StopCause.DECIDED]


def test_a_decision_that_is_taken_back_lets_the_clock_run_again() -> None:
    changes = (
        stops(on(5, 8), StopCause.DECIDED),
        starts(on(5, 16), StopCause.DECIDED),
    )
    found = read(changes, begun=on(5, 2), at=on(5, 20))
    assert stopped(found) == {StopCause.DECIDED: 5}
    assert (found.running, found.runs) == (6, True)


def test_a_day_begins_at_midnight_in_hong_kong() -> None:
    begun = on(5, 2)
    before = read((), begun=begun, at=datetime(2019, 5, 2, 15, 59, tzinfo=UTC))
    after = read((), begun=begun, at=datetime(2019, 5, 2, 16, 0, tzinfo=UTC))
    assert (before.running, after.running) == (0, 1)


def test_a_clock_that_runs_into_a_year_without_holidays_is_refused() -> None:
    with pytest.raises(HolidaysNotLoaded, match="1 January 2028"):
        read((), begun=on(5, 2), at=datetime(2028, 1, 1, tzinfo=HONG_KONG))


# Laws.


@given(changes, instants, instants)
def test_no_count_is_ever_negative_and_every_day_counts_once(
    changes: list[Change], begun: datetime, at: datetime
) -> None:
    found = read(changes, begun=begun, at=at)
    assert found.running >= 0
    assert all(each.working_days > 0 for each in found.stopped)
    if StopCause.DECIDED not in {each.cause for each in found.stops}:
        span = hong_kong_date(begun), max(hong_kong_date(begun), hong_kong_date(at))
        assert found.elapsed == CALENDAR.working_days_between(*span)


@given(changes, instants, instants)
def test_each_day_is_put_down_to_what_held_when_it_began(
    changes: list[Change], begun: datetime, at: datetime
) -> None:
    """A walk from midnight to midnight finds the same."""
    walked: dict[StopCause | None, int] = {}
    found = read(changes, begun=begun, at=at)
    day = hong_kong_date(begun) + DAY
    while day <= hong_kong_date(at):
        midnight = datetime.combine(day, datetime.min.time(), HONG_KONG)
        if CALENDAR.is_working_day(day):
            held = read(changes, begun=begun, at=midnight - timedelta(microseconds=1))
            cause = held.stops[0].cause if held.stops else None
            walked[cause] = walked.get(cause, 0) + 1
        day += DAY
    if StopCause.DECIDED in {each.cause for each in found.stops}:
        (decided,) = found.stops
        late = CALENDAR.working_days_between(
            max(hong_kong_date(begun), hong_kong_date(decided.since)),
            max(hong_kong_date(begun), hong_kong_date(at)),
        )
        walked[StopCause.DECIDED] = walked.get(StopCause.DECIDED, 0) - late
    assert found.running == walked.pop(None, 0)
    assert stopped(found) == {cause: count for cause, count in walked.items() if count}


@given(st.permutations(list(StopCause)), instants, instants)
def test_the_order_in_which_changes_are_told_does_not_matter(
    causes: list[StopCause], begun: datetime, at: datetime
) -> None:
    told = [stops(on(5, 2) + DAY * n, cause) for n, cause in enumerate(sorted(causes))]
    shuffled = [told[list(StopCause).index(cause)] for cause in causes]
    assert read(shuffled, begun=begun, at=at) == read(told, begun=begun, at=at)


@given(changes, instants, st.integers(0, 40))
def test_a_clock_is_never_less_later(changes: list[Change], begun: datetime, hours: int) -> None:
    at = begun + HOUR * hours
    now, later = read(changes, begun=begun, at=at), read(changes, begun=begun, at=at + DAY)
    assert later.running >= now.running
    for cause, days in stopped(now).items():
        assert stopped(later)[cause] >= days


# Of a case.


def recorded(history: Sequence[e.CaseEvent]) -> tuple[Recorded[e.CaseEvent], ...]:
    """Return a history with a day between each event and the next."""
    return recorded_at(history, [NOON + DAY * place for place in range(len(history))])


def recorded_at(
    history: Sequence[e.CaseEvent], instants: Sequence[datetime]
) -> tuple[Recorded[e.CaseEvent], ...]:
    """Return a history as recorded, each event effective at an instant of its own."""
    return tuple(
        Recorded(
            event_id=str(version),
            stream="case-QM-4K7RT-9XWPR",
            version=version,
            event=event,
            effective_at=at,
            recorded_at=NOON,
            actor="officer.chan",
            role="officer",
            command="",
            command_id="",
            causation_id="",
            correlation_id="",
        )
        for version, (event, at) in enumerate(zip(history, instants, strict=True), start=1)
    )


def clock_of(history: Sequence[e.CaseEvent], at: date = date(2019, 12, 2)) -> Clock:
    read_at = datetime.combine(at, datetime.min.time(), HONG_KONG)
    return read_clock(of_case(recorded(history)), CALENDAR, begun=NOON, at=read_at)


@pytest.mark.parametrize("state", [each for each in HISTORIES if each is not s.Draft])
def test_a_clock_runs_exactly_while_the_office_is_awaited(state: type[s.CaseState]) -> None:
    """A stage that waits for somebody else needs a line in the table of turns."""
    awaited = AWAITED[s.STAGES[state]].party
    found = clock_of(HISTORIES[state])
    assert found.runs == (awaited is Party.OFFICE)
    assert [each.by for each in found.stops] == ([] if found.runs else [awaited])


def test_the_whole_path_stops_for_originals_fee_and_activation() -> None:
    found = clock_of((submitted(fee=APPLICATION_FEE), e.ApplicationFeePaid(amount_hkd=600),
                      *MAIN_PATH[1:]))  # fmt: skip
    # A day an event, from Monday 2 to Saturday 14 September 2019: nine working days.
    assert stopped(found) == {
        StopCause.FEE_AWAITED: 1,
        StopCause.ORIGINALS_AWAITED: 1,
        StopCause.VISA_FEE_AWAITED: 1,
    }
    assert found.running == 6
    assert [each.cause for each in found.stops] == [StopCause.DECIDED]


def test_a_case_waits_for_its_applicant_while_documents_are_asked_for() -> None:
    asked = (submitted(), requested(), document())
    waits = clock_of(asked)
    assert [(each.cause, each.by, each.since) for each in waits.stops] == [
        (StopCause.DOCUMENTS_AWAITED, Party.APPLICANT, NOON + DAY)
    ]
    answered = clock_of((*asked, p.RequestedDocumentsReceived(documents=(1,))))
    assert answered.runs
    assert stopped(answered) == {StopCause.DOCUMENTS_AWAITED: 2}
    assert clock_of((*asked, CANCELLED)) == answered


def test_a_case_waits_for_documents_no_longer_than_until_what_they_were_for_is_decided() -> None:
    reviewed, extending = HISTORIES[s.UnderReconsideration], HISTORIES[s.Extending]
    for before, ends in (
        (reviewed, (CaseReopened(),)),
        (reviewed, (RefusalUpheld(personal=None), RECONSIDERED)),
        (extending, (ExtensionRefused(personal=None), SOUGHT)),
        (extending, (SECOND, SOUGHT)),
    ):
        waits = clock_of((*before, requested()))
        assert [each.cause for each in waits.stops] == [StopCause.DOCUMENTS_AWAITED]
        assert clock_of((*before, requested(), *ends)).runs


@pytest.mark.parametrize("before", [until(IN_PRINCIPLE), (*until(SELECTED), requested())], ids=len)
def test_a_reopened_case_waits_for_nothing_that_a_refusal_made_needless(
    before: tuple[e.CaseEvent, ...],
) -> None:
    assert not clock_of(before).runs
    assert clock_of((*before, REFUSED, RECONSIDERED)).runs
    assert clock_of((*before, REFUSED, RECONSIDERED, CaseReopened())).runs


def test_a_case_whose_assessment_is_set_aside_waits_for_no_originals() -> None:
    assert clock_of((*until(IN_PRINCIPLE), AssessmentSetAside(personal=None))).runs


def test_an_application_without_a_fee_begins_with_a_running_clock() -> None:
    assert of_case(recorded((submitted(),))) == ()
    assert clock_of((submitted(fee=APPLICATION_FEE),)).stops[0].cause is StopCause.FEE_AWAITED


def test_of_every_cause_it_is_known_who_stops_the_clock() -> None:
    assert set(STOPPED_BY) == set(StopCause)
