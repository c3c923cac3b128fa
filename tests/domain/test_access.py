"""Who may do what."""

import pytest

from domain.access import NEEDS, PERMITTED, Action, Person, Role, demand, permitted
from domain.errors import Forbidden

OFFICER = Person(name="officer-1", role=Role.OFFICER)
READING = {
    Action.READ_WORK,
    Action.READ_WORKLOAD,
    Action.READ_STATISTICS,
    Action.READ_CASES,
    Action.READ_HISTORY,
    Action.READ_EXERCISES,
    Action.TRY_STEP,
    Action.TRY_TERMS,
    Action.SIMULATE_RULES,
    Action.READ_NOTIFICATIONS,
    Action.READ_READS,
    Action.READ_RETENTION,
}
OWN = {Action.MANAGE_OWN_SESSIONS, Action.PUBLIC}


def may(action: Action) -> set[Role]:
    return {role for role in Role if permitted(Person(name="somebody", role=role), action)}


def asked_by(role: Role) -> set[Action]:
    return {action for action in Action if role in may(action)}


def test_every_action_says_who_may_take_it() -> None:
    assert set(PERMITTED) == set(Action)
    assert all(PERMITTED.values())


def test_only_a_supervisor_runs_an_exercise() -> None:
    assert may(Action.RUN_EXERCISE) == {Role.SUPERVISOR}


def test_only_staff_decide() -> None:
    assert may(Action.DECIDE) == {Role.OFFICER, Role.SUPERVISOR}


def test_who_audits_reads_everything_and_changes_nothing() -> None:
    assert asked_by(Role.AUDITOR) == READING | OWN


def test_the_panel_reads_what_it_grades_and_grades() -> None:
    grading = {Action.READ_CASES, Action.READ_EXERCISES, Action.GRADE, Action.RECUSE}
    assert asked_by(Role.PANEL) == grading | OWN


def test_a_program_files_and_pays_alone() -> None:
    assert asked_by(Role.SERVICE) == {Action.SUBMIT, Action.RECORD_PAYMENT, Action.PUBLIC}


def test_an_applicant_sees_no_case_but_their_own_status() -> None:
    assert asked_by(Role.APPLICANT) == {
        Action.SUBMIT,
        Action.WITHDRAW,
        Action.SEND_DOCUMENT,
        Action.ASK,
        Action.READ_OWN_STATUS,
        Action.PUBLIC,
    }


def test_the_administrator_of_the_system_reads_no_case() -> None:
    assert asked_by(Role.ADMINISTRATOR) == {Action.OPERATE} | OWN


def test_what_is_not_permitted_is_refused_with_who_may() -> None:
    demand(OFFICER, Action.DECIDE)
    with pytest.raises(
        Forbidden,
        match=r"^you are officer-1, whose role is officer; running a selection exercise needs "
        r"the role supervisor: ask somebody who has it$",
    ):
        demand(OFFICER, Action.RUN_EXERCISE)


def test_every_action_is_said_in_words() -> None:
    assert NEEDS.keys() == set(Action)


def test_whoever_is_let_in_for_some_actions_may_take_those_alone() -> None:
    scoped = Person(
        name="token.x", role=Role.SERVICE, only=frozenset({Action.SUBMIT, Action.DECIDE})
    )
    allowed = {action for action in Action if permitted(scoped, action)}
    assert allowed == {Action.SUBMIT, Action.PUBLIC}
    with pytest.raises(
        Forbidden,
        match=r"let in for .* alone; recording a payment needs a token for payment\.record",
    ):
        demand(scoped, Action.RECORD_PAYMENT)
    with pytest.raises(Forbidden, match=r"deciding a case needs the role officer or supervisor"):
        demand(scoped, Action.DECIDE)
