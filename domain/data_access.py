"""The facts of a request for the personal data that are held on the person of a case.

They stand in the work on the case and never in its own stream: they are no part of what is decided
on it, and can follow long after it has ended. `events.py` gives them their wire names; what is said
there of personal data and of change holds here too.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.particulars import ErasureDecided


class AccessChannel(StrEnum):
    """How a request for data reached the office."""

    LETTER = "letter"
    E_MAIL = "e-mail"
    COUNTER = "counter"
    """Handed in at the office."""


class AccessOutcome(StrEnum):
    """How a request for data ended."""

    IN_FULL = "in-full"
    IN_PART = "in-part"
    REFUSED = "refused"
    TAKEN_BACK = "taken-back"
    """Whoever asked no longer wants an answer."""


class AccessGround(StrEnum):
    """Why data are kept back: what the Ordinance allows or commands, [S122]."""

    IDENTITY = "identity"
    """It was not shown who asks, or that they may ask for this person."""
    ANOTHER_PERSON = "another-person"
    """It would tell of somebody else, who has not agreed to it."""
    FORBIDDEN = "forbidden"
    """The Ordinance or another law forbids it for the time being."""
    EXEMPT = "exempt"
    """An exemption of the Ordinance covers what is kept back."""
    UNCLEAR = "unclear"
    """It cannot be told which data are asked for, or the request is not in Chinese or English."""
    REPEATED = "repeated"
    """It follows two or more like it, and to answer again would be unreasonable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessAsked:
    """Who asks, and for what in their own words."""

    asked_by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAccessRequested:
    """A request for the person's data reached the office; `request` counts those of the case.

    It is to be answered by `due_on`, that day included: so many days after `received_on` as the
    Ordinance gave on that day, section 19(1) [S122].
    """

    request: int
    received_on: date
    due_on: date
    channel: AccessChannel
    personal: AccessAsked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessWords:
    """What whoever asked was told, in the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAccessDelayed:
    """Whoever asked was told within the time why it is not enough, section 19(2) [S122].

    The answer is due by `due_on` instead.
    """

    request: int
    due_on: date
    personal: AccessWords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAccessAnswered:
    """A request for data was answered, and is open no more.

    `ground` is why something was kept back, None where nothing was; `personal` has its reasons in
    words.
    """

    request: int
    outcome: AccessOutcome
    ground: AccessGround | None
    personal: AccessWords | None


class KeptBack(StrEnum):
    """What an officer may keep back of an export, because it would tell too much of others."""

    NOTES = "notes"
    """The notes of officers, which may speak of somebody else."""
    INVESTIGATIONS = "investigations"
    """That the case was held for an investigation, and why; and what was doubted in vain."""
    LEGAL_HOLDS = "legal-holds"
    """That somebody asked for the data to be kept, and in which matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataExported:
    """All that is held on the person was put together for an answer to the open request.

    It is what the first `position` events of the log and everything beside them at `until` say, and
    what was made of it has the SHA-256 `digest`; the file itself is not kept. `kept_back` is what
    an officer left out.
    """

    request: int
    digest: str
    position: int
    until: datetime
    kept_back: tuple[KeptBack, ...] = ()


DataAccessEvent = DataAccessRequested | DataAccessDelayed | DataAccessAnswered | DataExported


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccess:
    """A request that awaits its answer by a day."""

    request: int
    received_on: date
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How many requests for data there were on a case, and the one that is open, if any.

    `exports` counts the copies of the data that were made for them. Of a person who was `erased`
    nothing is held any more: none is recorded from then on.
    """

    requests: int = 0
    open: OpenAccess | None = None
    exports: int = 0
    erased: bool = False


def access_after(access: Access, event: DataAccessEvent | ErasureDecided) -> Access:
    """Return what is open after an event; an erasure leaves nothing that could be given."""
    match event:
        case DataAccessRequested(request=number, received_on=received, due_on=due):
            asked = OpenAccess(request=number, received_on=received, due_on=due)
            return replace(access, requests=number, open=asked)
        case DataAccessDelayed(due_on=due):
            return replace(access, open=access.open and replace(access.open, due_on=due))
        case DataAccessAnswered():
            return replace(access, open=None)
        case DataExported():
            return replace(access, exports=access.exports + 1)
        case ErasureDecided():
            return replace(access, open=None, erased=True)
