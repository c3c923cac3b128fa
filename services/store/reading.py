"""Events as they were read: by their streams, or one after another as the log has them."""

from collections.abc import Sequence
from typing import TypeVar

from domain.events import Event
from domain.record import Recorded
from services.store.errors import LogCorrupt, StoreUnreachable

_RowT = TypeVar("_RowT")


def present(row: _RowT | None) -> _RowT:
    """Return the one row that there always is; raise `StoreUnreachable` where there is none."""
    if row is None:
        raise StoreUnreachable("the database answered with no row where there is always one")
    return row


def by_stream(
    streams: Sequence[str], read: tuple[Recorded[Event], ...]
) -> dict[str, tuple[Recorded[Event], ...]]:
    """Return what was read of each stream, in its order; `()` for one of which nothing was."""
    found: dict[str, list[Recorded[Event]]] = {stream: [] for stream in streams}
    for recorded in read:
        found[recorded.stream].append(recorded)
    return {stream: tuple(events) for stream, events in found.items()}


def contiguous(after: int, read: tuple[Recorded[Event], ...]) -> tuple[Recorded[Event], ...]:
    """Return what was read of the log behind a position, or raise `LogCorrupt` at a gap."""
    for position, recorded in enumerate(read, start=after + 1):
        if recorded.position != position:
            raise LogCorrupt(position)
    return read
