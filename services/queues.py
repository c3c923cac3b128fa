"""What waits in each queue, since when, how many workers empty it, and whether it moves.

A queue of which turns begin and end is busy, however old its oldest message is: each turn does all
that there is to do, and what waits behind it wakes somebody once more. One in which something
waits while no turn begins or ends stands still. Workers say every few seconds that they are there,
so that a queue which nobody empties is seen before anything is late.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kombu import Connection
from kombu.exceptions import OperationalError
from redis import Redis

from services.pokes import HEADER
from services.tasks import QUEUES

_TURNS: Final = "qmas:turns"
_MOVED: Final = "qmas:moved"
_NO_SUCH_QUEUE: Final = "404"  # AMQP's own code

PRESENT_SECONDS: Final = 15
"""How long a worker counts as there after it last said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue: `oldest_at` is when its oldest message was sent, None where none is known of.

    `turns` is how many of its tasks ended, `moved_at` when one last began or ended: 0 where that
    is not known.
    """

    name: str
    length: int
    oldest_at: float | None
    workers: int
    turns: int = 0
    moved_at: float = 0.0

    def still_since(self) -> float | None:
        """Return since when something waits and nothing moves, None where nothing waits."""
        return None if self.oldest_at is None else max(self.oldest_at, self.moved_at)


def look(redis: Redis) -> tuple[Queue, ...]:
    """Return every queue as it is now."""
    now = time.time()
    with redis.pipeline(transaction=False) as asked:
        for name in QUEUES:
            asked.llen(name)
            asked.lindex(name, -1)  # messages are put in at the left, and taken at the right
            asked.zcount(_workers_of(name), now - PRESENT_SECONDS, "+inf")
            asked.hget(_TURNS, name)
            asked.hget(_MOVED, name)
        found: list[Any] = asked.execute()
    return tuple(
        Queue(
            name=name,
            length=length,
            oldest_at=_sent_at(oldest),
            workers=workers,
            turns=int(turns or 0),
            moved_at=float(moved or 0),
        )
        for name, length, oldest, workers, turns, moved in zip(
            QUEUES, *(found[each::5] for each in range(5)), strict=True
        )
    )


def look_through(connection: Connection) -> tuple[Queue, ...]:
    """Return every queue as a broker that is not Redis tells of it: not how old its messages are.

    A queue that nobody has made yet is empty. Raises kombu's `OperationalError` where the broker
    goes away meanwhile or does not let us look.
    """
    try:
        return tuple(_told(connection, name) for name in QUEUES)
    except (*connection.connection_errors, *connection.channel_errors) as fault:
        raise OperationalError(str(fault)) from fault


def _told(connection: Connection, name: str) -> Queue:
    # Each has a channel of its own, for a broker may close the one on which it knew of no queue.
    with connection.channel() as opened:
        channel: Any = opened  # it is typed as less than it is
        try:
            found = channel.queue_declare(queue=name, passive=True)
        except connection.channel_errors as fault:
            if str(getattr(fault, "reply_code", "")) != _NO_SUCH_QUEUE:
                raise
            return Queue(name=name, length=0, oldest_at=None, workers=0)
    return Queue(
        name=name, length=found.message_count, oldest_at=None, workers=found.consumer_count
    )


def tell(redis: Redis, worker: str, queues: Iterable[str]) -> None:
    """A worker of that name empties these queues, and is there now."""
    now = time.time()
    with redis.pipeline(transaction=False) as told:
        for name in queues:
            told.zadd(_workers_of(name), {worker: now})
            told.zremrangebyscore(_workers_of(name), "-inf", now - PRESENT_SECONDS)
        told.execute()


def moved(redis: Redis, queue: str, *, ended: bool) -> None:
    """A turn of that queue begins now, or has ended."""
    with redis.pipeline(transaction=False) as told:
        told.hset(_MOVED, queue, time.time())
        if ended:
            told.hincrby(_TURNS, queue)
        told.execute()


def _workers_of(queue: str) -> str:
    return f"qmas:workers:{queue}"


def _sent_at(message: bytes | None) -> float | None:
    """When a message was sent; None where nothing says so, as where it is no message of ours."""
    if message is None:
        return None
    try:
        return float(json.loads(message)["headers"][HEADER]["at"])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return None
