"""Many processes that do the same thing for the same seconds, and how often they did it."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Act = Callable[[], object]
Prepare = Callable[..., Act]
"""Called in the new process with its number and the crowd's arguments; returns what to repeat."""

_WARM_UP = 30
_PATIENCE = 300.0  # seconds in which the last process has begun, on a machine with much else to do


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """What each process of a crowd is to do, and where it meets the others."""

    prepare: Prepare
    given: tuple[Any, ...]
    seconds: float
    barrier: Any
    counts: Any


def rate(prepare: Prepare, *given: Any, number: int, seconds: float) -> float:
    """How often a second `number` processes together did it."""
    context = multiprocessing.get_context("spawn")
    counts = context.Queue()
    task = _Task(
        prepare=prepare,
        given=given,
        seconds=seconds,
        barrier=context.Barrier(number),
        counts=counts,
    )
    crowd = [context.Process(target=_repeat, args=(task, who)) for who in range(number)]
    for each in crowd:
        each.start()
    done = [float(counts.get(timeout=_PATIENCE + seconds)) for _ in crowd]
    for each in crowd:
        each.join()
    return sum(done)


def _repeat(task: _Task, who: int) -> None:
    act = task.prepare(who, *task.given)
    for _ in range(_WARM_UP):
        act()
    task.barrier.wait(_PATIENCE)
    begun, done = time.monotonic(), 0
    while time.monotonic() - begun < task.seconds:
        act()
        done += 1
    task.counts.put(done / (time.monotonic() - begun))
