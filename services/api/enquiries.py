"""What anybody may ask without signing in: an application's status, and a score for a file."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from marshmallow import RAISE, Schema, validate

from domain.access import Action, Person, Role
from domain.application import Application, Correspondence
from domain.days import hong_kong_date
from domain.looks import What
from domain.references import parse_reference
from domain.rules.assess import assess as assessed
from domain.rules.choose import choose, named
from domain.rules.transitions import filed_on
from services.api import inputs
from services.api.faults import InvalidRequest, NoSuchApplication
from services.api.freshness import shown
from services.api.outputs import AssessmentSchema, StatusAnswer
from services.api.routes import Call, Route
from services.enquiries import status_for
from services.intake.application import application_from
from services.intake.faults import Fault
from services.intake.fields import Day, Text
from services.intake.schema import schema_for
from services.projections import queries
from services.reasons import say
from services.rules import answer

_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """What an applicant knows: the reference of the application and the own date of birth."""

    reference: str
    date_of_birth: date


class AssessmentQuery(Schema):
    """The ruleset to score under (the one in force if absent) and the reference date (today)."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = inputs.MESSAGES
    ruleset = Text(validate=validate.Length(max=_LONGEST_ID, error="must be an id of a ruleset"))
    on = Day()
    language = inputs.language("English", load_default=Correspondence.ENGLISH)


class StatusQuery(Schema):
    """The language in which the reasons of a refusal are said."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = inputs.MESSAGES
    language = inputs.language("the applicant's own")


def status(call: Call, query: dict[str, Any], body: Enquiry) -> StatusAnswer:
    """Where an application stands, for whoever knows its reference and the date of birth.

    An unknown reference, another date of birth, an erased person and more than ten tries in a
    quarter of an hour get one and the same answer.
    """
    reference = parse_reference(body.reference)
    if reference is None:
        fault = Fault(path="reference", message="is mistyped; it reads like QM-4K7RT-9XWPR")
        raise InvalidRequest((fault,))
    fresh = shown(call.office, "case-status")
    known = status_for(call.office, reference, body.date_of_birth)
    applicant = Person(name=reference, role=Role.APPLICANT)
    look = call.look(What.STATUS, applicant)
    row = queries.status_seen(call.office.models, look, reference) if known else None
    if row is None:
        raise NoSuchApplication("compare both with the acknowledgement letter and try again")
    said = {
        name: getattr(row, name)
        for name in StatusAnswer.__dataclass_fields__
        if name not in {"reasons", "freshness"}
    }
    said_in = query.get("language") or row.language or Correspondence.ENGLISH
    reasons = tuple(say(each, said_in) for each in row.reasons)
    return StatusAnswer(**said, reasons=reasons, freshness=fresh)


def assess(call: Call, query: dict[str, Any]) -> dict[str, Any]:
    """The score of an application file, which is kept nowhere."""
    on = query.get("on") or hong_kong_date(call.office.clock())
    document, found = inputs.body()
    application = application_from(document, on, found=found)
    book = call.office.rulebook
    ruleset = (
        named(book, query["ruleset"])
        if "ruleset" in query
        else choose(book, filed_on(application.route, on))
    )
    return answer(assessed(ruleset, application, on), query["language"])


ROUTES: Final = (
    Route(
        method="POST",
        path="/status-enquiries",
        name="status-enquiry",
        action=Action.PUBLIC,
        view=status,
        summary="Ask where an application stands",
        query=StatusQuery,
        body=schema_for(Enquiry),
        gives=schema_for(StatusAnswer),
    ),
    Route(
        method="POST",
        path="/assessments",
        name="assessment",
        action=Action.PUBLIC,
        view=assess,
        summary="Score an application file without filing it",
        query=AssessmentQuery,
        body_shown=schema_for(Application),
        gives=AssessmentSchema,
    ),
)
