"""The documents of a case: what came in, what was found, what is asked for; facts and commands.

The events are events of a case like those in `events.py`, which gives them their wire names; what
is said there of personal data and of change holds here too. The files themselves are kept outside
the log, sealed; the log holds the hash of what is kept.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final


class DocumentKind(StrEnum):
    """What a document is to show [S36][S67][S71]."""

    IDENTITY = "identity"
    QUALIFICATION = "qualification"
    WORK = "work"
    LANGUAGE = "language"
    FAMILY = "family"
    FINANCES = "finances"
    ACHIEVEMENT = "achievement"
    POLICE_CERTIFICATE = "police-certificate"
    OTHER = "other"


class MediaType(StrEnum):
    """The formats that are taken [S71], told by their content."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    TIFF = "image/tiff"


class CheckOutcome(StrEnum):
    """What an officer found on looking at a document."""

    SUFFICIENT = "sufficient"
    INSUFFICIENT = "insufficient"
    """It does not show what it is to show."""
    ILLEGIBLE = "illegible"
    NEEDS_TRANSLATION = "needs-translation"
    """A certified translation into Chinese or English has to come with it [S18]."""
    SUSPECT = "suspect"
    """It may not be genuine; whether it is, its verification says."""


WANTING: Final = frozenset(
    {CheckOutcome.INSUFFICIENT, CheckOutcome.ILLEGIBLE, CheckOutcome.NEEDS_TRANSLATION}
)
"""The outcomes after which another document has to take the place of this one."""


class DocumentForm(StrEnum):
    """What was seen of a document."""

    ORIGINAL = "original"
    COPY = "copy"


class Finding(StrEnum):
    """Whether a document is what it says it is."""

    GENUINE = "genuine"
    NOT_GENUINE = "not-genuine"


# What people ask for.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveDocument:
    """Take in a document: a file of `size` bytes, whose content has the SHA-256 `sha256`, in hex.

    `name` is the name of the file as its sender has it.
    """

    kind: DocumentKind
    name: str
    media_type: MediaType
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDocument:
    """Say whether a document shows what it is to show."""

    document: int
    outcome: CheckOutcome
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyDocument:
    """Say whether a document is genuine, and whether that was found on the original or a copy."""

    document: int
    form: DocumentForm
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDocuments:
    """Ask the applicant for documents by `due_on`, that day included.

    It takes the place of a request that is still open. `text` says in words what is wanted.
    """

    kinds: tuple[DocumentKind, ...]
    due_on: date
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDocumentRequest:
    """Ask no longer for the documents of the request that is open."""

    reason: str


PaperCommand = (
    ReceiveDocument | CheckDocument | VerifyDocument | RequestDocuments | CancelDocumentRequest
)


# What happened.


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """What a document is called, and the SHA-256 of its content, in hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReceived:
    """A document came in; `document` is its number within the case, from 1.

    `size` is that of its content in bytes. `stored` is the SHA-256, in hex, of the sealed bytes
    that are kept, by which they are found.
    """

    document: int
    kind: DocumentKind
    media_type: MediaType
    size: int
    stored: str
    received_from: str
    personal: DocumentFile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRemarks:
    """What the officer said on checking a document."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChecked:
    """An officer looked at a document; `personal` is None where nothing more was said."""

    document: int
    outcome: CheckOutcome
    checked_by: str
    personal: CheckRemarks | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVerified:
    """An officer found that a document is genuine or not, on the original or on a copy."""

    document: int
    form: DocumentForm
    finding: Finding
    verified_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """What is wanted, in the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsRequested:
    """The applicant was asked for documents of these kinds by `due_on`, that day included.

    `after` is how many documents had come in by then: only later ones answer the request.
    `personal` is None where the kinds say it all.
    """

    kinds: tuple[DocumentKind, ...]
    due_on: date
    after: int
    requested_by: str
    personal: RequestText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedDocumentsReceived:
    """Every kind that was asked for has come in, with these documents."""

    documents: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationReason:
    """Why documents are no longer asked for, in the officer's words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRequestCancelled:
    """The documents of the open request are no longer asked for."""

    cancelled_by: str
    personal: CancellationReason | None


PaperEvent = (
    DocumentReceived
    | DocumentChecked
    | DocumentVerified
    | DocumentsRequested
    | RequestedDocumentsReceived
    | DocumentRequestCancelled
)


# What is true of the documents of a case.


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document with what was found on it last, None before anybody looked."""

    received: DocumentReceived
    checked: DocumentChecked | None = None
    verified: DocumentVerified | None = None

    @property
    def number(self) -> int:
        """Its number within the case."""
        return self.received.document

    @property
    def wanting(self) -> bool:
        """True when another document has to take its place."""
        return self.checked is not None and self.checked.outcome in WANTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The documents of a case in the order of their numbers, and the request that is open."""

    received: tuple[Paper, ...] = ()
    requested: DocumentsRequested | None = None

    def numbered(self, number: int) -> Paper | None:
        """Return the document of that number, None where the case has none."""
        return next((each for each in self.received if each.number == number), None)

    @property
    def answering(self) -> tuple[Paper, ...]:
        """The documents that answer the open request: asked for, come in since, not wanting."""
        if (asked := self.requested) is None:
            return ()
        return tuple(
            each
            for each in self.received
            if each.number > asked.after and each.received.kind in asked.kinds and not each.wanting
        )

    @property
    def missing(self) -> tuple[DocumentKind, ...]:
        """The kinds that the open request still waits for."""
        if self.requested is None:
            return ()
        come = {each.received.kind for each in self.answering}
        return tuple(kind for kind in self.requested.kinds if kind not in come)

    @property
    def not_genuine(self) -> tuple[Paper, ...]:
        """The documents that were last found not to be genuine."""
        found = ((each, each.verified) for each in self.received)
        return tuple(paper for paper, seen in found if seen and seen.finding is Finding.NOT_GENUINE)


def after(papers: Papers, event: PaperEvent) -> Papers:
    """Return the documents of a case after one more event; what it does not know it leaves."""
    match event:
        case DocumentReceived():
            return replace(papers, received=(*papers.received, Paper(received=event)))
        case DocumentChecked() | DocumentVerified():
            seen = (_seen(each, event) for each in papers.received)
            return replace(papers, received=tuple(seen))
        case DocumentsRequested():
            return replace(papers, requested=event)
        case RequestedDocumentsReceived() | DocumentRequestCancelled():
            return without_request(papers)


def without_request(papers: Papers) -> Papers:
    """Return the same documents with nothing asked for: answered, cancelled, or decided without."""
    return replace(papers, requested=None)


def _seen(paper: Paper, event: DocumentChecked | DocumentVerified) -> Paper:
    if paper.number != event.document:
        return paper
    if isinstance(event, DocumentChecked):
        return replace(paper, checked=event)
    return replace(paper, verified=event)
