"""The documents of a case on its pages: what there is, and which ones a form offers."""

from dataclasses import replace

from domain import stages as s
from domain.papers import Paper
from services.pages import forms
from services.pages.catalogue import load_catalogue


def with_documents(field: forms.Input, state: s.CaseState) -> forms.Input:
    """Return a field that asks for a document with those of the case, any other as it is."""
    if field.name != "document" or isinstance(state, s.Draft):
        return field
    documents = {str(each.number): _called(each) for each in state.filed.papers.received}
    return replace(field, kind="choice", choices=documents)


def _called(paper: Paper) -> str:
    kind = load_catalogue()(f"document-kind.{paper.received.kind}")
    name = f", {paper.received.personal.name}" if paper.received.personal else ""
    return f"{paper.number}: {kind}{name}"
