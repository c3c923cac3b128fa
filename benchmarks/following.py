"""A read model that follows the log: a backlog of it, folded exactly once, by some workers."""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psycopg

from benchmarks.offices import office_of
from benchmarks.server import Database
from services.projections import runner
from services.wiring import Office

NAME = "case-list"
_AFRESH = """
TRUNCATE case_list, case_names;
UPDATE projection_checkpoints SET position = 0 WHERE projection = 'case-list'
"""


def caught_up(database: Database, workers: int) -> float:
    """Events a second by which so many workers together bring the case list up to the log."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(_AFRESH)
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
        reached = list(pool.map(_catch_up, range(workers)))
        return reached[0] / (time.monotonic() - begun)


_opened: list[Office] = []


def _begin(url: str, home: str) -> None:
    _opened.append(office_of(url, Path(home)))


def _ready(_: int) -> int:
    time.sleep(0.5)
    return _opened[0].store.head()


def _catch_up(_: int) -> int:
    return runner.catch_up(_opened[0].store, _opened[0].models, NAME)
