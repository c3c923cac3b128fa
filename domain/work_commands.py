"""What officers ask for in their work on cases, in the imperative of the office.

As in `commands.py`, a command holds only what its sender decides.
"""

from dataclasses import dataclass
from datetime import date

from domain.application import Route
from domain.data_access import AccessChannel, AccessGround, AccessOutcome, KeptBack
from domain.stages import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCase:
    """Give the case to an officer, whoever has it."""

    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCase:
    """Take a case that nobody has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCase:
    """Put a case of one's own back into the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverCase:
    """Hand a case of one's own over to another officer."""

    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCase:
    """Return a case of one's own to whoever handed it over, else to the queue, with a reason."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Note something on the case."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersedeNote:
    """Correct a note by another, which takes its place; the first can still be read."""

    note: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPosting:
    """Record that a letter which could not be delivered was printed and sent by post.

    `letter` is its number among the notifications.
    """

    letter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDataAccessRequest:
    """Record that a request for the data that are held on the person reached the office.

    `text` says what is asked for, in the words of whoever asks.
    """

    received_on: date
    channel: AccessChannel
    asked_by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayDataAccess:
    """Record that whoever asked for data was told why the answer comes later, and by when.

    `reason` is what they were told.
    """

    due_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDataAccess:
    """Record that a request for data was answered; a ground and reason where data are kept back."""

    outcome: AccessOutcome
    ground: AccessGround | None = None
    reason: str = ""


DataAccessCommand = RecordDataAccessRequest | DelayDataAccess | AnswerDataAccess

WorkCommand = (
    AssignCase
    | TakeCase
    | ReleaseCase
    | HandOverCase
    | ReturnCase
    | AddNote
    | SupersedeNote
    | RecordPosting
    | DataAccessCommand
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeNext:
    """Take the case that waits longest for an officer and that nobody has.

    `stage` and `route` narrow down which cases are meant; None is any that waits for an officer.
    """

    stage: Stage | None = None
    route: Route | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportData:
    """Put together all that is held on the person, for the request for data that is open.

    `keep_back` is what is left out of it.
    """

    keep_back: tuple[KeptBack, ...] = ()
