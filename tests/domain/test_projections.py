"""The pure folds: what a row says at every stage, whatever the batches."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import case
from domain import events as e
from domain import exercise_events as x
from domain import stages as s
from domain.evolving import STAYS
from domain.projections import case_list, exercises, status
from domain.projections.stage_after import stage_after
from domain.projections.status import AWAITED, Party, Step
from domain.reconsidering import CaseReopened, RefusalUpheld
from domain.record import Recorded
from domain.residence import ExtensionRefused, Settlement, StayExtended
from domain.rules.reasons import as_written
from domain.standing import AssessmentSetAside
from tests.domain.histories import (
    ACKNOWLEDGED,
    ACTIVATE_BY,
    ACTIVATED,
    APPROVED,
    HISTORIES,
    IN_PRINCIPLE,
    ISSUED,
    JOHN,
    MAIN_PATH,
    MOVED,
    NOT_SELECTED,
    ORIGINALS_BY,
    PAY_BY,
    REFUSED,
    SHORTLISTED,
    VISA_FEE,
    prerequisites,
    proposed,
    scored,
    submitted,
    until,
)

FOLDS = (case_list, status)
START = datetime(2019, 9, 2, 4, 0, tzinfo=UTC)


def recorded(stream: str, events: Iterable[e.Event], first: int = 1) -> list[Recorded[Any]]:
    return [
        Recorded(
            event_id=f"{stream}-{number}",
            stream=stream,
            version=number,
            event=event,
            effective_at=START + timedelta(days=number),
            recorded_at=START,
            actor="an officer",
            role="officer",
            command="Test",
            command_id="",
            causation_id="",
            correlation_id="",
            position=first + number - 1,
            sequenced_at=START,
        )
        for number, event in enumerate(events, start=1)
    ]


def row_after(fold: Any, *events: e.Event, stream: str = "case-QM-4K7RT-9XWPR") -> Any:
    return reduce(fold.fold, recorded(stream, events), None)


@pytest.mark.parametrize("state", [each for each in HISTORIES if HISTORIES[each]])
def test_the_stage_told_from_the_last_event_is_the_one_the_case_reaches(
    state: type[s.CaseState],
) -> None:
    history = HISTORIES[state]
    assert stage_after(history[-1]) == s.stage_of(case.load(history)) == s.STAGES[state]


def test_every_event_of_a_case_leads_to_a_stage() -> None:
    reached = {type(event) for history in HISTORIES.values() for event in history}
    paid = e.ApplicationFeePaid(amount_hkd=600)
    assert stage_after(paid) is s.Stage.SUBMITTED
    assert stage_after(NOT_SELECTED) is s.Stage.IN_POOL
    assert stage_after(MOVED) is s.Stage.ACKNOWLEDGED
    upheld, reopened = RefusalUpheld(personal=None), CaseReopened()
    assert stage_after(upheld) is s.Stage.REFUSED
    assert stage_after(reopened) is s.Stage.ACKNOWLEDGED
    aside = AssessmentSetAside(personal=None)
    assert stage_after(aside) is s.Stage.ACKNOWLEDGED
    extended = StayExtended(
        settlement=Settlement.EMPLOYED, years=3, stay_until=date(2024, 9, 30), stays_left=(3,)
    )
    not_extended = ExtensionRefused(personal=None)
    assert stage_after(extended) is stage_after(not_extended) is s.Stage.ACTIVE
    single = {type(paid), type(NOT_SELECTED), type(MOVED), type(upheld), type(reopened)}
    single |= {type(extended), type(not_extended), type(aside)}
    assert reached | single | STAYS == set(e.CaseEvent.__args__)


@pytest.mark.parametrize("state", [s.BelowMark, s.InPool])
def test_a_proposed_override_leaves_a_case_where_it_is_and_since_when(
    state: type[s.CaseState],
) -> None:
    history = HISTORIES[state]
    for fold in FOLDS:
        before, after = row_after(fold, *history), row_after(fold, *history, proposed())
        assert (after.stage, after.stage_since) == (before.stage, before.stage_since)
        assert after.version == before.version + 1


def test_a_score_counted_anew_begins_the_stage_anew() -> None:
    history = HISTORIES[s.InPool]
    row = row_after(case_list, *history, proposed(), scored(180))
    assert (row.stage, row.points) == ("in-pool", 180)
    assert row.stage_since == START + timedelta(days=len(history) + 2)


def test_the_list_shows_points_exercise_and_rank_once_they_are_known() -> None:
    row = row_after(case_list, *until(SHORTLISTED))
    assert (row.stage, row.points, row.exercise, row.rank) == ("shortlisted", 175, "2019-q3", 1)
    assert (row.ruleset, row.version, row.position) == ("gpt-2018", 5, 5)
    assert row.stage_since == START + timedelta(days=5)
    assert row.name == "Carter, John"


def test_a_moved_case_is_listed_under_its_ruleset_without_points_until_it_is_scored() -> None:
    history = (*until(scored()), MOVED)
    row = row_after(case_list, *history)
    assert (row.stage, row.points, row.ruleset) == ("acknowledged", None, "gpt-2015")
    told = row_after(status, *history)
    assert (told.stage, told.ruleset, told.awaited.step) == (
        "acknowledged",
        "gpt-2015",
        Step.ASSESSMENT,
    )
    again = replace(scored(100), ruleset="gpt-2015")
    row = row_after(case_list, *history, prerequisites(), again)
    assert (row.stage, row.points, row.ruleset) == ("in-pool", 100, "gpt-2015")


def test_the_list_shows_computed_points_while_officers_decided_otherwise() -> None:
    before = until(scored())
    decided = replace(scored(180), computed_total=175)
    row = row_after(case_list, *before)
    assert (row.points, row.computed_points) == (175, None)
    for later in ((), (proposed(),), (SHORTLISTED,), (SHORTLISTED, NOT_SELECTED)):
        row = row_after(case_list, *before, decided, *later)
        assert (row.points, row.computed_points) == (180, 175)


@pytest.mark.parametrize(("later", "points"), [(scored(), 175), (MOVED, None)])
def test_computed_points_are_gone_with_the_score_they_stood_beside(
    later: e.CaseEvent, points: int | None
) -> None:
    decided = replace(scored(180), computed_total=175)
    row = row_after(case_list, *until(scored()), decided, later)
    assert (row.points, row.computed_points) == (points, None)


def test_a_name_in_chinese_stands_beside_the_other() -> None:
    applicant = replace(JOHN.applicant, name_in_chinese="陳大文")
    row = row_after(case_list, submitted(replace(JOHN, applicant=applicant)))
    assert row.name == "Carter, John (陳大文)"


def test_a_case_passed_over_keeps_the_exercise_it_came_before() -> None:
    row = row_after(case_list, *until(SHORTLISTED), NOT_SELECTED)
    assert (row.stage, row.exercise, row.points) == ("in-pool", "2019-q3", 175)


def test_the_status_tells_what_to_pay_and_by_when_only_while_it_is_due() -> None:
    approved = row_after(status, *until(APPROVED))
    assert (approved.due_hkd, approved.pay_by) == (VISA_FEE, PAY_BY)
    assert approved.awaited.party is Party.APPLICANT
    paid = row_after(status, *until(APPROVED), MAIN_PATH[9])
    assert (paid.due_hkd, paid.pay_by) == (None, None)


def test_the_status_tells_until_when_to_show_the_originals_and_no_longer() -> None:
    assert row_after(status, *until(IN_PRINCIPLE)).originals_by == ORIGINALS_BY
    seen = row_after(status, *until(IN_PRINCIPLE), e.OriginalsVerified())
    assert seen.originals_by is None


def test_the_status_tells_the_application_fee_until_it_is_paid() -> None:
    unpaid = submitted(fee=600)
    assert row_after(status, unpaid).due_hkd == 600
    assert row_after(status, unpaid, e.ApplicationFeePaid(amount_hkd=600)).due_hkd is None


def test_the_status_tells_until_when_to_activate_and_then_to_stay() -> None:
    issued = row_after(status, *until(ISSUED))
    active = row_after(status, *until(ACTIVATED))
    assert (issued.activate_by, issued.stay_until) == (ACTIVATE_BY, None)
    assert (active.activate_by, active.stay_until) == (None, date(2021, 9, 30))


def test_the_status_tells_the_reasons_of_a_refusal() -> None:
    row = row_after(status, *until(SHORTLISTED), REFUSED)
    assert row.reasons == (as_written("The claims were not borne out"),)
    assert (row.reason_class, row.awaited.party) == ("R3", Party.NOBODY)


def test_the_status_knows_neither_rank_nor_points_nor_officer() -> None:
    names = set(status.StatusRow._fields)
    assert names.isdisjoint({"rank", "points", "exercise", "actor", "officer"})


def test_every_stage_awaits_something_or_nobody() -> None:
    assert set(AWAITED) == set(s.Stage)


@pytest.mark.parametrize("fold", FOLDS)
def test_an_erased_person_leaves_a_row_without_personal_members(fold: Any) -> None:
    row = row_after(fold, submitted(None), *MAIN_PATH[1:4], replace(REFUSED, personal=None))
    assert row.personal is None
    assert row.stage == "refused"


@pytest.mark.parametrize("fold", [*FOLDS, exercises])
def test_a_history_without_its_first_event_is_refused(fold: Any) -> None:
    stream = "exercise-x" if fold is exercises else "case-x"
    event = x.ShortlistDrawn(achievement=0, general=1, departed=(), digest="")
    events = [event if fold is exercises else ACKNOWLEDGED]
    with pytest.raises(ValueError, match=f"{stream} begins with"):
        row_after(fold, *events, stream=stream)


@pytest.mark.parametrize("fold", FOLDS)
def test_an_event_without_a_position_is_not_folded(fold: Any) -> None:
    (first,) = recorded("case-x", [submitted()])
    with pytest.raises(ValueError, match="no position"):
        fold.fold(None, first._replace(position=None))


@pytest.mark.parametrize("fold", [*FOLDS, exercises])
def test_each_event_has_one_key_at_most(fold: Any) -> None:
    streams = ("case-QM-1", "work-QM-1", "exercise-2019-q3")
    keys = [fold.key(recorded(each, [ACKNOWLEDGED])[0]) for each in streams]
    assert keys == ([None, None, "2019-q3"] if fold is exercises else ["QM-1", None, None])


def test_an_exercise_is_told_from_opening_to_its_places() -> None:
    opened = x.ExerciseOpened(
        exercise="2019-q3",
        title="Third quarter",
        archetype=x.Archetype.RANK_TO_QUOTA,
        places=10,
        shortlist_size=20,
        pool_position=7,
        pool_size=30,
        pool_digest="sha256:00",
    )
    drawn = x.ShortlistDrawn(achievement=2, general=18, departed=(), digest="sha256:01")
    made = x.SelectionMade(
        achievement=2,
        general=7,
        passed_over=11,
        cut_off=140,
        tie_break=START,
        departed=(),
        digest="sha256:02",
    )
    stream = "exercise-2019-q3"
    first = row_after(exercises, opened, stream=stream)
    second = row_after(exercises, opened, drawn, stream=stream)
    last = row_after(exercises, opened, drawn, made, stream=stream)
    assert (first.stage, first.shortlisted) == ("opened", None)
    assert (second.stage, second.shortlisted, second.selected) == ("shortlisted", 20, None)
    assert (last.stage, last.selected, last.selected_achievement) == ("selected", 9, 2)
    assert (last.cut_off, last.tie_break, last.passed_over) == (140, START, 11)


@st.composite
def logs(draw: st.DrawFn) -> list[Recorded[Any]]:
    """Draw histories of a few cases, interleaved as a log may have them."""
    cases = draw(st.lists(st.sampled_from([h for h in HISTORIES.values() if h]), max_size=4))
    streams = [recorded(f"case-QM-{number}", events) for number, events in enumerate(cases)]
    order = [number for number, events in enumerate(streams) for _ in events]
    waiting = [iter(events) for events in streams]
    mixed = [next(waiting[number]) for number in draw(st.permutations(order))]
    return [each._replace(position=position) for position, each in enumerate(mixed, start=1)]


@st.composite
def batched(draw: st.DrawFn) -> tuple[list[Recorded[Any]], list[int]]:
    log = draw(logs())
    return log, sorted(draw(st.sets(st.integers(0, len(log)))))


def one_pass(fold: Any, events: Sequence[Recorded[Any]]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for each in events:
        key = fold.key(each)
        rows[key] = fold.fold(rows.get(key), each)
    return rows


def in_batches(fold: Any, log: Sequence[Recorded[Any]], cuts: Sequence[int]) -> dict[str, Any]:
    """Fold as the runner does: what is sealed is opened only where a batch's events touch it."""
    table: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        batch = log[start:end]
        opening = {fold.key(each) for each in batch if type(each.event) in fold.OPENS}
        rows = {
            key: row._replace(personal=sealed[key] if key in opening else None)
            for key, row in table.items()
        }
        for each in batch:
            closed = type(each.event) not in fold.OPENS and hasattr(each.event, "personal")
            event = replace(each.event, personal=None) if closed else each.event
            key = fold.key(each)
            rows[key] = fold.fold(rows.get(key), each._replace(event=event))
        sealed.update({key: rows[key].personal for key in opening})
        table = rows
    return {key: row._replace(personal=sealed[key]) for key, row in table.items()}


@pytest.mark.parametrize("fold", FOLDS)
@given(drawn=batched())
def test_any_batching_of_any_history_equals_one_pass(
    fold: Any, drawn: tuple[list[Recorded[Any]], list[int]]
) -> None:
    log, cuts = drawn
    assert in_batches(fold, log, cuts) == one_pass(fold, log)
