"""What happens beside a read model that is changed over."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from services.projections import pools, rebuilding, runner
from services.projections.catalogue import CASE_LIST
from services.projections.checkpoints import State
from services.projections.pools import Wanted
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.casebook import Casebook
from tests.services.read_models import differences, fill

WANTED = Wanted(exercise="2026-1", at=datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def site(office: Office) -> rebuilding.Site:
    return rebuilding.Site(store=office.store, models=office.models, settings=office.settings)


@pytest.fixture
def book(office: Office, database: TestDatabase) -> Casebook:
    Casebook.opened(database.app_url, database.owner_url).close()
    return Casebook(store=office.store, models=office.models)


@contextmanager
def changing_over(url: str) -> Iterator[None]:
    """The case list is changed over when this ends; whoever asks for it meanwhile waits."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            rebuilding._changed_over(connection, CASE_LIST, State.READY)
            yield
    finally:
        engine.dispose()


def await_one_who_waits(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(1_000):
            query = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if connection.execute(query).fetchone() != (0,):
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("take", [pools.freeze, pools.look])
def test_a_pool_taken_while_the_list_changes_over_is_at_its_position(
    site: rebuilding.Site,
    book: Casebook,
    database: TestDatabase,
    take: Callable[..., pools.FrozenPool],
) -> None:
    head = fill(book)
    runner.catch_up_all(book.store, book.models)
    before = take(book.store, book.models, WANTED)
    rebuilding.rebuild(site, ("case-list",))
    with ThreadPoolExecutor(1) as threads:
        with changing_over(database.owner_url):
            taking = threads.submit(take, book.store, book.models, WANTED)
            await_one_who_waits(database.admin_url)
        assert taking.result() == before
    assert before.position == head
    assert before.members
    assert differences(book) == {}
