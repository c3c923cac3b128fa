"""What the store shows of itself with nothing opened: leaves, counts, keys that are gone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.store import queries
from services.store.sameness import IDENTITY

_STRIDE: Final = 100_000

Rows = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]


class Entry(NamedTuple):
    """An event as its leaf covers it: its exact text, and the instant it was recorded."""

    body: bytes
    recorded_at: datetime
    position: int


class Last(NamedTuple):
    """The last event of a stream, whatever it says."""

    version: int
    event_id: UUID
    effective_at: datetime


class Evidence:
    """What one store holds, as anybody may see it."""

    def __init__(self, rows: Rows, sequence: Callable[[], int]) -> None:
        self._rows = rows
        self._sequence = sequence

    def identity(self) -> str:
        """Return what tells the database from any other, whose copy it may be."""
        ((found,),) = self._rows(IDENTITY, {})
        return str(found)

    def keys_left(self) -> tuple[str, ...]:
        """Return the cases whose erasure is in the log while their key is there."""
        return tuple(str(each) for (each,) in self._rows(queries.ERASED_WITH_KEY, {}))

    def is_wrapped_by(self, prefixes: Sequence[bytes]) -> bool:
        """Say whether any key that is there may be wrapped by one of these master keys."""
        ((found,),) = self._rows(queries.WRAPPED_BY, {"prefixes": list(prefixes)})
        return bool(found)

    def types_of(self, streams: Sequence[str], *, sealed: bool = False) -> dict[str, int]:
        """Return how many events of each type are in these streams, or are sealed in part."""
        rows = self._rows(queries.TYPES, {"streams": list(streams), "sealed": sealed})
        return {str(name): int(count) for name, count in rows}

    def commit_with(self, stream: str, name: str) -> tuple[Entry, ...]:
        """Return the commit with a stream's last event of a type as the log has it; or `()`."""
        self._sequence()
        rows = self._rows(queries.ENTRY, {"stream": stream, "type": name})
        return tuple(Entry(*row) for row in rows)

    def last_of(self, stream: str) -> Last:
        """Return the last event of a stream that there is."""
        ((version, event_id, at),) = self._rows(queries.LAST, {"stream": stream})
        return Last(version=version, event_id=event_id, effective_at=at)

    def leaves(self, *, after: int, to: int) -> list[bytes]:
        """Return the leaves of the positions that follow `after`, up to `to`; at most 100,000."""
        given = {"after": after, "to": min(to, after + _STRIDE)}
        return [bytes(leaf) for (leaf,) in self._rows(queries.LEAVES, given)]

    def erased_at(self, reference: str) -> datetime | None:
        """Return when the key of a case was destroyed; None where it is there, or no such case."""
        rows = self._rows(queries.ERASED_AT, {"reference": reference})
        return next((at for (at,) in rows), None)
