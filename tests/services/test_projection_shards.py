"""Several runners share a read model by its shards."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from services.projections import catalogue, checkpoints, runner
from services.projections.checkpoints import SHARDS
from tests.conftest import TestDatabase
from tests.services.casebook import (
    Casebook,
)
from tests.services.read_models import differences, fill


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    yield made
    made.close()


@pytest.fixture
def parted(book: Casebook) -> Iterator[tuple[Connection, Future[int], int]]:
    """The case list where shard 0 is held by a transaction, and the others are at the head.

    With whoever followed the log there, and where that head is.
    """
    head = fill(book, cases=3)
    (live,) = checkpoints.ours(book.models, catalogue.CASE_LIST)
    of = checkpoints.shards_of(book.models, live)
    others = dict.fromkeys(range(1, of), head)
    with book.models.engine.connect() as connection, ThreadPoolExecutor(1) as pool:
        assert checkpoints.claim(connection, live, 0, wait=True)
        beside = pool.submit(runner.catch_up, book.store, book.models, "case-list", batch=11)
        until = time.monotonic() + 30
        while _reached(book) != {0: 0, **others} and time.monotonic() < until:
            time.sleep(0.01)
        yield connection, beside, head
        connection.rollback()


def _reached(book: Casebook) -> dict[int, int]:
    with book.models.reads.connect() as connection:
        live = checkpoints.live(connection, catalogue.CASE_LIST)
        return checkpoints.positions(connection, live) if live else {}


def test_runners_share_a_backlog_by_its_shards(
    book: Casebook, parted: tuple[Connection, Future[int], int]
) -> None:
    connection, beside, head = parted
    assert sorted(_reached(book).values()) == [0, *[head] * (SHARDS - 1)]
    assert differences(book) == {}
    # It waits for the shard that is held, for nobody else may look at it again.
    assert not beside.done()
    connection.rollback()
    assert beside.result() == head
    assert differences(book) == {}


def test_shards_are_brought_to_one_position_and_held_there(
    book: Casebook, parted: tuple[Connection, Future[int], int]
) -> None:
    connection, beside, head = parted
    assert runner.level(book.store, book.models, connection, "case-list") == head
    assert _reached(book)[0] == 0
    connection.commit()
    assert beside.result() == head
    assert differences(book) == {}
