"""One database is looked over before anything in it is shown, and nobody waits long for that."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.privacy import again
from services.store import StoreUnreachable
from services.store.connections import Connections
from services.store.sameness import Sameness, identity
from services.wiring import Office
from tests.conftest import TestDatabase


def _pid(pool: Connections) -> int:
    with pool.borrow() as connection:
        return connection.info.backend_pid


def test_what_is_opened_while_a_database_is_looked_over_is_left_to_nobody(
    database: TestDatabase,
) -> None:
    same = Sameness()
    pool = Connections(database.app_url, 1, same=same)
    with same.turn() as is_due:
        assert is_due
        first = _pid(pool)
        assert _pid(pool) != first
        with pool.borrow() as connection:
            same.holds(identity(connection), for_good=True, seconds=60)
    assert _pid(pool) == _pid(pool)
    pool.dispose()


def test_who_waits_for_a_look_that_takes_long_is_told_so_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.store.sameness._LONGEST", 0.05)
    same = Sameness()

    def visit() -> None:
        with same.turn():
            pass

    with ThreadPoolExecutor(1) as others, same.turn() as is_due:
        assert is_due
        with pytest.raises(StoreUnreachable, match="looked over"):
            others.submit(visit).result()


def test_nobody_goes_on_while_another_database_is_looked_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    again.settled(office)
    # As if what was looked over had been another one, an hour ago.
    office.same.holds("another", for_good=True, seconds=-3600)
    looked_at, may_go_on = threading.Event(), threading.Event()
    look = office.erasures.look

    def slowly() -> object:
        looked_at.set()
        assert may_go_on.wait(30)
        return look()

    monkeypatch.setattr(office.erasures, "look", slowly)
    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(again.settled, office)
        assert looked_at.wait(30)
        assert office.same.of is None
        second = visitors.submit(again.settled, office)
        with pytest.raises(StoreUnreachable, match="looked over"):
            second.result()
        may_go_on.set()
        first.result()
    assert office.same.of not in {None, "another"}
