"""What waits in each queue, since when, and how many workers empty it.

A long queue that moves is busy; one whose oldest message is old stands still. Workers say every few
seconds that they are there, so that a queue which nobody empties is seen before anything is late.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kombu import Connection
from redis import Redis

from services.pokes import HEADER
from services.tasks import QUEUES

PRESENT_SECONDS: Final = 15
"""How long a worker counts as there after it last said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue: `oldest_at` is when its oldest message was sent, None where none is known of."""

    name: str
    length: int
    oldest_at: float | None
    workers: int


def look(redis: Redis) -> tuple[Queue, ...]:
    """Return every queue as it is now."""
    now = time.time()
    with redis.pipeline(transaction=False) as asked:
        for name in QUEUES:
            asked.llen(name)
            asked.lindex(name, -1)  # messages are put in at the left, and taken at the right
            asked.zcount(_workers_of(name), now - PRESENT_SECONDS, "+inf")
        found: list[Any] = asked.execute()
    return tuple(
        Queue(name=name, length=length, oldest_at=_sent_at(oldest), workers=workers)
        for name, length, oldest, workers in zip(
            QUEUES, found[::3], found[1::3], found[2::3], strict=True
        )
    )


def look_through(connection: Connection) -> tuple[Queue, ...]:
    """Return every queue as a broker that is not Redis tells of it: not how old its messages are.

    A queue that nobody has made yet is empty.
    """
    return tuple(_told(connection, name) for name in QUEUES)


def _told(connection: Connection, name: str) -> Queue:
    # Each has a channel of its own, for a broker may close the one on which it knew of no queue.
    with connection.channel() as opened:
        channel: Any = opened  # it is typed as less than it is
        try:
            found = channel.queue_declare(queue=name, passive=True)
        except connection.channel_errors:
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


def _workers_of(queue: str) -> str:
    return f"qmas:workers:{queue}"


def _sent_at(message: bytes | None) -> float | None:
    if message is None:
        return None
    told = json.loads(message).get("headers", {}).get(HEADER) or {}
    return told.get("at")
