"""A letter that came back is given up, however that was learnt, and then printed like any other."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from domain.errors import Reportable
from services.cli.notifications import notifications
from services.notifications import undelivered
from services.notifications.delivery import deliver
from services.notifications.entries import Notification, State
from services.notifications.planning import plan
from services.notifications.returns import NoReport, NoSuchLetter, NotSentYet
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.bouncing import bounce
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
)
from tests.services.seeing import looking

_LEASE = timedelta(minutes=1)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        acknowledge(opened, applicant(1))
        plan(opened)
        yield opened


def _bounced(told: Settings, *words: str, report: bytes | None = None) -> Result:
    runner = CliRunner(env=told.child_environ())
    result = runner.invoke(notifications, ["bounced", *words], input=report)
    if not isinstance(result.exception, SystemExit | Reportable | None):
        raise result.exception
    return result


def _only(office: Office) -> Notification:
    (row,) = office.ledger.rows(looking())
    return row


def test_a_report_has_the_letter_printed_and_says_so_once_however_often_it_is_read(
    told: Settings, office: Office, mail: MailServer
) -> None:
    deliver(office)
    assert not undelivered.number_waiting(office.ledger)
    report = bounce(mail.messages[0])
    number = _only(office).id
    assert _bounced(told, "-", report=report).output == f"letter {number} is given up\n"
    row = _only(office)
    assert (row.state, row.last_error, row.attempts) == (State.FAILED, "returned 5.1.1", 1)
    found = undelivered.letter(office.ledger, looking(), number)
    assert found is not None
    assert found.letter.recipient == "applicant-1@example.com"
    again = _bounced(told, "-", report=report)
    assert (again.exit_code, _only(office)) == (0, row)
    assert again.output == f"letter {number} was given up already, and stays as it is\n"
    tried = [each.outcome.partition(", by cli.")[0] for each in office.ledger.attempts(number)]
    assert tried == ["sent", "returned 5.1.1"]


def test_a_letter_that_is_only_late_stays_sent(
    told: Settings, office: Office, mail: MailServer
) -> None:
    deliver(office)
    late = bounce(mail.messages[0], action="delayed", status="4.4.1")
    result = _bounced(told, "-", report=late)
    assert (result.exit_code, _only(office).state) == (0, State.SENT)
    assert result.output.startswith("no letter is given up")


@pytest.mark.parametrize("known_by", ["number", "message_id", "bare"])
def test_a_person_says_which_letter_came_back_and_why(
    told: Settings, office: Office, known_by: str
) -> None:
    deliver(office)
    row = _only(office)
    name = {"number": str(row.id), "message_id": row.message_id, "bare": row.message_id[1:-1]}
    result = _bounced(told, name[known_by], "--reason", "mailbox-full")
    assert result.output == f"letter {row.id} is given up\n"
    assert _only(office).last_error == "returned mailbox-full"


@pytest.mark.parametrize("reason", ["", "Mrs Carter has died", "john@example.com is unknown"])
def test_a_reason_in_words_of_ones_own_is_refused_for_it_would_stay_in_clear(
    told: Settings, office: Office, reason: str
) -> None:
    deliver(office)
    result = _bounced(told, str(_only(office).id), "--reason", reason)
    assert (result.exit_code, _only(office).state) == (2, State.SENT)
    assert "mailbox-unknown" in result.output


@pytest.mark.parametrize("words", [["-", "--reason", "other"], ["1"]])
def test_it_is_said_or_read_which_letter_and_why(told: Settings, words: list[str]) -> None:
    result = _bounced(told, *words)
    assert (result.exit_code, "give a letter and a --reason" in result.output) == (2, True)


def test_what_is_no_letter_or_no_report_is_told(
    told: Settings, office: Office, mail: MailServer
) -> None:
    deliver(office)
    report = bounce(mail.messages[0]).replace(_only(office).message_id.encode(), b"<a@b.test>")
    assert isinstance(_bounced(told, "-", report=report).exception, NoSuchLetter)
    assert isinstance(_bounced(told, "9999", "--reason", "other").exception, NoSuchLetter)
    assert isinstance(_bounced(told, "-", report=b"on holiday").exception, NoReport)
    assert _only(office).state is State.SENT


def test_what_is_sent_again_anyway_is_not_given_up(
    told: Settings, office: Office, mail: MailServer, database: TestDatabase
) -> None:
    mail.to_message.append(None)  # taken, and the answer lost
    deliver(office)
    report = bounce(mail.messages[0])
    assert isinstance(_bounced(told, "-", report=report).exception, NotSentYet)
    expire_leases(database.owner_url)
    (claim,) = office.ledger.claim(limit=1, lease=_LEASE)
    assert isinstance(_bounced(told, "-", report=report).exception, NotSentYet)
    office.ledger.sent(claim)
    assert _bounced(told, "-", report=report).exit_code == 0
    assert _only(office).state is State.FAILED


def test_a_sender_that_slept_does_not_undo_that_a_letter_came_back(
    told: Settings, office: Office, mail: MailServer, database: TestDatabase
) -> None:
    (late,) = office.ledger.claim(limit=1, lease=_LEASE)
    expire_leases(database.owner_url)
    deliver(office)
    _bounced(told, "-", report=bounce(mail.messages[0]))
    office.ledger.sent(late)
    assert _only(office).state is State.FAILED
    assert office.ledger.retry("test") == 0, "it came back, and would again"
    assert office.ledger.retry("test", reference=_only(office).reference) == 0
    assert office.ledger.retry("test", ids=[_only(office).id]) == 1
    assert deliver(office) == 1
    assert (_only(office).state, _only(office).last_error) == (State.SENT, None)
