"""A read model that follows the log: a backlog of it, folded exactly once, by some workers."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psycopg

from benchmarks.contenders import MASTER_KEY
from benchmarks.server import Database
from services.projections import runner
from services.projections.models import ReadModels
from services.store import BlindIndex, CaseKeys, Store

BLIND_KEY = bytes(range(32, 64))
NAME = "case-list"
_AFRESH = """
TRUNCATE case_list, case_names;
UPDATE projection_checkpoints SET position = 0 WHERE projection = 'case-list'
"""


def caught_up(database: Database, workers: int) -> float:
    """Events a second by which so many workers together bring the case list up to the log."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(_AFRESH)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(database.app_url,)
    ) as pool:
        # Each process has begun before any of them is timed.
        list(pool.map(_ready, range(workers)))
        begun = time.monotonic()
        reached = list(pool.map(_catch_up, range(workers)))
        return reached[0] / (time.monotonic() - begun)


_opened: list[tuple[Store, ReadModels]] = []


def _begin(url: str) -> None:
    keys = CaseKeys(MASTER_KEY)
    _opened.append((Store.connect(url, keys), ReadModels.connect(url, keys, BlindIndex(BLIND_KEY))))


def _ready(_: int) -> int:
    time.sleep(0.5)
    return _opened[0][0].head()


def _catch_up(_: int) -> int:
    store, models = _opened[0]
    return runner.catch_up(store, models, NAME)
