"""Servers of other people that never answer, beside workers that are wanted at once."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.projections import queries
from services.settings import Settings
from services.stack import lifecycle
from services.stack.processes import wait_until
from services.tasks import WORKERS
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, an_office, applicant

_PATIENCE = 60.0


class SilentServer:
    """Accepts whoever connects, and never says anything."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._links: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    @property
    def waiting(self) -> int:
        """How many clients still wait for a word."""
        return sum(not _hung_up(link) for link in list(self._links))

    def close(self) -> None:
        """It is gone, and everybody's waiting is over."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        for each in (self._listening, *self._links):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                self._links.append(self._listening.accept()[0])
            except OSError:
                return


def _hung_up(link: socket.socket) -> bool:
    """Say whether the other end is gone: all that it said is read, and then comes its end."""
    while select.select([link], [], [], 0)[0]:
        if not link.recv(65536):
            return True
    return False


@contextmanager
def _silent() -> Iterator[SilentServer]:
    server = SilentServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def mail() -> Iterator[SilentServer]:
    with _silent() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[SilentServer]:
    with _silent() as server:
        yield server


@pytest.fixture
def settings(database: TestDatabase, open_folder: Path, mail: SilentServer) -> Iterator[Settings]:
    told = Settings.from_environment(
        open_folder / "home",
        QMAS_DATABASE_URL=database.app_url,
        QMAS_OWNER_DATABASE_URL=database.owner_url,
        QMAS_SMTP_URL=f"smtp://127.0.0.1:{mail.port}",
        QMAS_WEBHOOKS_ALLOW_PRIVATE="yes",
        QMAS_WORKER_PROCESSES="2",
    )
    try:
        lifecycle.up(told, processes=tuple(WORKERS))
        yield told
    finally:
        lifecycle.down(told)


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    with an_office(settings) as opened:
        yield opened


def test_an_application_shows_while_mail_and_webhooks_wait_for_servers_that_hang(
    office: Office, mail: SilentServer, receiver: SilentServer
) -> None:
    for _ in range(3):  # whoever tells them waits for one after the other
        office.subscriptions.add(f"http://localhost:{receiver.port}/", ("*",), "test")
    acknowledge(office, applicant(1))
    office.pokes.committed()
    assert wait_until(lambda: mail.waiting > 0 and receiver.waiting > 0, _PATIENCE)
    reference = acknowledge(office, applicant(2))
    office.pokes.committed()
    assert wait_until(lambda: queries.case_row(office.models, reference) is not None, _PATIENCE)
    assert (mail.waiting > 0, receiver.waiting > 0) == (True, True), "it waited for one of them"
