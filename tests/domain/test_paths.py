"""The path of a case: which stages it came to and when, whatever the batches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from domain import case
from domain import stages as s
from domain.events import ApplicationWithdrawn
from domain.projections import paths
from domain.projections.paths import PathRow
from domain.reconsidering import CaseReopened
from domain.record import Recorded
from domain.stages import Stage
from domain.traces import UNDECIDED
from tests.domain.histories import (
    APPROVED,
    HISTORIES,
    MAIN_PATH,
    MOVED,
    NOT_SELECTED,
    REFUSED,
    SHORTLISTED,
    prerequisites,
    proposed,
    scored,
    submitted,
    until,
)
from tests.domain.test_projections import START, batched, recorded

STREAM = "case-QM-4K7RT-9XWPR"


def path_of(*events: Any) -> PathRow:
    return one_pass(recorded(STREAM, events))[STREAM.removeprefix("case-")]


def one_pass(events: Sequence[Recorded[Any]], rows: Any = None) -> dict[str, PathRow]:
    after = dict(rows or {})
    for each in events:
        if (key := paths.key(each)) is not None:
            after[key] = paths.fold(after.get(key), each)
    return after


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@pytest.mark.parametrize("state", [each for each in HISTORIES if HISTORIES[each]])
def test_a_path_ends_at_the_stage_that_the_case_reached(state: type[s.CaseState]) -> None:
    row = path_of(*HISTORIES[state])
    assert row.stages[-1] == row.stage == s.STAGES[state]
    assert row.since[-1] == row.moved_at
    assert len(row.stages) == len(row.since) == len(row.by)
    assert all(one is not other for one, other in zip(row.stages, row.stages[1:], strict=False))


@pytest.mark.parametrize("state", [each for each in HISTORIES if HISTORIES[each]])
def test_it_passes_every_stage_of_the_case_in_order(state: type[s.CaseState]) -> None:
    history = HISTORIES[state]
    each = [s.stage_of(case.load(history[:number])) for number in range(1, len(history) + 1)]
    passed = [stage for before, stage in zip([None, *each], each, strict=False) if stage != before]
    assert list(path_of(*history).stages) == passed


def test_it_holds_when_and_by_whom_each_stage_was_come_to() -> None:
    row = path_of(*until(SHORTLISTED))
    assert row.stages == (
        Stage.SUBMITTED,
        Stage.ACKNOWLEDGED,
        Stage.PREREQUISITES_MET,
        Stage.IN_POOL,
        Stage.SHORTLISTED,
    )
    assert row.since == tuple(map(day, range(1, 6)))
    assert row.by == (*("an officer",) * 4, None)
    assert (row.ruleset, row.route, row.position) == ("gpt-2018", "general", 5)
    assert (row.outcome, row.outcome_at) == (None, None)


def test_it_names_nobody_but_officers() -> None:
    first, *others = recorded(STREAM, until(scored()))
    row = one_pass([first._replace(role="applicant", actor="QM-4K7RT-9XWPR"), *others])
    assert row["QM-4K7RT-9XWPR"].by == (None, *("an officer",) * 3)


def test_a_score_counted_anew_is_the_same_stay() -> None:
    row = path_of(*until(scored()), scored(180))
    assert (row.stage, row.moved_at) == (Stage.IN_POOL, day(4))


def test_what_leaves_a_case_where_it_is_leads_no_path_on() -> None:
    events = recorded(STREAM, (*until(scored()), proposed()))
    assert paths.key(events[-2]) is not None
    assert paths.key(events[-1]) is None


def test_a_case_that_rolls_over_comes_to_the_pool_a_second_time() -> None:
    row = path_of(*until(SHORTLISTED), NOT_SELECTED)
    assert row.stages[-3:] == (Stage.IN_POOL, Stage.SHORTLISTED, Stage.IN_POOL)
    assert row.outcome is None


def test_a_path_is_under_the_ruleset_that_the_case_was_moved_to() -> None:
    assert path_of(*until(scored()), MOVED).ruleset == "gpt-2015"
    again = replace(prerequisites(), ruleset="gpt-2011")
    assert path_of(*until(scored()), MOVED, again).ruleset == "gpt-2011"


@pytest.mark.parametrize(
    ("last", "outcome"),
    [(REFUSED, Stage.REFUSED), (ApplicationWithdrawn(personal=None), Stage.WITHDRAWN)],
)
def test_a_wait_ends_with_the_first_answer_or_without_one(last: Any, outcome: Stage) -> None:
    row = path_of(*until(SHORTLISTED), last)
    assert (row.outcome, row.outcome_at) == (outcome, day(6))


def test_the_first_answer_stays_what_it_was() -> None:
    row = path_of(*until(SHORTLISTED), REFUSED, CaseReopened(), prerequisites(), scored())
    assert (row.stage, row.outcome, row.outcome_at) == (Stage.IN_POOL, Stage.REFUSED, day(6))
    assert path_of(*until(APPROVED)).outcome is Stage.IN_PRINCIPLE


def test_no_stay_ends_before_it_began() -> None:
    *before, last = recorded(STREAM, until(SHORTLISTED))
    early = last._replace(effective_at=day(-30))
    row = one_pass([*before, early])[STREAM.removeprefix("case-")]
    assert row.since[-1] == row.since[-2] == row.moved_at


def test_a_path_without_its_first_event_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with"):
        path_of(MAIN_PATH[1])


def test_an_erased_person_leaves_the_path() -> None:
    assert path_of(submitted(None)).stages == (Stage.SUBMITTED,)


def test_nobody_waits_for_an_answer_once_it_was_given() -> None:
    assert paths.ANSWERS.isdisjoint(paths.AWAITING)
    assert paths.AWAITING < UNDECIDED


@given(drawn=batched())
def test_any_batching_of_any_history_equals_one_pass(
    drawn: tuple[list[Recorded[Any]], list[int]],
) -> None:
    log, cuts = drawn
    rows: dict[str, PathRow] = {}
    for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        rows = one_pass(log[start:end], rows)
    assert rows == one_pass(log)
