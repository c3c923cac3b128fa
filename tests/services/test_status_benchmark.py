"""The benchmark of an applicant's status, which serves the API as a web process does."""

import socket
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest

from benchmarks import status
from benchmarks.server import fresh_database, throwaway_server
from services.api.app import PREFIX
from tests.conftest import TestDatabase


def test_it_is_answered_what_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "LISTED", 2)

    with (
        throwaway_server() as server,
        fresh_database(server) as database,
        status.installed(database) as told,
    ):
        reference, token = status.begun(told)
        office = status.office_told(told)
        try:
            asked = status.api_of(office).test_client()
            own = asked.get(f"/status/{reference}")
            listed = asked.get(f"{PREFIX}/cases", headers={"Authorization": f"Bearer {token}"})
        finally:
            office.close()

    assert (own.status_code, own.json["reference"]) == (HTTPStatus.OK, reference)
    assert (listed.status_code, len(listed.json["items"])) == (HTTPStatus.OK, 2)


def test_every_process_listens_and_is_built_before_it_is_measured(database: TestDatabase) -> None:
    with status._served("bare", {"BENCH_URL": database.app_url}) as port:
        listening = f" 0100007F:{port:04X} 00000000:0000 0A "
        assert Path("/proc/net/tcp").read_text().count(listening) == status.PROCESSES


def test_a_connection_that_the_server_closes_is_told_of() -> None:
    def close() -> None:
        for _ in range(status.CONNECTIONS):
            link, _ = server.accept()
            link.recv(100)
            link.close()

    with (
        socket.create_server(("127.0.0.1", 0), backlog=status.CONNECTIONS) as server,
        ThreadPoolExecutor(1) as hands,
    ):
        closing = hands.submit(close)
        with pytest.raises(AssertionError, match="closed a connection"):
            status._asked(server.getsockname()[1], b"GET / HTTP/1.1\r\n\r\n", 2)
        closing.result()
