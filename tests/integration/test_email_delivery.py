"""E-mail from the ledger through a real SMTP server: at least once, and told apart by its id."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from services.notifications.delivery import deliver
from services.notifications.entries import Notification, State
from services.notifications.planning import plan
from services.settings import Settings
from services.stack.postgres import PostgresServer
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    a_mail_server,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    settings,
    states,
)
from tests.services.erasing import erase
from tests.services.seeing import looking

_LEASE = timedelta(minutes=1)
_DELIVER = """
from services.notifications.delivery import deliver
from services.settings import Settings
from services.wiring import open_office
deliver(open_office(Settings.from_environment()))
"""


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _planned(office: Office, count: int = 1) -> list[str]:
    """Return the references of new cases whose acknowledgements are planned."""
    references = [acknowledge(office, applicant(number)) for number in range(count)]
    assert plan(office) == count
    return references


def _only(office: Office) -> Notification:
    (row,) = office.ledger.rows(looking())
    return row


def test_an_acknowledgement_reaches_the_applicant_in_their_language(
    office: Office, mail: MailServer
) -> None:
    reference = acknowledge(office, applicant(7, language="zh-Hans"))
    plan(office)
    assert deliver(office) == 1
    (message,) = mail.messages
    assert mail.recipients == ["applicant-7@example.com"]
    assert message["Subject"] == f"我们已收到你的申请 {reference}"
    body = message.get_body(("plain",))
    assert body is not None
    assert reference in body.get_content()
    row = _only(office)
    assert (row.state, row.attempts, row.last_error) == (State.SENT, 1, None)
    assert mail.ids == [row.message_id]


def test_what_was_sent_is_not_sent_again(office: Office, mail: MailServer) -> None:
    _planned(office, 3)
    assert deliver(office) == 3
    assert [plan(office), deliver(office)] == [0, 0]
    assert len(mail.messages) == 3


def test_a_message_put_off_by_the_server_goes_later_under_the_same_id(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _planned(office)
    mail.to_message.append("451 4.3.0 applicant-0@example.com: mailbox is locked")
    assert deliver(office) == 0
    waiting = _only(office)
    assert (waiting.state, waiting.last_error) == (State.PLANNED, "message 451 4.3.0")
    assert deliver(office) == 0, "it is not due yet"
    expire_leases(database.owner_url)
    assert deliver(office) == 1
    assert mail.ids == [waiting.message_id]
    assert (_only(office).state, _only(office).attempts) == (State.SENT, 2)


@pytest.mark.parametrize("step", ["to_recipient", "to_message"])
def test_a_refused_message_is_dead_at_once_and_says_why_without_the_address(
    office: Office, mail: MailServer, database: TestDatabase, step: str
) -> None:
    _planned(office)
    getattr(mail, step).append("550 5.1.1 <applicant-0@example.com>: unknown")
    assert deliver(office) == 0
    row = _only(office)
    assert row.state is State.FAILED
    assert row.last_error == f"{step.removeprefix('to_')} 550 5.1.1"
    expire_leases(database.owner_url)
    assert deliver(office) == 0
    assert mail.messages == []


def test_a_dead_letter_is_sent_when_a_person_retries_it(office: Office, mail: MailServer) -> None:
    (reference,) = _planned(office)
    mail.to_recipient.append("550 5.1.1 unknown")
    deliver(office)
    assert office.ledger.retry("test", reference=reference) == 1
    assert deliver(office) == 1
    assert _only(office).state is State.SENT
    assert office.ledger.retry("test", reference=reference) == 0, "what was sent is not retried"


def test_one_refused_message_does_not_hold_up_the_others(office: Office, mail: MailServer) -> None:
    _planned(office, 4)
    mail.to_recipient.extend(["250 OK", "550 5.1.1 no", "450 4.2.1 busy", "250 OK"])
    assert deliver(office) == 2
    assert states(office.ledger.rows(looking())) == ["sent", "failed", "planned", "sent"]


def test_a_server_that_is_away_costs_no_message_and_is_not_asked_for_each_one(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _planned(office, 3)
    mail.stop()
    assert deliver(office) == 0
    rows = office.ledger.rows(looking())
    assert states(rows) == ["planned"] * 3
    found = [(row.attempts, row.last_error) for row in reversed(rows)]
    assert found == [(1, "connection ConnectionRefusedError 111"), (0, None), (0, None)]
    with a_mail_server() as back:
        expire_leases(database.owner_url)
        elsewhere = settings(
            office.settings.database_url,
            office.settings.broker_url,
            office.settings.home,
            mail=back.url,
        )
        with an_office(elsewhere) as again:
            assert deliver(again) == 3
        assert len(set(back.ids)) == 3


def test_a_server_that_is_away_is_tried_with_one_batch_and_not_with_the_next(
    office: Office, mail: MailServer
) -> None:
    _planned(office, 3)
    mail.stop()
    assert deliver(office, batch=1) == 0
    assert sorted(row.attempts for row in office.ledger.rows(looking())) == [0, 0, 1]


def test_a_server_that_hangs_up_midway_gets_the_rest_over_a_new_connection(
    office: Office, mail: MailServer
) -> None:
    _planned(office, 3)
    mail.to_recipient.extend(["250 OK", None, "250 OK"])
    assert deliver(office) == 2
    assert states(office.ledger.rows(looking())) == ["sent", "planned", "sent"]


def test_a_message_whose_answer_was_lost_is_sent_again_under_the_same_id(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _planned(office)
    mail.to_message.append(None)
    assert deliver(office) == 0
    expire_leases(database.owner_url)
    assert deliver(office) == 1
    first, second = mail.messages
    assert first["Message-ID"] == second["Message-ID"] == _only(office).message_id
    assert first.as_bytes() == second.as_bytes()


def test_a_sender_killed_before_it_could_mark_leaves_a_message_that_is_sent_again(
    office: Office, mail: MailServer, told: Settings, database: TestDatabase
) -> None:
    _planned(office)
    with psycopg.connect(database.owner_url) as holder:
        # The row is held from the moment the message is taken, so the sender cannot mark it.
        mail.when_taken = lambda: holder.execute("SELECT FROM notifications FOR UPDATE") and None
        sender = subprocess.Popen([sys.executable, "-c", _DELIVER], env=told.child_environ())
        _await_waiting_for_lock(database)
        sender.send_signal(signal.SIGKILL)
        assert sender.wait(10) == -signal.SIGKILL
    mail.when_taken = lambda: None
    assert _only(office).state is State.SENDING
    assert deliver(office) == 0, "its lease still runs"
    expire_leases(database.owner_url)
    assert deliver(office) == 1
    assert mail.ids == [_only(office).message_id] * 2


def _await_waiting_for_lock(database: TestDatabase) -> None:
    ends = time.monotonic() + 30
    with psycopg.connect(database.admin_url, autocommit=True) as looking:
        while time.monotonic() < ends:
            waiting = looking.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            ).fetchone()
            if waiting and waiting[0]:
                return
            time.sleep(0.02)
    raise AssertionError("the sender never came to mark its message")


def test_a_database_that_went_away_while_a_message_was_handed_over_still_sees_it_marked(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _planned(office, 2)
    with psycopg.connect(database.admin_url, autocommit=True) as administrator:
        mail.when_taken = lambda: _end_other_sessions(administrator)
        assert deliver(office) == 2
    assert states(office.ledger.rows(looking())) == ["sent", "sent"]
    assert len(set(mail.ids)) == len(mail.ids) == 2


def _end_other_sessions(administrator: psycopg.Connection) -> None:
    administrator.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_a_sender_whose_lease_ended_can_say_that_it_sent_but_nothing_else(
    office: Office, database: TestDatabase
) -> None:
    _planned(office)
    (late,) = office.ledger.claim(limit=1, lease=_LEASE)
    expire_leases(database.owner_url)
    (present,) = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.fail(late, "recipient 550")
    office.ledger.postpone(late, _LEASE, "message 451")
    office.ledger.release([late])
    assert (_only(office).state, _only(office).attempts) == (State.SENDING, 2)
    office.ledger.sent(late)
    office.ledger.fail(present, "recipient 550")
    assert (_only(office).state, _only(office).last_error) == (State.SENT, None)


def test_a_sender_that_slept_through_failure_and_retry_leaves_the_present_claim_alone(
    office: Office, database: TestDatabase
) -> None:
    _planned(office)
    (late,) = office.ledger.claim(limit=1, lease=_LEASE)
    expire_leases(database.owner_url)
    (second,) = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.fail(second, "recipient 550")
    assert office.ledger.retry("test") == 1
    (present,) = office.ledger.claim(limit=1, lease=_LEASE)
    assert late.attempts == present.attempts, "by its attempts alone it is the same claim"
    office.ledger.fail(late, "recipient 550")
    office.ledger.postpone(late, _LEASE, "message 451")
    office.ledger.withhold(late)
    office.ledger.release([late])
    assert (_only(office).state, _only(office).attempts) == (State.SENDING, 1)
    office.ledger.release([present])
    assert (_only(office).state, _only(office).attempts) == (State.PLANNED, 0)


def test_a_program_that_counts_no_claims_takes_a_row_from_one_that_does(
    office: Office, database: TestDatabase
) -> None:
    _planned(office)
    (late,) = office.ledger.claim(limit=1, lease=_LEASE)
    expire_leases(database.owner_url)
    with psycopg.connect(database.app_url) as former:
        former.execute("UPDATE notifications SET attempts = attempts + 1")
    office.ledger.fail(late, "recipient 550")
    assert (_only(office).state, _only(office).attempts) == (State.SENDING, 2)


def test_several_senders_at_once_send_each_message_once(
    office: Office, told: Settings, mail: MailServer
) -> None:
    _planned(office, 40)
    handed_over: list[int] = []

    def send() -> None:
        with an_office(told) as own:
            handed_over.append(deliver(own, batch=5))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert sum(handed_over) == 40
    assert len(mail.ids) == len(set(mail.ids)) == 40


def test_a_person_erased_before_sending_gets_nothing_and_their_letter_is_gone(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    (reference,) = _planned(office)
    erase(office.store, reference)
    assert deliver(office) == 0
    row = _only(office)
    assert (row.state, row.last_error) == (State.WITHHELD, "person erased")
    assert mail.messages == []
    with psycopg.connect(database.app_url) as connection:
        assert connection.execute("SELECT sealed FROM notifications").fetchall() == [(None,)]
    assert office.ledger.retry("test") == 0


def test_a_server_without_the_demanded_encryption_is_told_nothing(
    told: Settings, office: Office, mail: MailServer
) -> None:
    _planned(office)
    guarded = settings(
        told.database_url,
        told.broker_url,
        told.home,
        mail=f"smtp+starttls://post:hidden-word@127.0.0.1:{mail.port}",
    )
    with an_office(guarded) as careful:
        assert deliver(careful) == 0
    row = _only(office)
    assert (row.state, row.last_error) == (
        State.PLANNED,
        "connection SMTPNotSupportedError",
    )
    assert mail.recipients == []


def test_a_restored_copy_sends_nothing_that_had_been_sent(
    office: Office,
    mail: MailServer,
    postgres: PostgresServer,
    database: TestDatabase,
    empty_database: TestDatabase,
) -> None:
    _planned(office, 3)
    mail.to_recipient.extend(["250 OK", "550 5.1.1 no", "250 OK"])
    deliver(office)
    dump = subprocess.run(
        [postgres.programs.path("pg_dump"), "--dbname", database.admin_url],
        check=True,
        capture_output=True,
        timeout=60,
    )
    subprocess.run(
        [postgres.programs.path("psql"), "-q", "-v", "ON_ERROR_STOP=1", empty_database.admin_url],
        input=dump.stdout,
        check=True,
        capture_output=True,
        timeout=60,
    )
    restored = settings(
        empty_database.app_url,
        office.settings.broker_url,
        office.settings.home,
        mail=mail.url,
    )
    with an_office(restored) as copy:
        assert (plan(copy), deliver(copy)) == (0, 0)
        assert states(copy.ledger.rows(looking())) == ["sent", "failed", "sent"]
    assert len(mail.messages) == 2
