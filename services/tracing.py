"""Spans from a request to its letters, for whoever runs a collector; nothing where nobody does.

Law: without a collector every function here returns at once and OpenTelemetry is not imported; with
one, whatever becomes of it, no request, task or letter fails or waits for it. A span names routes,
commands, tasks, effects and ids, and nothing that is said of a person.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import structlog

if TYPE_CHECKING:
    from domain.record import Recorded
    from services.notifications.replies import Reply
    from services.settings import Settings
    from services.spans import Spans
    from services.store.commit import Commit

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")

_log: Final = structlog.get_logger(__name__)

_spans: "Spans | None" = None


class Repeatable(Protocol):
    """An answer that says whether it had been given before."""

    @property
    def repeated(self) -> bool:
        """True when nothing was done this time."""


Later = Callable[[Callable[[], None]], None]
"""Takes what is to be called later."""

_R = TypeVar("_R", bound=Repeatable)
_T = TypeVar("_T")


def start(settings: "Settings", role: str) -> None:
    """This process tells its spans, as the part `role` of the system, if a collector is named.

    Called in the process that does the work: what is started before a fork is of the parent.
    """
    global _spans  # noqa: PLW0603 - spans are of the process, as its log is
    if not settings.collector_url or _spans is not None:
        return
    from services.spans import Spans  # noqa: PLC0415 - costs a start what only few want

    name = settings.environ.get("OTEL_SERVICE_NAME") or f"qmas-{role}"
    try:
        _spans = Spans.to(settings.collector_url, name)
    except ValueError as fault:
        _log.error("spans_not_told", fault=str(fault), remedy="mend the settings named OTEL_…")
        return
    # Web processes are children of multiprocessing, which leave out what `atexit` knows.
    Finalize(None, stop, exitpriority=0)


def stop() -> None:
    """No spans are told from now on; the last ones have a moment to be taken."""
    global _spans
    ended, _spans = _spans, None
    if ended is not None:
        ended.close()


def is_on() -> bool:
    """Say whether anybody is told."""
    return _spans is not None


def trace_named(traceparent: str) -> str | None:
    """Return the trace that a `traceparent` of W3C Trace Context names; None where it is none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if (
        found is None
        or traceparent.startswith("ff")
        or not (int(found[1], 16) and int(found[2], 16))
    ):
        return None
    return found[1]


def request_begun(
    method: str, route: str, correlation_id: str, traceparent: str
) -> Callable[[int], None]:
    """A request is being answered; call what is returned with the status, in the same thread."""
    if _spans is None:
        return _untold
    return _spans.request(method, route, correlation_id, traceparent)


@contextmanager
def step(name: str) -> Iterator[None]:
    """A step of something greater: reading a case, deciding."""
    if _spans is None:
        yield
    else:
        with _spans.step(name):
            yield


def named(command: object) -> None:
    """The step that is under way carries out this command."""
    if _spans is not None:
        _spans.rename(f"command {type(command).__name__}", {"qmas.command": type(command).__name__})


def at_once(tell: Callable[[], None]) -> None:
    """What is appended is kept when the append is over, so that it can be told."""
    tell()


def recorded(commit: "Commit", append: Callable[[], _R], when_kept: Later = at_once) -> _R:
    """Return what `append` does; the commit's span can be found by whoever reads its events.

    `when_kept` is given what tells of it, to be called if and when the commit cannot be undone.
    """
    if _spans is None:
        return append()
    return _spans.recorded(commit, append, when_kept)


def carried() -> dict[str, str]:
    """Return what a message says of the span that sends it, for `turn` at the other end."""
    return {} if _spans is None else _spans.carried()


def turn(task: str, args: tuple[Any, ...], told: Mapping[str, str], work: Callable[[], _T]) -> _T:
    """Return what a worker's turn gives; `told` is what the sender of its message `carried`."""
    if _spans is None:
        return work()
    return _spans.turn(task, args, told, work)


def handed_over(
    name: str, cause: "Recorded[Any] | None", about: Mapping[str, Any], send: Callable[[], "Reply"]
) -> "Reply":
    """Return the reply to what is sent because of an event, told in the trace of that event."""
    if _spans is None:
        return send()
    return _spans.handed_over(name, cause, about, send)


def _untold(_: int) -> None:
    """Nobody is told how a request ended."""
