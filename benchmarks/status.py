"""`python -m benchmarks.status`: an applicant's status over HTTP, beside the least there can be.

The peer is Flask with a pool of connections that reads the same row by its key and answers with it
as JSON, behind the same server with as many processes and threads. Ours goes the API's whole way,
finds out how fresh the rows are, opens what is sealed, and records the look with the row. A page of
the case list is asked of the same API.
"""

import contextlib
import http.client
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import flask
from psycopg_pool import ConnectionPool

from benchmarks.offices import office_of
from benchmarks.server import Database, fresh_database, throwaway_server
from domain import commands as c
from domain.access import Action, Person, Role
from domain.application import Channel
from services import cases
from services.api.app import PREFIX, create_api
from services.api.enquiries import status_of
from services.api.guard import guarded
from services.api.outputs import StatusAnswer
from services.api.routes import Call
from services.arriving import Served
from services.demo.year import INTAKE, REGIME
from services.identity import logins
from services.intake.schema import schema_for
from services.population import population
from services.privacy.again import settled
from services.projections import runner
from services.requests import Request
from services.stack.programs import SERVED
from services.stack.redis import start_redis, stop_redis
from services.wiring import Office

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONNECTIONS = 32
PROCESSES = 2
_WSGI = ("--interface", "wsgi", "--no-ws", "--blocking-threads", "16")
LISTED = 100
_SEED = 2016
_PATIENCE = 60.0
_WARMING = 3.0
_COLUMNS = ("reference", "stage", "stage_since", "submitted_at")
_BARE = "SELECT reference, stage, stage_since, submitted_at FROM case_status WHERE reference = %s"
_CLERK = Person(name="benchmark", role=Role.OFFICER)
_PROCESS = "/process"
_END = b"\r\n\r\n"
_building = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How many answers came in a second, and how long one in a hundred took at least."""

    rate: float
    p99_ms: float


def bare(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve the peer."""
    with _building:
        app = _bare()
    return _answered(app, environ, start_response)


def ours(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve the API, and in it the answer to an applicant whose code was right."""
    with _building:
        app = _ours()
    return _answered(app, environ, start_response)


def _answered(
    app: flask.Flask, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """As the application answers; it is built, and says of which process, where that is asked."""
    if environ["PATH_INFO"] != _PROCESS:
        return app(environ, start_response)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]


served = Served(ours, lambda: _PATIENCE)
"""`ours` as it is served."""


@cache
def _bare() -> flask.Flask:
    app = flask.Flask("bare")
    kept = {"autocommit": True}
    pool = ConnectionPool(os.environ["BENCH_URL"], min_size=8, max_size=8, kwargs=kept, open=True)

    @app.get("/status/<reference>")
    def status(reference: str) -> Any:
        with pool.connection() as connection:
            row = connection.execute(_BARE, (reference,), prepare=True).fetchone()
        return flask.jsonify(dict(zip(_COLUMNS, row or (), strict=True)))

    return app


@cache
def _ours() -> flask.Flask:
    office = office_told(os.environ)
    # Nobody is served before; who comes meanwhile waits for two seconds, and is then sent away.
    settled(office)
    return api_of(office)


def api_of(office: Office) -> flask.Flask:
    """The API, and in it the answer to an applicant whose code was right."""
    app = create_api(office)
    schema = schema_for(StatusAnswer)()

    def status(reference: str) -> Any:
        call = Call(office=office, action=Action.PUBLIC, correlation_id=flask.g.correlation_id)
        return flask.jsonify(schema.dump(status_of(call, reference)))

    app.add_url_rule("/status/<reference>", "status", guarded(office, Action.PUBLIC, status))
    return app


def measured(database: Database, seconds: float) -> dict[str, Answered]:
    """The peer, an applicant's status and a page of the list, the one after the other."""
    with installed(database) as told:
        reference, token = begun(told)
        asked = (
            ("bare", "bare", f"/status/{reference}"),
            ("status", "served", f"/status/{reference}"),
            ("list", "served", f"{PREFIX}/cases?limit=25"),
        )
        found = {}
        for name, application, path in asked:
            with _served(application, told) as port:
                found[name] = _load(port, path, token, seconds)
        return found


@contextlib.contextmanager
def installed(database: Database) -> Iterator[dict[str, str]]:
    """What a process is told: the database, a broker of our own, and a folder for the rest."""
    with tempfile.TemporaryDirectory(prefix="qmas-bench-") as folder:
        home = Path(folder) / "home"
        try:
            broker = start_redis(home).broker_url
            yield {
                "BENCH_URL": database.app_url,
                "BENCH_BROKER": broker,
                "BENCH_HOME": str(home),
            }
        finally:
            stop_redis(home)


def office_told(told: Mapping[str, str]) -> Office:
    """The office of what a process is told."""
    home = Path(told["BENCH_HOME"])
    return office_of(told["BENCH_URL"], home, broker_url=told["BENCH_BROKER"])


def begun(told: Mapping[str, str]) -> tuple[str, str]:
    """The reference of an application that is there, and an officer's token."""
    office = office_told(told)
    try:
        # Nobody is served where no place tells who was erased.
        office.erasures.mend(anew=True)
        token = next(each.token for each in logins(office.settings) if each.role == "officer")
        return _filed(office), token
    finally:
        office.close()


def _filed(office: Office) -> str:
    """The reference of one of the applications that are there."""
    references = []
    for arrival in population(LISTED, _SEED, REGIME, INTAKE):
        command = c.SubmitApplication(application=arrival.application, channel=Channel.ONLINE)
        asked = Request(person=_CLERK, command_id=uuid4(), correlation_id="benchmark")
        references.append(cases.submit(office, command, asked).reference)
    runner.catch_up_all(office.store, office.models)
    return references[-1]


@contextlib.contextmanager
def _served(application: str, told: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", *(SERVED if application == "served" else _WSGI)),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", str(PROCESSES)),
            *("--workers-kill-timeout", "5"),
            *("--log-level", "error", f"benchmarks.status:{application}"),
        ],
        env={**os.environ, **told},
    )
    try:
        _await(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _await(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Every process listens, and has built the application, which its first request has it do.

    Each has a listener of its own, and the system chooses anew for each connection.
    """
    until = time.monotonic() + _PATIENCE
    found: set[bytes] = set()
    while len(found) < PROCESSES:
        if server.poll() is not None or time.monotonic() > until:
            raise AssertionError("the server did not start")
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        with contextlib.suppress(OSError), contextlib.closing(link):
            link.request("GET", _PROCESS)
            answer = link.getresponse()
            if answer.status == HTTPStatus.OK:
                found.add(answer.read())
        time.sleep(0.1)


def _load(port: int, path: str, token: str, seconds: float) -> Answered:
    """Ask on every connection again and again: for a while unmeasured, then for the seconds."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()
    while not _asked(port, request, _WARMING):
        continue
    took = _asked(port, request, seconds)
    return Answered(
        rate=len(took) / seconds,
        p99_ms=quantiles(took, n=100, method="inclusive")[98] * 1000,
    )


def _asked(port: int, request: bytes, seconds: float) -> list[float]:
    took: list[float] = []
    with selectors.DefaultSelector() as ready, contextlib.ExitStack() as kept:
        for _ in range(CONNECTIONS):
            link = kept.enter_context(socket.create_connection(("127.0.0.1", port)))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.sendall(request)
            ready.register(link, selectors.EVENT_READ, _Pending(link, time.perf_counter()))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _ in ready.select(1.0):
                pending: _Pending = key.data
                read = pending.link.recv(65536)
                if not read:
                    raise AssertionError("the server closed a connection")
                pending.read += read
                if _is_whole(pending.read):
                    now = time.perf_counter()
                    took.append(now - pending.begun)
                    pending.begun, pending.read = now, b""
                    pending.link.sendall(request)
    return took


class _Pending:
    """What came of an answer on a connection so far, and since when it is waited for."""

    def __init__(self, link: socket.socket, begun: float) -> None:
        self.link = link
        self.begun = begun
        self.read = b""


def _is_whole(read: bytes) -> bool:
    head, end, body = read.partition(_END)
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise AssertionError(read.decode(errors="replace"))
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    return len(body) >= length


def rows(found: dict[str, Answered]) -> list[tuple[str, str, str, str]]:
    """What is told of it: the work, its figure, the peer's or the limit, and the ratio."""
    peer, status, listed = found["bare"], found["status"], found["list"]
    return [
        (
            f"an applicant's status, {CONNECTIONS} connections, the look recorded",
            f"{status.rate:,.0f}/s",
            f"Flask and psycopg alone: {peer.rate:,.0f}/s",
            f"{status.rate / peer.rate:.2f}",
        ),
        ("one in a hundred of them", f"{status.p99_ms:.0f} ms", "25 ms", ""),
        (f"a page of 25 of {LISTED} cases", f"{listed.rate:,.0f}/s", "", ""),
        ("one in a hundred of them", f"{listed.p99_ms:.0f} ms", "", ""),
    ]


def main(say: Callable[[str], None] = print) -> None:
    """Measure for a few seconds and print the rows."""
    with throwaway_server() as server, fresh_database(server) as database:
        for each in rows(measured(database, float(os.environ.get("BENCH_SECONDS", "4")))):
            say("  ".join(each))


if __name__ == "__main__":
    main()
