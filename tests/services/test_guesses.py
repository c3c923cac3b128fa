"""Limits on tries: counted by all together, and by each process for itself while Redis is away."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pytest
from redis import Redis
from structlog.testing import capture_logs

from services.guesses import Guesses, Limit
from services.pokes import redis_of
from services.stack.redis import RedisServer, start_redis, stop_redis

FEW = Limit(name="few", most=4)


@pytest.fixture
def redis(open_folder: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own, which it may stop."""
    server = start_redis(open_folder / "home")
    yield server
    stop_redis(open_folder / "home")


def _admitted(guesses: Guesses, times: int, subject: str = "one") -> int:
    return sum(guesses.admit((FEW, subject)) for _ in range(times))


def test_all_processes_count_together(redis_server: RedisServer) -> None:
    subject = token_hex(8)
    one, two = (Guesses.connect(redis_server.broker_url, sharing=2) for _ in range(2))
    assert [_admitted(each, 3, subject) for each in (one, two, one)] == [3, 1, 0]
    one.dispose()
    two.dispose()


def test_whoever_exceeds_one_of_several_limits_is_not_admitted(redis_server: RedisServer) -> None:
    subject, other = token_hex(8), token_hex(8)
    guesses = Guesses.connect(redis_server.broker_url)
    wide = Limit(name="wide", most=6)
    found = [guesses.admit((FEW, subject), (wide, other)) for _ in range(5)]
    assert found == [True] * 4 + [False]
    assert guesses.admit((wide, other))
    assert not guesses.admit((wide, other))
    guesses.dispose()


def test_a_window_ends(redis_server: RedisServer) -> None:
    subject = token_hex(8)
    guesses = Guesses.connect(redis_server.broker_url)
    _admitted(guesses, 2, subject)
    shared = redis_of(redis_server.broker_url)
    assert isinstance(shared, Redis)
    left = shared.ttl(f"qmas:tried:few:{subject}")
    assert isinstance(left, int)
    assert 0 < left <= FEW.seconds
    shared.close()
    guesses.dispose()


def test_a_redis_that_is_gone_leaves_each_process_its_share(redis: RedisServer) -> None:
    guesses = Guesses.connect(redis.broker_url, sharing=2)
    assert _admitted(guesses, 1) == 1
    stop_redis(redis.places.home)
    # What was tried before counts on, and half of four is two.
    assert _admitted(guesses, 4) == 1
    assert _admitted(guesses, 4, "two") == 2
    guesses.dispose()


def test_a_share_is_one_at_least_and_never_more_than_its_part_where_that_is_more(
    redis: RedisServer,
) -> None:
    stop_redis(redis.places.home)
    for sharing, admitted in ((16, 1), (5, 1), (4, 1), (3, 1), (2, 2)):
        guesses = Guesses.connect(redis.broker_url, sharing=sharing)
        assert _admitted(guesses, 4) == admitted
        guesses.dispose()


def test_a_redis_that_hangs_is_asked_once_and_then_left_alone(redis: RedisServer) -> None:
    guesses = Guesses.connect(redis.broker_url, sharing=2)
    assert _admitted(guesses, 1) == 1
    with _paused(redis), capture_logs() as logs:
        assert _admitted(guesses, 50, "two") == 2
        assert _admitted(guesses, 50, "three") == 2
    assert [each["event"] for each in logs] == ["guesses_away"]
    guesses.dispose()


def test_a_redis_that_comes_back_counts_again(redis: RedisServer) -> None:
    guesses = Guesses(redis_of(redis.broker_url), sharing=4, left_alone=0.0)
    with _paused(redis):
        assert _admitted(guesses, 2) == 1
    assert _admitted(guesses, 6, "three") == FEW.most
    guesses.dispose()


@contextmanager
def _paused(redis: RedisServer) -> Iterator[None]:
    os.kill(redis.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(redis.process.pid, signal.SIGCONT)
