"""A sender that the mail server refuses is no letter's fault: nothing is given up for it."""

from collections.abc import Iterator

import pytest

from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    states,
)
from tests.services.seeing import looking


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        for number in range(3):
            acknowledge(opened, applicant(number))
        plan(opened)
        yield opened


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("sender", "530 5.7.0"),
        ("sender", "550 5.7.1"),
        ("sender", "451 4.7.1"),
        ("recipient", "530 5.7.0"),
        ("recipient", "550 5.1.8"),
        ("message", "550 5.1.7"),
    ],
)
def test_the_server_rests_and_one_letter_counts_one_attempt(
    office: Office, mail: MailServer, database: TestDatabase, step: str, answer: str
) -> None:
    getattr(mail, f"to_{step}").append(f"{answer} no-reply@qmas.test is not welcome")
    assert deliver(office) == 0
    rows = tuple(reversed(office.ledger.rows(looking())))
    assert states(rows) == ["planned"] * 3
    found = [(row.attempts, row.last_error) for row in rows]
    assert found == [(1, f"{step} {answer}"), (0, None), (0, None)]
    rest = office.ledger.mail.now()
    assert (rest.failures, rest.lasts) == (1, True)
    expire_leases(database.owner_url)
    assert deliver(office) == 3
    assert office.ledger.mail.now().failures == 0


def test_a_letter_that_is_too_large_for_the_server_is_given_up_alone(
    office: Office, mail: MailServer
) -> None:
    mail.to_sender.append("552 5.3.4 too large")
    assert deliver(office) == 2
    assert states(office.ledger.rows(looking())) == ["failed", "sent", "sent"]


def test_what_was_written_before_goes_out_from_the_sender_that_is_set_now(
    office: Office, mail: MailServer
) -> None:
    told = office.settings
    mended = type(told).load({**told.environ, "QMAS_MAIL_SENDER": "letters@qmas.test"}, told.home)
    with an_office(mended) as again:
        assert deliver(again) == 3
    assert mail.senders == ["letters@qmas.test"] * 3
