"""What is sealed by the key of a case, counted, and the digest by which a preview is known.

Law: it tells numbers and kinds, and nothing of the person; so whoever decides on an erasure names
what they looked at, and whatever was recorded or filed since makes it another.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from domain.commands import CaseCommand, ConfirmDecision
from domain.decisions import Matter
from domain.stages import CaseState, Draft
from services.notifications.kept import letters_kept
from services.projections.held import held_of
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is sealed by the key of a case: events by type, files, letters by state, rows by table.

    `tokens` are those by which its person is found; they are deleted.
    """

    events: Mapping[str, int]
    documents: int
    document_bytes: int
    letters: Mapping[str, int]
    rows: Mapping[str, int]
    tokens: int


def kept(office: Office, reference: str) -> Kept:
    """Return what is sealed by the key of a case, whether that is there still or not."""
    documents, size = office.files.kept_of(reference)
    rows, tokens = held_of(office.models, reference)
    return Kept(
        events=office.store.evidence.types_of(streams_of(reference), sealed=True),
        documents=documents,
        document_bytes=size,
        letters=letters_kept(office.ledger, reference),
        rows=rows,
        tokens=tokens,
    )


def streams_of(reference: str) -> tuple[str, str]:
    """Return the streams of a case and of the work on it."""
    return f"case-{reference}", f"work-{reference}"


def preview_digest(office: Office, reference: str) -> str:
    """Return what tells a preview of an erasure from one before something was recorded or filed.

    How far letters and read models have come is no part of it: they follow by themselves.
    """
    documents, size = office.files.kept_of(reference)
    said = {
        "reference": reference,
        "events": office.store.evidence.types_of(streams_of(reference)),
        "documents": documents,
        "document_bytes": size,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def digest_now(office: Office, state: CaseState, command: CaseCommand) -> str:
    """Return the digest that a confirmation has to name; none where nothing could be looked at."""
    match command:
        case ConfirmDecision(matter=Matter.ERASURE) if not isinstance(state, Draft):
            opens = state.filed.application is not None
            return preview_digest(office, state.filed.reference) if opens else ""
        case _:
            return ""
