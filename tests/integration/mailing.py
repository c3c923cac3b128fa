"""What the tests of notifications share: an office, acknowledged cases, a mail server to fail."""

import asyncio
import base64
import hashlib
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from aiosmtpd.smtp import SMTP, Envelope, Session

from domain.application import Application, Correspondence
from domain.events import ApplicationAcknowledged, ApplicationSubmitted, CaseEvent, Channel, Event
from domain.references import make_reference
from domain.work_events import WorkEvent
from services.settings import Settings
from services.store import Commit, NewEvent, StreamWrite
from services.wiring import Office, open_office
from tests.domain.histories import JOHN

_AT = datetime(2019, 9, 2, 4, 0, tzinfo=UTC)
_KEYS = [base64.b64encode(hashlib.sha256(each).digest()).decode() for each in (b"one", b"other")]


def settings(app_url: str, broker_url: str, home: Path, *, mail: str) -> Settings:
    """Return the settings of an office that sends its mail to the SMTP URL `mail`."""
    told = {
        "QMAS_DATABASE_URL": app_url,
        "QMAS_BROKER_URL": broker_url,
        "QMAS_SMTP_URL": mail,
        "QMAS_MASTER_KEY": _KEYS[0],
        "QMAS_BLIND_INDEX_KEY": _KEYS[1],
        "QMAS_SESSION_SECRET": "jLp9MLV3a0siAkEEzIpH_enjBu7bupNdBHwmJKSnnKs",
        "QMAS_MAIL_SENDER": "no-reply@qmas.test",
        "QMAS_PUBLIC_URL": "https://qmas.test",
    }
    return Settings.load(told, home)


@contextmanager
def an_office(told: Settings) -> Iterator[Office]:
    """Yield an office and close it."""
    office = open_office(told)
    try:
        yield office
    finally:
        office.close()


def applicant(number: int, email: str | None = None, language: str = "en") -> Application:
    """Return an application like John's, by somebody with an address of their own."""
    person = replace(
        JOHN.applicant,
        email=f"applicant-{number}@example.com" if email is None else email,
        correspondence_language=Correspondence(language),
    )
    return replace(JOHN, applicant=person)


def submitted(reference: str, application: Application) -> ApplicationSubmitted:
    """Return the first fact of a case."""
    return ApplicationSubmitted(
        reference=reference,
        route=application.route,
        channel=Channel.ONLINE,
        submitted_at=_AT,
        application_fee_hkd=None,
        personal=application,
    )


def record(office: Office, reference: str, after: int, *events: CaseEvent) -> None:
    """Append events to a case that is at version `after`."""
    _append(office, f"case-{reference}", after, events)


def work(office: Office, reference: str, after: int, *events: WorkEvent) -> None:
    """Append events to the work on a case, which is at version `after`."""
    _append(office, f"work-{reference}", after, events)


def _append(office: Office, stream: str, after: int, events: Sequence[Event]) -> None:
    written = tuple(NewEvent(event=event, effective_at=_AT) for event in events)
    command_id = uuid4()
    office.store.append(
        Commit(
            command_id=command_id,
            fingerprint=command_id.bytes,
            writes=(StreamWrite(stream=stream, expected=after, events=written),),
            actor="test",
            role="officer",
            command="Test",
            causation_id=command_id,
            correlation_id=str(command_id),
        )
    )


def new_reference() -> str:
    """Return a reference that no case has."""
    return make_reference(uuid4().bytes[8:])


def acknowledge(office: Office, application: Application) -> str:
    """Return the reference of a new case that was submitted and acknowledged."""
    reference = new_reference()
    record(office, reference, 0, submitted(reference, application), ApplicationAcknowledged())
    return reference


def expire_leases(owner_url: str) -> None:
    """Whatever is being sent counts as abandoned, and whatever waits has waited long enough.

    So has whoever waits for the mail server.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            "UPDATE notifications SET next_attempt_at = now() WHERE settled_at IS NULL;"
            "UPDATE mail_server SET rests_until = NULL"
        )


class MailServer:
    """An SMTP server on the loopback that takes every message, unless it was told to answer else.

    `to_sender`, `to_recipient` and `to_message` are the next answers at those steps; None, at the
    last two, hangs up instead.
    `when_taken` is called for each message after it was taken and before the answer.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []
        self.to_sender: deque[str] = deque()
        self.to_recipient: deque[str | None] = deque()
        self.to_message: deque[str | None] = deque()
        self.when_taken: Callable[[], None] = lambda: None
        self.port = port
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def url(self) -> str:
        """The server's URL, as settings tell it."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of everything that was taken, in order."""
        return [str(message["Message-ID"]) for message in self.messages]

    def start(self) -> None:
        """The server listens."""
        self._thread.start()
        assert self._listening.wait(10)

    def stop(self) -> None:
        """The server is gone, and its conversations with it; the same again is fine."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(self._conversation, "127.0.0.1", self.port)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _conversation(self) -> SMTP:
        return SMTP(self, hostname="mail.test", loop=self._loop, tls_context=self._tls)

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender or answer as told."""
        del server, session
        answer = self.to_sender.popleft() if self.to_sender else "250 OK"
        if answer.startswith("2"):
            self.senders.append(address)
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient or answer as told."""
        del session
        answer = self.to_recipient.popleft() if self.to_recipient else "250 OK"
        if answer is None:
            server.transport.abort()
            return "421 gone"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take the message or answer as told; one that is taken counts before the answer."""
        del session
        answer = self.to_message.popleft() if self.to_message else "250 OK"
        if answer is None or answer.startswith("2"):
            content = envelope.original_content or b""
            self.messages.append(message_from_bytes(content, _class=EmailMessage, policy=default))
            self.recipients += envelope.rcpt_tos
            self.when_taken()
        if answer is None:
            server.transport.abort()
            return "421 gone"
        return answer


@contextmanager
def a_mail_server(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[MailServer]:
    """Yield a mail server and stop it."""
    server = MailServer(tls, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def states(rows: Sequence[Any]) -> list[str]:
    """Return the states of ledger rows, oldest first."""
    return [str(row.state) for row in reversed(rows)]
