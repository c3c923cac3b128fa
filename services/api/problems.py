"""How every refusal and fault is told over HTTP: one table, one shape (RFC 9457).

Law: an error that is not in the table is a fault of ours. It is logged with its correlation id and
tells nothing of itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import flask
import structlog
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from domain import errors as d
from domain import working_days
from domain.access import Action, permitted
from domain.rules import assess, choose, overriding
from domain.slugs import slug
from services.api import faults as f
from services.api.commands import addresses
from services.arriving import BodyTooSlow
from services.identity.faults import ProviderAway
from services.intake.faults import ApplicationFaults, Fault
from services.privacy.places import ErasuresAway
from services.projections.errors import MENDED_BY, BadCursor, ProjectionOutdated, StandsStill
from services.stack.errors import StackFault
from services.store import MasterKeyChanged
from services.store import errors as s

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "/problems/"
RETRY_SECONDS: Final = 2
MOST_FAULTS: Final = 100
"""How many faults of one request are told one by one; `detail` says how many more there are."""

STATUS: Final[Mapping[type[d.Refusal], HTTPStatus]] = MappingProxyType(
    {
        d.NotAllowedNow: HTTPStatus.CONFLICT,
        d.NoFeeDue: HTTPStatus.CONFLICT,
        d.WrongAmount: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.TooLate: HTTPStatus.CONFLICT,
        d.ReasonsMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.SameRuleset: HTTPStatus.CONFLICT,
        d.PersonErased: HTTPStatus.CONFLICT,
        d.GroundsMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.AlreadyGiven: HTTPStatus.CONFLICT,
        d.NoSuchProposal: HTTPStatus.CONFLICT,
        d.AwaitsSecondOfficer: HTTPStatus.CONFLICT,
        d.SecondOfficerNeeded: HTTPStatus.FORBIDDEN,
        d.NoSuchDocument: HTTPStatus.NOT_FOUND,
        d.NotADocument: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        d.FileTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        d.TooManyDocuments: HTTPStatus.CONFLICT,
        d.NothingRequested: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.RequestUnclear: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.DueDatePassed: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.NothingProposed: HTTPStatus.CONFLICT,
        d.OnHold: HTTPStatus.CONFLICT,
        d.KeptByLaw: HTTPStatus.CONFLICT,
        d.PreviewOutdated: HTTPStatus.CONFLICT,
        d.NotErased: HTTPStatus.CONFLICT,
        d.NoSuchLegalHold: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.PaperNotTaken: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.AssessmentStale: HTTPStatus.CONFLICT,
        d.AssessmentFallen: HTTPStatus.CONFLICT,
        d.OriginalsNotSeen: HTTPStatus.CONFLICT,
        d.NothingOverdue: HTTPStatus.CONFLICT,
        d.NothingToCorrect: HTTPStatus.CONFLICT,
        d.DependantNotEligible: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.ContactNotCorrected: HTTPStatus.CONFLICT,
        d.NoSuchDependant: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.NoRepresentative: HTTPStatus.CONFLICT,
        d.TooOften: HTTPStatus.CONFLICT,
        d.TooEarly: HTTPStatus.CONFLICT,
        d.NoStayLeft: HTTPStatus.CONFLICT,
        d.EarlierThanHistory: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.NotYet: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.DuplicateApplication: HTTPStatus.CONFLICT,
        d.NoSuchCase: HTTPStatus.NOT_FOUND,
        d.NoSuchExercise: HTTPStatus.NOT_FOUND,
        d.NotGenuine: HTTPStatus.CONFLICT,
        d.DocumentsAwaited: HTTPStatus.CONFLICT,
        d.GroundTaken: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.AnotherPerson: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.ExerciseExists: HTTPStatus.CONFLICT,
        d.NameInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.NothingToSelect: HTTPStatus.CONFLICT,
        d.PlacesInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.SelectionChanged: HTTPStatus.CONFLICT,
        d.NotShortlisted: HTTPStatus.CONFLICT,
        d.GradeMissing: HTTPStatus.CONFLICT,
        d.WrongGrade: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.TermsInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.HeldByAnother: HTTPStatus.CONFLICT,
        d.AlreadyHeld: HTTPStatus.CONFLICT,
        d.NotTheHolder: HTTPStatus.CONFLICT,
        d.RecusedFromCase: HTTPStatus.FORBIDDEN,
        d.NoSuchOfficer: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.NoSuchNote: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.AlreadySuperseded: HTTPStatus.CONFLICT,
        d.NoSuchLetter: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.AlreadyPosted: HTTPStatus.CONFLICT,
        d.DataAccessOpen: HTTPStatus.CONFLICT,
        d.NoDataAccessOpen: HTTPStatus.CONFLICT,
        d.ExportChanged: HTTPStatus.CONFLICT,
        d.DayImpossible: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.AccessGroundMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.WordsMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
        d.NothingWaits: HTTPStatus.CONFLICT,
        d.Forbidden: HTTPStatus.FORBIDDEN,
        d.PurposeNeeded: HTTPStatus.FORBIDDEN,
        d.PurposeInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
        assess.WrongRoute: HTTPStatus.UNPROCESSABLE_ENTITY,
        choose.NoRule: HTTPStatus.UNPROCESSABLE_ENTITY,
        choose.NoRuleset: HTTPStatus.UNPROCESSABLE_ENTITY,
        choose.UnknownRuleset: HTTPStatus.UNPROCESSABLE_ENTITY,
        overriding.NoSuchRule: HTTPStatus.UNPROCESSABLE_ENTITY,
        overriding.PointsImpossible: HTTPStatus.UNPROCESSABLE_ENTITY,
        working_days.HolidaysNotLoaded: HTTPStatus.UNPROCESSABLE_ENTITY,
        f.EdgeFault: HTTPStatus.BAD_REQUEST,
        f.SignInNeeded: HTTPStatus.UNAUTHORIZED,
        f.MalformedJson: HTTPStatus.BAD_REQUEST,
        f.UploadCutOff: HTTPStatus.BAD_REQUEST,
        f.TypeUnsupported: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f.InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
        f.IdempotencyKeyMissing: HTTPStatus.BAD_REQUEST,
        f.IdempotencyKeyInvalid: HTTPStatus.BAD_REQUEST,
        f.IfMatchMissing: HTTPStatus.PRECONDITION_REQUIRED,
        f.IfMatchInvalid: HTTPStatus.BAD_REQUEST,
        f.NotShownYet: HTTPStatus.SERVICE_UNAVAILABLE,
        f.CodeRefused: HTTPStatus.FORBIDDEN,
        f.NoSuchProblem: HTTPStatus.NOT_FOUND,
        f.NoSuchRuleset: HTTPStatus.NOT_FOUND,
    }
)
"""The status of each refusal; its code and title are its class's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of problem: its status, the last part of its type's URI, and its title."""

    status: HTTPStatus
    code: str
    title: str

    @property
    def type(self) -> str:
        """The URI that names this sort of problem for ever."""
        return f"{PREFIX}{self.code}"


STALE: Final = Kind(
    status=HTTPStatus.PRECONDITION_FAILED,
    code="stale-version",
    title="This is no longer the version you looked at",
)
BROKEN: Final = Kind(
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    code="internal-error",
    title="Something went wrong on our side",
)
AWAY: Final = Kind(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    code="unavailable",
    title="A service that is needed does not answer",
)
NOT_READY: Final = Kind(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    code="not-ready",
    title="Not ready to serve",
)
STILL: Final = Kind(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    code="stands-still",
    title="What this is read from stands still",
)

STORE: Final[Mapping[type[Exception], Kind]] = MappingProxyType(
    {
        s.Conflict: STALE,
        s.Reserved: Kind(
            status=HTTPStatus.CONFLICT, code="already-reserved", title="Another one holds this"
        ),
        s.CommandReused: Kind(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="command-reused",
            title="This Idempotency-Key was used for another command",
        ),
        s.KeyDestroyed: Kind(
            status=HTTPStatus.CONFLICT,
            code=d.PersonErased.code(),
            title=d.PersonErased.title(),
        ),
        s.Unwritable: Kind(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="unwritable",
            title="This cannot be recorded as it is",
        ),
        BodyTooSlow: Kind(
            status=HTTPStatus.REQUEST_TIMEOUT,
            code="body-too-slow",
            title="The body did not arrive in time",
        ),
        s.StoreUnreachable: AWAY,
        ErasuresAway: AWAY,
        s.MigrationFault: AWAY,
        MasterKeyChanged: AWAY,
        StackFault: AWAY,
        ProviderAway: AWAY,
        ProjectionOutdated: AWAY,
        StandsStill: STILL,
    }
)
"""What the store, the settings and the line can refuse; all else is a fault of ours."""

HTTP: Final[Mapping[int, Kind]] = MappingProxyType(
    {
        status: Kind(status=status, code=code, title=title)
        for status, code, title in (
            (HTTPStatus.BAD_REQUEST, "bad-request", "The request cannot be read"),
            (HTTPStatus.NOT_FOUND, "no-such-route", "There is nothing at this address"),
            (HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "This address takes another way"),
            (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", "The body is too large"),
        )
    }
)
"""What the web framework itself refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem as it is told: its sort, what was wrong this time, and what goes with it."""

    kind: Kind
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def kinds() -> Iterator[Kind]:
    """Every sort of problem there is."""
    yield from (_kind_of(refusal) for refusal in STATUS)
    yield from {each.code: each for each in (*STORE.values(), BROKEN, NOT_READY)}.values()
    yield from HTTP.values()


def problem_of(error: Exception) -> Problem:
    """What `error` is to whoever asked."""
    match error:
        case HTTPException():
            return _of_http(error)
        case d.Refusal():
            return _of_refusal(error)
        case ApplicationFaults(faults=faults):
            return _of_refusal(f.InvalidRequest(faults))
        case BadCursor():
            fault = Fault(path="after", message="is not a cursor that a page of this list gave")
            return _of_refusal(f.InvalidRequest((fault,)))
        case s.Conflict():
            return _stale(error)
        case _:
            return _of_fault(error)


def answer(error: Exception) -> flask.Response:
    """The response that tells `error`; one that is our fault is logged whole."""
    problem = problem_of(error)
    if problem.kind in {AWAY, BROKEN, STILL}:
        structlog.get_logger().error("request-failed", code=problem.kind.code, exc_info=error)
    return told(problem)


def told(problem: Problem) -> flask.Response:
    """The response that tells `problem`."""
    body = {
        "type": problem.kind.type,
        "title": problem.kind.title,
        "status": problem.kind.status.value,
        "detail": problem.detail,
        "correlation_id": flask.g.get("correlation_id", ""),
        **problem.members,
    }
    response = flask.Response(
        flask.json.dumps(body), status=problem.kind.status.value, mimetype=MEDIA_TYPE
    )
    response.headers.extend(dict(problem.headers))
    return response


def _kind_of(refusal: type[d.Refusal]) -> Kind:
    named = next(each for each in refusal.__mro__ if each in STATUS)
    return Kind(status=STATUS[named], code=refusal.code(), title=refusal.title())


def _of_refusal(error: d.Refusal) -> Problem:
    said = str(error)
    if isinstance(error, d.NotAllowedNow) and not _sees_cases():
        said = f"{slug(error.command)} is not possible now"
    return Problem(
        kind=_kind_of(type(error)),
        detail=said,
        members=_members(error),
        headers=_headers(error),
    )


def _sees_cases() -> bool:
    """Say whether whoever asks may be told where a case stands: a program that pays may not."""
    person = flask.g.get("person")
    return person is None or permitted(person, Action.READ_CASES)


def _of_fault(error: Exception) -> Problem:
    """A fault that is told as it is, or without its text, which may name hosts and tables."""
    kind = next((STORE[each] for each in type(error).__mro__ if each in STORE), BROKEN)
    if kind in {AWAY, STILL}:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        detail = MENDED_BY if kind is STILL else "try again in a moment"
        return Problem(kind=kind, detail=detail, headers=headers)
    detail = "tell us the correlation_id" if kind is BROKEN else str(error)
    return Problem(kind=kind, detail=detail)


def _members(error: Exception) -> dict[str, Any]:
    match error:
        case f.InvalidRequest(faults=faults):
            first = faults[:MOST_FAULTS]
            return {"errors": [{"path": each.path, "message": each.message} for each in first]}
        case f.IfMatchMissing(current=current):
            return {"current_version": current}
        case d.DuplicateApplication(live=str(live)):
            return {"live_case": live}
        case d.NotAllowedNow(stage=stage, allowed=allowed) if _sees_cases():
            return {"stage": stage, "possible": addresses(allowed)}
        case _:
            return {}


def _headers(error: Exception) -> dict[str, str]:
    match error:
        case f.SignInNeeded(offered=offered):
            refused = ', error="invalid_token"' if offered else ""
            return {"WWW-Authenticate": f'Bearer realm="qmas"{refused}'}
        case f.IfMatchMissing(current=current):
            return {"ETag": f'"{current}"'}
        case f.NotShownYet():
            return {"Retry-After": str(RETRY_SECONDS)}
        case _:
            return {}


def _stale(error: s.Conflict) -> Problem:
    return Problem(
        kind=STALE,
        detail=f"it is at version {error.actual} now, not at {error.expected}; read it again",
        members={"expected_version": error.expected, "current_version": error.actual},
        headers={"ETag": f'"{error.actual}"'},
    )


def _unnamed(status: HTTPStatus) -> Kind:
    return Kind(status=status, code=status.phrase.lower().replace(" ", "-"), title=status.phrase)


def _of_http(error: HTTPException) -> Problem:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    kind = HTTP.get(code) or _unnamed(HTTPStatus(code))
    detail, headers = error.description or kind.title, {}
    if isinstance(error, NotFound):
        detail = "every address is described at /api/v1/openapi.json"
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
        detail = f"it takes {headers['Allow']}"
    return Problem(kind=kind, detail=detail, headers=headers)
