"""What is due in a case, and what is told of it because time has passed: once, and the latest."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.days import HONG_KONG, hong_kong_date
from domain.deadlines import (
    PASSED,
    Deadline,
    DeadlineApproaching,
    DeadlineEvent,
    DeadlinePassed,
    StillInQueue,
)
from domain.interruptions import CaseHeld
from domain.particulars import ErasureDecided
from domain.processes import EFFECTS, Party
from domain.projections import deadlines as rows
from domain.projections import status
from domain.projections.deadlines import NEWS, DeadlineRow
from domain.record import Recorded
from domain.reminding import due, name_of, schedule
from domain.residence import ExtensionRefused, Settlement, StayExtended
from domain.stages import STAGES
from services.rules import load_rulebook
from tests.domain.desk import noted, taken
from tests.domain.histories import (
    ACTIVATE_BY,
    ACTIVATED,
    CANCELLED,
    DUE_ON,
    HISTORIES,
    ORIGINALS_BY,
    PAY_BY,
    RECONSIDER_BY,
    requested,
    scored,
)

START = datetime(2019, 5, 1, 4, 0, tzinfo=UTC)
TOLD_WHEN = schedule(load_rulebook(), date(2019, 9, 2))
SILENCE = timedelta(weeks=8)
TODAY = hong_kong_date(START)


@dataclass(slots=True, kw_only=True)
class Life:
    """A case and the work on it as they are told in the log, and what the row makes of them."""

    row: DeadlineRow | None = None
    told: list[tuple[datetime, DeadlineEvent]] = field(default_factory=list)
    at: datetime = START
    versions: dict[str, int] = field(default_factory=dict)
    position: int = 0

    def happens(self, *events: e.Event, at: datetime | None = None, stream: str = "case") -> "Life":
        for event in events:
            self.at = at or self.at
            self.position += 1
            self.versions[stream] = self.versions.get(stream, 0) + 1
            self.row = rows.fold(self.row, self._recorded(event, stream))
        return self

    def looked_at(self, at: datetime) -> DeadlineEvent | None:
        """Tell what is due at an instant, as whoever looks then does."""
        assert self.row is not None
        fact = due(self.row, at, TOLD_WHEN)
        if fact is not None:
            self.happens(fact, at=at, stream="work")
            self.told.append((at, fact))
        return fact

    def _recorded(self, event: e.Event, stream: str) -> Recorded[Any]:
        named = dict.fromkeys(
            ("actor", "role", "command", "command_id", "causation_id", "correlation_id"), ""
        )
        return Recorded(
            **named,
            event_id=str(self.position),
            stream=f"{stream}-QM-4K7RT-9XWPR",
            version=self.versions[stream],
            event=event,
            effective_at=self.at,
            recorded_at=self.at,
            position=self.position,
            sequenced_at=self.at,
        )


def life(stage: type[s.CaseState], *more: e.Event) -> Life:
    return Life().happens(*HISTORIES[stage], *more)


def asked(days: int) -> p.DocumentsRequested:
    return replace(requested(), due_on=TODAY + timedelta(days=days))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=HONG_KONG)


def ahead(found: DeadlineEvent | None) -> int:
    assert isinstance(found, DeadlineApproaching), found
    return found.days


@pytest.mark.parametrize(
    ("stage", "deadline", "due_on"),
    [
        (s.InPrinciple, Deadline.ORIGINALS, ORIGINALS_BY),
        (s.Approved, Deadline.VISA_FEE, PAY_BY),
        (s.Issued, Deadline.ACTIVATION, ACTIVATE_BY),
        (s.Active, Deadline.EXTENSION, ACTIVATED.stay_until),
        (s.Refused, Deadline.RECONSIDERATION, RECONSIDER_BY),
    ],
)
def test_a_stage_sets_its_day(stage: type[s.CaseState], deadline: Deadline, due_on: date) -> None:
    row = life(stage).row
    assert row is not None
    assert (row.deadline, row.due_on, row.told) == (deadline, due_on, None)
    assert row.opened == len(HISTORIES[stage])


@pytest.mark.parametrize("stage", [each for each in HISTORIES if HISTORIES[each]])
def test_every_other_stage_sets_none_and_the_office_is_timed_where_it_is_awaited(
    stage: type[s.CaseState],
) -> None:
    row = life(stage).row
    assert row is not None
    sets = {s.InPrinciple, s.Approved, s.Issued, s.Active, s.Refused}
    assert (row.deadline is not None) == (stage in sets)
    awaited = status.AWAITED[STAGES[stage]].party
    assert (row.quiet_since is not None) == (awaited is status.Party.OFFICE)


@pytest.mark.parametrize("stage", [s.InPool, s.Extending, s.UnderReconsideration])
def test_documents_are_due_by_the_day_that_was_named(stage: type[s.CaseState]) -> None:
    row = life(stage, requested()).row
    assert row is not None
    assert (row.deadline, row.due_on, row.quiet_since) == (Deadline.DOCUMENTS, DUE_ON, None)


@pytest.mark.parametrize(
    "ends", [CANCELLED, p.RequestedDocumentsReceived(documents=(1,))], ids=["cancelled", "answered"]
)
def test_an_answered_request_tells_nothing_more(ends: e.CaseEvent) -> None:
    case = life(s.InPool, asked(30), ends)
    assert case.row is not None
    assert (case.row.deadline, case.row.quiet_since) == (None, START)
    assert case.looked_at(START + timedelta(days=31)) is None


def test_a_later_request_is_told_of_anew_by_the_same_day() -> None:
    case = life(s.InPool, asked(30))
    assert ahead(case.looked_at(START + timedelta(days=16))) == 14
    case.happens(CANCELLED, asked(30))
    assert ahead(case.looked_at(START + timedelta(days=27))) == 3


def test_each_reminder_comes_on_its_day_and_then_that_it_is_over() -> None:
    case = life(s.Approved)
    for day in range(-30, 30):
        case.looked_at(noon(PAY_BY + timedelta(days=day)))
    said = [(hong_kong_date(at) - PAY_BY, getattr(fact, "days", PASSED)) for at, fact in case.told]
    assert said == [(timedelta(days=-days), days) for days in (14, 3, PASSED)]
    assert all(getattr(fact, "due_on", None) == PAY_BY for _, fact in case.told)


def test_the_day_itself_is_not_over() -> None:
    case = life(s.Approved)
    assert ahead(case.looked_at(noon(PAY_BY))) == 3
    assert case.looked_at(datetime(2020, 3, 2, 15, 59, 59, tzinfo=UTC)) is None
    assert isinstance(case.looked_at(datetime(2020, 3, 2, 16, tzinfo=UTC)), DeadlinePassed)


def test_after_a_month_without_anybody_looking_only_the_latest_is_told() -> None:
    case = life(s.Approved)
    assert isinstance(case.looked_at(noon(PAY_BY + timedelta(days=1))), DeadlinePassed)
    assert case.looked_at(noon(PAY_BY + timedelta(days=2))) is None
    case = life(s.Approved)
    assert ahead(case.looked_at(noon(PAY_BY - timedelta(days=2)))) == 3
    assert case.looked_at(noon(PAY_BY - timedelta(days=2))) is None


@pytest.mark.parametrize(("days", "belated"), [(1, False), (60, False), (61, True), (2000, True)])
def test_a_day_long_over_is_told_as_belated(days: int, belated: bool) -> None:  # noqa: FBT001 - a parameter of the test
    fact = life(s.Approved).looked_at(noon(PAY_BY + timedelta(days=days)))
    assert isinstance(fact, DeadlinePassed)
    assert fact.belated is belated


def test_who_is_asked_at_short_notice_is_not_reminded_at_once() -> None:
    case = life(s.InPool, asked(10))
    assert case.looked_at(START + timedelta(hours=1)) is None
    assert ahead(case.looked_at(START + timedelta(days=7))) == 3


def test_an_extension_can_be_sought_from_its_first_reminder_on() -> None:
    case, until = life(s.Active), ACTIVATED.stay_until
    assert case.looked_at(noon(until - timedelta(days=29))) is None
    assert ahead(case.looked_at(noon(until - timedelta(weeks=4)))) == 28


def test_a_stay_without_a_further_period_ends_on_its_day() -> None:
    extended = StayExtended(
        settlement=Settlement.EMPLOYED, years=3, stay_until=date(2024, 9, 30), stays_left=()
    )
    for last, until in (
        (extended, date(2024, 9, 30)),
        (ExtensionRefused(personal=None), ACTIVATED.stay_until),
    ):
        row = life(s.Extending, last).row
        assert row is not None
        assert (row.deadline, row.due_on) == (Deadline.STAY, until)


def test_that_a_window_closed_is_told_to_nobody() -> None:
    for seen_while_it_was_open in (True, False):
        case = life(s.Refused)
        if seen_while_it_was_open:
            assert ahead(case.looked_at(noon(RECONSIDER_BY))) == 14
        assert case.looked_at(noon(RECONSIDER_BY + timedelta(days=1))) is None


def test_of_an_erased_person_nothing_is_due() -> None:
    row = life(s.Refused, ErasureDecided()).row
    assert row is not None
    assert (row.deadline, row.due_on, row.told, row.quiet_since) == (None, None, None, None)


def test_a_refusal_that_said_no_day_sets_none() -> None:
    *before, refused = HISTORIES[s.Refused]
    assert isinstance(refused, e.ApplicationRefused)
    row = Life().happens(*before, replace(refused, reconsider_by=None)).row
    assert row is not None
    assert row.deadline is None


def test_who_waits_hears_every_eight_weeks_that_they_are_not_forgotten() -> None:
    case = life(s.InPool)
    for week in range(30):
        case.looked_at(START + timedelta(weeks=week))
    assert [at - START for at, _ in case.told] == [timedelta(weeks=n) for n in (8, 16, 24)]
    assert [fact for _, fact in case.told] == [
        StillInQueue(since=START + timedelta(weeks=n)) for n in (0, 8, 16)
    ]


def test_after_a_year_in_which_nobody_looked_one_letter_goes_out() -> None:
    case = life(s.InPool)
    late = START + timedelta(weeks=52)
    assert case.looked_at(late) == StillInQueue(since=START)
    assert case.looked_at(late) is None


def test_while_the_applicant_is_awaited_the_weeks_do_not_count() -> None:
    case = life(s.InPool).happens(asked(90), at=START + timedelta(weeks=7))
    assert case.looked_at(START + timedelta(weeks=9)) is None
    case.happens(CANCELLED, at=START + timedelta(weeks=9))
    assert case.looked_at(START + timedelta(weeks=16)) is None
    assert isinstance(case.looked_at(START + timedelta(weeks=17)), StillInQueue)


def test_an_investigation_is_told_to_nobody_by_silence_either() -> None:
    case = life(s.InPool, CaseHeld(personal=None))
    assert case.looked_at(START + SILENCE) == StillInQueue(since=START)


def test_what_is_done_on_a_case_changes_no_day() -> None:
    case = life(s.Approved)
    before = case.row
    assert case.happens(taken(), noted(), stream="work").row == before


def test_work_without_a_case_has_no_row() -> None:
    assert Life().happens(taken(), stream="work").row is None


def test_a_paper_keyed_later_is_quiet_from_when_it_was_keyed() -> None:
    case = Life()
    submitted, *rest = HISTORIES[s.InPool]
    case.happens(submitted, *rest)
    acknowledged = case._recorded(e.ApplicationAcknowledged(), "case")
    backdated = acknowledged._replace(recorded_at=START + SILENCE)
    row = rows.fold(case.row, backdated)
    assert row is not None
    assert row.quiet_since == START + SILENCE


def test_a_fact_is_named_by_what_it_says() -> None:
    case = life(s.Approved)
    for day in range(-30, 30):
        case.looked_at(noon(PAY_BY + timedelta(days=day)))
    other = life(s.InPool)
    other.looked_at(START + SILENCE)
    facts = [fact for _, fact in (*case.told, *other.told)]
    assert {type(each) for each in facts} == set(get_args(DeadlineEvent))
    names = {name_of(reference, each) for each in facts for reference in ("QM-1", "QM-2")}
    assert len(names) == 2 * len(facts)


STEPS = st.sampled_from(
    [e.ApplicationAcknowledged(), asked(20), asked(40), CANCELLED, CaseHeld(personal=None)]
)
SCHEDULES = st.lists(st.integers(min_value=1, max_value=200), min_size=1, max_size=40)


@given_any(
    stage=st.sampled_from([s.InPool, s.Approved, s.Issued, s.Active, s.Refused]),
    gaps=SCHEDULES,
    twice=st.booleans(),
)
def test_at_whatever_moments_somebody_looks_each_is_told_once(
    stage: type[s.CaseState],
    gaps: Sequence[int],
    twice: bool,  # noqa: FBT001 - drawn
) -> None:
    case = life(stage)
    at = START
    for hours in gaps:
        at += timedelta(hours=12 * hours)
        case.looked_at(at)
        if twice:
            assert case.looked_at(at) is None
    names = [name_of("QM-1", fact) for _, fact in case.told]
    assert len(set(names)) == len(names)
    ahead_of = [getattr(fact, "days", PASSED) for _, fact in case.told]
    if stage is not s.InPool:
        # Never one that is less urgent after one that is more.
        assert ahead_of == sorted(set(ahead_of), reverse=True)


@given_any(
    stage=st.sampled_from([each for each in HISTORIES if HISTORIES[each]]), steps=st.lists(STEPS)
)
def test_a_row_has_a_day_whole_or_not_at_all(
    stage: type[s.CaseState], steps: Sequence[e.CaseEvent]
) -> None:
    row = life(stage, *steps).row
    assert row is not None
    assert (
        len({each is None for each in (row.deadline, row.due_on, row.opened, row.opened_on)}) == 1
    )
    assert row.deadline is not None or row.told is None
    assert row.deadline is None or row.quiet_since is None


def test_every_deadline_is_told_of() -> None:
    assert set(TOLD_WHEN.days) == set(Deadline)


def test_news_is_what_the_applicant_has_letters_about() -> None:
    written = {
        event
        for event, effects in EFFECTS.items()
        if any(Party.APPLICANT in effect.to for effect in effects)
    }
    assert written == NEWS


def test_a_score_that_changes_nothing_is_no_news() -> None:
    case = life(s.PrerequisitesMet)
    case.happens(scored(120), at=START + timedelta(weeks=1))
    case.happens(scored(130), at=START + timedelta(weeks=2))
    assert case.row is not None
    assert case.row.quiet_since == START + timedelta(weeks=1)
