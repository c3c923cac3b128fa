"""Who looked at which cases: the record of looks, for those who watch over it."""

from typing import Any, Final

from marshmallow import RAISE, Schema, fields, validate

from domain.access import Action
from domain.looks import What
from services.api.inputs import MESSAGES, LenientInstant, LenientWhole, page_size, short
from services.api.routes import Call, Route
from services.cases import canonical
from services.identity.people import spellings
from services.intake.fields import Instant, Text
from services.projections import looks

_LAST: Final = 2**63 - 1


class ReadsQuery(Schema):
    """Which looks to list: at a case, by a person, from and to an instant, itself included.

    `stated` is for those that said why with all these words.
    """

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = MESSAGES
    case = Text(validate=short())
    who = Text(validate=short())
    stated = Text(validate=short())
    since = LenientInstant()
    until = LenientInstant()
    before = LenientWhole(validate=validate.Range(min=1, max=_LAST, error="must be from {min}"))
    limit = page_size(looks.LIMIT)


class ReadSchema(Schema):
    """One look: who, when, what for, at what and through which door.

    `cases` are the references that it showed or asked for, the first 20 of as many as `case_count`;
    whoever asks for a case is told of every look at it. `filters` is what else was asked for and,
    of a look at this record, the lowest and the highest number of the `rows` that it showed.
    Of what was worked out from many cases it says what was `asked`; the cases that the answer named
    stand in rows of their own, which are `of` the number of that look and no other one.
    `words` is how many words of a name were searched for; which they were is not kept in clear.
    `stated` is why they looked, in their own words: empty without any, and once erased.
    """

    number = fields.Integer(required=True)
    at = Instant(required=True)
    who = fields.String(required=True)
    role = fields.String(required=True)
    purpose = fields.String(required=True)
    what = fields.String(required=True)
    door = fields.String(required=True)
    correlation_id = fields.String(required=True)
    cases = fields.List(fields.String(), required=True)
    case_count = fields.Integer(required=True)
    filters = fields.Dict(required=True)
    words = fields.Integer(required=True)
    stated = fields.String(required=True)


class ReadsSchema(Schema):
    """A page of looks, the latest first.

    The next page is of those `before` the number `older`, which is null on the last one.
    """

    items = fields.List(fields.Nested(ReadSchema), required=True)
    older = fields.Integer(required=True, allow_none=True)


def read_list(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """A page of the looks that meet every condition; it is itself recorded as a look."""
    page = {name: query.pop(name, None) for name in ("before", "limit")}
    if "stated" in query:
        query["stated"] = looks.words_of(call.office.blind, query["stated"])
    if "case" in query:
        query["case"] = canonical(query["case"])
    if "who" in query:
        query["who"] = spellings(call.office.settings, query["who"])
    wanted = looks.LookFilter(**query)
    found = looks.looks(call.office.models, call.look(What.READS), wanted, **page)
    return {"items": found.rows, "older": found.older}


ROUTES: Final = (
    Route(
        method="GET",
        path="/reads",
        name="read-list",
        action=Action.READ_READS,
        view=read_list,
        summary="List who looked at which cases",
        query=ReadsQuery,
        gives=ReadsSchema,
        refuses=(404,),
    ),
)
