"""What is known of a subscribed system besides its messages."""

from datetime import timedelta

from services.notifications.planning import plan
from services.wiring import Office
from tests.integration.mailing import acknowledge, applicant


def _subscribed(office: Office) -> str:
    made, _ = office.subscriptions.add("https://hooks.example/", ("application-acknowledged",), "a")
    return made.id


def test_what_waits_for_a_system_that_rests_or_is_paused_is_not_due(
    office: Office,
) -> None:
    name = _subscribed(office)
    acknowledge(office, applicant(1, email=""))  # no letter is planned beside it
    plan(office)
    assert office.ledger.standing().due == 1
    office.subscriptions.rest(name, timedelta(hours=1))
    assert (office.ledger.standing().due, office.ledger.standing().oldest_due) == (0, None)
    office.subscriptions.recovered(name)
    assert office.ledger.standing().due == 1
    office.subscriptions.pause(name, "by test")
    assert office.ledger.standing().due == 0
