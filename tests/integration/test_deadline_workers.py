"""What has come due, told by real workers: killed amid it, two at once, their broker emptied."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from domain import stages as s
from domain.deadlines import DeadlinePassed
from services.pokes import Pokes
from services.projections import runner
from services.projections.verify import verify
from tests.conftest import TestDatabase
from tests.domain.histories import HISTORIES, requested
from tests.integration.working import Workplace, workplace
from tests.services.casebook import Casebook, history, reference, write_of

CASES = 120


@pytest.fixture
def place(tmp_path: Path, database: TestDatabase) -> Iterator[Workplace]:
    with workplace(tmp_path / "home", database.app_url) as made:
        yield made


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    # Each was asked for documents in 2019 and never sent them.
    events = (*HISTORIES[s.InPool], requested())
    made.write_all(
        [write_of(f"case-{reference(number)}", history(number, events)) for number in range(CASES)]
    )
    yield made
    made.close()


@pytest.fixture
def pokes(place: Workplace) -> Iterator[Pokes]:
    made = Pokes.connect(place.broker_url)
    yield made
    made.dispose()


def told(book: Casebook) -> list[list[type[object]]]:
    """Return what was told of each case."""
    streams = [f"work-{reference(number)}" for number in range(CASES)]
    found = book.store.read_streams(streams, personal=False)
    return [[type(each.event) for each in found[stream]] for stream in streams]


def fire(pokes: Pokes, times: int = 1) -> None:
    for _ in range(times):
        pokes.sender.send_task("deadlines.fire", queue="deadlines", ignore_result=True)


def test_killed_amid_it_and_with_an_emptied_broker_workers_tell_each_thing_once(
    place: Workplace, book: Casebook, pokes: Pokes
) -> None:
    for share in (0.1, 0.4):
        worker = place.hire(beat=False)
        fire(pokes, times=2)
        place.until(lambda share=share: sum(map(len, told(book))) > share * CASES)
        worker.kill()
    with Redis.from_url(place.redis.url) as redis:
        redis.flushall()
    place.hire(beat=False)
    place.hire(beat=False)
    fire(pokes, times=4)
    place.until(lambda: all(told(book)))
    fire(pokes, times=2)
    place.until(lambda: verified(book))
    assert told(book) == [[DeadlinePassed]] * CASES


def verified(book: Casebook) -> bool:
    runner.catch_up(book.store, book.models, "deadlines")
    return not verify(book.store, book.models, "deadlines")
