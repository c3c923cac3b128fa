"""What stops a case or ends it without a decision: holds, lapses and conflicts of interest."""

from datetime import date, datetime, time, timedelta
from functools import reduce
from typing import Final, get_args

import pytest

from domain import commands as c
from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.case import load
from domain.days import HONG_KONG
from domain.deciding.particulars import BY_RANK
from domain.decisions import Matter
from domain.errors import (
    NoFeeDue,
    NotAllowedNow,
    NothingOverdue,
    NothingProposed,
    OnHold,
    ReasonsMissing,
    RecusedFromCase,
)
from domain.following import NEXT, WHILE_HELD, next_of
from domain.interruptions import (
    CaseLapsed,
    HoldLifted,
    InterruptionReason,
    LapseCause,
    OfficerRecused,
)
from domain.particulars import ErasureDecided
from domain.projections import case_list
from domain.residence import StayExtended
from tests.domain.deciding import given
from tests.domain.examples import COMMANDS
from tests.domain.histories import (
    ACTIVATE_BY,
    ACTIVATED,
    DUE_ON,
    EXERCISE,
    HELD,
    HISTORIES,
    PAY_BY,
    decided_on,
    document,
    proposed,
    requested,
)
from tests.domain.test_projections import recorded

LIFTED: Final = HoldLifted(personal=None)
RECUSED: Final = OfficerRecused(
    officer="officer-1", personal=InterruptionReason(text="The applicant is a cousin")
)
UNDECIDED: Final = get_args(s.Undecided)
CARED_FOR: Final = [stage for stage in HISTORIES if c.RecuseOfficer in NEXT[stage]]

DUE: Final[tuple[tuple[tuple[e.CaseEvent, ...], LapseCause, date], ...]] = (
    (HISTORIES[s.Approved], LapseCause.PAYMENT, PAY_BY),
    (HISTORIES[s.Issued], LapseCause.ACTIVATION, ACTIVATE_BY),
    (HISTORIES[s.Active], LapseCause.STAY, ACTIVATED.stay_until),
    *(((*HISTORIES[stage], requested()), LapseCause.DOCUMENTS, DUE_ON) for stage in UNDECIDED),
)
"""What can be overdue, and since when."""


def at_the_end_of(day: date) -> datetime:
    """Return the last second of a day in Hong Kong."""
    return datetime.combine(day, time(23, 59, 59), HONG_KONG)


def named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


@pytest.mark.parametrize(("history", "cause", "due"), DUE, ids=named)
def test_a_case_lapses_on_the_day_after_something_was_due_and_not_before(
    history: tuple[e.CaseEvent, ...], cause: LapseCause, due: date
) -> None:
    case, last = given(*history), at_the_end_of(due)
    for early in (last - timedelta(days=1), last):
        case.at(early).when(c.LapseCase()).refused(NothingOverdue, f"{cause} can only be said")
    after = case.at(last + timedelta(seconds=1)).when(c.LapseCase())
    after.then(CaseLapsed(cause=cause, due_on=due))
    after.leads_to(s.Stage.LAPSED)
    lapsed = load((*history, *after.facts))
    assert isinstance(lapsed, s.Lapsed)
    assert (lapsed.cause, lapsed.filed.papers.requested) == (cause, None)


def test_what_is_due_is_said_in_words() -> None:
    given(*HISTORIES[s.Approved]).when(c.LapseCase()).refused(
        NothingOverdue, "visa-fee-not-paid can only be said after 2 March 2020"
    )


def test_an_extended_stay_ends_later() -> None:
    until = date(2024, 9, 30)
    extended = StayExtended(
        settlement=HISTORIES[s.Extending][-1].settlement,  # type: ignore[union-attr]  # the last one seeks an extension
        years=3,
        stay_until=until,
        stays_left=(3,),
    )
    case = given(*HISTORIES[s.Extending], extended)
    case.at(at_the_end_of(until)).when(c.LapseCase()).refused(NothingOverdue)
    case.at(at_the_end_of(until) + timedelta(seconds=1)).when(c.LapseCase()).then(
        CaseLapsed(cause=LapseCause.STAY, due_on=until)
    )


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
def test_nothing_lapses_where_nothing_is_due(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage]).at(datetime(2060, 1, 1, tzinfo=HONG_KONG))
    if stage in {s.Approved, s.Issued, s.Active}:
        case.when(c.LapseCase()).leads_to(s.Stage.LAPSED)
    else:
        case.when(c.LapseCase()).refused(
            NotAllowedNow, f"lapse-case is not possible while the case is {s.STAGES[stage]}"
        )


@pytest.mark.parametrize("stage", UNDECIDED, ids=named)
def test_documents_that_came_are_not_overdue(stage: type[s.CaseState]) -> None:
    answered = p.RequestedDocumentsReceived(documents=(1,))
    case = given(*HISTORIES[stage], requested(), document(), answered)
    late = at_the_end_of(DUE_ON) + timedelta(days=400)
    case.at(late).when(c.LapseCase()).refused(NotAllowedNow)


def test_nobody_lapses_a_case_that_is_held() -> None:
    late = at_the_end_of(PAY_BY) + timedelta(seconds=1)
    case = given(*HISTORIES[s.Approved], HELD)
    case.at(late).when(c.LapseCase()).refused(OnHold, "lift the hold first")
    lifted = given(*HISTORIES[s.Approved], HELD, LIFTED)
    lifted.at(late).when(c.LapseCase()).leads_to(s.Stage.LAPSED)


@pytest.mark.parametrize("stage", CARED_FOR, ids=named)
def test_a_hold_and_its_end_leave_the_case_as_it_was(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage])
    hold = c.HoldCase(reason=" The diploma is being looked into ")
    case.when(hold).then(HELD)
    case.when(hold).leads_to(s.STAGES[stage])
    held = given(*HISTORIES[stage], HELD)
    held.when(hold).refused(OnHold, "the case is held already")
    held.when(c.LiftHold(reason=" It is genuine ")).then(
        HoldLifted(personal=InterruptionReason(text="It is genuine"))
    )
    held.when(c.LiftHold(reason=" ")).then(LIFTED)
    assert load((*HISTORIES[stage], HELD, LIFTED)) == case.state
    case.when(c.LiftHold()).refused(NotAllowedNow, "lift-hold is not possible")
    case.when(c.HoldCase(reason=" \n")).refused(ReasonsMissing, "say why, in words")


@pytest.mark.parametrize("stage", CARED_FOR, ids=named)
def test_a_held_case_allows_what_is_no_decision_of_the_office_and_nothing_else(
    stage: type[s.CaseState],
) -> None:
    before = load(HISTORIES[stage])
    case = given(*HISTORIES[stage], HELD)
    allowed = (set(next_of(before)) & WHILE_HELD) | {c.LiftHold}
    assert set(next_of(case.state)) == allowed
    for command in COMMANDS:
        decided = case.when(command)
        if type(command) not in NEXT[stage]:
            assert isinstance(decided.refusal, NotAllowedNow | NoFeeDue)
        elif type(command) not in WHILE_HELD:
            decided.refused(OnHold)
        else:
            assert not isinstance(decided.refusal, OnHold), command


def test_while_held_only_a_voiding_is_confirmed() -> None:
    for stage, matter in (
        (s.Verified, Matter.APPROVAL),
        (s.Extending, Matter.REFUSAL),
        (s.UnderReconsideration, Matter.REOPENING),
        (s.Refused, Matter.ERASURE),
    ):
        case = given(*HISTORIES[stage], decided_on(matter), HELD)
        case.when(c.ConfirmDecision(matter=matter)).refused(
            OnHold, "lift the hold before this is decided"
        )
        # A person may still say that it is not to be.
        assert case.when(c.DeclineDecision(matter=matter)).refusal is None
    nothing = given(*HISTORIES[s.Verified], HELD)
    nothing.when(c.ConfirmDecision(matter=Matter.APPROVAL)).refused(NothingProposed, "nothing")
    voiding = given(*HISTORIES[s.Active], HELD, decided_on(Matter.VOIDING))
    voiding.when(c.ConfirmDecision(matter=Matter.VOIDING)).leads_to(s.Stage.VOIDED)


def test_what_is_possible_says_what_may_be_confirmed_while_held() -> None:
    refusal = load((*HISTORIES[s.Extending], decided_on(Matter.REFUSAL), HELD))
    voiding = load((*HISTORIES[s.Extending], decided_on(Matter.VOIDING), HELD))
    assert c.ConfirmDecision not in next_of(refusal)
    assert {c.ConfirmDecision, c.DeclineDecision} <= set(next_of(voiding))
    assert c.DeclineDecision in next_of(refusal)


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
def test_what_is_possible_says_whether_a_case_can_lapse(stage: type[s.CaseState]) -> None:
    dated = stage in {s.Approved, s.Issued, s.Active}
    assert (c.LapseCase in next_of(load(HISTORIES[stage]))) == dated
    if stage in UNDECIDED:
        assert c.LapseCase in next_of(load((*HISTORIES[stage], requested())))


@pytest.mark.parametrize(
    ("stage", "command"),
    [
        (s.InPool, c.WithdrawApplication(reason="")),
        (s.Active, c.ConfirmDecision(matter=Matter.VOIDING)),
    ],
    ids=named,
)
def test_what_ends_a_held_case_ends_the_hold_and_its_person_can_be_erased(
    stage: type[s.CaseState], command: c.CaseCommand
) -> None:
    voiding = (decided_on(Matter.VOIDING),) if stage is s.Active else ()
    history = (*HISTORIES[stage], HELD, *voiding)
    ended = (*history, *given(*history).when(command).facts)
    state = load(ended)
    assert isinstance(state, s.Ended)
    assert not state.filed.held
    given(*ended).once_confirmed(c.ProposeErasure()).then(ErasureDecided())
    rows = recorded("case-QM-22222-22222", ended)
    assert not reduce(case_list.fold, rows[1:], case_list.fold(None, rows[0])).held


def test_points_stay_undecided_while_a_case_is_held() -> None:
    case = given(*HISTORIES[s.InPool], proposed(), HELD)
    for command in (
        c.ConfirmOverride(rule="resident-relative"),
        c.DeclineOverride(rule="resident-relative"),
        c.ScoreApplication(),
        c.ShortlistCase(exercise=EXERCISE),
    ):
        case.when(command).refused(OnHold, "an investigation holds the case")


def test_an_exercise_passes_over_a_case_that_is_held_and_gives_it_no_place() -> None:
    case = given(*HISTORIES[s.Shortlisted], HELD)
    case.when(c.SelectCase(exercise=EXERCISE, rank=1)).refused(OnHold)
    passed = case.when(c.PassOverCase(exercise=EXERCISE, rank=1))
    passed.then(e.CaseNotSelected(exercise=EXERCISE, rank=1))
    back = load((*HISTORIES[s.Shortlisted], HELD, *passed.facts))
    assert isinstance(back, s.InPool)
    assert back.filed.held


@pytest.mark.parametrize("stage", CARED_FOR, ids=named)
def test_an_officer_steps_aside_for_a_conflict_of_interest(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage])
    stepping_aside = c.RecuseOfficer(reason=" The applicant is a cousin ")
    case.when(stepping_aside).then(RECUSED)
    case.when(stepping_aside).leads_to(s.STAGES[stage])
    case.when(c.RecuseOfficer(reason=" ")).refused(ReasonsMissing, "say why, in words")
    after = load((*HISTORIES[stage], RECUSED))
    assert not isinstance(after, s.Draft)
    assert after.filed.recused == {"officer-1"}


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each is not s.Draft], ids=named)
def test_a_recused_officer_takes_no_part_but_in_the_ranking(stage: type[s.CaseState]) -> None:
    history = (*HISTORIES[stage], RECUSED)
    if stage in {s.BelowMark, s.InPool}:
        history = (*history, proposed())
    for command in COMMANDS:
        decided = given(*history).when(command)
        if isinstance(command, BY_RANK):
            assert not isinstance(decided.refusal, RecusedFromCase)
            assert (decided.refusal is None) == (type(command) in next_of(given(*history).state))
        else:
            decided.refused(
                RecusedFromCase, "officer-1 declared a conflict of interest and takes no part"
            )
        # Everybody else goes on as if it had not been said.
        other = given(*history).by("officer-3").when(command)
        assert not isinstance(other.refusal, RecusedFromCase)


def test_a_recusal_outlives_whatever_becomes_of_the_case() -> None:
    history = (*HISTORIES[s.Verified], RECUSED, decided_on(Matter.APPROVAL))
    given(*history).when(c.ConfirmDecision(matter=Matter.APPROVAL)).refused(RecusedFromCase)
    confirming = given(*history).by("officer-3").when(c.ConfirmDecision(matter=Matter.APPROVAL))
    confirming.leads_to(s.Stage.APPROVED)
    given(*history, *confirming.facts).when(c.PayVisaFee(amount_hkd=230)).refused(RecusedFromCase)
    two = OfficerRecused(officer="officer-3", personal=None)
    for actor in ("officer-1", "officer-3"):
        given(*history, two).by(actor).when(c.HoldCase(reason="x")).refused(RecusedFromCase, actor)


def test_a_conflict_of_interest_weighs_more_than_a_hold() -> None:
    given(*HISTORIES[s.InPool], HELD, RECUSED).when(c.ScoreApplication()).refused(RecusedFromCase)
