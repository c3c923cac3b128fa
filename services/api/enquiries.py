"""What anybody may ask without signing in: an application's status, and a score for a file."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from marshmallow import RAISE, Schema, validate

from domain.access import Action, Person, Role
from domain.application import Application, Correspondence
from domain.days import hong_kong_date
from domain.looks import What
from domain.projections.status import StatusRow
from domain.references import parse_reference
from domain.rules.assess import assess as assessed
from domain.rules.choose import choose, named
from domain.rules.transitions import filed_on
from services import enquiries
from services.api import inputs
from services.api.faults import CodeRefused, InvalidRequest, NotShownYet
from services.api.freshness import shown_at
from services.api.guard import client
from services.api.outputs import AssessmentSchema, Shown, StatusAnswer
from services.api.routes import Call, Route
from services.intake.application import application_from
from services.intake.faults import Fault
from services.intake.fields import Day, Text
from services.intake.schema import schema_for
from services.notifications.codes import HOLDS
from services.projections import queries
from services.projections.errors import NotShown
from services.reasons import say
from services.rules import answer

_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """What an applicant knows: the reference of the application and the own date of birth."""

    reference: str
    date_of_birth: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredCode:
    """The code as the message has it: six digits."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsked:
    """What a code answers, whether one was sent or not, and for how many minutes one holds."""

    challenge: str
    minutes: int


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


def ask(call: Call, body: Enquiry) -> CodeAsked:
    """That a code was sent if both are right: the same to anybody, after the same work.

    It goes to the e-mail address of the application, at most three times in an hour. Nothing tells
    an unknown reference, another date of birth, an erased person, an application without an
    address and too many tries from each other.
    """
    reference = parse_reference(body.reference)
    if reference is None:
        fault = Fault(path="reference", message="is mistyped; it reads like QM-4K7RT-9XWPR")
        raise InvalidRequest((fault,))
    challenge = enquiries.ask(
        call.office, reference, body.date_of_birth, client=client(call.office)
    )
    return CodeAsked(challenge=str(challenge), minutes=int(HOLDS.total_seconds() // 60))


def enter(call: Call, challenge: str, query: dict[str, Any], body: EnteredCode) -> StatusAnswer:
    """Where an application stands, for whoever has the code; a code can be entered once.

    A wrong code, one that was used or holds no longer, a sixth try and an unknown challenge get
    one and the same answer. A right one is not used up while there is nothing to show yet.
    """
    try:
        reference = enquiries.enter(
            call.office, _as_uuid(challenge), body.code.strip(), client=client(call.office)
        )
    except NotShown as behind:
        raise NotShownYet("the code is right and holds on; enter it again in a moment") from behind
    found = None if reference is None else status_of(call, reference, query.get("language"))
    if found is None:
        raise CodeRefused("compare it with the newest message, or ask for another code")
    return found


def status_of(
    call: Call, reference: str, language: Correspondence | None = None
) -> StatusAnswer | None:
    """What the applicant of a reference is told; None without one, or once erased."""
    look = call.look(What.STATUS, Person(name=reference, role=Role.APPLICANT))
    seen = queries.status_seen(call.office.models, look, reference)
    if seen.row is None or seen.row.personal is None:
        return None
    return _answered(seen.row, shown_at(seen.freshness), language)


def _answered(row: StatusRow, fresh: Shown, language: Correspondence | None) -> StatusAnswer:
    """What an applicant is told, its reasons in their own language unless another is asked for."""
    said = {
        name: getattr(row, name)
        for name in StatusAnswer.__dataclass_fields__
        if name not in {"reasons", "freshness"}
    }
    said_in = language or row.language or Correspondence.ENGLISH
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


def _as_uuid(challenge: str) -> UUID:
    """Return the challenge; for what cannot be one, a challenge that nobody was ever given."""
    try:
        return UUID(challenge)
    except ValueError:
        return UUID(int=0)


ROUTES: Final = (
    Route(
        method="POST",
        path="/status-enquiries",
        name="status-enquiry",
        action=Action.PUBLIC,
        view=ask,
        summary="Ask for a code that shows where an application stands",
        body=schema_for(Enquiry),
        gives=schema_for(CodeAsked),
        status=202,
    ),
    Route(
        method="POST",
        path="/status-enquiries/<challenge>",
        name="status-enquiry-code",
        action=Action.PUBLIC,
        view=enter,
        summary="Enter the code and see where the application stands",
        query=StatusQuery,
        body=schema_for(EnteredCode),
        gives=schema_for(StatusAnswer),
        refuses=(403, 503),
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
