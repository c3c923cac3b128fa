"""One recipient's messages go out in the order they were planned, and each attempt is on record."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from domain.events import ApplicationAcknowledged
from services.notifications.delivery import deliver
from services.notifications.entries import Identity, Plan
from services.notifications.planning import plan
from services.notifications.statements import waiting_until
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    record,
    states,
)
from tests.services.seeing import looking

_LEASE = timedelta(minutes=1)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _twice(office: Office, number: int) -> str:
    """Two messages to one applicant are planned."""
    reference = acknowledge(office, applicant(number))
    record(office, reference, 2, ApplicationAcknowledged())
    plan(office)
    return reference


def test_a_later_message_waits_while_an_earlier_one_to_the_same_person_is_put_off(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    _twice(office, 1)
    mail.to_message.append("451 4.3.0 later")
    assert deliver(office) == 0
    assert states(office.ledger.rows(looking())) == ["planned", "planned"]
    assert mail.messages == []
    acknowledge(office, applicant(2))
    plan(office)
    assert deliver(office) == 1, "nobody else waits for it"
    expire_leases(database.owner_url)
    assert deliver(office) == 2
    ids = [row.message_id for row in reversed(office.ledger.rows(looking()))]
    assert mail.ids == [ids[2], ids[0], ids[1]]


def test_a_later_message_is_not_claimed_while_an_earlier_one_is_being_sent(
    office: Office, database: TestDatabase
) -> None:
    _twice(office, 1)
    (first,) = office.ledger.claim(limit=10, lease=_LEASE)
    assert office.ledger.claim(limit=10, lease=_LEASE) == ()
    office.ledger.sent(first)
    (second,) = office.ledger.claim(limit=10, lease=_LEASE)
    assert second.id > first.id


def test_a_dead_letter_holds_nobody_up(office: Office, mail: MailServer) -> None:
    _twice(office, 1)
    mail.to_recipient.append("550 5.1.1 unknown")
    assert deliver(office) == 1
    assert states(office.ledger.rows(looking())) == ["failed", "sent"]


def test_what_is_planned_behind_one_that_waits_is_due_no_sooner_than_it(office: Office) -> None:
    reference = acknowledge(office, applicant(1))
    plan(office)
    (first,) = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.postpone(first, timedelta(hours=1), "message 451")
    record(office, reference, 2, ApplicationAcknowledged())
    plan(office)
    second, waiting = office.ledger.rows(looking())
    assert second.next_attempt_at == waiting.next_attempt_at
    assert office.ledger.standing().due == 0


def test_a_plan_for_more_recipients_than_a_statement_has_parameters_finds_who_waits(
    office: Office,
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (first,) = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.postpone(first, timedelta(hours=1), "message 451")
    waits = (first.reference, first.identity.party)
    plans = [
        Plan(
            position=first.position,
            reference=first.reference,
            identity=replace(first.identity, party=party),
            means="webhook",
            message_id="",
            letter=None,
        )
        for party in (first.identity.party, *map(str, range(40_000)))
    ]
    with office.ledger.engine.connect() as connection:
        assert set(waiting_until(connection, plans)) == {waits}


def test_nothing_is_sent_before_the_instant_that_its_plan_names(office: Office) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=_LEASE)
    letter = office.ledger.open_letter(claim)
    morning = datetime(2999, 1, 1, tzinfo=UTC)
    identity = replace(claim.identity, effect="another", party="representative")
    late = Plan(
        position=claim.position,
        reference=claim.reference,
        identity=Identity(event_id=identity.event_id, effect="another", party="representative"),
        means="email",
        message_id="<late@qmas.test>",
        letter=letter,
        not_before=morning,
    )
    with office.ledger.engine.begin() as connection:
        assert office.ledger.enter(connection, [late]) == 1
    assert office.ledger.rows(looking())[0].next_attempt_at == morning
    assert office.ledger.claim(limit=1, lease=_LEASE) == ()


def test_every_attempt_is_on_record_without_the_address(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    mail.to_message.extend(["451 4.3.0 applicant-1@example.com: locked", None])
    for _ in range(3):
        deliver(office)
        expire_leases(database.owner_url)
    (row,) = office.ledger.rows(looking())
    outcomes = [attempt.outcome for attempt in office.ledger.attempts(row.id)]
    assert outcomes == ["message 451 4.3.0", "conversation SMTPServerDisconnected", "sent"]
    with psycopg.connect(database.app_url) as connection, pytest.raises(psycopg.Error):
        connection.execute("DELETE FROM notification_attempts")


def test_a_server_that_does_not_answer_in_time_gets_the_same_message_again(
    office: Office, mail: MailServer, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    answered = threading.Event()
    mail.when_taken = lambda: answered.wait(10) and None
    monkeypatch.setattr("services.notifications.mail.SECONDS", 0.5)
    assert deliver(office) == 0
    (row,) = office.ledger.rows(looking())
    assert (row.state, row.last_error) == ("planned", "conversation SMTPServerDisconnected")
    answered.set()
    mail.when_taken = lambda: None
    expire_leases(database.owner_url)
    assert deliver(office) == 1
    assert mail.ids == [row.message_id] * 2


def test_of_a_batch_that_found_nobody_only_the_first_was_tried(
    office: Office, mail: MailServer
) -> None:
    for number in range(3):
        acknowledge(office, applicant(number))
    plan(office)
    mail.stop()
    assert deliver(office) == 0
    tried = [office.ledger.attempts(row.id) for row in reversed(office.ledger.rows(looking()))]
    assert [len(attempts) for attempts in tried] == [1, 0, 0]


_MANY = """
INSERT INTO notifications (position, event_id, effect, party, means, reference, message_id, state,
    next_attempt_at, settled_at, sealed)
SELECT 1, happened.id, 'letter ' || n, 'applicant', 'email', 'QM-' || n / 5, n,
    CASE WHEN n % 1000 < 5 THEN 'planned' ELSE 'sent' END, now(),
    CASE WHEN n % 1000 < 5 THEN NULL ELSE now() END, 'sealed'
FROM generate_series(1, 100000) n, (
    SELECT (body ->> 'id')::uuid AS id FROM events JOIN log USING (commit_id, ord)
    WHERE log.position = 1
) AS happened
"""


def test_claiming_reads_what_is_due_and_not_the_whole_ledger(
    office: Office, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    office.store.sequence()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(_MANY)
        owner.execute("VACUUM ANALYZE notifications")
        before = _rows_read(owner)
        claims = office.ledger.claim(limit=50, lease=_LEASE)
        office.ledger.dispose()
        _await_counted(owner)
        assert len({claim.reference for claim in claims}) == len(claims) == 50
        assert _rows_read(owner) - before < 2000


def test_how_the_ledger_stands_is_told_without_reading_what_was_sent(
    office: Office, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.statements.AT_MOST", 60_000)
    acknowledge(office, applicant(1))
    office.store.sequence()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(_MANY)
        owner.execute("VACUUM ANALYZE notifications")
        before = _rows_read(owner)
        standing = office.ledger.standing()
        office.ledger.dispose()
        _await_counted(owner)
        assert (standing.counts["planned"], standing.due) == (500, 500)
        assert standing.counts["sent"] == 60_000, "it is counted no further"
        assert _rows_read(owner) - before < 2000


def _await_counted(owner: psycopg.Connection) -> None:
    """What the ledger's sessions read is counted: they are gone."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        sessions = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'qmas-notifications'"
            " AND datname = current_database()"
        ).fetchone()
        if sessions == (0,):
            return
        time.sleep(0.02)
    raise AssertionError("the ledger's sessions did not end")


def _rows_read(owner: psycopg.Connection) -> int:
    owner.execute("SELECT pg_stat_clear_snapshot()")
    found = owner.execute(
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables"
        " WHERE relname = 'notifications'"
    ).fetchone()
    return int(found[0]) if found else 0
