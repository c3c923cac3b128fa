"""Every command in every stage, and every event from every stage."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.case import evolve, load
from domain.errors import NotAllowedNow, Refusal, SameRuleset
from domain.moves import MoveCode
from tests.domain.deciding import NOON, given
from tests.domain.histories import (
    ACTIVATED,
    APPLICATION_FEE,
    EXERCISE,
    HISTORIES,
    JOHN,
    MAIN_PATH,
    MOVED,
    NOT_SELECTED,
    REFUSED,
    VISA_FEE,
    WITHDRAWN,
    criteria_met,
    prerequisites,
    scored,
    submitted,
    until,
)

COMMANDS: tuple[c.CaseCommand, ...] = (
    c.SubmitApplication(application=JOHN),
    c.PayApplicationFee(amount_hkd=APPLICATION_FEE),
    c.AcknowledgeApplication(),
    c.AssessPrerequisites(),
    c.ScoreApplication(),
    c.MoveToRuleset(ruleset="gpt-2015", code=MoveCode.RELIEF, reason="As announced"),
    c.ShortlistCase(exercise=EXERCISE),
    c.SelectCase(exercise=EXERCISE),
    c.PassOverCase(exercise=EXERCISE),
    c.ApproveInPrinciple(),
    c.VerifyOriginals(),
    c.ApproveApplication(),
    c.PayVisaFee(amount_hkd=VISA_FEE),
    c.IssueVisa(),
    c.ActivateVisa(entered_on=ACTIVATED.entered_on),
    c.RefuseApplication(reasons=("The claims were not borne out",)),
    c.WithdrawApplication(),
)
EVENTS: tuple[e.CaseEvent, ...] = (
    *MAIN_PATH,
    submitted(fee=APPLICATION_FEE),
    e.ApplicationFeePaid(amount_hkd=APPLICATION_FEE),
    prerequisites(age_met=False),
    scored(0),
    MOVED,
    NOT_SELECTED,
    REFUSED,
    WITHDRAWN,
)
LATER_EVENTS = [each for each in EVENTS if not isinstance(each, e.ApplicationSubmitted)]
ENTRY = ACTIVATED.entered_on
ENTERED = NOON.replace(month=ENTRY.month, day=ENTRY.day)


def named(value: object) -> str:
    return (value if isinstance(value, type) else type(value)).__name__


def test_every_stage_has_a_history_that_ends_there() -> None:
    assert set(HISTORIES) == set(get_args(s.CaseState))
    assert {stage: type(load(history)) for stage, history in HISTORIES.items()} == {
        stage: stage for stage in HISTORIES
    }


def test_every_command_and_every_event_is_tried() -> None:
    assert {type(each) for each in COMMANDS} == set(get_args(c.CaseCommand))
    assert {type(each) for each in EVENTS} == set(get_args(e.CaseEvent))


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_a_command_is_allowed_at_exactly_the_stages_that_name_it(
    stage: type[s.CaseState], command: c.CaseCommand
) -> None:
    # At the time of the entry, which is recorded only once it is past.
    decided = given(*HISTORIES[stage]).at(ENTERED).when(command)
    assert (decided.refusal is None) == (type(command) in s.NEXT[stage]), decided.refusal
    assert bool(decided.facts) == (decided.refusal is None)


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
def test_a_refusal_names_what_is_possible_instead(stage: type[s.CaseState]) -> None:
    state = load(HISTORIES[stage])
    refusals = [
        given(*HISTORIES[stage]).when(command).refusal
        for command in COMMANDS
        if type(command) not in s.NEXT[stage]
    ]
    told = [each for each in refusals if isinstance(each, NotAllowedNow)]
    assert told
    assert {each.allowed for each in told} == {s.possible(state)}
    assert {each.stage for each in told} == {s.stage_of(state)}


def test_possible_names_the_commands_of_the_stage() -> None:
    assert s.possible(load(HISTORIES[s.Shortlisted])) == (
        "SelectCase",
        "PassOverCase",
        "RefuseApplication",
        "WithdrawApplication",
    )
    assert s.possible(load(HISTORIES[s.Active])) == ()


def test_every_stage_has_a_name_of_its_own() -> None:
    assert set(s.STAGES) == set(get_args(s.CaseState)) == set(s.NEXT)
    assert sorted(s.STAGES.values()) == sorted(s.Stage)


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each is not s.Draft], ids=named)
@pytest.mark.parametrize("event", EVENTS, ids=named)
def test_every_event_leads_somewhere_from_every_stage(
    stage: type[s.CaseState], event: e.CaseEvent
) -> None:
    after = evolve(load(HISTORIES[stage]), event)
    assert type(after) in s.NEXT
    assert not isinstance(after, s.Draft)


@pytest.mark.parametrize("event", LATER_EVENTS, ids=named)
def test_no_history_begins_with_anything_but_a_submission(event: e.CaseEvent) -> None:
    with pytest.raises(TypeError, match=f"cannot begin with {named(event)}"):
        load([event])


def test_criteria_met_lead_to_the_pool_but_into_no_exercise() -> None:
    met = (*until(prerequisites()), criteria_met(8))
    waiting = load(met)
    assert isinstance(waiting, s.InPool)
    assert (waiting.points, waiting.by_criteria) == (8, True)
    assert s.possible(waiting) == tuple(
        name for name in s.possible(load(HISTORIES[s.InPool])) if name != "ShortlistCase"
    )
    shortlisting = given(*met).when(c.ShortlistCase(exercise=EXERCISE, rank=1))
    assert isinstance(shortlisting.refusal, NotAllowedNow)
    assert "ShortlistCase" not in shortlisting.refusal.allowed


def test_too_few_criteria_are_below_the_mark() -> None:
    below = load((*until(prerequisites()), criteria_met(5)))
    assert isinstance(below, s.BelowMark)
    assert (below.points, below.pass_mark, below.by_criteria) == (5, 6, True)


def test_a_refused_command_changes_nothing() -> None:
    history = HISTORIES[s.InPool]
    before = load(history)
    decided = given(*history).when(c.IssueVisa())
    assert isinstance(decided.refusal, Refusal)
    assert load(history) == before


@given_any(st.lists(st.sampled_from(COMMANDS), max_size=40))
def test_any_sequence_of_commands_is_decided_or_refused(commands: list[c.CaseCommand]) -> None:
    state: s.CaseState = s.Draft()
    facts: tuple[e.CaseEvent, ...] = ()
    for command in commands:
        decided = replace(given(), state=state).at(ENTERED).when(command)
        # The one command that is refused at a stage of its own: to the ruleset that it has.
        done = decided.refusal is None or isinstance(decided.refusal, SameRuleset)
        assert done == (type(command) in s.NEXT[type(state)])
        facts += decided.facts
        state = load(facts)
    assert len(facts) <= len(commands)
