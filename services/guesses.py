"""How often something was tried of late, so that nobody guesses their way in.

The count is kept in Redis, for all processes together, and beside it by each process of what it saw
itself. Law: while Redis is away each process admits its own share of what all may try together, and
one at least, or nobody could do what may be done once. So all of them let through no more in that
time than they may together, or than there are processes where that is more; what others let through
before is not known then. And nobody waits for a Redis that does not answer but one request in a
while, which looks whether it is back.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Self

import structlog
from redis import Redis, RedisError

from services.pokes import redis_of

_REMEMBERED: Final = 10_000
LEFT_ALONE_SECONDS: Final = 10.0
"""How long a Redis that did not answer is left alone before one request looks again."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many tries of something by one subject in a window that its first one opens."""

    name: str
    most: int
    seconds: int = 15 * 60


class Guesses:
    """Counts tries by subject; a subject is a token that tells nothing of a person.

    `sharing` is how many processes share what is admitted while Redis is away, which is then
    `left_alone` for so many seconds.
    """

    def __init__(
        self, shared: Redis | None, *, sharing: int = 1, left_alone: float = LEFT_ALONE_SECONDS
    ) -> None:
        self.shared = shared
        self._left_alone = left_alone
        self._sharing = sharing
        self._own: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = Lock()
        self._alone_until = 0.0

    @classmethod
    def connect(cls, broker_url: str, *, sharing: int = 1) -> Self:
        """Return the counts beside that broker, which is reached when first needed."""
        return cls(redis_of(broker_url), sharing=sharing)

    def dispose(self) -> None:
        """Give every connection back."""
        if self.shared is not None:
            self.shared.close()

    def admit(self, *tries: tuple[Limit, str]) -> bool:
        """Count one more try against each limit, of its subject; False when any is exceeded."""
        here = [self._count_here(limit, subject) for limit, subject in tries]
        shared = self._count_shared(tries)
        if shared is None:
            return all(
                count <= max(1, limit.most // self._sharing)
                for (limit, _), count in zip(tries, here, strict=True)
            )
        return all(count <= limit.most for (limit, _), count in zip(tries, shared, strict=True))

    def remember(self, name: str, value: str, seconds: int) -> None:
        """All processes know this for so long, where Redis answers now."""
        if self.shared is None or not self._may_ask():
            return
        try:
            self.shared.set(name, value, ex=seconds)
        except (RedisError, OSError) as fault:
            self._leave_alone(fault)

    def _count_shared(self, tries: Sequence[tuple[Limit, str]]) -> list[int] | None:
        """Return how often each was tried, by all together; None while nobody can tell."""
        if self.shared is None or not self._may_ask():
            return None
        try:
            with self.shared.pipeline() as counting:
                for limit, subject in tries:
                    # Not EXPIRE … NX, which a Redis before 7 does not know.
                    counting.set(_key(limit, subject), 0, ex=limit.seconds, nx=True)
                    counting.incr(_key(limit, subject))
                found: list[Any] = counting.execute()
        except (RedisError, OSError) as fault:
            self._leave_alone(fault)
            return None
        with self._lock:
            self._alone_until = 0.0
        return [int(count) for count in found[1::2]]

    def _leave_alone(self, fault: Exception) -> None:
        with self._lock:
            self._alone_until = time.monotonic() + self._left_alone
        _log.warning("guesses_away", fault=type(fault).__name__, seconds=self._left_alone)

    def _may_ask(self) -> bool:
        """Say whether to ask Redis: always while it answers, then one request in a while.

        Until that one has its answer the others count for themselves.
        """
        now = time.monotonic()
        with self._lock:
            if now < self._alone_until:
                return False
            if self._alone_until:
                self._alone_until = now + self._left_alone
        return True

    def _count_here(self, limit: Limit, subject: str) -> int:
        name, now = _key(limit, subject), time.monotonic()
        with self._lock:
            count, until = self._own.pop(name, (0, now + limit.seconds))
            if until <= now:
                count, until = 0, now + limit.seconds
            self._own[name] = (count + 1, until)
            while len(self._own) > _REMEMBERED:
                self._own.popitem(last=False)
        return count + 1


def _key(limit: Limit, subject: str) -> str:
    return f"qmas:tried:{limit.name}:{subject}"
