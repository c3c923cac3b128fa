"""A document comes in: looked at, sealed, kept, and only then recorded.

Law: the log never names a file that is not kept. What was kept and never came to be named, because
the program was killed in between, is found and removed a day later.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final

from domain import papers as p
from domain import stages as s
from domain.days import hong_kong_date
from domain.errors import FileTooLarge, NoSuchDocument
from domain.rules.choose import file_size
from services.cases import CaseAt, Enclosed, Outcome, answering_of, ask, carry_out, case_at
from services.documents.content import recognised
from services.documents.naming import cleaned
from services.requests import Request
from services.wiring import Office

_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it was sent, under the name that its sender has for it."""

    kind: p.DocumentKind
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of a case with when each thing happened to it; None where it did not yet."""

    paper: p.Paper
    received_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The content of a document."""

    name: str
    media_type: p.MediaType
    content: bytes


def largest(office: Office) -> int:
    """Return how many bytes the file of a document may have today."""
    return file_size(office.rulebook, hong_kong_date(office.clock()))


def read_at_most(source: IO[bytes], at_most: int) -> bytes:
    """Return all that `source` has; `FileTooLarge` as soon as that is more than `at_most`."""
    content = bytearray()
    while chunk := source.read(min(_CHUNK, at_most + 1 - len(content))):
        content += chunk
        if len(content) > at_most:
            raise FileTooLarge(at_most)
    return bytes(content)


def receive(office: Office, reference: str, upload: Upload, request: Request) -> Outcome:
    """Take in a file as a document of a case, or raise what is wrong with it."""
    media_type = recognised(upload.content)
    command = p.ReceiveDocument(
        kind=upload.kind,
        name=cleaned(upload.name, upload.kind, media_type),
        media_type=media_type,
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
    )
    # A repeat gets the first result whatever became of the case since: its person may be erased.
    _, repeated = ask(office, reference, command, request)
    answering = answering_of(office, reference, p.ReceiveDocument, request)
    if repeated is not None:
        answering.seen()
        return repeated
    with answering.refusals_seen():
        file = office.files.seal(case_at(office, reference).reference, upload.content)
    enclosed = Enclosed(stored=file.stored, keep=lambda: office.files.keep(file))
    return carry_out(office, reference, command, request, enclosed)


def documents_of(case: CaseAt) -> tuple[Document, ...]:
    """Return the documents of a case in the order of their numbers."""
    if isinstance(case.state, s.Draft):
        return ()
    at = {id(each.event): each.effective_at for each in case.events}
    return tuple(
        Document(
            paper=paper,
            received_at=at[id(paper.received)],
            checked_at=at.get(id(paper.checked)),
            verified_at=at.get(id(paper.verified)),
        )
        for paper in case.state.filed.papers.received
    )


def number_of(text: str) -> int:
    """Return the number of a document that an address names, or `NoSuchDocument`."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise NoSuchDocument(f"{text!r} is no number of a document; the first is 1")
    return int(text)


def fetch(office: Office, case: CaseAt, number: int) -> Fetched:
    """Return the content of a document as it came in."""
    found = None if isinstance(case.state, s.Draft) else case.state.filed.papers.numbered(number)
    if found is None:
        raise NoSuchDocument(f"case {case.reference} has no document {number}")
    received = found.received
    content = office.files.open(case.reference, received.stored)
    named = received.personal.name if received.personal else ""
    return Fetched(
        name=cleaned(named, received.kind, received.media_type),
        media_type=received.media_type,
        content=content,
    )
