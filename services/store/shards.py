"""The shards of the log: which of several readers an event belongs to.

Law: whatever concerns one case, its own stream and the work on it, is of one shard, in Python and
in SQL alike, and for ever: checkpoints of readers are kept by shard, and the log keeps the checksum
that tells them apart.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime

from domain.events import Event
from domain.record import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of `of` parts of the log, counted from 0."""

    number: int
    of: int

    def has(self, stream: str) -> bool:
        """Say whether a stream is of this shard."""
        return number_of(stream, self.of) == self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a shard has between two positions of the log, up to `last` and visible then."""

    last: int
    sequenced_at: datetime | None
    events: tuple[Recorded[Event], ...]


def number_of(stream: str, of: int) -> int:
    """Return which of so many shards a stream is of, by what follows its kind."""
    return zlib.crc32(stream[stream.find("-") + 1 :].encode()) % of
