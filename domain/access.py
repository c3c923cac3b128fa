"""Who may do what: one table, asked by every command, query and page."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, get_args

from domain import commands as c
from domain import legal_holds as l
from domain import papers as p
from domain import work_commands as w
from domain.errors import Forbidden
from domain.stages import Stage
from domain.standing import StandingCommand


class Role(StrEnum):
    """What a person is, to this system."""

    APPLICANT = "applicant"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    PANEL = "panel"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


class Action(StrEnum):
    """Everything that a route or a command can ask leave for."""

    SUBMIT = "application.submit"
    RECORD_PAYMENT = "payment.record"
    HANDLE = "case.handle"
    PROPOSE_DECISION = "decision.propose"
    DECIDE = "case.decide"
    RECUSE = "officer.recuse"
    ASK = "case.ask"
    MOVE = "case.move"
    LIFT_LEGAL_HOLD = "legal-hold.lift"
    UPHOLD = "assessment.uphold"
    PROPOSE_OVERRIDE = "override.propose"
    DECIDE_OVERRIDE = "override.decide"
    SEND_DOCUMENT = "document.send"
    WITHDRAW = "case.withdraw"
    GRADE = "case.grade"
    RUN_EXERCISE = "exercise.run"
    WORK = "work.do"
    ASSIGN = "work.assign"
    READ_WORK = "work.read"
    READ_WORKLOAD = "workload.read"
    READ_STATISTICS = "statistics.read"
    READ_CASES = "cases.read"
    READ_HISTORY = "history.read"
    READ_EXERCISES = "exercises.read"
    TRY_STEP = "exercise.try-step"
    TRY_TERMS = "exercise.try-terms"
    SIMULATE_RULES = "rules.simulate"
    READ_OWN_STATUS = "status.read-own"
    READ_NOTIFICATIONS = "notifications.read"
    RETRY_NOTIFICATION = "notification.retry"
    MANAGE_OWN_SESSIONS = "sessions.manage-own"
    OPERATE = "system.operate"
    READ_READS = "reads.read"
    EXPORT_DATA = "data.export"
    READ_RETENTION = "retention.read"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in: a stable name, and one role.

    Whoever is let in for some of what the role may do has those actions in `only`.
    """

    name: str
    role: Role
    only: frozenset[Action] | None = None


_STAFF: Final = frozenset({Role.OFFICER, Role.SUPERVISOR})
_GRADERS: Final = frozenset({Role.PANEL})
_READERS: Final = _STAFF | {Role.AUDITOR}

PERMITTED: Final[Mapping[Action, frozenset[Role]]] = MappingProxyType(
    {
        Action.SUBMIT: _STAFF | {Role.APPLICANT, Role.SERVICE},
        Action.RECORD_PAYMENT: _STAFF | {Role.SERVICE},
        Action.HANDLE: _STAFF,
        Action.PROPOSE_DECISION: _STAFF,
        Action.DECIDE: _STAFF,
        Action.RECUSE: _STAFF | _GRADERS,
        Action.ASK: _STAFF | {Role.APPLICANT},
        Action.MOVE: frozenset({Role.SUPERVISOR}),
        Action.LIFT_LEGAL_HOLD: frozenset({Role.SUPERVISOR}),
        Action.UPHOLD: frozenset({Role.SUPERVISOR}),
        Action.PROPOSE_OVERRIDE: _STAFF,
        Action.DECIDE_OVERRIDE: _STAFF,
        Action.SEND_DOCUMENT: _STAFF | {Role.APPLICANT},
        Action.WITHDRAW: _STAFF | {Role.APPLICANT},
        Action.GRADE: _GRADERS,
        Action.RUN_EXERCISE: frozenset({Role.SUPERVISOR}),
        Action.WORK: _STAFF,
        Action.ASSIGN: frozenset({Role.SUPERVISOR}),
        Action.READ_WORK: _STAFF | {Role.AUDITOR},
        Action.READ_WORKLOAD: frozenset({Role.SUPERVISOR, Role.AUDITOR}),
        Action.READ_STATISTICS: _READERS,
        Action.READ_CASES: _READERS | _GRADERS,
        Action.READ_HISTORY: _READERS,
        Action.READ_EXERCISES: _READERS | _GRADERS,
        Action.TRY_STEP: frozenset({Role.SUPERVISOR, Role.AUDITOR}),
        Action.TRY_TERMS: _READERS,
        Action.SIMULATE_RULES: frozenset({Role.SUPERVISOR, Role.AUDITOR}),
        Action.READ_OWN_STATUS: frozenset({Role.APPLICANT}),
        Action.READ_NOTIFICATIONS: _STAFF | {Role.AUDITOR},
        Action.RETRY_NOTIFICATION: _STAFF,
        Action.MANAGE_OWN_SESSIONS: _READERS | _GRADERS | {Role.ADMINISTRATOR},
        Action.OPERATE: frozenset({Role.ADMINISTRATOR}),
        Action.READ_READS: frozenset({Role.AUDITOR}),
        Action.EXPORT_DATA: _STAFF,
        Action.READ_RETENTION: frozenset({Role.SUPERVISOR, Role.AUDITOR}),
        Action.PUBLIC: frozenset(Role),
    }
)

SEEN_AT: Final[Mapping[Role, frozenset[Stage]]] = MappingProxyType(
    {Role.PANEL: frozenset({Stage.SHORTLISTED})}
)
"""The stages at which a role sees a case; whoever is not here sees one whatever its stage.

Whoever is here sees a case for what they do in it, and so none that they stepped aside from.
"""

ACTION_OF: Final[Mapping[type[c.CaseCommand], Action]] = MappingProxyType(
    {
        c.SubmitApplication: Action.SUBMIT,
        c.PayApplicationFee: Action.RECORD_PAYMENT,
        c.AcknowledgeApplication: Action.HANDLE,
        c.AssessPrerequisites: Action.HANDLE,
        c.ScoreApplication: Action.HANDLE,
        c.MoveToRuleset: Action.MOVE,
        c.ProposeOverride: Action.PROPOSE_OVERRIDE,
        c.ConfirmOverride: Action.DECIDE_OVERRIDE,
        c.DeclineOverride: Action.DECIDE_OVERRIDE,
        p.ReceiveDocument: Action.SEND_DOCUMENT,
        p.CheckDocument: Action.HANDLE,
        p.VerifyDocument: Action.HANDLE,
        p.RequestDocuments: Action.HANDLE,
        p.CancelDocumentRequest: Action.HANDLE,
        c.ShortlistCase: Action.RUN_EXERCISE,
        c.SelectCase: Action.RUN_EXERCISE,
        c.PassOverCase: Action.RUN_EXERCISE,
        c.GradeCase: Action.GRADE,
        c.TakeOutOfRank: Action.RUN_EXERCISE,
        **dict.fromkeys(get_args(StandingCommand), Action.UPHOLD),
        c.VerifyOriginals: Action.HANDLE,
        c.PayVisaFee: Action.RECORD_PAYMENT,
        c.IssueVisa: Action.DECIDE,
        c.ActivateVisa: Action.HANDLE,
        **dict.fromkeys(get_args(c.Proposal), Action.PROPOSE_DECISION),
        c.ConfirmDecision: Action.DECIDE,
        c.DeclineDecision: Action.DECIDE,
        c.WithdrawApplication: Action.WITHDRAW,
        c.HoldCase: Action.HANDLE,
        l.PlaceLegalHold: Action.HANDLE,
        l.LiftLegalHold: Action.LIFT_LEGAL_HOLD,
        c.LiftHold: Action.HANDLE,
        c.LapseCase: Action.HANDLE,
        c.RecuseOfficer: Action.RECUSE,
        c.CorrectApplication: Action.HANDLE,
        c.AddDependant: Action.HANDLE,
        c.RemoveDependant: Action.HANDLE,
        c.AppointRepresentative: Action.HANDLE,
        c.RemoveRepresentative: Action.HANDLE,
        c.RequestReconsideration: Action.ASK,
        c.SeekExtension: Action.ASK,
        c.RecordRightOfAbode: Action.HANDLE,
    }
)
"""The leave that each command asks for."""

BY_TWO: Final = frozenset(
    (
        *get_args(c.Proposal),
        *(c.ConfirmDecision, c.DeclineDecision),
        *(c.ProposeOverride, c.ConfirmOverride, c.DeclineOverride),
        # Whoever graded a case is nobody to confirm the selection.
        c.GradeCase,
        # It binds whoever is known by the name that it is recorded under, and nobody else.
        c.RecuseOfficer,
        *get_args(l.LegalHoldCommand),
    )
)
"""What counts in what two people do, one after the other: it must be known who each is."""

_AboutWork = w.WorkCommand | w.TakeNext | w.ExportData
WORK_ACTION_OF: Final[Mapping[type[_AboutWork], Action]] = MappingProxyType(
    {
        w.AssignCase: Action.ASSIGN,
        w.TakeCase: Action.WORK,
        w.TakeNext: Action.WORK,
        w.ReleaseCase: Action.WORK,
        w.HandOverCase: Action.WORK,
        w.ReturnCase: Action.WORK,
        w.AddNote: Action.WORK,
        w.SupersedeNote: Action.WORK,
        w.RecordPosting: Action.WORK,
        w.RecordDataAccessRequest: Action.WORK,
        w.DelayDataAccess: Action.WORK,
        w.AnswerDataAccess: Action.WORK,
        w.ExportData: Action.EXPORT_DATA,
    }
)
"""The leave that each command on the work on a case asks for."""


NEEDS: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.SUBMIT: "filing an application",
        Action.RECORD_PAYMENT: "recording a payment",
        Action.HANDLE: "handling a case",
        Action.PROPOSE_DECISION: "proposing a decision",
        Action.DECIDE: "deciding a case",
        Action.RECUSE: "stepping aside from a case",
        Action.ASK: "asking for something in a case",
        Action.MOVE: "moving a case to other rules",
        Action.LIFT_LEGAL_HOLD: "lifting a legal hold",
        Action.UPHOLD: "upholding an assessment or setting it aside",
        Action.PROPOSE_OVERRIDE: "proposing other points",
        Action.DECIDE_OVERRIDE: "deciding on other points",
        Action.SEND_DOCUMENT: "sending a document",
        Action.WITHDRAW: "withdrawing an application",
        Action.GRADE: "grading a case",
        Action.RUN_EXERCISE: "running a selection exercise",
        Action.WORK: "working on cases",
        Action.ASSIGN: "assigning cases",
        Action.READ_WORK: "seeing the work on cases",
        Action.READ_WORKLOAD: "seeing the work of each officer",
        Action.READ_STATISTICS: "seeing the statistics",
        Action.READ_CASES: "seeing cases",
        Action.READ_HISTORY: "seeing the history of a case",
        Action.READ_EXERCISES: "seeing selection exercises",
        Action.TRY_STEP: "trying the next step of an exercise",
        Action.TRY_TERMS: "trying other terms of an exercise",
        Action.SIMULATE_RULES: "simulating rules",
        Action.READ_OWN_STATUS: "seeing the status of one's own application",
        Action.READ_NOTIFICATIONS: "seeing letters and webhooks",
        Action.RETRY_NOTIFICATION: "sending a letter or webhook again",
        Action.MANAGE_OWN_SESSIONS: "seeing one's own sessions",
        Action.OPERATE: "operating the system",
        Action.READ_READS: "seeing who looked at what",
        Action.EXPORT_DATA: "exporting the data on a person",
        Action.READ_RETENTION: "seeing what is kept too long",
        Action.PUBLIC: "seeing what is public",
    }
)
"""Each action as people are told of it."""


def permitted(person: Person, action: Action) -> bool:
    """Say whether `person` may take `action`."""
    in_scope = action is Action.PUBLIC or person.only is None or action in person.only
    return in_scope and person.role in PERMITTED[action]


def sees(person: Person, stage: Stage, recused: Collection[str] = ()) -> bool:
    """Say whether `person` sees a case at that stage, from which `recused` stepped aside.

    Whoever sees cases at some stages alone sees none that they stepped aside from.
    """
    stages = SEEN_AT.get(person.role)
    return stages is None or (stage in stages and person.name not in recused)


def demand(person: Person, action: Action) -> None:
    """Raise `Forbidden` unless `person` may take `action`."""
    if person.role in PERMITTED[action] and not permitted(person, action):
        only = ", ".join(sorted(person.only or ()))
        raise Forbidden(
            f"{person.name} is let in for {only} alone; {NEEDS[action]} needs a token for {action}"
        )
    if not permitted(person, action):
        roles = " or ".join(f"{each}" for each in sorted(PERMITTED[action]))
        raise Forbidden(
            f"you are {person.name}, whose role is {person.role}; {NEEDS[action]} needs the role "
            f"{roles}: ask somebody who has it"
        )
