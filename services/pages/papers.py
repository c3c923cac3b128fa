"""The documents of a case on its pages: what a form offers, and what can be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from domain import papers as p
from domain import stages as s
from domain.access import ACTION_OF, Person, permitted
from domain.following import next_of
from services.catalogue import Catalogue, load_catalogue
from services.documents.content import TAKEN
from services.documents.receiving import largest
from services.pages import forms
from services.pages.shown import size
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """A form that sends one file: the kinds to choose from, by their word, and what is taken."""

    kinds: Mapping[str, str]
    hint: str
    command_id: str


def upload_form(
    office: Office, state: s.CaseState, person: Person, words: Catalogue
) -> UploadForm | None:
    """Return the form by which a person sends a document; None where none is taken of them."""
    takes = p.ReceiveDocument in next_of(state)
    if not takes or not permitted(person, ACTION_OF[p.ReceiveDocument]):
        return None
    return UploadForm(
        kinds={each.value: words(f"document-kind.{each}") for each in p.DocumentKind},
        hint=words("documents.hint", formats=TAKEN, size=size(largest(office))),
        command_id=str(uuid4()),
    )


def with_documents(field: forms.Input, state: s.CaseState) -> forms.Input:
    """Return a field that asks for a document with those of the case, any other as it is."""
    if field.name != "document" or isinstance(state, s.Draft):
        return field
    documents = {str(each.number): _called(each) for each in state.filed.papers.received}
    return replace(field, kind="choice", choices=documents)


def _called(paper: p.Paper) -> str:
    kind = load_catalogue()(f"document-kind.{paper.received.kind}")
    name = f", {paper.received.personal.name}" if paper.received.personal else ""
    return f"{paper.number}: {kind}{name}"
