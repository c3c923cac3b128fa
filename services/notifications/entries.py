"""What the ledger of effects holds, as values: rows to enter, rows to send, rows to look at."""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from domain.errors import Reportable
from services.notifications.letters import Letter, NoMessage
from services.store import CaseKey, CaseKeys

ERASED: Final = "person erased"
UNUSABLE: Final = "address unusable"
RETURNED: Final = "returned"
"""What the problem of a letter begins with that the mail server took and that came back."""
NO_ADDRESS: Final = "no address"
DONE_SINCE: Final = "done since"
NO_LONGER: Final = "represents nobody any more"
WITHHELD: Final = "withheld after a restore"
QUIET: Final = "quiet hours"
"""The problem of a letter that was due in quiet hours and waits for their end."""
AGAIN: Final = "due again"
FREED: Final = "due again at any hour"
"""What is on record before the name of who had a letter tried again; by its number, that."""

_ID_BYTES: Final = 16


class Means(StrEnum):
    """How an effect reaches its party."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class State(StrEnum):
    """How far an effect has come; a `sending` row is due again when its sender's lease ends."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"
    POSTED = "posted"
    """It could not be delivered, and was printed and sent by post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an effect is known by, and its letter sealed for."""

    event_id: str
    effect: str
    party: str

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """Return it as the table holds it."""
        return cls(event_id=str(row["event_id"]), effect=row["effect"], party=row["party"])

    def place(self) -> bytes:
        """Return the associated data of the sealed letter."""
        return f"notification {self.event_id} {self.effect} {self.party}".encode()

    def name(self) -> str:
        """Return a short name of the effect alone, the same however often it is made."""
        digest = hashlib.sha256(self.place()).digest()[:_ID_BYTES]
        return base64.b32encode(digest).decode("ascii").rstrip("=").lower()

    def message_id(self, sender: str) -> str:
        """Return the Message-ID, the same however often it is made; `sender` gives the domain.

        It is short, because a longer one is folded, and some mail programs do not unfold it.
        """
        return f"<{self.name()}@{sender.rpartition('@')[2]}>"


def letter_in(sealed: str, key: CaseKey, identity: Identity) -> Letter:
    """Return the letter that is sealed for an effect.

    Raises `SealBroken`, and `NoMessage` where what was sealed is no letter.
    """
    said = key.open(sealed, identity.place())
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(said, type=Letter)
    # Raised out here, so that no traceback shows the fault itself, which may quote the person.
    raise NoMessage("the sealed letter cannot be read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An effect to enter; without a letter nothing is mailed, and `problem` says why.

    Nothing is sent before `not_before`.
    """

    position: int
    reference: str
    identity: Identity
    means: str
    message_id: str
    letter: Letter | None
    state: State = State.PLANNED
    problem: str | None = None
    not_before: datetime | None = None

    def row(self, keys: CaseKeys, wrapped: bytes | None, now: datetime) -> dict[str, Any]:
        """Return it as the table holds it, the letter sealed by the key of its case as `wrapped`.

        An erased person's letter is not kept, nor ever sent.
        """
        state, problem, sealed = self.state, self.problem, None
        if self.letter is not None and wrapped is None:
            state, problem = State.WITHHELD, ERASED
        elif self.letter is not None and wrapped is not None:
            key = keys.unwrap(self.reference, wrapped)
            sealed = key.seal(msgspec.json.encode(self.letter), self.identity.place())
        return {
            **asdict(self.identity),
            "event_id": UUID(self.identity.event_id),
            "position": self.position,
            "reference": self.reference,
            "means": self.means,
            "message_id": self.message_id,
            "state": state,
            "settled_at": None if state is State.PLANNED else now,
            "last_error": problem,
            "sealed": sealed,
            "not_before": self.not_before,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A row that this process alone may send until its lease ends; `attempts` counts this one.

    No other claim of the row has its `number`, whatever became of the row in between.
    `sealed` is the letter, and `wrapped` the key of its case: None once the person was erased.
    `freed` says that quiet hours do not hold it, because a person had just this one tried again.
    """

    id: int
    position: int
    identity: Identity
    reference: str
    message_id: str
    planned_at: datetime
    attempts: int
    number: int
    sealed: str | None
    wrapped: bytes | None
    freed: bool

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """Return it as the statement that claims gives it."""
        return cls(
            id=row["id"],
            position=row["position"],
            identity=Identity.of(row),
            reference=row["reference"],
            message_id=row["message_id"],
            planned_at=row["planned_at"],
            attempts=row["attempts"],
            number=row["claims"],
            sealed=row["sealed"],
            wrapped=row["wrapped"],
            freed=row["freed"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A row as it may be shown to whoever runs the system: nothing personal."""

    id: int
    position: int
    reference: str
    effect: str
    party: str
    means: str
    message_id: str
    state: State
    attempts: int
    planned_at: datetime
    next_attempt_at: datetime
    settled_at: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Self:
        """Return it as the table holds it."""
        return cls(**{**row, "state": State(row["state"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """That something was tried, and what came of it: `sent`, or why not.

    Or that a person had it tried again, and who.
    """

    at: datetime
    outcome: str


class PlannedFromAnotherLog(Reportable):
    """Notifications were planned from another log than the one that is there; none is planned now.

    What this log has at positions that count as planned would never be.
    """

    def __init__(self, position: int) -> None:
        super().__init__(
            f"notifications were planned up to position {position} of another log, perhaps of one "
            "before a restore, and nothing more is planned or sent: restore the log and the "
            "notifications from one backup, or choose what becomes of them, as `qmas notifications "
            "fence` tells"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the log was read for effects, rows by state, and since when the oldest is due.

    None is counted beyond `statements.AT_MOST`. `waits_since` is since when the event after
    `position` waits to be read, None while there is none. `of_another_log` says that it was another
    log that was read, `of_lost_events` that rows are of events that the log has not.
    """

    position: int
    waits_since: datetime | None
    counts: Mapping[State, int]
    due: int
    oldest_due: datetime | None
    of_another_log: bool = False
    of_lost_events: bool = False
