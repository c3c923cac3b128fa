"""Wakes the workers after a commit: "look at the log from your checkpoint", never a payload.

Law: a poke may be lost, doubled or late and nothing is lost, for the schedule pokes again; so a
poke never fails a command, and never delays it by more than a moment. Pokes of one task are
coalesced: while one waits for a worker, no other is sent.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

import structlog
from celery import Celery
from kombu.exceptions import KombuError
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from structlog.contextvars import get_contextvars

from services.projections.catalogue import PROJECTIONS
from services.tasks import TASKS
from services.tracing import carried

_ANSWER_SECONDS: Final = 0.25
_BACK_OFF_SECONDS: Final = 5.0
_OUTSTANDING_SECONDS: Final = 10
_AWAY: Final = (RedisError, KombuError, OSError)

_log = structlog.get_logger(__name__)


HEADER: Final = "poke"
"""The message's header that says what `header` returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poke:
    """A task to wake by name; its arguments are names, never content."""

    task: str
    args: tuple[str, ...] = ()

    @property
    def queue(self) -> str:
        """The queue that it waits in."""
        return TASKS[self.task].queue

    @property
    def flag(self) -> str:
        """The key in Redis that says that such a poke waits for a worker."""
        return flag_of(self.task, self.args)


AFTER_COMMIT: Final = (
    *(Poke(task="projections.catch_up", args=(name,)) for name in PROJECTIONS),
    Poke(task="notifications.plan"),
)
AFTER_PLANNING: Final = (Poke(task="notifications.deliver"), Poke(task="webhooks.deliver"))

AFTER_ASKING: Final = (Poke(task="codes.send"),)


def header() -> dict[str, Any]:
    """Return when a poke is sent, in seconds since 1970, whose request it follows, and its span."""
    sender = get_contextvars().get("correlation_id")
    return {"at": time.time(), "correlation_id": sender, **carried()}


def asked_by(request: Any) -> str | None:
    """Return whose request a task follows, by the headers of its message; None for nobody's."""
    return told_with(request).get("correlation_id")


def told_with(request: Any) -> dict[str, Any]:
    """Return what the `header` of a task's message said; nothing where it has none."""
    told = getattr(request, HEADER, None)
    return told if isinstance(told, dict) else {}


def flag_of(task: str, args: Sequence[str]) -> str:
    """Return the key in Redis of the outstanding poke of that task with those arguments."""
    return ":".join(("qmas", "poked", task, *args))


@dataclass(slots=True, kw_only=True)
class Pokes:
    """Sends pokes through the broker. With a broker other than Redis they are not coalesced."""

    sender: Celery
    flags: Redis | None
    _away_until: float = field(default=0.0)

    @classmethod
    def connect(cls, broker_url: str) -> Self:
        """Return the pokes of that broker, which is reached when first needed."""
        sender = Celery("qmas-pokes", broker=broker_url, set_as_current=False)
        sender.conf.update(
            broker_connection_timeout=2 * _ANSWER_SECONDS,
            broker_transport_options={
                "socket_connect_timeout": _ANSWER_SECONDS,
                "socket_timeout": _ANSWER_SECONDS,
            },
        )
        return cls(sender=sender, flags=redis_of(broker_url))

    def committed(self) -> None:
        """Whoever follows the log is woken, now or by the schedule."""
        self._send(AFTER_COMMIT)

    def planned(self) -> None:
        """Whoever delivers notifications is woken, now or by the schedule."""
        self._send(AFTER_PLANNING)

    def enquired(self) -> None:
        """Whoever sends codes is woken, now or by the schedule."""
        self._send(AFTER_ASKING)

    def started(self, task: str, args: Sequence[str]) -> None:
        """The task runs: what is committed from now on pokes it again."""
        flags = self.flags
        if flags is not None:
            self._carefully(lambda: flags.delete(flag_of(task, args)))

    def dispose(self) -> None:
        """Give every connection back."""
        self.sender.close()
        if self.flags is not None:
            self.flags.close()

    def _send(self, pokes: Sequence[Poke]) -> None:
        self._carefully(lambda: self._send_those(self._claimed(pokes)))

    def _claimed(self, pokes: Sequence[Poke]) -> Sequence[Poke]:
        """Return those of which none is outstanding, and mark them as outstanding."""
        if self.flags is None:
            return pokes
        with self.flags.pipeline(transaction=False) as pipeline:
            for poke in pokes:
                pipeline.set(poke.flag, 1, nx=True, ex=_OUTSTANDING_SECONDS)
            taken = pipeline.execute()
        return [poke for poke, was_free in zip(pokes, taken, strict=True) if was_free]

    def _send_those(self, pokes: Sequence[Poke]) -> None:
        for poke in pokes:
            self.sender.send_task(
                poke.task,
                args=poke.args,
                queue=poke.queue,
                headers={HEADER: header()},
                ignore_result=True,
                retry=True,
                retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0},
            )

    def _carefully(self, act: Callable[[], object]) -> None:
        """Do it unless the broker was just found away; that costs a command only once a while."""
        if time.monotonic() < self._away_until:
            return
        try:
            act()
        except _AWAY as fault:
            self._away_until = time.monotonic() + _BACK_OFF_SECONDS
            _log.warning("broker_away", fault=str(fault), quiet_seconds=_BACK_OFF_SECONDS)


def redis_of(broker_url: str) -> Redis | None:
    """Return a client of the broker's own Redis; None when the broker is something else."""
    parts = urlsplit(broker_url)
    if parts.scheme == "redis+socket":
        database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        broker_url = f"unix://{parts.path}?db={database}"
    elif parts.scheme not in {"redis", "rediss", "unix"}:
        return None
    return Redis.from_url(
        broker_url,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
