"""One POST per command on a case: a table of addresses, and the routes made from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, make_dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, cast

import flask
from marshmallow import ValidationError

from domain import commands as c
from domain import exercise_commands as q
from domain import legal_holds as l
from domain import papers as p
from domain import standing as t
from domain.access import ACTION_OF
from domain.application import Application, Channel
from domain.days import hong_kong_date
from domain.stages import Stage
from services import cases, refiling
from services.api.conditions import expected_version, if_match_needed
from services.api.routes import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    Call,
    Reply,
    Route,
    call_of,
    carried_out,
)
from services.correcting import impossible_in
from services.intake.application import impossible_days
from services.intake.faults import Fault
from services.intake.fields import Instant
from services.intake.schema import schema_for
from services.wiring import Office

COMMANDS: Final[Mapping[str, type[c.CaseCommand]]] = MappingProxyType(
    {
        "pay-application-fee": c.PayApplicationFee,
        "acknowledge": c.AcknowledgeApplication,
        "assess-prerequisites": c.AssessPrerequisites,
        "score": c.ScoreApplication,
        "move-to-ruleset": c.MoveToRuleset,
        "propose-override": c.ProposeOverride,
        "confirm-override": c.ConfirmOverride,
        "decline-override": c.DeclineOverride,
        "check-document": p.CheckDocument,
        "verify-document": p.VerifyDocument,
        "request-documents": p.RequestDocuments,
        "cancel-document-request": p.CancelDocumentRequest,
        "propose-approval-in-principle": c.ProposeApprovalInPrinciple,
        "grade": c.GradeCase,
        "uphold-assessment": t.UpholdAssessment,
        "set-assessment-aside": t.SetAssessmentAside,
        "verify-originals": c.VerifyOriginals,
        "propose-approval": c.ProposeApproval,
        "pay-visa-fee": c.PayVisaFee,
        "issue-visa": c.IssueVisa,
        "activate-visa": c.ActivateVisa,
        "propose-refusal": c.ProposeRefusal,
        "propose-reopening": c.ProposeReopening,
        "propose-upholding": c.ProposeUpholding,
        "propose-extension": c.ProposeExtension,
        "propose-voiding": c.ProposeVoiding,
        "propose-erasure": c.ProposeErasure,
        "propose-contact-change": c.ProposeContactChange,
        "confirm-decision": c.ConfirmDecision,
        "decline-decision": c.DeclineDecision,
        "hold": c.HoldCase,
        "place-legal-hold": l.PlaceLegalHold,
        "lift-legal-hold": l.LiftLegalHold,
        "lift-hold": c.LiftHold,
        "lapse": c.LapseCase,
        "recuse": c.RecuseOfficer,
        "correct": c.CorrectApplication,
        "add-dependant": c.AddDependant,
        "remove-dependant": c.RemoveDependant,
        "appoint-representative": c.AppointRepresentative,
        "remove-representative": c.RemoveRepresentative,
        "request-reconsideration": c.RequestReconsideration,
        "seek-extension": c.SeekExtension,
        "record-right-of-abode": c.RecordRightOfAbode,
        "withdraw": c.WithdrawApplication,
    }
)
"""The last part of each command's address. A case is shortlisted, taken out of rank, selected and
passed over by its exercise only, so those commands have none."""

# A file is a body of its own kind, so the command that takes one in has a route of its own.
ADDRESS_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{command.__name__: address for address, command in COMMANDS.items()},
        p.ReceiveDocument.__name__: "documents",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """A case after a command."""

    reference: str
    version: int
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An application to file; `received_at` is when it reached the office, now if absent."""

    application: Application
    channel: Channel = Channel.ONLINE
    received_at: datetime | None = None


def addresses(commands: tuple[str, ...]) -> list[str]:
    """The addresses of the commands that have one, by their names."""
    return [ADDRESS_OF[each] for each in commands if each in ADDRESS_OF]


def routes() -> Iterator[Route]:
    """The route of every command."""
    yield Route(
        method="POST",
        path="/applications",
        name="submit-application",
        action=ACTION_OF[c.SubmitApplication],
        view=submit,
        summary="File an application",
        body=schema_for(Submission),
        check=_impossible,
        gives=schema_for(CommandResult),
        status=201,
        headers=(IDEMPOTENCY_KEY,),
        tells=ETAG,
    )
    yield Route(
        method="POST",
        path="/cases/<reference>/withdraw-and-refile",
        name="withdraw-and-refile",
        action=ACTION_OF[c.WithdrawApplication],
        view=withdraw_and_refile,
        summary="Withdraw a case and file an application in its place; answers with the new case",
        body=schema_for(Submission),
        check=_impossible,
        gives=schema_for(CommandResult),
        status=201,
        headers=(IDEMPOTENCY_KEY, IF_MATCH),
        tells=ETAG,
    )
    yield from (_route(address, command) for address, command in COMMANDS.items())


def submit(call: Call, body: Submission) -> Reply:
    """File an application under a new reference."""
    command = c.SubmitApplication(application=body.application, channel=body.channel)
    outcome = cases.submit(call.office, command, call.request(effective_at=body.received_at))
    return answered(outcome, _location(outcome))


def withdraw_and_refile(call: Call, reference: str, body: Submission) -> Reply:
    """Withdraw a case and file an application in its place; the reply is of the new case."""
    command = c.SubmitApplication(application=body.application, channel=body.channel)
    request = call.request(expected=expected_version(), effective_at=body.received_at)
    with if_match_needed():
        outcome = refiling.withdraw_and_refile(call.office, reference, command, request)
    return answered(outcome, _location(outcome))


def answered(outcome: cases.Outcome, more: Mapping[str, str] = MappingProxyType({})) -> Reply:
    """The reply to a command on a case."""
    version = outcome.version
    result = CommandResult(reference=outcome.reference, version=version, stage=outcome.stage)
    return carried_out(result, repeated=outcome.repeated, version=version, more=more)


def _route(address: str, command: type[c.CaseCommand]) -> Route:
    return Route(
        method="POST",
        path=f"/cases/<reference>/{address}",
        name=address,
        action=ACTION_OF[command],
        view=_carrying_out(command),
        summary=(command.__doc__ or "").splitlines()[0],
        body=schema_for(dated(command)),
        check=_impossible_in_correction if command is c.CorrectApplication else None,
        gives=schema_for(CommandResult),
        headers=(IDEMPOTENCY_KEY, IF_MATCH),
        tells=ETAG,
    )


def _carrying_out(command: type[c.CaseCommand]) -> Callable[..., Reply]:
    names = [each.name for each in fields(command)]

    def carry_out(call: Call, reference: str, body: Any) -> Reply:
        asked = command(**{name: getattr(body, name) for name in names})
        request = call.request(expected=expected_version(), effective_at=body.effective_at)
        with if_match_needed():
            return answered(cases.carry_out(call.office, reference, asked, request))

    return carry_out


def _location(outcome: cases.Outcome) -> dict[str, str]:
    return {"Location": f"/api/v1/cases/{outcome.reference}"}


def dated(command: type[c.CaseCommand | q.ExerciseCommand]) -> type:
    """The command's body: its own fields, and when it took effect (now if absent)."""
    own = [(each.name, cast("Any", each.type), _again(each)) for each in fields(command)]
    when = ("effective_at", datetime | None, field(default=None))
    return make_dataclass(f"{command.__name__}Body", [*own, when], frozen=True, kw_only=True)


def _again(declared: Field[Any]) -> Any:
    return field() if declared.default is MISSING else field(default=declared.default)


def _impossible(office: Office, document: object) -> Iterator[Fault]:
    """Impossible days in the application, as of the day it was received."""
    given = document if isinstance(document, dict) else {}
    received = _instant_or_none(given.get("received_at")) or office.clock()
    yield from _in_body(impossible_days(given.get("application"), hong_kong_date(received)))


def _impossible_in_correction(office: Office, document: object) -> Iterator[Fault]:
    """Impossible days in the application, as of the day on which its case was submitted."""
    given = document if isinstance(document, dict) else {}
    reference = (flask.request.view_args or {})["reference"]
    request = call_of(office, ACTION_OF[c.CorrectApplication]).request()
    yield from _in_body(impossible_in(office, reference, request, given.get("application")))


def _in_body(faults: Iterable[Fault]) -> Iterator[Fault]:
    return (replace(each, path=f"application.{each.path}") for each in faults)


def _instant_or_none(value: object) -> datetime | None:
    try:
        return cast("datetime", Instant().deserialize(value))
    except ValidationError:
        return None
