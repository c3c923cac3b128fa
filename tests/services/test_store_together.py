"""Many commits in one transaction: all of them or none, in order, beside other writers."""

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from services.store import CaseKeys, CommandReused, Conflict, Store, Together
from services.store.codec import Codec
from services.store.connections import Connections
from tests.conftest import TestDatabase
from tests.services.storing import (
    EFFECTIVE,
    MASTER_KEY,
    commit_of,
    fees,
    store_at,
    withdrawal,
    writing,
)


@pytest.fixture
def store(database: TestDatabase) -> Iterator[Store]:
    opened = store_at(database.app_url)
    yield opened
    opened.dispose()


def streams(store: Store) -> list[tuple[str, int]]:
    """Return what the log holds, in its order."""
    store.sequence()
    return [(each.stream, each.version) for each in store.read_log(after=0, limit=10_000)]


def test_all_commits_are_there_at_once(store: Store) -> None:
    seen: list[int] = []

    def work(whole: Together) -> str:
        for number in range(3):
            whole.append(commit_of(writing(f"s-{number}", 0, *fees(2))))
            seen.append(len(streams(store)))
        return "done"

    assert store.together(work) == "done"
    assert seen == [0, 0, 0]
    assert streams(store) == [(f"s-{n}", v) for n in range(3) for v in (1, 2)]


def test_those_who_wait_for_a_name_leave_connections_to_whoever_has_it(
    database: TestDatabase,
) -> None:
    few = store_at(database.app_url, pool_size=2)
    together = threading.Barrier(4)

    def work(whole: Together) -> int:
        whole.claim("the-one")
        version = len(few.read_stream("s"))
        whole.append(commit_of(writing("s", version)))
        return version

    def attempt(_: int) -> int:
        together.wait()
        return few.together(work)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == [0, 1, 2, 3]
    few.dispose()


def test_work_that_raises_leaves_nothing(store: Store) -> None:
    def work(whole: Together) -> None:
        whole.append(commit_of(writing("s-1")))
        whole.append(commit_of(writing("s-2"), reserve=("mine",)))
        raise LookupError("stop")

    with pytest.raises(LookupError):
        store.together(work)
    assert streams(store) == []
    store.append(commit_of(writing("s-2"), reserve=("mine",)))


def test_a_conflict_undoes_its_own_commit_alone(store: Store) -> None:
    store.append(commit_of(writing("moved")))

    def work(whole: Together) -> None:
        whole.append(commit_of(writing("s-1")))
        with pytest.raises(Conflict):
            whole.append(commit_of(writing("s-2"), writing("moved", 0)))
        whole.append(commit_of(writing("s-3"), writing("moved", 1)))

    store.together(work)
    assert streams(store) == [("moved", 1), ("s-1", 1), ("s-3", 1), ("moved", 2)]


def test_a_commit_sees_what_others_committed_meanwhile(store: Store) -> None:
    store.append(commit_of(writing("case")))

    def work(whole: Together) -> None:
        whole.append(commit_of(writing("s-1")))
        store.append(commit_of(writing("case", 1)))
        with pytest.raises(Conflict) as stale:
            whole.append(commit_of(writing("case", 1)))
        assert stale.value.actual == 2
        whole.append(commit_of(writing("case", 2)))

    store.together(work)
    assert [each for each in streams(store) if each[0] == "case"] == [
        ("case", n) for n in (1, 2, 3)
    ]


def test_whoever_writes_to_one_of_its_streams_waits_and_meets_a_conflict(store: Store) -> None:
    written, answer = threading.Event(), []

    def officer() -> None:
        written.wait()
        try:
            store.append(commit_of(writing("case")))
        except Conflict as stale:
            answer.append(stale.actual)

    def work(whole: Together) -> None:
        whole.append(commit_of(writing("case")))
        written.set()
        whole.append(commit_of(writing("s-1")))
        assert answer == []

    other = threading.Thread(target=officer)
    other.start()
    store.together(work)
    other.join()
    assert answer == [1]


def test_a_command_that_was_carried_out_is_recognised_inside(store: Store) -> None:
    commit = commit_of(writing("s-1"), result={"first": True})
    store.append(commit)

    def work(whole: Together) -> object:
        assert whole.append(commit).repeated
        with pytest.raises(CommandReused):
            whole.append(commit_of(writing("s-2"), command_id=commit.command_id, fingerprint=b"2"))
        return whole.append(commit_of(writing("s-3")))

    store.together(work)
    assert streams(store) == [("s-1", 1), ("s-3", 1)]


def test_what_is_sealed_is_sealed_here_too(store: Store) -> None:
    store.together(lambda whole: whole.append(commit_of(writing("case-1", 0, withdrawal()))))
    (event,) = store.read_stream("case-1")
    assert getattr(event.event, "personal", None) is not None


def test_what_was_encoded_ahead_is_what_is_stored(store: Store) -> None:
    commit = commit_of(writing("s-1", 0, *fees(2)))
    ahead = store.encoded(commit)
    assert ahead is not None
    ids = [json.loads(body)["id"] for body in ahead]
    store.together(lambda whole: whole.append(commit, ahead))
    assert [each.event_id for each in store.read_stream("s-1")] == ids


def test_what_needs_a_key_is_not_encoded_ahead(store: Store) -> None:
    begins = commit_of(writing("case-A", 0, *fees(1)))
    assert store.encoded(begins) is None
    store.append(begins)
    assert store.encoded(commit_of(writing("case-A", 1, withdrawal("Moving.")))) is None
    assert store.encoded(commit_of(writing("case-A", 1, *fees(1)))) is not None


def test_two_that_claim_one_name_follow_each_other(store: Store) -> None:
    busy, order = threading.Lock(), []

    def work(whole: Together) -> None:
        whole.claim("exercise-1")
        assert busy.acquire(blocking=False), "two are inside"
        order.append(len(streams(store)))
        whole.append(commit_of(writing(f"s-{uuid4()}")))
        busy.release()

    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(store.together, work) for _ in range(4)]:
            each.result()
    assert order == [0, 1, 2, 3]


def test_work_is_done_over_where_two_wait_for_each_other(store: Store) -> None:
    mine, times = threading.Event(), []

    def other(whole: Together) -> None:
        whole.append(commit_of(writing("b")))
        mine.wait(10)
        whole.append(commit_of(writing("a")))

    def work(whole: Together) -> None:
        times.append(1)
        whole.append(commit_of(writing(f"a-{len(times)}"), writing("a", store.stream_version("a"))))
        mine.set()
        whole.append(commit_of(writing("b", store.stream_version("b"))))

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(store.together, other), threads.submit(store.together, work)]
        outcomes = [each.exception() for each in both]
    done = [version for stream, version in streams(store) if stream in {"a", "b"}]
    # Whoever was the victim began again; nothing of a first try is left, and no version is lost.
    assert all(fault is None or isinstance(fault, Conflict) for fault in outcomes), outcomes
    assert done.count(1) == 2


def _until_killed(url: str) -> None:
    def work(whole: Together) -> None:
        whole.append(commit_of(writing("s-1")))
        whole.append(commit_of(writing("s-2")))
        os.kill(os.getpid(), signal.SIGKILL)

    store_at(url).together(work)


def test_a_writer_that_is_killed_midway_leaves_nothing(
    database: TestDatabase, store: Store
) -> None:
    child = multiprocessing.get_context("spawn").Process(
        target=_until_killed, args=(database.app_url,)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert streams(store) == []
    # What it wrote to is free again, with no lock left.
    store.append(commit_of(writing("s-1")))


def test_a_broken_connection_midway_does_the_whole_over(
    database: TestDatabase, store: Store
) -> None:
    times: list[int] = []

    def work(whole: Together) -> None:
        times.append(1)
        whole.append(commit_of(writing("s-1")))
        if len(times) == 1:
            _end_sessions(database)
        whole.append(commit_of(writing("s-2")))

    store.together(work)
    assert len(times) == 2
    assert streams(store) == [("s-1", 1), ("s-2", 1)]


def test_work_that_the_server_waited_for_too_long_is_done_over(database: TestDatabase) -> None:
    impatient = {"idle_in_transaction_session_timeout": "1s"}
    connections = Connections(database.app_url, 8, settings=impatient)
    store = Store(connections, CaseKeys(MASTER_KEY), Codec())
    times: list[int] = []

    def work(whole: Together) -> None:
        times.append(1)
        whole.append(commit_of(writing("s-1")))
        if len(times) == 1:
            time.sleep(2)
        whole.append(commit_of(writing("s-2")))

    store.together(work)
    assert len(times) == 2
    assert streams(store) == [("s-1", 1), ("s-2", 1)]
    store.dispose()


def _end_sessions(database: TestDatabase) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'qmas-store' AND datname = current_database()"
        )


def test_what_a_stream_holds_since_a_version_comes_with_its_last_instant(store: Store) -> None:
    store.append(commit_of(writing("case-1", 0, withdrawal()), writing("s-2", 0, *fees(3))))
    found = store.read_since({"case-1": 1, "s-2": 1})
    assert (found["s-2"].version, len(found["s-2"].events)) == (3, 2)
    assert (found["s-2"].version, found["s-2"].last) == (3, EFFECTIVE)
    assert (found["case-1"].version, found["case-1"].events) == (1, ())
    assert found["case-1"].last == EFFECTIVE


@pytest.mark.parametrize("writes", [1, 4])
def test_officers_who_write_meanwhile_lose_nothing(store: Store, writes: int) -> None:
    """Whatever the officers wrote is there, each time before or after the commit of its stream."""
    names = [f"case-{number}" for number in range(30)]
    for name in names:
        store.append(commit_of(writing(name)))
    stop, done = threading.Event(), []

    def officer(number: int) -> None:
        turn = number
        while not stop.is_set():
            name = names[turn % len(names)]
            turn += 7
            try:
                store.append(commit_of(writing(name, store.stream_version(name))))
            except Conflict:
                continue
            done.append(name)

    def work(whole: Together) -> None:
        for name in names:
            _append_at_last(whole, store, name)

    with ThreadPoolExecutor(writes) as threads:
        officers = [threads.submit(officer, number) for number in range(writes)]
        store.together(work)
        stop.set()
        for each in officers:
            each.result()
    log = streams(store)
    for name in names:
        versions = [version for stream, version in log if stream == name]
        assert versions == list(range(1, done.count(name) + 3))


def _append_at_last(whole: Together, store: Store, name: str) -> None:
    append: Callable[[], object] = lambda: whole.append(  # noqa: E731 - tried until it fits
        commit_of(writing(name, store.stream_version(name)))
    )
    while True:
        try:
            append()
        except Conflict:
            continue
        return
