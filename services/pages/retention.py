"""What is kept for longer than the schedule of retention says: each class, and its cases."""

from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.errors import Refusal
from domain.looks import What
from domain.rules.retention import OF_CASES, RecordClass
from services.intake.fields import day_or_none
from services.pages.guard import Route, look
from services.privacy import retention
from services.projections import queries
from services.wiring import Office

_NO_DAY: Final = "Enter a date such as 2019-05-01"


def schedule(office: Office) -> ResponseReturnValue:
    """Show what is due on a day, and the cases of one class; nothing is done by it."""
    typed, faults = request.args.get("on", "").strip(), {}
    on = day_or_none(typed) if typed else None
    if typed and on is None:
        faults["on"] = _NO_DAY
    found = cases = None
    seen = look(What.LIST)
    record = _record(request.args.get("record", ""))
    try:
        if not faults:
            found = retention.schedule(office, seen, on)
        if found and record:
            after = request.args.get("after") or None
            cases = retention.due_cases(office, seen, record, on=on, after=after)
    except Refusal as refused:
        faults["on"] = str(refused)
    shown = render_template(
        "retention.html",
        found=found,
        cases=cases,
        of_cases=OF_CASES,
        typed=typed,
        faults=faults,
        fresh=queries.freshness(office.models, "case-list"),
    )
    return (shown, 422) if faults else shown


def _record(text: str) -> RecordClass | None:
    return next((each for each in OF_CASES if each == text), None)


ROUTES: Final = (
    Route(
        path="/staff/retention",
        endpoint="retention",
        view=schedule,
        action=Action.READ_RETENTION,
    ),
)
