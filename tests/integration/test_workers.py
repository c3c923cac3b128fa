"""Worker processes: woken by pokes and by the schedule, killed at any moment, nothing lost."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from celery import Celery
from redis import Redis
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from services.pokes import AFTER_COMMIT, AFTER_PLANNING, Pokes, flag_of
from services.projections import queries, runner
from services.projections.verify import verify
from services.queues import PRESENT_SECONDS, look, moved, tell
from services.settings import Settings
from services.tasks import QUEUES
from tests.conftest import TestDatabase
from tests.integration.working import Workplace, workplace
from tests.services.casebook import Casebook, history, reference
from workers.app import configuration
from workers.beat import ENOUGH, SparingScheduler
from workers.queues import ROUTES
from workers.schedule import EVERY_SECONDS, EXPIRES_SECONDS, SCHEDULE

CASES = 60


@pytest.fixture
def place(tmp_path: Path, database: TestDatabase) -> Iterator[Workplace]:
    with workplace(tmp_path / "home", database.app_url) as made:
        yield made


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    yield made
    made.close()


@pytest.fixture
def pokes(place: Workplace) -> Iterator[Pokes]:
    made = Pokes.connect(place.broker_url)
    yield made
    made.dispose()


@pytest.fixture
def redis(place: Workplace) -> Iterator[Redis]:
    client = Redis.from_url(place.redis.url)
    yield client
    client.close()


def load(book: Casebook, pokes: Pokes, numbers: range) -> None:
    """Write one case after another, event by event, with a poke after each commit."""
    for number in numbers:
        for version, event in enumerate(history(number)):
            book.write(f"case-{reference(number)}", [event], after=version)
            pokes.committed()


def caught_up(book: Casebook) -> bool:
    book.store.sequence()
    return all(not queries.freshness(book.models, name).lag for name in runner.PROJECTIONS)


def wrong(book: Casebook) -> list[str]:
    """Return every difference between the read models and a fold of the log from nothing."""
    return [
        str(each) for name in runner.PROJECTIONS for each in verify(book.store, book.models, name)
    ]


def test_a_commit_wakes_the_workers_without_the_schedule(
    place: Workplace, book: Casebook, pokes: Pokes
) -> None:
    worker = place.hire(beat=False)
    load(book, pokes, range(3))
    place.until(lambda: caught_up(book))
    assert wrong(book) == []
    assert worker.stop() == 0


def test_the_schedule_alone_brings_everything_up_to_date(place: Workplace, book: Casebook) -> None:
    book.write(f"case-{reference(1)}", history(1))
    place.hire()
    place.until(lambda: caught_up(book))
    assert wrong(book) == []


def test_killing_the_worker_in_the_middle_of_a_load_loses_and_doubles_nothing(
    place: Workplace, book: Casebook, pokes: Pokes
) -> None:
    loading = Thread(target=load, args=(book, pokes, range(CASES)))
    loading.start()
    for share in (0.1, 0.3, 0.5):
        worker = place.hire()
        place.until(lambda share=share: _folded(book) > share * 12 * CASES or caught_up(book))
        worker.kill()
    loading.join()
    place.hire()
    place.until(lambda: caught_up(book))
    # Whoever runs for a minute is told of deadlines too, which stand in the work on the cases.
    assert sum(book.store.stream_version(f"case-{reference(each)}") for each in range(CASES)) == (
        12 * CASES
    )
    assert wrong(book) == []


def _folded(book: Casebook) -> int:
    return queries.freshness(book.models, "case-list").position


def test_flushing_redis_in_the_middle_of_a_load_loses_nothing(
    place: Workplace, book: Casebook, pokes: Pokes, redis: Redis
) -> None:
    place.hire()
    loading = Thread(target=load, args=(book, pokes, range(CASES)))
    loading.start()
    while loading.is_alive():
        redis.flushall()
        loading.join(0.05)
    redis.flushall()
    place.until(lambda: caught_up(book))
    assert wrong(book) == []


def test_a_broker_that_goes_and_comes_back_stops_neither_commands_nor_workers(
    place: Workplace, book: Casebook, pokes: Pokes
) -> None:
    worker = place.hire()
    load(book, pokes, range(2))
    place.until(lambda: caught_up(book))
    place.stop_redis()
    load(book, pokes, range(2, 4))
    place.start_redis()
    load(book, pokes, range(4, 6))
    place.until(lambda: caught_up(book))
    assert worker.process.poll() is None
    assert wrong(book) == []


def test_a_stopped_projection_shouts_in_the_log_one_json_object_a_line(
    place: Workplace, book: Casebook, database: TestDatabase
) -> None:
    book.write(f"case-{reference(1)}", history(1))
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        admin.execute(
            "UPDATE events SET body = replace(body::text, 'case-selected', 'unheard-of')::json"
            " WHERE version = 6"
        )
    worker = place.hire()
    place.until(lambda: "case-list stopped before position 6" in worker.log.read_text())
    assert worker.stop() == 0
    text = worker.log.read_text()
    said = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    shouts = [each for each in said if "before position 6" in str(each)]
    assert {each["level"] for each in shouts} == {"error"}
    assert {each["task"] for each in shouts} == {"projections.catch_up"}
    assert queries.freshness(book.models, "case-list").position == 5
    assert "Carter" not in text


def test_what_a_worker_logs_names_the_request_that_it_follows(
    place: Workplace, book: Casebook, pokes: Pokes, database: TestDatabase
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("REVOKE SELECT ON projection_checkpoints FROM qmas_app")
    worker = place.hire(beat=False)
    book.write(f"case-{reference(1)}", history(1))
    with bound_contextvars(correlation_id="the request of a test"):
        pokes.committed()
    place.until(lambda: "permission denied" in worker.log.read_text())
    worker.stop()
    lines = [json.loads(each) for each in worker.log.read_text().splitlines() if each[:1] == "{"]
    faults = [each for each in lines if "permission denied" in str(each)]
    assert {each["correlation_id"] for each in faults} == {"the request of a test"}


def test_processes_share_no_connection(place: Workplace) -> None:
    worker = place.hire(beat=False, app="tests.integration.early_office")
    used = place.folder / "used"
    place.until(lambda: len(used.read_text().splitlines() if used.exists() else ()) > 2)
    worker.stop()
    parent, *children = (set(json.loads(line)) for line in used.read_text().splitlines())
    assert len(parent) > 4
    assert not set.intersection(parent, children[0])
    assert not set.intersection(parent, children[1])
    assert not set.intersection(children[0], children[1])


def test_pokes_that_nobody_takes_wait_once_each(pokes: Pokes, redis: Redis) -> None:
    for _ in range(5):
        pokes.committed()
    assert redis.llen("projections") == len(runner.PROJECTIONS)
    assert redis.llen("notifications") == 1


def test_a_queue_tells_since_when_its_oldest_message_waits(pokes: Pokes, redis: Redis) -> None:
    before = time.time()
    pokes.committed()
    between = time.time()
    pokes.started("projections.catch_up", ["case-list"])
    pokes.committed()
    queues = {each.name: each for each in look(redis)}
    assert set(queues) == set(QUEUES)
    assert queues["projections"].length == len(runner.PROJECTIONS) + 1
    assert before <= (queues["projections"].oldest_at or 0) <= between
    assert (queues["store"].length, queues["store"].oldest_at) == (0, None)


def test_a_queue_of_which_turns_begin_or_end_does_not_stand_still(
    pokes: Pokes, redis: Redis
) -> None:
    pokes.committed()
    waits = next(each for each in look(redis) if each.name == "projections")
    assert waits.still_since() == waits.oldest_at
    for ended in (False, True):
        before = time.time()
        moved(redis, "projections", ended=ended)
        moves = next(each for each in look(redis) if each.name == "projections")
        assert moves.oldest_at == waits.oldest_at
        assert before <= (moves.still_since() or 0) <= time.time()
        assert moves.turns == int(ended)
    moved(redis, "store", ended=True)
    assert {each.name: each.still_since() for each in look(redis)}["store"] is None


def test_workers_say_that_their_queues_move(place: Workplace, pokes: Pokes, redis: Redis) -> None:
    place.hire(beat=False)
    pokes.committed()
    wanted = {"projections": len(runner.PROJECTIONS), "notifications": 1}
    place.until(lambda: all(each.turns >= wanted.get(each.name, 0) for each in look(redis)))
    found = {each.name: each for each in look(redis)}
    assert all(found[name].moved_at for name in wanted)
    assert (found["store"].turns, found["store"].moved_at) == (0, 0)


def test_workers_say_which_queues_they_empty(place: Workplace, redis: Redis) -> None:
    assert {each.workers for each in look(redis)} == {0}
    place.hire(beat=False)
    place.until(lambda: {each.workers for each in look(redis)} == {1})
    place.hire(beat=False)
    place.until(lambda: {each.workers for each in look(redis)} == {2})


def test_a_worker_that_is_silent_counts_no_more(redis: Redis) -> None:
    redis.zadd("qmas:workers:store", {"long gone": time.time() - PRESENT_SECONDS - 1})
    tell(redis, "present", ["store"])
    assert {each.name: each.workers for each in look(redis)}["store"] == 1


def test_a_task_that_started_can_be_poked_again(pokes: Pokes, redis: Redis) -> None:
    pokes.committed()
    pokes.started("projections.catch_up", ["case-list"])
    pokes.committed()
    assert redis.llen("projections") == len(runner.PROJECTIONS) + 1


def test_a_forgotten_flag_ends_by_itself(pokes: Pokes, redis: Redis) -> None:
    pokes.committed()
    for poke in AFTER_COMMIT:
        assert 0 < redis.ttl(poke.flag) <= 10


def test_a_broker_that_is_away_is_told_of_once_and_then_left_alone(
    place: Workplace, pokes: Pokes
) -> None:
    place.stop_redis()
    with capture_logs() as logs:
        for _ in range(20):
            pokes.committed()
    assert [each["event"] for each in logs] == ["broker_away"]


def test_every_poke_is_flagged_by_its_task_and_what_it_names() -> None:
    for poke in (*AFTER_COMMIT, *AFTER_PLANNING):
        assert poke.flag == flag_of(poke.task, poke.args)


def test_the_schedule_pokes_whatever_a_commit_pokes() -> None:
    scheduled = {(each["task"], each["args"]) for each in SCHEDULE.values()}
    assert {(poke.task, poke.args) for poke in (*AFTER_COMMIT, *AFTER_PLANNING)} <= scheduled
    assert {task for task, _ in scheduled} == set(ROUTES)


def test_what_is_scheduled_outlives_clocks_that_differ_by_seconds() -> None:
    for each in SCHEDULE.values():
        assert each["options"]["expires"] >= max(EXPIRES_SECONDS, 2 * each["schedule"])
    assert EXPIRES_SECONDS > 10 * EVERY_SECONDS


def test_the_schedule_piles_nothing_up_for_a_worker_that_is_away(
    place: Workplace, redis: Redis, settings: Settings
) -> None:
    beating = Celery("beating", set_as_current=False)
    beating.conf.update(configuration(replace(settings, broker_url=place.broker_url)))
    scheduler = SparingScheduler(app=beating, schedule_filename=str(place.folder / "beat"))
    for _ in range(2 * ENOUGH):
        for entry in scheduler.schedule.values():
            scheduler.apply_async(entry, advance=False)
    assert {name: redis.llen(name) for name in QUEUES} == dict.fromkeys(QUEUES, ENOUGH)
    assert all(each.oldest_at for each in look(redis))  # beat says when it sent them, too
    redis.flushall()
    for entry in scheduler.schedule.values():
        scheduler.apply_async(entry, advance=False)  # as soon as there is room again
    assert redis.llen("projections") == len(runner.PROJECTIONS)
    scheduler.close()
    beating.close()


@pytest.mark.parametrize("started_anew", [False, True])
def test_a_clock_that_goes_back_does_not_silence_the_schedule(
    place: Workplace, redis: Redis, settings: Settings, *, started_anew: bool
) -> None:
    beating = Celery("beating", set_as_current=False)
    beating.conf.update(configuration(replace(settings, broker_url=place.broker_url)))
    file = str(place.folder / "beat")
    scheduler = SparingScheduler(app=beating, schedule_filename=file)
    scheduler.tick()
    before_it_went_back(scheduler)
    if started_anew:
        scheduler.close()
        scheduler = SparingScheduler(app=beating, schedule_filename=file)
    with capture_logs() as logs:
        scheduler.tick()
        assert redis.llen("projections") == 0  # each counts as sent now
        until = time.monotonic() + 10 * EVERY_SECONDS
        while redis.llen("projections") < len(runner.PROJECTIONS):
            assert time.monotonic() < until
            time.sleep(max(scheduler.tick(), 0))
    assert [each["event"] for each in logs].count("clock_went_back") == 1
    scheduler.close()
    beating.close()


def before_it_went_back(scheduler: SparingScheduler) -> None:
    """Leave everything as if it had been sent by a clock that was an hour ahead."""
    ahead = timedelta(hours=1)
    for entry in scheduler.schedule.values():
        entry.last_run_at = entry.default_now() + ahead
    scheduler.populate_heap()
