"""Parts of a log folded apart and joined: the same as the whole, whatever the parts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import events as e
from domain import stages as s
from domain.case import load
from domain.overrides import OverrideApplied, OverrideCode
from domain.particulars import ApplicationCorrected
from domain.reconsidering import CaseReopened
from domain.record import Recorded
from domain.traces import UNDECIDED, Decided, Regime, Score, Trace, join, traces
from tests.domain.histories import (
    ACKNOWLEDGED,
    DIGEST,
    HISTORIES,
    MOVED,
    prerequisites,
    proposed,
    scored,
    submitted,
    until,
)

START = datetime(2019, 9, 2, 4, 0, tzinfo=UTC)


def interleaved(histories: Sequence[tuple[e.CaseEvent, ...]]) -> list[Recorded[Any]]:
    """Return the events of the histories in turn, one a day, as a log would have them."""
    longest = max((len(each) for each in histories), default=0)
    turns = [
        (number, version, each[version])
        for version in range(longest)
        for number, each in enumerate(histories)
        if version < len(each)
    ]
    return [
        Recorded(
            event_id=str(position),
            stream=f"case-{number}",
            version=version + 1,
            event=event,
            effective_at=START + timedelta(days=position),
            recorded_at=START,
            actor="an officer",
            role="officer",
            command="Test",
            command_id="",
            causation_id="",
            correlation_id="",
            position=position + 1,
            sequenced_at=START,
        )
        for position, (number, version, event) in enumerate(turns)
    ]


def joined(log: Sequence[Recorded[Any]], cuts: Sequence[int] = ()) -> dict[str, Trace]:
    known: dict[str, Trace] = {}
    for first, last in pairwise([0, *sorted(cuts), len(log)]):
        join(known, traces(log[first:last], None))
    return known


@given(
    histories=st.lists(st.sampled_from([each for each in HISTORIES.values() if each]), max_size=6),
    cuts=st.lists(st.integers(0, 80), max_size=6),
)
def test_any_parts_of_a_log_give_what_the_whole_gives(
    histories: list[tuple[e.CaseEvent, ...]], cuts: list[int]
) -> None:
    log = interleaved(histories)
    whole = joined(log)
    assert joined(log, [min(cut, len(log)) for cut in cuts]) == whole
    undecided = [isinstance(load(each), s.Undecided) for each in histories]
    still = [
        str(number) in whole and whole[str(number)].is_open for number in range(len(histories))
    ]
    assert still == undecided


@pytest.mark.parametrize("state", HISTORIES, ids=lambda state: state.__name__)
def test_a_trace_is_at_the_stage_that_the_case_is_at(state: type[s.CaseState]) -> None:
    history = HISTORIES[state]
    found = traces(interleaved([history]), None)
    assert [each.stage for each in found.values()] == ([s.STAGES[state]] if history else [])


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_proposed_override_leaves_a_case_at_its_stage_wherever_the_log_is_cut(cut: int) -> None:
    log = interleaved([(*until(scored()), proposed())])
    (trace,) = joined(log, [cut]).values()
    assert (trace.stage, trace.is_open) == (s.Stage.IN_POOL, True)


def test_a_case_is_open_until_it_is_decided() -> None:
    decided = {"draft", "approved", "visa-fee-paid", "visa-issued", "visa-activated"}
    decided |= {"extension-sought", "right-of-abode", "visa-voided", "no-further-action"}
    decided |= {"refused", "under-reconsideration", "withdrawn"}
    assert set(s.Stage) - decided == UNDECIDED


def test_the_regime_is_the_one_recorded_last_and_its_score_with_it() -> None:
    (trace,) = traces(interleaved([until(scored())]), None).values()
    assert trace.regime == Regime(
        ruleset="gpt-2018", digest=DIGEST, score=Score(total=175, pass_mark=80)
    )


def test_a_score_says_what_the_tests_alone_gave() -> None:
    decided = replace(scored(180), computed_total=175)
    (trace,) = traces(interleaved([(*until(scored()), decided)]), None).values()
    assert trace.regime is not None
    assert trace.regime.score == Score(total=180, pass_mark=80, computed_total=175)


APPLIED = OverrideApplied(
    rule="resident-relative",
    computed=0,
    decided=5,
    code=OverrideCode.DOCUMENTS_SHOW_MORE,
    proposed_by="officer-2",
    confirmed_by="officer-1",
)
ANEW = ApplicationCorrected(fields=("family",), assessed_anew=True, personal=None)
OTHER = "sha256:aa"


def test_what_officers_decided_is_remembered_where_a_case_begins_anew() -> None:
    five = (DIGEST, (("resident-relative", 5),))
    stands = Decided(editions=(five,))
    before = (*until(scored()), replace(scored(180), overrides=(APPLIED,)))
    for then, decided in (
        ((ANEW,), stands),
        ((ANEW, prerequisites()), stands),
        ((ANEW, MOVED), Decided(moved=True)),
        ((ANEW, prerequisites(), scored()), Decided(editions=((DIGEST, ()),))),
        (
            (ANEW, replace(scored(), digest=OTHER)),
            Decided(editions=tuple(sorted(((OTHER, ()), five)))),
        ),
    ):
        log = interleaved([(*before, *then)])
        for cut in range(1, len(log)):
            (trace,) = joined(log, [cut]).values()
            assert trace.decided == decided


@given(
    then=st.lists(
        st.sampled_from(
            [
                ANEW,
                MOVED,
                scored(),
                replace(scored(), digest=OTHER),
                replace(scored(180), overrides=(APPLIED,)),
                replace(scored(180), digest=OTHER, overrides=(replace(APPLIED, decided=0),)),
            ]
        ),
        max_size=8,
    ),
    cuts=st.lists(st.integers(0, 12), max_size=4),
)
def test_a_trace_and_a_case_hold_the_same_decided_wherever_the_log_is_cut(
    then: list[e.CaseEvent], cuts: list[int]
) -> None:
    history = (*until(scored()), *then)
    log = interleaved([history])
    (trace,) = joined(log, [min(cut, len(log)) for cut in cuts]).values()
    (whole,) = joined(log).values()
    assert trace == whole
    case = load(history)
    assert trace.decided is not None
    assert not isinstance(case, s.Draft)
    for digest in (DIGEST, OTHER):
        held = ((each.rule, each.decided) for each in case.filed.overrides_under(digest))
        assert trace.decided.under(digest) == tuple(held)


def test_prerequisites_assessed_anew_leave_no_score() -> None:
    (trace,) = traces(interleaved([(*until(scored()), prerequisites())]), None).values()
    assert trace.regime == Regime(ruleset="gpt-2018", digest="sha256:00")


def test_a_case_that_was_moved_is_under_the_other_ruleset_without_a_score() -> None:
    (trace,) = traces(interleaved([(*until(scored()), MOVED)]), None).values()
    assert trace.stage == "acknowledged"
    assert trace.regime == Regime(ruleset="gpt-2015")


def test_a_case_that_was_reopened_is_open_wherever_the_log_is_cut() -> None:
    history = (*HISTORIES[s.UnderReconsideration], CaseReopened())
    log = interleaved([history])
    for cut in range(1, len(log)):
        (trace,) = joined(log, [cut]).values()
        assert (trace.stage, trace.is_open) == (s.Stage.ACKNOWLEDGED, True)
        assert trace.regime is None
        assert trace.submission is not None


def test_a_correction_is_remembered_and_may_begin_anew() -> None:
    for anew in (True, False):
        corrected = ApplicationCorrected(fields=("family",), assessed_anew=anew, personal=None)
        log = interleaved([(*until(scored()), corrected)])
        for cut in range(1, len(log)):
            (trace,) = joined(log, [cut]).values()
            assert trace.corrected
            assert (trace.regime is None) == anew


def test_a_case_that_begins_anew_keeps_a_ruleset_it_was_moved_to_and_no_other() -> None:
    corrected = ApplicationCorrected(fields=("family",), assessed_anew=True, personal=None)
    again = replace(prerequisites(), ruleset="gpt-2015")
    log = interleaved([(*until(scored()), MOVED, again, corrected)])
    for cut in range(1, len(log)):
        for later in range(cut, len(log)):
            (trace,) = joined(log, [cut, later]).values()
            assert trace.regime == Regime(ruleset="gpt-2015")


def test_what_took_effect_later_says_nothing() -> None:
    log = interleaved([(submitted(), ACKNOWLEDGED, prerequisites())])
    (trace,) = traces(log, START + timedelta(days=1)).values()
    assert trace.stage == "acknowledged"
    assert trace.regime is None
    assert traces(log, START - timedelta(days=1)) == {}


def test_events_of_other_streams_say_nothing() -> None:
    opened = interleaved([until(ACKNOWLEDGED)])
    other = [each._replace(stream="work-0") for each in opened]
    assert traces(other, None) == {}
