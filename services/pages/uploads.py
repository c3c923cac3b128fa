"""Files on the pages: sent by the office or by an applicant, and fetched by the office.

A file is taken by its content alone; what a browser calls it, and the type that it names, are
never relied on. An applicant sends to their own case only and never gets a file back: an open
status page gives nobody the documents.
"""

from datetime import datetime
from typing import Final

from flask import Response, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain import papers as p
from domain.access import ACTION_OF, Action
from domain.errors import FileTooLarge, NotADocument, Refusal
from domain.looks import Door, What
from domain.slugs import slug
from services.cases import Outcome
from services.catalogue import Catalogue, load_catalogue
from services.documents.naming import disposition
from services.documents.receiving import (
    Upload,
    fetch,
    largest,
    number_of,
    read_at_most,
    receive,
)
from services.looking import case_seen
from services.pages import casework, forms, status
from services.pages.guard import Route, look, visitor
from services.pages.problems import status_of
from services.pages.sessions import Held
from services.pages.shown import size
from services.requests import Request
from services.store.errors import CommandReused, KeyDestroyed, Unwritable
from services.wiring import Office

_SLUG: Final = slug(p.ReceiveDocument.__name__)


def add(office: Office, reference: str) -> ResponseReturnValue:
    """Take in the file of a form as a document of a case."""

    def act() -> Outcome:
        at = forms.read_when(request.form, casework.WHEN)
        return _received(office, reference, at, load_catalogue())

    return casework.answered(office, reference, _SLUG, act)


def document(office: Office, reference: str, number: str) -> ResponseReturnValue:
    """Have the browser save a document's file."""
    wanted = number_of(number)
    case = case_seen(office, look(What.DOCUMENT), reference, document=wanted)
    found = fetch(office, case, wanted)
    headers = {"Content-Disposition": disposition(found.name)}
    return Response(found.content, mimetype=found.media_type, headers=headers)


def send(office: Office) -> ResponseReturnValue:
    """Take in the file of an applicant's form as a document of their own case."""
    words = status.words_for(office)
    try:
        _received(office, visitor().name, None, words)
    except forms.FormFaults as fault:
        return status.page(office, fault.faults, 422)
    except (Refusal, CommandReused, KeyDestroyed, Unwritable) as refusal:
        # What a refusal says itself is for the office: stages, commands and numbers of documents.
        said = words.maybe(_refused_by(refusal), words("documents.refused.otherwise"))
        return status.page(office, {"": said}, status_of(refusal))
    flash(words("documents.thanks"))
    return redirect(url_for("status"), 303)


def _received(
    office: Office, reference: str, effective_at: datetime | None, words: Catalogue
) -> Outcome:
    form, file = request.form, request.files.get("file")
    kind = form.get("kind", "")
    faults = {} if kind in set(p.DocumentKind) else {"kind": words("documents.no_kind")}
    if file is None or not file.filename:
        raise forms.FormFaults({**faults, "file": words("documents.no_file")})
    if faults:
        raise forms.FormFaults(faults)
    asked = Request(
        person=visitor(),
        command_id=forms.read_id(form.get("command_id", "")),
        correlation_id=g.correlation_id,
        door=Door.PAGE,
        effective_at=effective_at,
    )
    try:
        content = read_at_most(file.stream, largest(office))
        upload = Upload(kind=p.DocumentKind(kind), name=file.filename, content=content)
        return receive(office, reference, upload, asked)
    except (FileTooLarge, NotADocument) as refusal:
        said = words.maybe(_refused_by(refusal), f"{refusal.title()}: {refusal}")
        raise forms.FormFaults({"file": said.format(size=size(largest(office)))}) from refusal


def _refused_by(refusal: Exception) -> str:
    return f"documents.refused.{slug(type(refusal).__name__)}"


ROUTES: Final = (
    Route(
        path="/staff/cases/<reference>/documents",
        endpoint="add_document",
        view=add,
        action=ACTION_OF[p.ReceiveDocument],
        methods=("POST",),
        takes_file=True,
    ),
    Route(
        path="/staff/cases/<reference>/documents/<number>",
        endpoint="document",
        view=document,
        action=Action.READ_CASES,
    ),
    Route(
        path="/status/documents",
        endpoint="send_document",
        view=send,
        action=Action.READ_OWN_STATUS,
        methods=("POST",),
        takes_file=True,
        held=Held.STATUS,
    ),
)
