"""The read model of the work on cases, and which cases wait for an officer."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar, get_args

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import work_events as e
from domain.application import Channel, Route
from domain.case import load as load_case
from domain.events import CaseEvent
from domain.interruptions import HoldLifted
from domain.papers import RequestedDocumentsReceived
from domain.projections import case_list, status
from domain.projections import work as rows
from domain.projections.work import WorkRow
from domain.record import Recorded
from domain.stages import STAGES, Acknowledged, Draft, Extending, Stage, UnderReconsideration
from domain.traces import UNDECIDED
from domain.work import holder_of, load
from domain.work_commands import TakeNext
from domain.work_queue import FOR_OFFICERS, is_meant, stages_meant
from domain.work_told import Way, last_way, notes_told
from tests.domain.desk import (
    CHAN,
    LEE,
    TEXT,
    TOLD,
    WONG,
    handed,
    noted,
    returned,
    superseded,
    taken,
)
from tests.domain.histories import CANCELLED, DUE_ON, HELD, HISTORIES, requested, submitted
from tests.domain.test_data_access import ANSWERED, DELAYED, EXPORTED, REQUESTED

EventT = TypeVar("EventT")

START = datetime(2019, 5, 1, tzinfo=UTC)
EVENTS: tuple[e.WorkEvent, ...] = (
    taken(),
    e.CaseAssigned(officer=WONG, before=None),
    handed(LEE, CHAN),
    returned(LEE, CHAN),
    returned(CHAN),
    e.CaseReleased(officer=CHAN),
    noted(),
    superseded(2, 1),
    e.DuplicateRefused(channel=Channel.ONLINE),
    e.CorrectionRefused(),
    *TOLD,
    e.LetterPosted(event_id="event-1", effect="approved", party="applicant"),
    REQUESTED,
    DELAYED,
    EXPORTED,
    ANSWERED,
)


def at(version: int) -> datetime:
    return START + timedelta(hours=version)


def row_after(*events: e.WorkEvent) -> WorkRow:
    row: WorkRow | None = None
    for version, event in enumerate(events, start=1):
        row = rows.fold(row, recorded(event, version))
    assert row is not None
    return row


def recorded(event: EventT, version: int) -> Recorded[EventT]:
    named = dict.fromkeys(
        ("event_id", "actor", "role", "command", "command_id", "causation_id", "correlation_id"), ""
    )
    return Recorded(
        **named,
        stream="work-QM-1",
        version=version,
        event=event,
        effective_at=at(version),
        recorded_at=at(version),
        position=10 + version,
        sequenced_at=at(version),
    )


def test_every_event_is_tried() -> None:
    assert {type(each) for each in EVENTS} == set(get_args(e.WorkEvent))


def test_a_row_says_who_has_the_case_and_since_when() -> None:
    row = row_after(noted(), taken(), noted(2))
    assert (row.reference, row.holder, row.since) == ("QM-1", CHAN, at(2))
    assert (row.notes, row.changed_at, row.version, row.position) == (2, at(3), 3, 13)
    assert not row.returned


@pytest.mark.parametrize(
    "refused", [e.DuplicateRefused(channel=Channel.PAPER), e.CorrectionRefused()]
)
def test_a_refused_duplicate_is_counted_and_changes_nothing_else(refused: e.WorkEvent) -> None:
    row = row_after(taken(), refused)
    assert (row.holder, row.since, row.duplicates, row.version) == (CHAN, at(1), 1, 2)


def test_a_corrected_note_is_counted_once() -> None:
    assert row_after(noted(), superseded(2, 1), superseded(3, 2)).notes == 1


def test_a_case_is_marked_as_returned_until_it_moves_on() -> None:
    to_queue = (taken(), returned(CHAN))
    to_officer = (taken(), handed(LEE, CHAN), returned(LEE, CHAN))
    assert (row_after(*to_queue).returned, row_after(*to_queue).holder) == (True, None)
    assert row_after(*to_officer, noted()).returned
    assert not row_after(*to_queue, taken()).returned
    assert not row_after(*to_officer, handed(LEE, CHAN)).returned
    assert not row_after(*to_officer, e.CaseReleased(officer=CHAN)).returned


@given_any(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12))
def test_the_row_agrees_with_the_decider_on_who_has_the_case(events: list[e.WorkEvent]) -> None:
    row = row_after(*events)
    assert row.holder == holder_of(load(events))
    assert (row.holder is None) == (row.since is None)


@given_any(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_the_case_list_says_the_same_of_who_has_the_case(events: list[e.WorkEvent]) -> None:
    filed = recorded(submitted(), 1)._replace(stream="case-QM-1", position=1)
    assert case_list.key(filed) == "QM-1"
    row = case_list.fold(None, filed)
    for version, event in enumerate(events, start=1):
        each = recorded(event, version)
        if case_list.key(each) is not None:
            assert case_list.key(each) == "QM-1"
            row = case_list.fold(row, each)
    assert row.holder == holder_of(load(events))
    assert (row.version, row.stage) == (1, Stage.SUBMITTED)


def test_the_case_list_keeps_who_has_a_case_that_goes_on() -> None:
    filed = recorded(submitted(), 1)._replace(stream="case-QM-1", position=1)
    row = case_list.fold(case_list.fold(None, filed), recorded(taken(), 1))
    paid = recorded(HELD, 2)._replace(stream="case-QM-1", position=12)
    assert case_list.fold(row, paid).holder == CHAN


def test_a_case_waits_for_an_officer_where_an_officer_is_next() -> None:
    assert FOR_OFFICERS == (
        Stage.SUBMITTED,
        Stage.ACKNOWLEDGED,
        Stage.PREREQUISITES_MET,
        Stage.PREREQUISITES_UNMET,
        Stage.BELOW_MARK,
        Stage.NOT_SELECTED,
        Stage.SELECTED,
        Stage.VERIFIED,
    )


@pytest.mark.parametrize("state", HISTORIES, ids=lambda each: each.__name__)
def test_a_case_is_meant_at_its_stage_and_by_its_route(state: type) -> None:
    case, stage = load_case(HISTORIES[state]), STAGES[state]
    assert is_meant(case, TakeNext()) == (stage in FOR_OFFICERS)
    assert not is_meant(case, TakeNext(stage=stage, route=Route.ACHIEVEMENT))
    other = next(each for each in FOR_OFFICERS if each is not stage)
    assert not is_meant(case, TakeNext(stage=other))
    decided = stage in {
        *(Stage.DRAFT, Stage.APPROVED, Stage.VISA_PAID, Stage.ISSUED, Stage.ACTIVE),
        *(Stage.EXTENDING, Stage.SETTLED, Stage.UNDER_RECONSIDERATION),
        *(Stage.REFUSED, Stage.WITHDRAWN, Stage.LAPSED, Stage.VOIDED),
    }
    assert stages_meant(TakeNext(stage=stage)) == (() if decided else (stage,))
    assert is_meant(case, TakeNext(stage=stage, route=Route.GENERAL)) == (not decided)


def told(*events: e.WorkEvent) -> list[Recorded[e.WorkEvent]]:
    return [recorded(event, version) for version, event in enumerate(events, start=1)]


def test_notes_are_told_with_what_took_their_place() -> None:
    notes = notes_told(told(noted(), taken(), noted(2, LEE, text=None), superseded(3, 1)))
    assert [(each.number, each.author, each.noted_at) for each in notes] == [
        (1, CHAN, at(1)),
        (2, LEE, at(3)),
        (3, CHAN, at(4)),
    ]
    assert [(each.text, each.supersedes, each.superseded_by) for each in notes] == [
        (TEXT, None, 3),
        (None, None, None),
        (TEXT, 1, None),
    ]


def test_the_last_way_of_a_case_is_told_with_its_reason() -> None:
    way = last_way(told(taken(), noted(), handed(LEE, CHAN), returned(LEE, CHAN), noted(2)))
    assert way == Way(since=at(4), returned=True, reason="Needs somebody who reads French")
    assert last_way(told(taken(), returned(CHAN))).since is None
    assert last_way(told(taken(), returned(CHAN), taken())) == Way(since=at(3))
    assert last_way(told(taken(), e.CaseReleased(officer=CHAN))) == last_way(()) == Way()


def test_a_case_that_an_investigation_holds_does_not_wait_for_an_officer() -> None:
    held = (*HISTORIES[Acknowledged], HELD)
    released = (*held, HoldLifted(personal=None))
    for wanted in (TakeNext(), TakeNext(stage=Stage.ACKNOWLEDGED)):
        assert [is_meant(load_case(each), wanted) for each in (held, released)] == [False, True]


def test_a_case_whose_applicant_was_asked_for_documents_does_not_wait_for_an_officer() -> None:
    before = HISTORIES[Acknowledged]
    asked = (*before, requested())
    answered = (*asked, RequestedDocumentsReceived(documents=(1,)))
    for wanted in (TakeNext(), TakeNext(stage=Stage.ACKNOWLEDGED)):
        meant = [is_meant(load_case(each), wanted) for each in (before, asked, answered)]
        assert meant == [True, False, True]
    cancelled = (*asked, CANCELLED)
    for history, awaited in (
        (before, False),
        (asked, True),
        (answered, False),
        (cancelled, False),
    ):
        assert listed(history).documents_awaited == awaited


@pytest.mark.parametrize("state", HISTORIES, ids=lambda each: each.__name__)
def test_documents_are_awaited_in_the_list_exactly_while_the_case_awaits_them(state: type) -> None:
    """What ended the case, or approved it, ended an open request too."""
    filed, later = HISTORIES[state][:1], HISTORIES[state][1:]
    history = (*filed, requested(), *later) if filed else (submitted(), requested())
    case = load_case(history)
    assert not isinstance(case, Draft)
    row = listed(history)
    assert row.documents_awaited == (case.filed.papers.requested is not None)
    assert row.documents_awaited == (row.stage in UNDECIDED)


@pytest.mark.parametrize("state", [Extending, UnderReconsideration])
def test_a_stay_or_a_review_awaits_documents_in_the_list_and_the_status(state: type) -> None:
    before = HISTORIES[state]
    for more, by in (((requested(),), DUE_ON), ((requested(), CANCELLED), None)):
        seen: status.StatusRow | None = None
        for version, event in enumerate((*before, *more), start=1):
            seen = status.fold(seen, recorded(event, version))
        assert seen is not None
        assert seen.documents_by == by
        assert (seen.awaited == status.DOCUMENTS_AWAITED) == (by is not None)
        assert listed((*before, *more)).documents_awaited == (by is not None)


def listed(history: tuple[CaseEvent, ...]) -> case_list.CaseRow:
    """Return the row of the case list that a history leads to."""
    row: case_list.CaseRow | None = None
    for version, event in enumerate(history, start=1):
        row = case_list.fold(row, recorded(event, version))
    assert row is not None
    return row
