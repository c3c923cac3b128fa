"""Everything may die at any moment, and nothing is lost or doubled.

Real workers, beat, Redis and PostgreSQL go through schedules of faults while cases are written.
After some of them they are left in peace, and everything must hold. `--chaos N` takes the
schedules 1 to N; a failure tells its schedules, and the name of its test runs them again.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import psycopg
import pytest

from services.stack import processes
from tests.chaos.arena import BEAT, WORKERS, Arena, arena
from tests.chaos.faults import Fault, kill, pause, schedule, suffer
from tests.chaos.holding import amiss, settle, unsettled
from tests.chaos.writing import Written, writers

TOGETHER = 26
ROUNDS = 12
PATIENCE = 60.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "first" in metafunc.fixturenames:
        count = metafunc.config.getoption("--chaos")
        metafunc.parametrize("first", range(1, count + 1, TOGETHER))


@pytest.fixture(scope="module")
def place() -> Iterator[Arena]:
    with arena() as made:
        yield made


@pytest.fixture(scope="module")
def written() -> Written:
    return Written()


def test_nothing_is_lost_or_doubled(place: Arena, written: Written, first: int) -> None:
    schedules = {seed: schedule(seed) for seed in range(first, first + TOGETHER)}
    with writers(place.book.store, place.redis.broker_url, written, first):
        for each in schedules.values():
            suffer(place, each)
    found = amiss(place, written)
    assert not found, told(place, found, schedules)


def test_the_task_of_a_killed_process_is_done_without_the_schedule(
    place: Arena, written: Written
) -> None:
    """Only a process in which tasks are done is killed, and beat stands still meanwhile."""
    assert not settle(place)
    assert processes.wait_until(lambda: len(place.children()) == 2 * len(WORKERS), PATIENCE)
    wake = pause(place.staff[BEAT])
    try:
        for number in range(ROUNDS):
            chance = Random(number)  # noqa: S311 - it must be the same again
            with writers(place.book.store, place.redis.broker_url, written, -1 - number, most=3):
                time.sleep(chance.uniform(0, 0.3))
                kill(chance.choice(place.children()))
            assert processes.wait_until(lambda: not undone(place), PATIENCE), undone(place)
    finally:
        wake()
    found = amiss(place, written)
    assert not found, told(place, found, {})


def test_whoever_waits_for_another_sequencer_numbers_what_it_did_not(
    place: Arena, written: Written
) -> None:
    """A session that holds the head of the log stands still, and beat with it."""
    assert not settle(place)
    wake = pause(place.staff[BEAT])
    try:
        with psycopg.connect(place.postgres.admin_url) as still:
            still.execute("SELECT FROM head FOR UPDATE")
            with writers(place.book.store, place.redis.broker_url, written, -500, most=3):
                time.sleep(3)
        assert processes.wait_until(lambda: not undone(place), PATIENCE), undone(place)
    finally:
        wake()
    found = amiss(place, written)
    assert not found, told(place, found, {})


def undone(place: Arena) -> list[str]:
    """Return what is still to be done but for what is sent, which planning alone calls for."""
    return [each for each in unsettled(place) if "settled" not in each]


def test_a_broker_that_is_away_for_long_costs_nothing_but_that_time(
    place: Arena, written: Written, pytestconfig: pytest.Config
) -> None:
    assert not settle(place)
    staff = dict(place.staff)
    place.stop_redis()
    with writers(place.book.store, place.redis.broker_url, written, -1000, most=200):
        time.sleep(pytestconfig.getoption("--outage"))
    place.revive()
    found = amiss(place, written)
    assert not found, told(place, found, {})
    assert place.staff == staff  # the same processes, none of which had to be started again


def told(place: Arena, found: Sequence[str], schedules: Mapping[int, Sequence[Fault]]) -> str:
    """Return what is wrong, what was done, and what the workers had to say."""
    lines = ["", *found[:20]]
    for seed, faults in schedules.items():
        lines += ["", f"schedule {seed}", *(f"    {fault}" for fault in faults)]
    for name in (*WORKERS, BEAT):
        lines += ["", f"{name} said last:", place.log_of(name).read_text()[-3000:]]
    return "\n".join(lines)
