"""The facts of the office's work on a case: who has it, and what officers noted on it.

They stand in the case's work stream and never in its own, so that a note makes no decision's
version stale. `events.py` gives them their wire names; what is said there of personal data and of
change holds here too: reasons and notes are sealed by the key of the case.
"""

from dataclasses import dataclass

from domain.application import Channel
from domain.data_access import DataAccessEvent
from domain.deadlines import DeadlineEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned:
    """A supervisor gave the case to `officer`; `before` is who had it, None where nobody did."""

    officer: str
    before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTaken:
    """`officer` took the case, which nobody had."""

    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReleased:
    """`officer` put the case back into the queue."""

    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHandedOver:
    """The case went on to `officer` from `before`, who had it."""

    officer: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReason:
    """Why the case was returned, in the words of whoever returned it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReturned:
    """`before` returned the case with a reason, to `officer` who had handed it over.

    `officer` is None where it went back into the queue.
    """

    officer: str | None
    before: str
    personal: ReturnReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteText:
    """What an officer noted."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """`author` noted something on the case; `note` counts its notes from 1."""

    note: int
    author: str
    personal: NoteText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSuperseded:
    """Note `note` by `author` took the place of the note `supersedes`, which can still be read."""

    note: int
    supersedes: int
    author: str
    personal: NoteText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRefused:
    """Another application by the person of this case was refused, for this one is live.

    It came in by `channel`, at the event's own instant.
    """

    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRefused:
    """A correction of another case was refused: it would have made it one of this case's person.

    This one is live. Nobody filed anything, so that the person of this case is told nothing.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPosted:
    """A letter that could not be delivered by mail was printed and sent by post.

    It is the letter of `effect` to `party` because of the event `event_id`.
    """

    event_id: str
    effect: str
    party: str


WorkEvent = (
    CaseAssigned
    | CaseTaken
    | CaseReleased
    | CaseHandedOver
    | CaseReturned
    | NoteAdded
    | NoteSuperseded
    | DuplicateRefused
    | CorrectionRefused
    | DeadlineEvent
    | LetterPosted
    | DataAccessEvent
)
