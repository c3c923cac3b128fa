"""Who may do what."""

import pytest

from domain.access import PERMITTED, Action, Person, Role, demand, permitted
from domain.errors import Forbidden

OFFICER = Person(name="officer-1", role=Role.OFFICER)
CHANGES = (
    Action.SUBMIT,
    Action.RECORD_PAYMENT,
    Action.HANDLE,
    Action.DECIDE,
    Action.WITHDRAW,
    Action.RUN_EXERCISE,
)


def may(action: Action) -> set[Role]:
    return {role for role in Role if permitted(Person(name="somebody", role=role), action)}


def test_every_action_says_who_may_take_it() -> None:
    assert set(PERMITTED) == set(Action)
    assert all(PERMITTED.values())


def test_only_a_supervisor_runs_an_exercise() -> None:
    assert may(Action.RUN_EXERCISE) == {Role.SUPERVISOR}


def test_only_staff_decide() -> None:
    assert may(Action.DECIDE) == {Role.OFFICER, Role.SUPERVISOR}


@pytest.mark.parametrize("action", CHANGES)
def test_who_audits_changes_nothing(action: Action) -> None:
    assert Role.AUDITOR not in may(action)


def test_an_applicant_sees_no_case_but_their_own_status() -> None:
    asked = {action for action in Action if Role.APPLICANT in may(action)}
    assert asked == {
        Action.SUBMIT,
        Action.WITHDRAW,
        Action.SEND_DOCUMENT,
        Action.ASK,
        Action.READ_OWN_STATUS,
        Action.PUBLIC,
    }


def test_the_administrator_of_the_system_reads_no_case() -> None:
    asked = {action for action in Action if Role.ADMINISTRATOR in may(action)}
    assert asked == {Action.OPERATE, Action.MANAGE_OWN_SESSIONS, Action.PUBLIC}


def test_what_is_not_permitted_is_refused_with_who_may() -> None:
    demand(OFFICER, Action.DECIDE)
    with pytest.raises(Forbidden, match=r"officer-1 is officer; exercise\.run is for: supervisor"):
        demand(OFFICER, Action.RUN_EXERCISE)


def test_whoever_is_let_in_for_some_actions_may_take_those_alone() -> None:
    scoped = Person(
        name="token.x", role=Role.SERVICE, only=frozenset({Action.SUBMIT, Action.DECIDE})
    )
    allowed = {action for action in Action if permitted(scoped, action)}
    assert allowed == {Action.SUBMIT, Action.PUBLIC}
    with pytest.raises(Forbidden, match=r"let in for .* alone, and not for payment\.record"):
        demand(scoped, Action.RECORD_PAYMENT)
    with pytest.raises(Forbidden, match=r"case\.decide is for: officer, supervisor"):
        demand(scoped, Action.DECIDE)
