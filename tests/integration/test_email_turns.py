"""Whose turn it is: one recipient's letters in order, none behind what only quiet hours hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import settings as configured
from hypothesis import strategies as st

from services.notifications.delivery import MAX_ATTEMPTS, deliver
from services.notifications.entries import Claim, Identity, Plan
from services.notifications.planning import plan
from services.notifications.resting import LONGEST_REST
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    a_mail_server,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    states,
)
from tests.services.seeing import looking

_LEASE = timedelta(minutes=1)
_NIGHT = timedelta(days=36_500)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


@dataclass(slots=True, kw_only=True)
class _Expected:
    """A letter as the law has it."""

    id: int
    is_held: bool
    waits: bool = False
    was_tried: bool = False

    @property
    def keeps_its_turn(self) -> bool:
        """Whether those behind it wait for it."""
        return self.was_tried or not self.is_held


class _Person:
    """Somebody whose letters are planned and sent, beside what is expected of each step."""

    def __init__(self, office: Office, owner: psycopg.Connection) -> None:
        self._office = office
        self._owner = owner
        self._reference = acknowledge(office, applicant(1))
        plan(office)
        (claim,) = office.ledger.claim(limit=1, lease=_LEASE)
        self._letter, self._event = office.ledger.open_letter(claim), claim.identity.event_id
        self._position = office.ledger.rows(looking(), limit=1)[0].position
        office.ledger.sent(claim)
        self._open: list[_Expected] = []

    def plan(self, *, held: bool) -> None:
        identity = Identity(event_id=self._event, effect=f"letter {uuid4()}", party="applicant")
        row = Plan(
            position=self._position,
            reference=self._reference,
            identity=identity,
            means="email",
            message_id=identity.message_id("no-reply@qmas.test"),
            letter=self._letter,
            not_before=datetime.now(UTC) + _NIGHT if held else None,
        )
        with self._office.ledger.engine.begin() as connection:
            assert self._office.ledger.enter(connection, [row]) == 1
        waits = any(each.waits for each in self._open if each.keeps_its_turn)
        new = self._office.ledger.rows(looking(), limit=1)[0].id
        self._open.append(_Expected(id=new, is_held=held, waits=waits and not held))

    def send(self, *, is_taken: bool) -> None:
        expected = self._next()
        claims = self._office.ledger.claim(limit=5, lease=_LEASE)
        assert [claim.id for claim in claims] == [each.id for each in expected]
        for claim, row in zip(claims, expected, strict=True):
            self._settle(claim, row, is_taken=is_taken)

    def _next(self) -> list[_Expected]:
        for each in self._open:
            if each.keeps_its_turn or not each.is_held:
                return [] if each.waits else [each]
        return []

    def _settle(self, claim: Claim, row: _Expected, *, is_taken: bool) -> None:
        if is_taken:
            self._office.ledger.sent(claim)
            self._open.remove(row)
            return
        self._office.ledger.postpone(claim, timedelta(hours=1), "message 451")
        row.was_tried = True
        for each in self._open[self._open.index(row) :]:
            each.waits = each.keeps_its_turn

    def is_not_to_wait_for_the_morning(self) -> None:
        for each in self._open:
            if each.is_held:
                assert self._office.ledger.retry("test", ids=[each.id]) == 1
                each.is_held = False
                return

    def an_hour_passes(self) -> None:
        self._owner.execute(
            "UPDATE notifications SET next_attempt_at = next_attempt_at - interval '2 hours'"
            " WHERE settled_at IS NULL AND next_attempt_at < now() + interval '1 day'"
        )
        for each in self._open:
            each.waits = False

    def morning_comes(self) -> None:
        self._owner.execute(
            "UPDATE notifications SET not_before = now(), next_attempt_at ="
            " CASE WHEN next_attempt_at < not_before THEN next_attempt_at ELSE now() END"
            " WHERE settled_at IS NULL AND not_before > now()"
        )
        for each in self._open:
            each.is_held = False

    def leaves(self) -> None:
        self._owner.execute(
            "UPDATE notifications SET state = 'sent', settled_at = now() WHERE settled_at IS NULL"
        )


_STEPS = st.lists(
    st.sampled_from(("held", "urgent", "send", "send", "put off", "retry", "hour", "morning")),
    max_size=14,
)


def test_letters_go_out_in_order_but_for_those_that_quiet_hours_hold_untried(
    office: Office, database: TestDatabase
) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:

        @configured(max_examples=60)
        @given(steps=_STEPS)
        @example(steps=["held", "urgent", "send"])
        @example(steps=["held", "retry", "put off", "urgent", "send"])
        @example(steps=["held", "retry", "put off", "morning", "send"])
        def letters_go_out_in_order(steps: list[str]) -> None:
            person = _Person(office, owner)
            try:
                _take(person, (*steps, "morning", "hour", "send"))
            finally:
                person.leaves()

        letters_go_out_in_order()


def _take(person: _Person, steps: Iterable[str]) -> None:
    for step in steps:
        match step:
            case "held" | "urgent":
                person.plan(held=step == "held")
            case "send" | "put off":
                person.send(is_taken=step == "send")
            case "retry":
                person.is_not_to_wait_for_the_morning()
            case "hour":
                person.an_hour_passes()
            case _:
                person.morning_comes()


def test_what_nobody_tried_to_send_is_never_given_up(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    for number in range(3):
        acknowledge(office, applicant(number))
    plan(office)
    mail.stop()
    for _ in range(MAX_ATTEMPTS + 5):
        deliver(office)
        expire_leases(database.owner_url)
    rows = tuple(reversed(office.ledger.rows(looking())))
    assert states(rows[::-1]) == ["failed", "planned", "planned"]
    assert [row.attempts for row in rows] == [MAX_ATTEMPTS, 5, 0]
    assert [len(office.ledger.attempts(row.id)) for row in rows] == [MAX_ATTEMPTS, 5, 0]


def test_a_server_that_is_away_is_left_alone_ever_longer_until_it_is_back(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    for number in range(3):
        acknowledge(office, applicant(number))
    plan(office)
    port = mail.port
    mail.stop()
    assert deliver(office) == 0
    first = office.ledger.mail.now()
    assert (first.failures, first.lasts) == (1, True)
    assert deliver(office) == 0
    assert office.ledger.mail.now() == first, "nobody asked it again"
    for _ in range(12):
        expire_leases(database.owner_url)
        deliver(office)
    rest = office.ledger.mail.now()
    assert rest.failures == 13
    assert rest.until is not None
    assert LONGEST_REST / 4 < rest.until - datetime.now(UTC) <= LONGEST_REST
    with a_mail_server(port=port) as back:
        expire_leases(database.owner_url)
        assert deliver(office) == len(back.messages) == 3
    assert office.ledger.mail.now().failures == 0


def test_a_letter_that_does_not_open_says_nothing_of_the_server(
    office: Office, mail: MailServer, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    mail.stop()
    deliver(office)
    expire_leases(database.owner_url)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE notifications SET sealed = overlay(sealed PLACING '\\x00' FROM 20)"
        )
    deliver(office)
    assert states(office.ledger.rows(looking())) == ["failed"]
    assert office.ledger.mail.now().failures == 1


def test_whoever_says_that_letters_are_to_go_out_again_ends_the_rest(
    office: Office, mail: MailServer
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    mail.stop()
    deliver(office)
    assert office.ledger.mail.now().lasts
    assert office.ledger.retry("test") == 1
    assert not office.ledger.mail.now().lasts
