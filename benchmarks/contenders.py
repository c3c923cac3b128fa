"""Who appends one durable event at a time: the store, PostgreSQL by itself, and a library."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from benchmarks import crowd
from benchmarks.server import Database
from domain.events import ApplicationWithdrawn, WithdrawalReason
from services.store import CaseKeys, Commit, NewEvent, Store, StreamWrite

MASTER_KEY = hashlib.sha256(b"the master key of a benchmark").digest()
LETTER = "Circumstances have changed; the family moves elsewhere."
_TICK = 0.003
_TO_BEGIN = 60.0  # seconds

_PLAIN = """
CREATE TABLE plain (
    stream text NOT NULL, version bigint NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now(),
    body json NOT NULL, PRIMARY KEY (stream, version)
);
GRANT INSERT, SELECT ON plain TO PUBLIC;
"""


def commit_of(stream: str, expected: int, events: int = 1) -> Commit:
    """A commit of so many events with one sealed member each."""
    event = ApplicationWithdrawn(personal=WithdrawalReason(text=LETTER))
    now = datetime.now(UTC)
    return Commit(
        command_id=uuid4(),
        fingerprint=bytes(32),
        writes=(
            StreamWrite(
                stream=stream,
                expected=expected,
                events=(NewEvent(event=event, effective_at=now),) * events,
            ),
        ),
        actor="benchmark",
        role="service",
        command="WithdrawApplication",
        causation_id=uuid4(),
        correlation_id="benchmark",
        result={"reference": stream},
    )


def store_append(database: Database, number: int, seconds: float) -> float:
    """Sealed events a second that `number` writers append while a sequencer numbers them."""
    context = get_context("spawn")
    begun, stop = context.Event(), context.Event()
    sequencer = context.Process(target=_sequence, args=(database.app_url, begun, stop))
    sequencer.start()
    try:
        # What is written before it runs waits for a Python that starts, which is not measured here.
        if not begun.wait(_TO_BEGIN):
            raise AssertionError("the sequencer did not begin")
        return crowd.rate(_appender, database.app_url, number=number, seconds=seconds)
    finally:
        stop.set()
        sequencer.join(30)


def _appender(who: int, url: str) -> Callable[[], object]:
    store = Store.connect(url, CaseKeys(MASTER_KEY), pool_size=1)
    stream, version = f"case-BENCH{who}", 0

    def act() -> None:
        nonlocal version
        store.append(commit_of(stream, version))
        version += 1

    return act


def _sequence(url: str, begun: Event, stop: Event) -> None:
    store = Store.connect(url, CaseKeys(MASTER_KEY), pool_size=1)
    store.sequence()
    begun.set()
    while not stop.is_set():
        store.sequence()
        time.sleep(_TICK)
    store.sequence()


def postgres_insert(database: Database, number: int, seconds: float) -> float:
    """Rows of the same size a second that pgbench inserts, prepared, one a transaction."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(_PLAIN)
    body = _body_of_the_same_size()
    script = (
        "\\set version random(1, 9000000000000000000)\n"
        "INSERT INTO plain (stream, version, body) "
        f"VALUES ('case-' || :client_id, :version, '{body}');\n"
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "insert.sql"
        file.write_text(script)
        command = [
            str(database.programs / "pgbench"),
            *("--no-vacuum", "--protocol=prepared", f"--client={number}", "--jobs=2"),
            *(f"--time={max(1, round(seconds))}", f"--file={file}", "--username=postgres"),
            *(f"--host={database.sockets}", database.name),
        ]
        environ = {**os.environ, "PGPASSWORD": database.admin_password}
        said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    line = next(line for line in said.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def _body_of_the_same_size() -> str:
    """JSON as long as the body that the store writes for the same event."""
    return '{"body":"' + "x" * 640 + '"}'


def library_append(database: Database, number: int, seconds: float) -> float:
    """Events a second that the library's recorder appends in its default, safe locking mode."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA library; GRANT ALL ON SCHEMA library TO PUBLIC")
    _library_recorder(database).create_table()
    return crowd.rate(_library_appender, database, number=number, seconds=seconds)


def _library_recorder(database: Database) -> PostgresApplicationRecorder:
    datastore = PostgresDatastore(
        database.name,
        str(database.sockets),
        5432,
        "postgres",
        database.admin_password,
        schema="library",
    )
    return PostgresApplicationRecorder(datastore)


def _library_appender(who: int, database: Database) -> Callable[[], object]:
    recorder = _library_recorder(database)
    originator, version = uuid4(), 0
    state = b"x" * 640

    def act() -> None:
        nonlocal version
        version += 1
        recorder.insert_events([StoredEvent(originator, version, f"writer:{who}", state)])

    return act


def latencies(database: Database) -> tuple[float, float]:
    """Milliseconds from the start of a commit to its position in the log: p50 and p99."""
    query = """
        SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
            ORDER BY extract(epoch FROM log.sequenced_at - events.recorded_at) * 1000
        ) FROM log JOIN events USING (commit_id, ord)
    """
    with psycopg.connect(database.admin_url) as connection:
        row = connection.execute(query).fetchone()
    p50, p99 = row[0] if row else (0.0, 0.0)
    return float(p50), float(p99)
