"""What a writer hands to the store, and what it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.events import Event

JSON = Any
"""Whatever `json.dumps` takes: the annotation cannot say more without recursion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A fact and the aware instant at which it became true in the world."""

    event: Event
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWrite:
    """Events for the end of one stream, if it is at version `expected`; 0 is a new stream."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]

    def __post_init__(self) -> None:
        if self.expected < 0:
            raise ValueError(f"{self.stream}: versions count from 1, 0 means a new stream")
        if not self.events:
            raise ValueError(f"{self.stream}: a write holds at least one event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What one command writes, all or nothing.

    `fingerprint` (1 to 64 bytes) is equal only for commands of equal content. `result` is what a
    repeat of the command is answered with, and holds nothing personal. The keys in `reserve` are
    this commit's alone until another one names them in `release`; releasing comes first. The keys
    of the cases in `destroy` are destroyed with this commit: nobody reads what was personal there.
    """

    command_id: UUID
    fingerprint: bytes
    writes: tuple[StreamWrite, ...]
    actor: str
    role: str
    command: str
    causation_id: UUID | str
    correlation_id: str
    result: Mapping[str, JSON] = field(default_factory=dict)
    reserve: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    destroy: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len({write.stream for write in self.writes}) != len(self.writes):
            raise ValueError("a commit writes to each stream once")
        if not self.writes:
            raise ValueError("a commit writes at least one event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The commit is stored; `repeated` when it was before, and `result` is the first one's."""

    commit_id: int
    result: Mapping[str, JSON]
    repeated: bool
