"""The documents of a case: what there is, one of them whole, and a further one taken in.

A file is the body of a request as it is, so that one `curl --data-binary` sends it. What it is, is
told by its content; the type that its sender names must only not be another one.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

import flask
from marshmallow import RAISE, Schema, validate

from domain import papers as p
from domain import stages as s
from domain.access import ACTION_OF, Action
from domain.errors import FileTooLarge
from domain.looks import What
from services import cases
from services.api.commands import CommandResult, answered
from services.api.conditions import expected_version, if_match_needed
from services.api.faults import TypeUnsupported, UploadCutOff
from services.api.inputs import MESSAGES, LenientInstant
from services.api.routes import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LOOK_PURPOSE,
    Call,
    Reply,
    Route,
    tagged,
)
from services.documents.content import recognised
from services.documents.naming import disposition
from services.documents.receiving import (
    Document,
    Upload,
    documents_of,
    fetch,
    largest,
    number_of,
    read_at_most,
    receive,
)
from services.intake.fields import Text, Word
from services.intake.schema import schema_for
from services.looking import case_seen

UNNAMED_TYPE: Final = "application/octet-stream"
TYPES: Final = (*p.MediaType, UNNAMED_TYPE)

_LONGEST_NAME: Final = 1000


class UploadQuery(Schema):
    """What a file is to show and what it is called; when it came in, now if absent."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = MESSAGES
    kind = Word(p.DocumentKind, required=True)
    name = Text(
        load_default="",
        validate=validate.Length(max=_LONGEST_NAME, error="must be at most {max} characters"),
    )
    effective_at = LenientInstant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What an officer found on looking at a document; `remarks` is null without any."""

    outcome: p.CheckOutcome
    checked_by: str
    checked_at: datetime
    remarks: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Whether a document is genuine, and what was seen of it."""

    form: p.DocumentForm
    finding: p.Finding
    verified_by: str
    verified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentItem:
    """A document of a case; `name` and `sha256`, that of its content, are null once erased.

    `stored` is the SHA-256 of the sealed bytes that are kept. `checked` and `verified` are the
    latest of each, null before the first.
    """

    document: int
    kind: p.DocumentKind
    media_type: p.MediaType
    size: int
    stored: str
    received_from: str
    received_at: datetime
    name: str | None
    sha256: str | None
    checked: Checked | None
    verified: Verified | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What the applicant was asked for and has not all sent: `missing` is what has not come yet."""

    kinds: tuple[p.DocumentKind, ...]
    missing: tuple[p.DocumentKind, ...]
    due_on: date
    requested_by: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentList:
    """The documents of a case, and the request for more that is open; null without one."""

    reference: str
    version: int
    documents: tuple[DocumentItem, ...]
    requested: Requested | None


def document_list(call: Call, reference: str) -> Any:
    """The documents of a case."""
    case = case_seen(call.office, call.look(What.DOCUMENTS), reference)
    body = DocumentList(
        reference=case.reference,
        version=case.version,
        documents=tuple(map(_item, documents_of(case))),
        requested=_requested(case.state),
    )
    return tagged(case.version, body)


def document(call: Call, reference: str, number: str) -> flask.Response:
    """The file of a document, to be saved and not shown."""
    wanted = number_of(number)
    case = case_seen(call.office, call.look(What.DOCUMENT), reference, document=wanted)
    found = fetch(call.office, case, wanted)
    return flask.Response(
        found.content,
        mimetype=found.media_type,
        headers={"Content-Disposition": disposition(found.name)},
    )


def add(call: Call, query: dict[str, Any], reference: str) -> Reply:
    """Take in the body as a document of the case."""
    request = call.request(expected=expected_version(), effective_at=query.get("effective_at"))
    cases.demand_leave(request, p.ReceiveDocument, reference)
    content = _body(call)
    upload = Upload(kind=query["kind"], name=query["name"], content=content)
    with if_match_needed():
        outcome = receive(call.office, reference, upload, request)
    return answered(outcome, {"Location": f"/api/v1/cases/{outcome.reference}/documents"})


def _body(call: Call) -> bytes:
    """The body of the request, never more of it than a document may have."""
    sent, at_most = flask.request, largest(call.office)
    declared = sent.mimetype or UNNAMED_TYPE
    if declared not in TYPES:
        taken = ", ".join(TYPES)
        raise TypeUnsupported(f"send the file as it is, as one of {taken}, not {declared}")
    if (sent.content_length or 0) > at_most:
        raise FileTooLarge(at_most)
    sent.max_content_length = at_most + 1
    content = read_at_most(cast("Any", sent.stream), at_most)
    if sent.content_length is not None and len(content) < sent.content_length:
        raise UploadCutOff(f"{len(content)} of {sent.content_length} bytes arrived; send it again")
    if declared not in (UNNAMED_TYPE, found := recognised(content)):
        raise TypeUnsupported(f"the body is {found}, and not {declared} as its Content-Type says")
    return content


def _item(given: Document) -> DocumentItem:
    received, personal = given.paper.received, given.paper.received.personal
    return DocumentItem(
        document=received.document,
        kind=received.kind,
        media_type=received.media_type,
        size=received.size,
        stored=received.stored,
        received_from=received.received_from,
        received_at=given.received_at,
        name=personal.name if personal else None,
        sha256=personal.sha256 if personal else None,
        checked=_checked(given),
        verified=_verified(given),
    )


def _checked(given: Document) -> Checked | None:
    checked, at = given.paper.checked, given.checked_at
    if checked is None or at is None:
        return None
    return Checked(
        outcome=checked.outcome,
        checked_by=checked.checked_by,
        checked_at=at,
        remarks=checked.personal.text if checked.personal else None,
    )


def _verified(given: Document) -> Verified | None:
    verified, at = given.paper.verified, given.verified_at
    if verified is None or at is None:
        return None
    return Verified(
        form=verified.form,
        finding=verified.finding,
        verified_by=verified.verified_by,
        verified_at=at,
    )


def _requested(state: s.CaseState) -> Requested | None:
    if isinstance(state, s.Draft) or (asked := state.filed.papers.requested) is None:
        return None
    return Requested(
        kinds=asked.kinds,
        missing=state.filed.papers.missing,
        due_on=asked.due_on,
        requested_by=asked.requested_by,
        text=asked.personal.text if asked.personal else None,
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/cases/<reference>/documents",
        name="document-list",
        action=Action.READ_CASES,
        view=document_list,
        summary="List the documents of a case",
        gives=schema_for(DocumentList),
        headers=(IF_NONE_MATCH, LOOK_PURPOSE),
        tells=ETAG,
    ),
    Route(
        method="GET",
        path="/cases/<reference>/documents/<number>",
        name="document",
        action=Action.READ_CASES,
        view=document,
        summary="Fetch the file of a document",
        gives_files=tuple(p.MediaType),
        headers=(LOOK_PURPOSE,),
    ),
    Route(
        method="POST",
        path="/cases/<reference>/documents",
        name="receive-document",
        action=ACTION_OF[p.ReceiveDocument],
        view=add,
        summary="Add a document to a case",
        query=UploadQuery,
        body_files=TYPES,
        gives=schema_for(CommandResult),
        status=201,
        headers=(IDEMPOTENCY_KEY, IF_MATCH),
        tells=ETAG,
    ),
)
