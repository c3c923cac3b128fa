"""Everything may die at any moment, and nothing is lost or doubled.

Real workers, beat, Redis and PostgreSQL go through schedules of faults while cases are written.
After some of them they are left in peace, and everything must hold. `--chaos N` takes the
schedules 1 to N; a failure tells its schedules, and the name of its test runs them again.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from domain.days import hong_kong_date
from domain.deadlines import PASSED, DeadlineApproaching, DeadlinePassed
from services.projections.catalogue import PROJECTIONS
from services.projections.rebuilding import Site, change_over, discard, rebuild
from services.projections.verify import verify
from services.stack import processes
from tests.chaos.arena import BEAT, WORKERS, Arena, arena
from tests.chaos.faults import Fault, schedule, suffer
from tests.chaos.harm import pause
from tests.chaos.holding import amiss, settle, unsettled
from tests.chaos.points import (
    HARMS,
    Point,
    die_after,
    die_before,
    halted,
    mark_out,
    stands,
)
from tests.chaos.writing import PAUSE, Written, waits_until, writers
from tests.services.casebook import history, reference

TOGETHER = 52
PATIENCE = 60.0
DAYS = -9_000_000
REBUILT = ("case-list", "paths")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "first" in metafunc.fixturenames:
        count = metafunc.config.getoption("--chaos")
        metafunc.parametrize("first", range(1, count + 1, TOGETHER))


@pytest.fixture(scope="module")
def place() -> Iterator[Arena]:
    with arena() as made:
        mark_out(made)
        yield made


@pytest.fixture(scope="module")
def written() -> Written:
    return Written()


def test_nothing_is_lost_or_doubled(
    place: Arena, written: Written, first: int, pytestconfig: pytest.Config
) -> None:
    last = min(first + TOGETHER - 1, pytestconfig.getoption("--chaos"))
    schedules = {seed: schedule(seed) for seed in range(first, last + 1)}
    with writers(place.book.store, place.redis.broker_url, written, first):
        for each in schedules.values():
            suffer(place, each)
    found = amiss(place, written)
    assert not found, told(place, found, schedules)


def test_the_task_of_a_killed_process_is_done_without_the_schedule(
    place: Arena, written: Written
) -> None:
    """Whoever folds, or plans, dies at it when nobody writes any more, and beat stands still."""
    assert not settle(place)
    assert processes.wait_until(lambda: len(place.children()) == 2 * len(WORKERS), PATIENCE)
    wake = pause(place.staff[BEAT])
    try:
        for number, point in enumerate((Point.FOLDED, Point.PLANNED, Point.FOLDED)):
            with halted(place, point) as halt:
                with writers(
                    place.book.store, place.redis.broker_url, written, -1 - number, most=1
                ):
                    assert stands(halt), unsettled(place)
                die_before(halt)
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


@pytest.mark.parametrize("shard", [-1, 0], ids=["all shards at once", "shard by shard"])
def test_rows_are_there_with_their_checkpoint_or_not_at_all(
    place: Arena, written: Written, shard: int
) -> None:
    """Whoever folds stands still, and dies, between the two.

    Where somebody holds one shard, the others are folded one by one; no shard is called -1.
    """
    assert not settle(place)
    with (
        psycopg.connect(place.postgres.admin_url) as still,
        writers(place.book.store, place.redis.broker_url, written, -600 - shard),
    ):
        for harm in (die_before, die_after):
            with halted(place, Point.FOLDED) as halt:
                still.execute(
                    "SELECT FROM projection_checkpoints WHERE shard = %s FOR UPDATE SKIP LOCKED",
                    (shard,),
                )
                assert stands(halt), unsettled(place)
                found = rows_amiss(place)
                harm(halt)
            still.rollback()
            assert not found, told(place, found, {})
    found = amiss(place, written)
    assert not found, told(place, found, {})


@pytest.mark.parametrize(("point", "seed"), [(Point.PLANNED, -610), (Point.SENT, -620)])
def test_what_is_planned_and_sent_is_so_once_whoever_dies_at_it(
    place: Arena, written: Written, point: Point, seed: int
) -> None:
    assert not settle(place)
    with writers(place.book.store, place.redis.broker_url, written, seed):
        for harm in (die_before, die_after):
            with halted(place, point) as halt:
                assert stands(halt), unsettled(place)
                harm(halt)
    found = amiss(place, written)
    assert not found, told(place, found, {})


def test_a_day_is_told_of_once_whoever_dies_at_it(place: Arena, written: Written) -> None:
    """Two tell of it at once, and whoever does dies before, amid or after the append.

    Each case that waits for documents has a day of its own, so that at each look one of them has
    something due.
    """
    assert not settle(place)
    begun = hong_kong_date(place.now())
    days = [begun + timedelta(days=20 + number) for number in range(len(HARMS))]
    cases = [reference(DAYS + number) for number in range(len(HARMS))]
    for number, day in enumerate(days):
        place.book.write(f"case-{cases[number]}", history(DAYS + number, waits_until(day)))
    looks = {
        day - timedelta(days=ahead): harm
        for day, harm in zip(days, HARMS, strict=True)
        for ahead in (14, PASSED)
    }
    for today in sorted({*looks, *(day - timedelta(days=3) for day in days)}):
        place.let_days_pass((today - hong_kong_date(place.now())).days)
        if today in looks:
            with halted(place, Point.TOLD) as halt:
                place.tell_of_days(times=2)
                assert stands(halt), unsettled(place)
                looks[today](halt)
        assert not settle(place)
    said = place.book.store.read_streams([f"work-{each}" for each in cases], personal=False)
    near, over = DeadlineApproaching, DeadlinePassed
    assert [[type(each.event) for each in said[f"work-{case}"]] for case in cases] == [
        [near, near, over]
    ] * len(cases)
    found = amiss(place, written)
    assert not found, told(place, found, {})


def test_a_rebuild_is_caught_up_whoever_dies_at_it(place: Arena, written: Written) -> None:
    """Workers die as they fold into read models beside the live ones, which then take over."""
    assert not settle(place)
    owned = replace(place.office.settings, owner_database_url=place.postgres.owner_url)
    site = Site(store=place.book.store, models=place.book.models, settings=owned)
    with writers(place.book.store, place.redis.broker_url, written, -700):
        rebuild(site, REBUILT)
        with halted(place, Point.BESIDE) as halt:
            assert stands(halt), unsettled(place)
            die_before(halt)
    assert not settle(place)
    for back in (False, True):
        for name in REBUILT:
            change_over(site, name, back=back)
        found = rows_amiss(place)
        assert not found, told(place, found, {})
    for name in REBUILT:
        discard(site, name)


def rows_amiss(place: Arena) -> list[str]:
    """Return every row of a read model that is not what the log gives as far as its checkpoint."""
    return [
        f"{name}: {each}"
        for name in PROJECTIONS
        for each in verify(place.book.store, place.book.models, name)
    ]


def undone(place: Arena) -> list[str]:
    """Return what is still to be done but for what is sent, which planning alone calls for."""
    return [each for each in unsettled(place) if "settled" not in each]


def test_a_broker_that_is_away_for_long_costs_nothing_but_that_time(
    place: Arena, written: Written, pytestconfig: pytest.Config
) -> None:
    """Writers go on all the while, and no more quickly than can be told of afterwards."""
    assert not settle(place)
    staff = dict(place.staff)
    outage = pytestconfig.getoption("--outage")
    place.stop_redis()
    with writers(
        place.book.store, place.redis.broker_url, written, -1000, pause=max(PAUSE, outage / 200)
    ):
        time.sleep(outage)
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
