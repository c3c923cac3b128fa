"""Whose names somebody sees in a case."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest

from domain import events as e
from domain.access import SEEN_AT, Action, Person, Role, sees
from domain.decisions import DecisionDeclined, DecisionRemarks, Matter
from domain.gradings import CaseGraded, Grade, GradeRemarks
from domain.interruptions import CaseHeld, InterruptionReason, OfficerRecused
from domain.overrides import OverrideApplied, OverrideCode
from domain.record import Recorded
from domain.sight import LINKS, NAMES, UNNAMED, as_seen_by, name_for
from domain.stages import InPool, Stage
from domain.wire import WIRE
from tests.domain.histories import HISTORIES, SELECTED, SHORTLISTED, decided_on, proposed

CASE = "QM-4K7RT-9XWPR"
PANEL = Person(name="panel.cheung", role=Role.PANEL)
OFFICER = Person(name="officer.chan", role=Role.OFFICER)
OF_CASES = get_args(e.CaseEvent)


def let_in(*only: Action) -> Person:
    """Return a program that audits, and does no more than this of it."""
    return Person(name="token.narrow", role=Role.AUDITOR, only=frozenset(only))


AT = datetime(2019, 5, 1, tzinfo=UTC)


def recorded(event: Any, actor: str = "officer.chan") -> Recorded[Any]:
    return Recorded(
        event_id="1",
        stream=f"case-{CASE}",
        version=1,
        event=event,
        effective_at=AT,
        recorded_at=AT,
        actor=actor,
        role="officer",
        command="",
        command_id="",
        causation_id="",
        correlation_id="",
    )


def texts(kind: type[Any]) -> set[str]:
    """Return the names of the fields of text in clear, of a fact and of what it is made of."""
    found: set[str] = set()
    hints = get_type_hints(kind)
    for each in fields(kind):
        inner = (hints[each.name], *get_args(hints[each.name]))
        if each.name != "personal":
            found |= {each.name} if str in inner else set()
            within = (one for one in inner if isinstance(one, type) and is_dataclass(one))
            found |= {name for one in within for name in texts(one)}
    return found


def test_every_field_of_a_case_that_holds_a_name_is_one_of_those_kept_back() -> None:
    assert all(kind in WIRE for kind in OF_CASES)
    every = set().union(*map(texts, OF_CASES))
    assert {name for name in every if name.endswith("_by")} <= NAMES
    assert {"officer", "received_from"} <= every & NAMES
    assert {name for name in every if "refile" in name} == LINKS


def test_whoever_reads_no_history_is_given_no_name_but_their_own() -> None:
    override = OverrideApplied(
        rule="age",
        computed=1,
        decided=2,
        code=OverrideCode.FILED_IN_ERROR,
        proposed_by="officer.chan",
        confirmed_by="supervisor.wong",
    )
    graded = CaseGraded(exercise="x", grade=Grade.AVERAGE, graded_by=PANEL.name, personal=None)
    history = (
        recorded(OfficerRecused(officer="officer.lee", personal=None)),
        recorded(graded, PANEL.name),
    )
    stepped, own = as_seen_by(PANEL, CASE, history)
    assert (stepped.actor, stepped.event.officer) == (UNNAMED, UNNAMED)
    assert own == history[1]
    (within,) = as_seen_by(PANEL, CASE, (recorded((override,)),))
    assert within.event == (replace(override, proposed_by=UNNAMED, confirmed_by=UNNAMED),)
    assert as_seen_by(OFFICER, CASE, history) is history


def test_whoever_reads_no_history_is_given_no_word_among_officers() -> None:
    said = InterruptionReason(text="I am his wife's brother")
    remark = DecisionRemarks(text="As officer Chan told me")
    told = GradeRemarks(text="A strong case")
    history = (
        recorded(OfficerRecused(officer="officer.lee", personal=said)),
        recorded(CaseHeld(personal=said)),
        recorded(
            DecisionDeclined(
                matter=Matter.REFUSAL, proposed_by="a", declined_by="b", personal=remark
            )
        ),
        recorded(CaseGraded(exercise="x", grade=Grade.AVERAGE, graded_by="c", personal=told)),
    )
    seen = [each.event.personal for each in as_seen_by(PANEL, CASE, history)]
    assert seen == [None, None, None, told]
    assert as_seen_by(OFFICER, CASE, history) is history


def test_the_words_of_a_proposal_are_read_while_it_awaits_a_second_officer() -> None:
    refuse, points = decided_on(Matter.REFUSAL), proposed()
    before = (*HISTORIES[InPool], points)
    declined = DecisionDeclined(
        matter=Matter.REFUSAL, proposed_by="officer-2", declined_by="b", personal=None
    )
    for history, words in (
        (before, {points: True}),
        ((*before, SHORTLISTED, refuse), {points: False, refuse: True}),
        ((*before, SHORTLISTED, refuse, declined), {points: False, refuse: False}),
        ((*before, SHORTLISTED, refuse, SELECTED), {points: False, refuse: False}),
    ):
        seen = as_seen_by(PANEL, CASE, tuple(map(recorded, history)))
        told = {
            was: now.event.personal == was.personal
            for was, now in zip(history, seen, strict=True)
            if was in words
        }
        assert told == words


def test_the_applicant_stays_the_applicant() -> None:
    (seen,) = as_seen_by(PANEL, CASE, (recorded((), CASE),))
    assert seen.actor == CASE


@pytest.mark.parametrize(
    ("person", "name", "told"),
    [
        (PANEL, "officer.chan", UNNAMED),
        (PANEL, PANEL.name, PANEL.name),
        (PANEL, None, None),
        (OFFICER, "officer.lee", "officer.lee"),
        (let_in(Action.READ_CASES), "officer.lee", UNNAMED),
        (let_in(Action.READ_CASES, Action.READ_HISTORY), "officer.lee", "officer.lee"),
    ],
)
def test_one_name_is_told_to_whom_it_may_be(
    person: Person, name: str | None, told: str | None
) -> None:
    assert name_for(person, name) == told


def test_a_panel_sees_what_is_before_it_and_everybody_else_every_stage() -> None:
    assert [stage for stage in Stage if sees(PANEL, stage)] == [Stage.SHORTLISTED]
    assert not sees(PANEL, Stage.SHORTLISTED, {PANEL.name})
    assert sees(PANEL, Stage.SHORTLISTED, {OFFICER.name})
    for role in set(Role) - set(SEEN_AT):
        assert all(sees(Person(name="somebody", role=role), stage, {"somebody"}) for stage in Stage)
