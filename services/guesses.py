"""How often something was tried of late, so that nobody guesses their way in.

The count is kept in Redis, for all processes together. While Redis is away each process keeps its
own: that lets through a few more tries, and never an unlimited number.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Self, cast

import structlog
from redis import Redis, RedisError

from services.pokes import redis_of

MOST: Final = 10
WINDOW_SECONDS: Final = 15 * 60
_REMEMBERED: Final = 10_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses:
    """Counts tries by subject; a subject is a token that tells nothing of a person."""

    shared: Redis | None
    _own: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def connect(cls, broker_url: str) -> Self:
        """Return the counts beside that broker, which is reached when first needed."""
        return cls(shared=redis_of(broker_url))

    def dispose(self) -> None:
        """Give every connection back."""
        if self.shared is not None:
            self.shared.close()

    def admit(self, subject: str) -> bool:
        """Count one more try; False once there were more than `MOST` within the window."""
        return self._count(f"qmas:tried:{subject}") <= MOST

    def forget(self, subject: str) -> None:
        """The subject was answered rightly: earlier tries count no more."""
        name = f"qmas:tried:{subject}"
        with self._lock:
            self._own.pop(name, None)
        try:
            if self.shared is not None:
                self.shared.delete(name)
        except (RedisError, OSError) as fault:
            # The count then runs out with its window.
            _log.warning("guesses_away", fault=type(fault).__name__)

    def _count(self, name: str) -> int:
        if self.shared is not None:
            try:
                counting = self.shared.pipeline()
                counting.incr(name)
                counting.expire(name, WINDOW_SECONDS, nx=True)
                return int(cast("int", counting.execute()[0]))
            except (RedisError, OSError) as fault:
                _log.warning("guesses_away", fault=type(fault).__name__)
        return self._count_here(name)

    def _count_here(self, name: str) -> int:
        now = time.monotonic()
        with self._lock:
            count, until = self._own.pop(name, (0, now + WINDOW_SECONDS))
            if until <= now:
                count, until = 0, now + WINDOW_SECONDS
            self._own[name] = (count + 1, until)
            while len(self._own) > _REMEMBERED:
                self._own.popitem(last=False)
        return count + 1
