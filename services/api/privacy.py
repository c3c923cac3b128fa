"""What is kept for too long, and what an erasure would do and did; nothing is done by asking."""

from typing import Any, Final

from marshmallow import RAISE, Schema, fields

from domain.access import Action
from domain.looks import What
from domain.rules.retention import OF_CASES, RecordClass
from services.api.faults import InvalidRequest
from services.api.inputs import MESSAGES, page_size, short
from services.api.routes import LOOK_PURPOSE, Call, Route
from services.intake.faults import Fault
from services.intake.fields import Day, Text, Word
from services.intake.schema import schema_for
from services.privacy import receipt, retention
from services.privacy.preview import Preview, preview

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
    return retention.schedule(call.office, call.look(What.LIST), query.get("on"))


def due(call: Call, query: dict[str, Any]) -> retention.DueCases:
    """A page of the cases of a class whose time is over."""
    record = query.pop("record")
    if record not in OF_CASES:
        known = ", ".join(OF_CASES)
        raise InvalidRequest((Fault(path="record", message=f"has cases only as one of {known}"),))
    return retention.due_cases(call.office, call.look(What.LIST), record, **query)


class KeptSchema(Schema):
    """What is sealed by the key of a case: events by type, files, letters by state, rows by table.

    `tokens` are those by which its person is found; they are deleted.
    """

    events = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    documents = fields.Integer(required=True)
    document_bytes = fields.Integer(required=True)
    letters = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    rows = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    tokens = fields.Integer(required=True)


class PreviewSchema(Schema):
    """An erasure as it would be now: what is `kept` goes, and the events in `stays` stay readable.

    What is `refused` has the erasure refused; of what is `open` somebody should know before.
    Whoever confirms it names the `digest`, which is another once something is recorded or filed.
    """

    reference = fields.String(required=True)
    version = fields.Integer(required=True)
    stage = fields.String(required=True)
    kept = fields.Nested(KeptSchema, required=True)
    stays = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    refused = fields.List(fields.String(), required=True)
    open = fields.List(fields.String(), required=True)
    digest = fields.String(required=True)


class SaidSchema(Schema):
    """An event as its leaf covers it: its exact text, and the instant it was recorded."""

    body = fields.String(required=True)
    recorded_at = fields.String(required=True)


class ReceiptSchema(Schema):
    """That the person of a case was erased, as `qmas privacy verify-receipt` checks it.

    `events` are the commit that did it, the last at `position` of the log. After the roots in
    `before`, of the complete subtrees of all that came earlier, they make the log's `root`.
    """

    reference = fields.String(required=True)
    proposed_by = fields.String(required=True)
    confirmed_by = fields.String(required=True)
    decided_at = fields.String(required=True)
    key_destroyed_at = fields.String(required=True)
    destroyed = fields.Dict(required=True)
    events = fields.List(fields.Nested(SaidSchema), required=True)
    position = fields.Integer(required=True)
    leaf = fields.String(required=True)
    before = fields.List(fields.String(), required=True)
    root = fields.String(required=True)
    format = fields.String(required=True)


def erasure(call: Call, reference: str) -> Preview:
    """The preview of an erasure."""
    return preview(call.office, call.look(What.CASE), reference)


def erasure_receipt(call: Call, reference: str) -> receipt.Receipt:
    """The receipt of an erasure."""
    return receipt.receipt(call.office, call.look(What.PROOF), reference)


ROUTES: Final = (
    Route(
        method="GET",
        path="/cases/<reference>/erasure",
        name="erasure-preview",
        action=Action.READ_HISTORY,
        view=erasure,
        summary="Show what erasing the person would make unreadable, and what is in the way",
        gives=PreviewSchema,
        headers=(LOOK_PURPOSE,),
    ),
    Route(
        method="GET",
        path="/cases/<reference>/erasure/receipt",
        name="erasure-receipt",
        action=Action.READ_HISTORY,
        view=erasure_receipt,
        summary="Give the receipt of an erasure, with the proof that the log holds it",
        gives=ReceiptSchema,
        headers=(LOOK_PURPOSE,),
        refuses=(409,),
    ),
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
