"""A read model that follows the log: a backlog of it, folded exactly once, by some workers.

The case list is the dearest there is: it opens what is sealed in each application, seals names anew
and keeps them findable in a blind index, beside fifteen indexes of its own. The rows of the work on
cases are the nearest to what the peer makes: one for each stream, counting its events.
"""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import psycopg

from benchmarks.offices import office_of
from benchmarks.server import Database
from benchmarks.simulation import append
from domain.projections.stage_after import WORK_STREAM
from domain.work_events import CaseTaken
from services.projections import runner
from services.projections.catalogue import projection_named
from services.store import NewEvent, StreamWrite
from services.wiring import Office

CASE_LIST = "case-list"
WORK = "work"
_A_COMMIT = 500
_PATIENCE = 60.0


def fill_with_work(database: Database, events: int) -> None:
    """The log holds so many events, each the first of the work on a case of its own.

    Some seconds of following them are wanted, as opening the connections is timed with it.
    """
    taken = NewEvent(event=CaseTaken(officer="officer.7"), effective_at=datetime.now(UTC))
    with tempfile.TemporaryDirectory() as home:
        office = office_of(database.app_url, Path(home))
        for start in range(0, events, _A_COMMIT):
            names = (f"{WORK_STREAM}B{n}" for n in range(start, min(start + _A_COMMIT, events)))
            writes = (StreamWrite(stream=name, expected=0, events=(taken,)) for name in names)
            append(office.store, tuple(writes))
        runner.catch_up(office.store, office.models, WORK, until=0)
        office.close()


def caught_up(database: Database, workers: int, name: str) -> float:
    """Events a second by which so many workers together bring a read model up to the log."""
    tables = ", ".join(table.name for table in projection_named(name).tables)
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables}")
        connection.execute(
            "UPDATE projection_checkpoints SET position = 0 WHERE projection = %s", (name,)
        )
    context = get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as home,
        ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin, initargs=(database.app_url, home)
        ) as pool,
    ):
        # Each process has begun before any of them is timed.
        list(pool.map(_ready, range(workers)))
        begun = time.monotonic()
        reached = list(pool.map(_catch_up, [name] * workers))
        return reached[0] / (time.monotonic() - begun)


_opened: list[Office] = []


def _begin(url: str, home: str) -> None:
    _opened.append(office_of(url, Path(home)))


def _ready(_: int) -> int:
    time.sleep(0.5)
    return _opened[0].store.head()


def _catch_up(name: str) -> int:
    # Two shards at once, as a worker; but whoever is done waits for the others, as none comes back.
    return runner.catch_up(_opened[0].store, _opened[0].models, name, patience=_PATIENCE)
