"""What can be done to an arena, and schedules of it drawn from a seed.

A schedule is the same for the same seed. What it meets is not: where a process is when it is killed
nobody decides. So a seed that found something may have to be run a few times.
"""

import contextlib
import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Final

from redis import Redis, RedisError

from services.stack import processes
from services.stack.processes import Running
from services.stack.redis import running_redis
from tests.chaos.arena import BEAT, WORKERS, Arena
from tests.chaos.harm import kill, pause
from tests.chaos.points import hurt_at_a_point
from tests.integration.receiving import Answer

SECONDS: Final = 0.3
"""How long a schedule is."""

_LONGEST: Final = 0.25
_MOST_DAYS: Final = 15
_CLIENTS: Final = """
SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'qmas-%' ORDER BY state, pid
"""

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done `at` so many seconds, to whom `luck` falls on, and undone after it `lasts`."""

    at: float
    what: str
    lasts: float
    luck: float

    def __str__(self) -> str:
        return f"{self.at:.3f} s: {self.what}, for {self.lasts:.3f} s"


def schedule(seed: int) -> tuple[Fault, ...]:
    """Return what is done in the schedule of that seed, in order."""
    chance = Random(seed)  # noqa: S311 - it must be the same again
    faults = [
        Fault(
            at=chance.uniform(0, SECONDS),
            what=chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0],
            lasts=chance.uniform(0.01, _LONGEST),
            luck=chance.random(),
        )
        for _ in range(chance.randint(2, 4))
    ]
    return tuple(sorted(faults, key=lambda fault: fault.at))


def suffer(arena: Arena, faults: Sequence[Fault]) -> None:
    """The schedule was gone through, and everything runs again."""
    began = time.monotonic()
    undone: list[tuple[float, Undo]] = []
    for fault in faults:
        _undo(undone, began + fault.at)
        _sleep_until(began + fault.at)
        undo = _ACTS[fault.what](arena, fault.luck)
        if undo is not None:
            undone.append((began + fault.at + fault.lasts, undo))
    _undo(undone, math.inf)
    _sleep_until(began + SECONDS)
    arena.revive()


def _undo(undone: list[tuple[float, Undo]], until: float) -> None:
    for when, undo in sorted(undone, key=lambda each: each[0]):
        if when <= until:
            _sleep_until(when)
            undo()
            undone.remove((when, undo))


def _sleep_until(when: float) -> None:
    time.sleep(max(0.0, when - time.monotonic()))


def _one_of(found: Sequence[Running], luck: float) -> Running | None:
    return found[int(luck * len(found))] if found else None


def _worker(arena: Arena, luck: float) -> Running | None:
    return _one_of([arena.staff[name] for name in WORKERS], luck)


def _child(arena: Arena, luck: float) -> Running | None:
    return _one_of(arena.children(), luck)


def _backend(arena: Arena, luck: float) -> Running | None:
    since = arena.postgres.process.since
    found = (processes.known_by(pid, since=since) for (pid,) in arena.asked(_CLIENTS))
    return _one_of([each for each in found if each], luck)


def _kill_worker(arena: Arena, luck: float) -> Undo:
    kill(_worker(arena, luck))
    return arena.hire


def _kill_beat(arena: Arena, _: float) -> Undo:
    kill(arena.staff[BEAT])
    return arena.hire


def _end_backend(arena: Arena, luck: float) -> None:
    process = _backend(arena, luck)
    if process is not None:
        arena.asked(f"SELECT pg_terminate_backend({process.pid})")


def _flush_redis(arena: Arena, _: float) -> None:
    with (
        contextlib.suppress(RedisError),
        Redis.from_url(arena.redis.url, socket_timeout=1) as redis,
    ):
        redis.flushall()


def _kill_redis(arena: Arena, _: float) -> Undo:
    kill(running_redis(arena.redis.places))
    return arena.revive


def _kill_postgres(arena: Arena, _: float) -> Undo:
    """End the server as a crash does: nobody is told, nothing is written."""
    processes.send(arena.postgres.process, signal.SIGKILL)
    return arena.revive


def _let_days_pass(arena: Arena, luck: float) -> None:
    arena.let_days_pass(1 + int(luck * _MOST_DAYS))
    arena.tell_of_days(times=2)


def _fail_mail(arena: Arena, luck: float) -> None:
    answers = ("450 later", None, "550 no", None, "451 busy")
    chosen = answers[int(luck * len(answers))]
    arena.mail.to_message.extend([chosen] * (1 + int(luck * 100) % 3))


def _fail_calls(arena: Arena, luck: float) -> None:
    status = (503, None, 404, None, 500)[int(luck * 5)]
    arena.calls.answers.extend([Answer(status=status)] * (1 + int(luck * 100) % 3))


_ACTS: Final[Mapping[str, Callable[[Arena, float], Undo | None]]] = MappingProxyType(
    {
        "kill a worker's process": lambda arena, luck: kill(_child(arena, luck)),
        "pause a worker's process": lambda arena, luck: pause(_child(arena, luck)),
        "kill a worker": _kill_worker,
        "pause a worker": lambda arena, luck: pause(_worker(arena, luck)),
        "kill beat": _kill_beat,
        "pause beat": lambda arena, _: pause(arena.staff[BEAT]),
        "flush Redis": _flush_redis,
        "pause Redis": lambda arena, _: pause(running_redis(arena.redis.places)),
        "kill Redis": _kill_redis,
        "end a session of the database": _end_backend,
        "pause a session of the database": lambda arena, luck: pause(_backend(arena, luck)),
        "crash a session of the database": lambda arena, luck: kill(_backend(arena, luck)),
        "kill PostgreSQL": _kill_postgres,
        "hurt all at a point": hurt_at_a_point,
        "let days pass": _let_days_pass,
        "fail mail": _fail_mail,
        "fail calls": _fail_calls,
    }
)
_WEIGHTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "kill a worker's process": 12,
        "pause a worker's process": 6,
        "kill a worker": 3,
        "pause a worker": 4,
        "kill beat": 2,
        "pause beat": 2,
        "flush Redis": 5,
        "pause Redis": 3,
        "kill Redis": 2,
        "end a session of the database": 8,
        "pause a session of the database": 5,
        "crash a session of the database": 2,
        "kill PostgreSQL": 1,
        "hurt all at a point": 8,
        "let days pass": 4,
        "fail mail": 5,
        "fail calls": 4,
    }
)
