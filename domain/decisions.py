"""The facts of a decision that two officers make: one proposes it, another confirms it.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too. What the decision makes of the case is a
fact of its own, which follows the confirmation in the same commit.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.application import EmailAddress


class Matter(StrEnum):
    """What is decided by two officers.

    A matter is open from its first proposal until it is confirmed; whoever proposed or declined
    in that time has acted on it.
    """

    APPROVAL_IN_PRINCIPLE = "approval-in-principle"
    APPROVAL = "approval"
    REFUSAL = "refusal"
    EXTENSION = "extension"
    REOPENING = "reopening"
    UPHOLDING = "upholding"
    VOIDING = "voiding"
    ERASURE = "erasure"
    CONTACT_CHANGE = "contact-change"


class VoidingCode(StrEnum):
    """Why a visa, or the right that followed from it, is made void."""

    FALSE_STATEMENT = "false-statement"
    """What was stated to obtain it is false."""
    FALSE_DOCUMENT = "false-document"
    """A document that was relied on is forged or was obtained by fraud."""
    CONDITIONS_BROKEN = "conditions-broken"
    """Its conditions were broken."""
    ISSUED_IN_ERROR = "issued-in-error"
    """The office issued it in error."""
    COURT = "court"
    """A court ordered so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWords:
    """The words of a proposal: the reasons that the person is to be told, or why it is right.

    `email` is the address that is to be the applicant's, None for any other matter.
    """

    texts: tuple[str, ...]
    email: EmailAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionProposed:
    """An officer proposed a decision; a second officer is awaited and nothing else has changed.

    `voiding` is the code of a proposed voiding, None for any other matter. `personal` is None
    where there were no words to say.
    """

    matter: Matter
    proposed_by: str
    voiding: VoidingCode | None = None
    personal: DecisionWords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionConfirmed:
    """A second officer confirmed what the first had proposed; what follows from it comes next."""

    matter: Matter
    proposed_by: str
    confirmed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRemarks:
    """What the second officer said on declining."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDeclined:
    """A second officer declined what the first had proposed; the case is as it was before."""

    matter: Matter
    proposed_by: str
    declined_by: str
    personal: DecisionRemarks | None


DecisionEvent = DecisionProposed | DecisionConfirmed | DecisionDeclined
