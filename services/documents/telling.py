"""What the events about documents say, in one line that every edge shows alike."""

from domain import events as e
from domain import papers as p
from domain.days import written_out


def paper_told(event: e.Event) -> str:  # noqa: PLR0911 - one arm per event
    """Return what an event says of documents; an empty text for any other event."""
    match event:
        case p.DocumentReceived(document=number, kind=kind, personal=file):
            return f"document {number}, {_spaced(kind)}: {file.name if file else '[erased]'}"
        case p.DocumentChecked(document=number, outcome=outcome, personal=said):
            return f"document {number}: {_spaced(outcome)}{f', {said.text}' if said else ''}"
        case p.DocumentVerified(document=number, form=form, finding=finding):
            return f"document {number}: {_spaced(finding)}, on the {form}"
        case p.DocumentsRequested(kinds=kinds, due_on=due, personal=said):
            asked = f"{', '.join(map(_spaced, kinds))}, by {written_out(due)}"
            return f"{asked}{f': {said.text}' if said else ''}"
        case p.RequestedDocumentsReceived(documents=numbers):
            return f"with {', '.join(f'document {each}' for each in numbers)}"
        case p.DocumentRequestCancelled(personal=said):
            return said.text if said else "[erased]"
        case _:
            return ""


def _spaced(word: str) -> str:
    return word.replace("-", " ")
