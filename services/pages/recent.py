"""What happened last in all cases and exercises: the end of the log in words, page by page.

Nothing is kept for it: a page is read from its place in the log, which no later event changes.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.looks import What
from domain.projections.stage_after import CASE_STREAM, EXERCISE_STREAM, WORK_STREAM, key_after
from domain.record import Recorded
from domain.wire import WIRE
from services.catalogue import load_catalogue
from services.pages.forms import FormFaults
from services.pages.guard import Route, look
from services.store import EventUnreadable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An event that this version of the program cannot read, and where it stands."""

    position: int
    where: str


def recent(office: Office) -> ResponseReturnValue:
    """Show what happened last, or last before a position of the log."""
    head = office.store.sequence()
    last = min(head, _before(request.args.get("before", ""), head + 1) - 1)
    first = max(0, last - LIMIT)
    return render_template(
        "recent.html",
        happened=_happened(office, first, last)[::-1],
        older=first + 1 if first else None,
        newest=last == head,
    )


def _happened(office: Office, first: int, last: int) -> list[Happened | Unreadable]:
    """Return what stands after the position `first`, up to `last`, whatever cannot be read."""
    words = load_catalogue()
    try:
        read = office.store.read_log_seen(look(What.RECENT), after=first, limit=last - first)
    except EventUnreadable as fault:
        if last - first == 1:
            return [Unreadable(position=last, where=fault.where)]
        each = (_happened(office, at, at + 1) for at in range(first, last))
        return [*chain.from_iterable(each)]
    return [
        Happened(title=words(f"event.{WIRE[type(each.event)].name}"), recorded=each)
        for each in read
    ]


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
