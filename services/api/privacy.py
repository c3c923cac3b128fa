"""What is kept for longer than the schedule of retention says; nothing is done by asking."""

from typing import Any, Final

from marshmallow import RAISE, Schema

from domain.access import Action
from domain.looks import What
from domain.rules.retention import OF_CASES, RecordClass
from services.api.faults import InvalidRequest
from services.api.inputs import MESSAGES, page_size, short
from services.api.routes import Call, Route
from services.intake.faults import Fault
from services.intake.fields import Day, Text, Word
from services.intake.schema import schema_for
from services.privacy import retention

_LONGEST: Final = 100


class ScheduleQuery(Schema):
    """The day on which it is asked, today if absent."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = MESSAGES
    on = Day()


class DueQuery(ScheduleQuery):
    """Which class of cases, and where its page begins."""

    record = Word(RecordClass, required=True)
    after = Text(validate=short(_LONGEST))
    limit = page_size(retention.LIMIT, retention.MOST)


def schedule(call: Call, query: dict[str, Any]) -> retention.Schedule:
    """Every class of records, with how many are due."""
    return retention.schedule(call.office, query.get("on"))


def due(call: Call, query: dict[str, Any]) -> retention.DueCases:
    """A page of the cases of a class whose time is over."""
    record = query.pop("record")
    if record not in OF_CASES:
        known = ", ".join(OF_CASES)
        raise InvalidRequest((Fault(path="record", message=f"has cases only as one of {known}"),))
    return retention.due_cases(call.office, call.look(What.LIST), record, **query)


ROUTES: Final = (
    Route(
        method="GET",
        path="/retention",
        name="retention",
        action=Action.READ_RETENTION,
        view=schedule,
        summary="Show how long each class of records is kept, and how many are due",
        query=ScheduleQuery,
        gives=schema_for(retention.Schedule),
    ),
    Route(
        method="GET",
        path="/retention/cases",
        name="retention-cases",
        action=Action.READ_RETENTION,
        view=due,
        summary="List the cases of a class whose time is over",
        query=DueQuery,
        gives=schema_for(retention.DueCases),
    ),
)
