"""The envelope around every fact, and what a permanent wire name is.

Law: a stored event is found by its wire name and schema version, never by a class or a module
path, so that moving code can never break history.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

EventT_co = TypeVar("EventT_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The permanent name of an event and the version of its shape; a name is never reused."""

    name: str
    version: int = 1


class Recorded(NamedTuple, Generic[EventT_co]):
    """An event as the store holds it, with everything said about it.

    A tuple with names, since one is made of every event that is read, and a frozen dataclass takes
    three times as long to make.

    `event` is the fact. `effective_at` is when it happened in the world, `recorded_at` when the
    database took it, `sequenced_at` when it became visible to readers of the log. `position`
    counts the log from 1 and `version` the stream from 1; `position` and `sequenced_at` are None
    only for an event read from its stream before it was numbered. All instants are aware and UTC.
    A `personal` member of the event is None once its person has been erased.
    """

    event_id: str
    stream: str
    version: int
    event: EventT_co
    effective_at: datetime
    recorded_at: datetime
    actor: str
    role: str
    command: str
    command_id: str
    causation_id: str
    correlation_id: str
    position: int | None = None
    sequenced_at: datetime | None = None


def in_order(records: Iterable[Recorded[Any]]) -> list[Recorded[Any]]:
    """Return events in the order of the log; those with no position in it yet come last."""
    return sorted(records, key=lambda each: (each.position is None, each.position or 0))


def known_then(
    recorded: Iterable[Recorded[EventT_co]], as_of: datetime | None, believed_at: datetime | None
) -> tuple[Recorded[EventT_co], ...]:
    """Return what had taken effect at `as_of`, as far as the log showed it at `believed_at`."""
    return tuple(
        each
        for each in recorded
        if (as_of is None or each.effective_at <= as_of)
        and (
            believed_at is None
            or (each.sequenced_at is not None and each.sequenced_at <= believed_at)
        )
    )


Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the payload of one schema version into the payload of the next."""
