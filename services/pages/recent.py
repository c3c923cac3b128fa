"""What happened last in all cases and exercises: the end of the log in words, page by page.

Nothing is kept for it: a page is read from its place in the log, which no later event changes.
"""

from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.projections.stage_after import CASE_STREAM, EXERCISE_STREAM, WORK_STREAM, key_after
from domain.record import Recorded
from domain.wire import WIRE
from services.pages.catalogue import load_catalogue
from services.pages.forms import FormFaults
from services.pages.guard import Route
from services.wiring import Office

LIMIT: Final = 50
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event in words, and the case or the exercise that it is about."""

    title: str
    recorded: Recorded[Any]

    @property
    def case(self) -> str | None:
        """The reference of its case, None where it is about an exercise."""
        return key_after(self.recorded, CASE_STREAM) or key_after(self.recorded, WORK_STREAM)

    @property
    def exercise(self) -> str | None:
        """The name of its exercise, None where it is about a case."""
        return key_after(self.recorded, EXERCISE_STREAM)


def recent(office: Office) -> ResponseReturnValue:
    """Show what happened last, or last before a position of the log."""
    head = office.store.sequence()
    last = min(head, _before(request.args.get("before", ""), head + 1) - 1)
    first = max(0, last - LIMIT)
    read = office.store.read_log(after=first, limit=last - first, personal=False)
    words = load_catalogue()
    return render_template(
        "recent.html",
        happened=[
            Happened(title=words(f"event.{WIRE[type(each.event)].name}"), recorded=each)
            for each in reversed(read)
        ],
        older=first + 1 if first else None,
        newest=last == head,
    )


def _before(typed: str, otherwise: int) -> int:
    """Return the position that the address names; FormFaults where it names none."""
    if not typed:
        return otherwise
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= _DIGITS and int(typed)):
        raise FormFaults({"before": "Name a position of the record, from 1"})
    return int(typed)


ROUTES: Final = (
    Route(path="/staff/recent", endpoint="recent", view=recent, action=Action.READ_WORK),
)
