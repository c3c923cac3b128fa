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
from domain.deciding.standing import RESTING
from domain.decisions import Matter
from domain.errors import NotAllowedNow, NothingOverdue, Refusal, TooEarly
from domain.following import NEXT, next_of, possible
from tests.domain.deciding import given
from tests.domain.examples import ADDED, APPOINTED, BY_THE_DAY, COMMANDS, ENTERED, EVENTS, STALE
from tests.domain.histories import (
    EXERCISE,
    GRADED,
    HELD,
    HISTORIES,
    NOT_SELECTED,
    SHORTLISTED,
    criteria_met,
    decided_on,
    document,
    prerequisites,
    proposed,
    until,
)

CASES = (
    *((stage, history) for stage, history in HISTORIES.items()),
    *((stage, (*HISTORIES[stage], proposed())) for stage in (s.BelowMark, s.InPool)),
    *((stage, (*HISTORIES[stage], document())) for stage in HISTORIES if stage is not s.Draft),
    *(
        (stage, (*history, decided_on(Matter.REFUSAL)))
        for stage, history in HISTORIES.items()
        if c.ProposeRefusal in NEXT[stage]
    ),
    (s.BelowMark, (*HISTORIES[s.BelowMark], decided_on(Matter.REFUSAL), proposed())),
    *((stage, (*history, HELD)) for stage, history in HISTORIES.items() if history),
    *((stage, (*history, ADDED, APPOINTED)) for stage, history in HISTORIES.items() if history),
    (s.Shortlisted, (*HISTORIES[s.Shortlisted], GRADED)),
    *((stage, (*HISTORIES[stage], STALE)) for stage in get_args(RESTING)),
)
"""Every stage; also with a document, with an override or a decision that awaits a second officer,
graded, held by an investigation, with a stale assessment, and with people of its own, where it can
be."""
LATER_EVENTS = [each for each in EVENTS if not isinstance(each, e.ApplicationSubmitted)]


def named(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)}-events"
    return (value if isinstance(value, type) else type(value)).__name__


def test_every_stage_has_a_history_that_ends_there() -> None:
    assert set(HISTORIES) == set(get_args(s.CaseState))
    assert {stage: type(load(history)) for stage, history in HISTORIES.items()} == {
        stage: stage for stage in HISTORIES
    }


def test_every_command_and_every_event_is_tried() -> None:
    assert {type(each) for each in COMMANDS} == set(get_args(c.CaseCommand))
    assert {type(each) for each in EVENTS} == set(get_args(e.CaseEvent))


@pytest.mark.parametrize(("stage", "history"), CASES, ids=named)
def test_a_command_is_allowed_at_exactly_the_stages_that_name_it(
    stage: type[s.CaseState], history: tuple[e.CaseEvent, ...]
) -> None:
    allowed = next_of(load(history))
    assert set(allowed) <= set(NEXT[stage])
    for command in COMMANDS:
        # At the time of the entry, which is recorded only once it is past.
        decided = given(*history).at(ENTERED).when(command)
        if isinstance(command, BY_THE_DAY) and type(command) in allowed:
            assert isinstance(decided.refusal, NothingOverdue | TooEarly), decided.refusal
        elif stage is s.InPrinciple and isinstance(command, c.ProposeApproval):
            # In 2019 an approval waits for the originals.
            assert decided.refusal is not None
        else:
            assert (decided.refusal is None) == (type(command) in allowed), decided.refusal
        assert bool(decided.facts) == (decided.refusal is None)


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
def test_a_refusal_names_what_is_possible_instead(stage: type[s.CaseState]) -> None:
    state = load(HISTORIES[stage])
    refusals = [
        given(*HISTORIES[stage]).when(command).refusal
        for command in COMMANDS
        if type(command) not in NEXT[stage]
    ]
    told = [each for each in refusals if isinstance(each, NotAllowedNow)]
    assert told
    assert {each.allowed for each in told} == {possible(state)}
    assert {each.stage for each in told} == {s.stage_of(state)}


def test_possible_names_the_commands_of_the_stage() -> None:
    assert possible(load(HISTORIES[s.Shortlisted]))[:5] == (
        "SelectCase",
        "PassOverCase",
        "GradeCase",
        "ProposeRefusal",
        "RequestDocuments",
    )
    assert possible(load(HISTORIES[s.Withdrawn])) == (
        "ProposeErasure",
        "ProposeContactChange",
        "PlaceLegalHold",
    )


def test_a_second_officer_is_asked_for_only_where_something_awaits_one() -> None:
    seconds = {"ConfirmOverride", "DeclineOverride", "ConfirmDecision", "DeclineDecision"}
    below = HISTORIES[s.BelowMark]
    assert not seconds & {*possible(load(below))}
    refusal = possible(load((*below, decided_on(Matter.REFUSAL))))
    assert seconds & {*refusal} == {"ConfirmDecision", "DeclineDecision"}
    assert "ProposeRefusal" not in refusal
    override = possible(load((*below, proposed())))
    assert seconds & {*override} == {"ConfirmOverride", "DeclineOverride"}
    assert not {"ProposeRefusal", "ScoreApplication"} & {*override}
    both = possible(load((*below, decided_on(Matter.REFUSAL), proposed())))
    assert "ConfirmDecision" not in both


def test_every_stage_has_a_name_of_its_own() -> None:
    assert set(s.STAGES) == set(get_args(s.CaseState)) == set(NEXT)
    assert sorted(s.STAGES.values()) == sorted(s.Stage)


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each is not s.Draft], ids=named)
@pytest.mark.parametrize("event", EVENTS, ids=named)
def test_every_event_leads_somewhere_from_every_stage(
    stage: type[s.CaseState], event: e.CaseEvent
) -> None:
    after = evolve(load(HISTORIES[stage]), event)
    assert type(after) in NEXT
    assert not isinstance(after, s.Draft)


@pytest.mark.parametrize("event", LATER_EVENTS, ids=named)
def test_no_history_begins_with_anything_but_a_submission(event: e.CaseEvent) -> None:
    with pytest.raises(TypeError, match=f"cannot begin with {named(event)}"):
        load([event])


def test_criteria_met_lead_to_the_pool_and_to_no_rank() -> None:
    met = (*until(prerequisites()), criteria_met(8))
    waiting = load(met)
    assert isinstance(waiting, s.InPool)
    assert (waiting.points, waiting.by_criteria) == (8, True)
    assert possible(waiting) == possible(load(HISTORIES[s.InPool]))
    shortlisting = given(*met).when(c.ShortlistCase(exercise=EXERCISE, rank=1))
    assert shortlisting.facts == (e.CaseShortlisted(exercise=EXERCISE, rank=None),)


def test_a_case_that_rolls_over_is_in_the_pool_by_the_measure_it_was_there_by() -> None:
    met = (*until(prerequisites()), criteria_met(8), SHORTLISTED, NOT_SELECTED)
    waiting = load(met)
    assert isinstance(waiting, s.InPool)
    assert (waiting.points, waiting.by_criteria) == (8, True)


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


@given_any(st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from("AB")), max_size=40))
def test_any_sequence_of_commands_is_decided_or_refused(
    commands: list[tuple[c.CaseCommand, str]],
) -> None:
    state: s.CaseState = s.Draft()
    facts: tuple[e.CaseEvent, ...] = ()
    for command, actor in commands:
        decided = replace(given(), state=state).at(ENTERED).by(actor).when(command)
        done = decided.refusal is None
        # What a command says, the day and who gives it are refused as well, and tested elsewhere.
        assert not done or type(command) in next_of(state)
        assert (
            done
            or not isinstance(decided.refusal, NotAllowedNow)
            or (type(command) not in next_of(state))
        )
        facts += decided.facts
        state = load(facts)
    # Of all commands only a confirmation and what completes a request record two facts.
    assert len(facts) <= 2 * len(commands)
