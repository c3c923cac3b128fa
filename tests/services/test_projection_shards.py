"""Several runners share a read model by its shards."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from zlib import crc32

import pytest
from sqlalchemy import Connection, QueuePool, event, text

from services.projections import catalogue, checkpoints, runner
from services.projections.checkpoints import SHARDS
from services.stack.processes import wait_until
from services.store import StoreUnreachable
from tests.conftest import TestDatabase
from tests.domain.desk import taken
from tests.services.casebook import Casebook, write_of
from tests.services.read_models import differences, fill

_WAITING = text(
    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO work %'"
)
_WHOLE = 41
"""The version of each stream in the backlog of the tests below."""


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


@pytest.fixture
def queued(book: Casebook) -> list[str]:
    """A work for each shard with a row and a backlog, in the order in which it is followed.

    The backlog begins with the last, for the first batch of it is folded for all shards at once.
    """
    turn = [(os.getpid() + each) % SHARDS for each in range(SHARDS)]
    names: dict[int, str] = {}
    for number in range(1_000):
        name = f"B{number}"
        names.setdefault(crc32(name.encode()) % SHARDS, name)
    found = [names[shard] for shard in turn]
    book.write_all([write_of(f"work-{each}", (taken(),)) for each in found])
    runner.catch_up(book.store, book.models, "work")
    for done in range(8):
        book.write_all(
            [write_of(f"work-{each}", (taken(),) * 5, after=1 + 5 * done) for each in found[::-1]]
        )
    return found


def _versions(book: Casebook) -> dict[str, int]:
    with book.models.reads.connect() as connection:
        found = connection.execute(text("SELECT reference, version FROM work"))
        return {row.reference: row.version for row in found}


def _held(connection: Connection, references: list[str]) -> None:
    row = text("SELECT 1 FROM work WHERE reference = ANY (:these) FOR UPDATE")
    assert len(connection.execute(row, {"these": references}).all()) == len(references)


def _as_a_worker(book: Casebook) -> int:
    """Follow with two hands; the patience is never used up."""
    return runner.catch_up(book.store, book.models, "work", batch=2, patience=90.0)


def test_one_runner_folds_other_shards_while_one_waits_for_the_database(
    book: Casebook, queued: list[str]
) -> None:
    head = book.store.sequence()
    with book.models.engine.connect() as connection, ThreadPoolExecutor(1) as pool:
        _held(connection, queued[:1])
        beside = pool.submit(_as_a_worker, book)
        others = dict.fromkeys(queued[1:], _WHOLE)
        assert wait_until(lambda: _versions(book) == {queued[0]: 1, **others}, 30)
        assert not beside.done()
        connection.rollback()
        assert beside.result() == head
    assert differences(book) == {}


def test_whoever_waits_as_long_as_it_takes_uses_one_connection_at_a_time(
    book: Casebook, queued: list[str]
) -> None:
    head, pool = book.store.sequence(), book.models.engine.pool
    assert isinstance(pool, QueuePool)
    used: list[int] = []
    event.listen(book.models.engine, "checkin", lambda *_: used.append(pool.checkedout()))
    assert runner.catch_up(book.store, book.models, "work", batch=2) == head
    assert len(used) > SHARDS
    assert max(used) == 1
    assert differences(book) == {}


def test_whoever_met_a_fault_begins_nothing_more_on_the_other_shards(
    book: Casebook, queued: list[str]
) -> None:
    with (
        book.models.engine.connect() as first,
        book.models.engine.connect() as second,
        book.models.reads.connect() as looking,
        ThreadPoolExecutor(1) as pool,
    ):
        _held(first, queued[:1])
        _held(second, queued[1:2])
        beside = pool.submit(_as_a_worker, book)

        def waiting() -> list[int]:
            return [*looking.execute(_WAITING).scalars()]

        assert wait_until(lambda: len(waiting()) == 2, 30)
        ended = text("SELECT pg_terminate_backend(:one)")
        assert looking.scalar(ended, {"one": waiting()[0]})
        assert wait_until(lambda: len(waiting()) == 1, 30)
        first.rollback()
        second.rollback()
        with pytest.raises(StoreUnreachable):
            beside.result()
    reached = sorted(_versions(book).values())
    # The one that was not ended kept the batch that it was in the middle of, and no other.
    assert reached[0] == 1
    assert 1 < reached[-1] < _WHOLE
    runner.catch_up(book.store, book.models, "work")
    assert differences(book) == {}
