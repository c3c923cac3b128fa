"""What the event store can refuse or find broken.

StoreFault
├── Conflict            a stream is not at the version the writer expected
├── Reserved            a unique key is held by another commit
├── CommandReused       a command's id came again with other content
├── KeyDestroyed        personal data for a case whose key was destroyed
├── Unwritable          an event that could not be read back as it was
├── LogCorrupt          the log has a gap, or a row without its event
├── EventUnreadable     a stored event that this program cannot read
│   └── EventOfLater    one that a later version of it can
├── StoreUnreachable    the database did not answer
└── MigrationFault      the schema is not, and could not be brought, up to date
"""

from domain.errors import Reportable


class StoreFault(Reportable):
    """The event store refused, or could not answer."""


class Conflict(StoreFault):
    """The stream is at `actual`, not at `expected`: read it again and decide anew."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not at {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class Reserved(StoreFault):
    """Other commits hold these keys and have not released them."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(f"already reserved: {', '.join(keys)}")
        self.keys = keys


class CommandReused(StoreFault):
    """This command's id was used before, for a command with other content."""

    def __init__(self, command_id: str) -> None:
        super().__init__(f"command {command_id} was carried out before with other content")
        self.command_id = command_id


class KeyDestroyed(StoreFault):
    """The key of this case was destroyed, so nothing personal can be written to it."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"the personal data of case {reference} was erased for good")
        self.reference = reference


class Unwritable(StoreFault):
    """The event could not be read back as it is, so it is not written."""


class LogCorrupt(StoreFault):
    """The log has a gap, or a row without its event: `position` is the first one missing."""

    def __init__(self, position: int) -> None:
        super().__init__(f"position {position} of the log is missing: restore it from a backup")
        self.position = position


class EventUnreadable(StoreFault):
    """A stored event that this program cannot read; `where` is its stream and version."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"event {where} cannot be read: {reason}")
        self.where = where
        self.reason = reason


class EventOfLater(EventUnreadable):
    """A later version of this program has recorded the event, and can read it."""


class StoreUnreachable(StoreFault):
    """The database did not answer, so it is not known whether a commit was taken: try it again."""


class MigrationFault(StoreFault):
    """The database's schema is not what this program needs."""
