import pytest

from domain.access import Action, Person, Role
from domain.looks import Door, Look, Purpose, What, look_of, purpose_of


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_every_look_is_for_something(role: Role, action: Action) -> None:
    assert purpose_of(role, action) in Purpose


@pytest.mark.parametrize(
    ("role", "action", "purpose"),
    [
        (Role.OFFICER, Action.READ_CASES, Purpose.CASEWORK),
        (Role.SUPERVISOR, Action.READ_CASES, Purpose.SUPERVISION),
        (Role.SUPERVISOR, Action.RUN_EXERCISE, Purpose.SELECTION),
        (Role.PANEL, Action.READ_CASES, Purpose.SELECTION),
        (Role.AUDITOR, Action.READ_EXERCISES, Purpose.AUDIT),
        (Role.APPLICANT, Action.READ_OWN_STATUS, Purpose.OWN_STATUS),
        (Role.ADMINISTRATOR, Action.READ_CASES, Purpose.OPERATION),
        (Role.SERVICE, Action.SUBMIT, Purpose.INTEGRATION),
    ],
)
def test_staff_look_for_what_they_do_and_others_for_what_they_are(
    role: Role, action: Action, purpose: Purpose
) -> None:
    assert purpose_of(role, action) is purpose


def test_a_look_holds_who_and_what_and_where() -> None:
    person = Person(name="officer.chan", role=Role.OFFICER)
    assert look_of(person, Action.READ_HISTORY, What.HISTORY, Door.API, "c1") == Look(
        person=person,
        purpose=Purpose.CASEWORK,
        what=What.HISTORY,
        door=Door.API,
        correlation_id="c1",
    )
