"""Letters to print: what mail could not deliver, each as composed, and that it was posted."""

from typing import Final
from uuid import uuid4

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.access import WORK_ACTION_OF
from domain.errors import Forbidden, Refusal
from domain.looks import Door, What
from domain.work_commands import RecordPosting
from services import work
from services.notifications import undelivered
from services.pages import forms
from services.pages.guard import Route, look, visitor
from services.pages.problems import status_of, told_of
from services.requests import Request
from services.store.errors import CommandReused
from services.wiring import Office

SHOWN: Final = 25
_MOST_DIGITS: Final = 18


def letter_list(office: Office) -> ResponseReturnValue:
    """Show the letters that wait to be printed, the latest first."""
    before = _number(request.args.get("before", ""))
    found = undelivered.waiting(
        office.ledger, look(What.LETTERS), before=before, limit=SHOWN + 1, shows=SHOWN
    )
    return render_template(
        "letters.html",
        letters=found[:SHOWN],
        older=found[SHOWN - 1].id if len(found) > SHOWN else None,
        total=undelivered.number_waiting(office.ledger),
    )


def letter(office: Office, number: str) -> ResponseReturnValue:
    """Show one letter as it is to be printed."""
    return _page(_found(office, number), "")


def record_posting(office: Office, number: str) -> ResponseReturnValue:
    """Record that a letter was sent by post, and show what else waits."""
    found = _found(office, number)
    asked = Request(
        person=visitor(),
        command_id=forms.read_id(request.form.get("command_id", "")),
        correlation_id=g.correlation_id,
        door=Door.PAGE,
    )
    try:
        work.carry_out(office, found.row.reference, RecordPosting(letter=found.row.id), asked)
    except Forbidden:
        raise
    except (Refusal, CommandReused) as refusal:
        return _page(found, told_of(refusal)), status_of(refusal)
    flash(f"Letter {found.row.id} is recorded as sent by post, and leaves this list in a moment.")
    return redirect(url_for("letter_list"), 303)


def _number(text: str) -> int | None:
    """Return the number that a text is, None where it is none that a letter can have."""
    digits = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if digits else None


def _found(office: Office, text: str) -> undelivered.Undelivered:
    """Return the letter of that number that waits; there is no page of any other."""
    number = _number(text)
    seen = look(What.LETTERS)
    found = None if number is None else undelivered.letter(office.ledger, seen, number)
    if found is None:
        abort(404)
    return found


def _page(found: undelivered.Undelivered, fault: str) -> str:
    return render_template(
        "letter.html",
        row=found.row,
        letter=found.letter,
        faults={"": fault} if fault else {},
        command_id=str(uuid4()),
    )


ROUTES: Final = (
    Route(
        path="/staff/letters",
        endpoint="letter_list",
        view=letter_list,
        action=WORK_ACTION_OF[RecordPosting],
    ),
    Route(
        path="/staff/letters/<number>",
        endpoint="letter",
        view=letter,
        action=WORK_ACTION_OF[RecordPosting],
    ),
    Route(
        path="/staff/letters/<number>",
        endpoint="record_posting",
        view=record_posting,
        action=WORK_ACTION_OF[RecordPosting],
        methods=("POST",),
    ),
)
