"""Who asks for a command, when it takes effect, and the commit that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access import Person, Role
from domain.days import HONG_KONG
from domain.errors import EarlierThanHistory, Forbidden, NotYet
from domain.looks import Door
from domain.record import Recorded
from services.store import Commit, Conflict, StreamWrite
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks, under which id, for when, and which version of the case they looked at.

    `effective_at` is None for now; only staff and services may name an earlier instant.
    `expected` is None where the caller accepts any version. `door` is where the answer is given,
    None where nobody is shown it: then a refusal names no other case.
    """

    person: Person
    command_id: UUID
    correlation_id: str
    effective_at: datetime | None = None
    expected: int | None = None
    door: Door | None = None

    def demand_version(self, stream: str, version: int) -> None:
        """Raise `Conflict` where the caller looked at another version than the stream is at."""
        if self.expected is not None and self.expected != version:
            raise Conflict(stream, self.expected, version)

    def commit(
        self, command: str, fingerprint: bytes, *writes: StreamWrite, result: Mapping[str, Any]
    ) -> Commit:
        """Return the commit of a command of that name that was asked for so."""
        return Commit(
            command_id=self.command_id,
            fingerprint=fingerprint,
            writes=writes,
            actor=self.person.name,
            role=self.person.role,
            command=command,
            causation_id=str(self.command_id),
            correlation_id=self.correlation_id,
            result=result,
        )


def effective_instant(
    office: Office, request: Request, events: tuple[Recorded[Any], ...]
) -> datetime:
    """Return when the command takes effect: never in the future nor before its stream's past.

    A request for now is never earlier than the past either, whichever machine's clock is behind.
    """
    now = office.clock()
    at = request.effective_at
    if at is None:
        return max(now, events[-1].effective_at) if events else now
    if request.person.role is Role.APPLICANT:
        raise Forbidden("only staff may say when something took effect")
    if at > now:
        raise NotYet(f"{_exact(at)} is in the future; it is {_exact(now)}")
    if events and at < events[-1].effective_at:
        last = _exact(events[-1].effective_at)
        raise EarlierThanHistory(f"{_exact(at)} is before {last}, the last event recorded")
    return at


def _exact(at: datetime) -> str:
    return at.astimezone(HONG_KONG).isoformat()
