"""What happens beside a read model that is changed over, and beside two who fill it at once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from domain.events import ApplicationSubmitted
from domain.looks import What
from domain.particulars import ApplicationCorrected, Correction
from services.projections import bulk, pools, rebuilding, runner
from services.projections.catalogue import CASE_LIST
from services.projections.checkpoints import State
from services.projections.errors import (
    NotFilled,
    ProjectionStopped,
    RebuiltByAnother,
    StillInUse,
)
from services.projections.pools import Wanted
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.casebook import Casebook, history, reference
from tests.services.read_models import differences, fill
from tests.services.seeing import looking

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


@pytest.mark.parametrize("take", [pools.freeze, partial(pools.seen, looking(What.EXERCISE))])
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


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE case_list SET stage = 'nonsense'", "the row that is there cannot be read"),
        ("UPDATE case_list SET sealed = 'AAAA' || sealed", "the row that is there cannot be read"),
        ("DELETE FROM case_list", "ValueError"),
    ],
)
def test_rows_that_cannot_be_folded_on_are_filled_anew(
    site: rebuilding.Site, book: Casebook, database: TestDatabase, damage: str, told: str
) -> None:
    fill(book)
    book.write(f"case-{reference(99)}", history(99)[:2])
    runner.catch_up_all(book.store, book.models)
    with psycopg.connect(database.app_url) as connection:
        connection.execute(f"{damage} WHERE reference = %s", (reference(99),))
    filed = history(99)[0]
    assert isinstance(filed, ApplicationSubmitted)
    assert filed.personal is not None
    # What corrects an application opens the row; it is folded on from what was sealed there.
    said = Correction(application=filed.personal, reason="Mistyped")
    mended = ApplicationCorrected(fields=(), assessed_anew=False, personal=said)
    book.write(f"case-{reference(99)}", [*history(99)[2:4], mended], after=2)
    with pytest.raises(ProjectionStopped, match=told):
        runner.catch_up(book.store, book.models, "case-list")
    rebuilding.rebuild(site, ("case-list",))
    rebuilding.change_over(site, "case-list")
    runner.catch_up(book.store, book.models, "case-list")
    assert differences(book) == {}


def test_of_two_who_fill_a_read_model_at_once_one_is_told_of_the_other(
    site: rebuilding.Site, book: Casebook
) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    told: list[str] = []

    def another(_done: int, _of: int) -> None:
        if not told:
            for act in (
                lambda: rebuilding.rebuild(site, ("work", "case-list")),
                lambda: rebuilding.change_over(site, "case-list"),
                lambda: rebuilding.discard(site, "case-list"),
            ):
                with pytest.raises(RebuiltByAnother, match="somebody else is filling case-list"):
                    act()
                told.append("told")

    rebuilding.rebuild(site, ("case-list",), another)
    assert len(told) == 3
    rebuilding.rebuild(site, ("work",))
    rebuilding.change_over(site, "case-list")
    assert differences(book) == {}


def test_whoever_looks_new_rows_through_is_waited_for(
    book: Casebook, site: rebuilding.Site, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    filling = bulk.fill
    held: list[psycopg.Connection] = []

    def fill_and_look_through(*given: Any, **told: Any) -> None:
        filling(*given, **told)
        # As the server does that gathers statistics, for longer than a reader may be held up.
        vacuum = psycopg.connect(database.admin_url)
        vacuum.execute("LOCK TABLE case_list__2 IN SHARE UPDATE EXCLUSIVE MODE")
        held.append(vacuum)

    monkeypatch.setattr(bulk, "fill", fill_and_look_through)
    with ThreadPoolExecutor(1) as hands:
        rebuilt = hands.submit(rebuilding.rebuild, site, ("case-list",))
        await_one_who_waits(database.admin_url)
        time.sleep(0.8)
        held[0].close()
        rebuilt.result(timeout=60)
    assert rebuilding.change_over(site, "case-list") == site.store.head()


@contextmanager
def looking_through(url: str, table: str) -> Iterator[None]:
    """Somebody looks a table through, as the server does, until this ends."""
    with psycopg.connect(url) as vacuum:
        vacuum.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("act", [rebuilding.change_over, rebuilding.discard])
def test_whoever_looks_rows_through_is_waited_for_and_holds_nobody_up(
    site: rebuilding.Site,
    book: Casebook,
    database: TestDatabase,
    act: Callable[[rebuilding.Site, str], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = "case_list" if act is rebuilding.change_over else "case_list__2"
    monkeypatch.setattr(rebuilding, "_TRIES", 2)
    fill(book)
    runner.catch_up_all(book.store, book.models)
    rebuilding.rebuild(site, ("case-list",))
    with ThreadPoolExecutor(1) as hands:
        with looking_through(database.admin_url, table):
            acting = hands.submit(act, site, "case-list")
            await_one_who_waits(database.admin_url)
            book.write(f"case-{reference(99)}", history(99)[:2])
            runner.catch_up(book.store, book.models, "case-list", patience=1)
            time.sleep(1.5)
            assert not acting.done()
        acting.result(timeout=60)
    assert differences(book) == {}


def test_whoever_looks_rows_through_without_end_is_told_of(
    site: rebuilding.Site, book: Casebook, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_AT_LENGTH", text("SET LOCAL lock_timeout = '100ms'"))
    fill(book)
    runner.catch_up_all(book.store, book.models)
    filling = bulk.fill

    def fill_and_look_through(*given: Any, **told: Any) -> None:
        filling(*given, **told)
        stack.enter_context(looking_through(database.admin_url, "case_list__2"))

    with ExitStack() as stack:
        monkeypatch.setattr(bulk, "fill", fill_and_look_through)
        with pytest.raises(StillInUse, match="or a VACUUM"):
            rebuilding.rebuild(site, ("case-list",))
        with pytest.raises(StillInUse, match="or a VACUUM"):
            rebuilding.discard(site, "case-list")
    assert rebuilding.discard(site, "case-list") == (2,)


def test_whoever_outlived_a_killed_rebuild_writes_into_no_other(
    site: rebuilding.Site, book: Casebook
) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    killed = rebuilding.prepare(site, "case-list")
    begun_anew = rebuilding.prepare(site, "case-list")
    head = book.store.sequence()
    with pytest.raises(NotFilled):
        bulk.fill(site.settings, {"case-list": killed.number}, until=head - 1)
    bulk.fill(site.settings, {"case-list": begun_anew.number}, until=head)


@pytest.mark.parametrize("act", [rebuilding.discard, rebuilding.prepare])
def test_rows_that_are_in_use_for_long_are_not_dropped(
    site: rebuilding.Site,
    book: Casebook,
    database: TestDatabase,
    act: Callable[[rebuilding.Site, str], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuilding, "_TRIES", 2)
    fill(book)
    runner.catch_up_all(book.store, book.models)
    rebuilding.rebuild(site, ("case-list",))
    with psycopg.connect(database.app_url) as reader:
        reader.execute("SELECT FROM case_list__2")
        with pytest.raises(StillInUse, match="case-list are in use"):
            act(site, "case-list")
    act(site, "case-list")
