"""The applicant's status: where the application stands, what is awaited, of whom and by when.

It never holds a rank, a score or an officer. Law: only the events in `OPENS` touch `personal`,
and nothing else in the row depends on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from domain import events as e
from domain import papers as p
from domain.application import Application, Correspondence, Route
from domain.decisions import DecisionWords, VoidingCode
from domain.evolving import documents_awaited_after, stays
from domain.interruptions import CaseLapsed, LapseCause
from domain.moves import CaseMovedToRuleset
from domain.particulars import ApplicationCorrected, ErasureDecided
from domain.projections.stage_after import (
    CASE_STREAM,
    key_after,
    position_of,
    stage_after,
    stage_and_since,
)
from domain.reconsidering import CaseReopened, RefusalUpheld
from domain.record import Recorded
from domain.residence import (
    ExtensionRefused,
    ExtensionSought,
    RightOfAbodeReached,
    StayExtended,
    VisaVoided,
)
from domain.rules.reasons import Reason, as_written
from domain.stages import Stage

VERSION: Final = 6
OPENS: Final[frozenset[type[e.Event]]] = frozenset(
    {
        e.ApplicationSubmitted,
        e.ApplicationRefused,
        ApplicationCorrected,
        CaseReopened,
        RefusalUpheld,
        ExtensionSought,
        ExtensionRefused,
        VisaVoided,
        ErasureDecided,
    }
)

# What is due or awaited is so until the next event that leads the case on.
_ENDS: Final[Mapping[str, Any]] = MappingProxyType(
    {"originals_by": None, "due_hkd": None, "pay_by": None, "activate_by": None}
)


class Party(StrEnum):
    """Of whom something is awaited."""

    APPLICANT = "applicant"
    OFFICE = "office"
    NOBODY = "nobody"


class Step(StrEnum):
    """The step that the application waits for."""

    APPLICATION_FEE = "application-fee"
    ACKNOWLEDGEMENT = "acknowledgement"
    ASSESSMENT = "assessment"
    EXERCISE = "exercise"
    SELECTION = "selection"
    APPROVAL_IN_PRINCIPLE = "approval-in-principle"
    DOCUMENTS = "documents"
    ORIGINALS = "originals"
    DECISION = "decision"
    VISA_FEE = "visa-fee"
    VISA = "visa"
    ACTIVATION = "activation"
    RECONSIDERATION = "reconsideration"
    EXTENSION = "extension"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What the application waits for, and who has to do it."""

    step: Step
    party: Party


def _of(party: Party, step: Step) -> Awaited:
    return Awaited(step=step, party=party)


_NOTHING: Final = _of(Party.NOBODY, Step.NOTHING)

AWAITED: Final[Mapping[Stage, Awaited]] = MappingProxyType(
    {
        Stage.DRAFT: _NOTHING,
        Stage.FEE_AWAITED: _of(Party.APPLICANT, Step.APPLICATION_FEE),
        Stage.SUBMITTED: _of(Party.OFFICE, Step.ACKNOWLEDGEMENT),
        Stage.ACKNOWLEDGED: _of(Party.OFFICE, Step.ASSESSMENT),
        Stage.PREREQUISITES_MET: _of(Party.OFFICE, Step.ASSESSMENT),
        Stage.PREREQUISITES_UNMET: _of(Party.OFFICE, Step.DECISION),
        Stage.BELOW_MARK: _of(Party.OFFICE, Step.DECISION),
        Stage.IN_POOL: _of(Party.OFFICE, Step.EXERCISE),
        Stage.SHORTLISTED: _of(Party.OFFICE, Step.SELECTION),
        Stage.NOT_SELECTED: _of(Party.OFFICE, Step.DECISION),
        Stage.SELECTED: _of(Party.OFFICE, Step.APPROVAL_IN_PRINCIPLE),
        Stage.IN_PRINCIPLE: _of(Party.APPLICANT, Step.ORIGINALS),
        Stage.VERIFIED: _of(Party.OFFICE, Step.DECISION),
        Stage.APPROVED: _of(Party.APPLICANT, Step.VISA_FEE),
        Stage.VISA_PAID: _of(Party.OFFICE, Step.VISA),
        Stage.ISSUED: _of(Party.APPLICANT, Step.ACTIVATION),
        Stage.ACTIVE: _NOTHING,
        Stage.EXTENDING: _of(Party.OFFICE, Step.EXTENSION),
        Stage.SETTLED: _NOTHING,
        Stage.REFUSED: _NOTHING,
        Stage.UNDER_RECONSIDERATION: _of(Party.OFFICE, Step.RECONSIDERATION),
        Stage.WITHDRAWN: _NOTHING,
        Stage.LAPSED: _NOTHING,
        Stage.VOIDED: _NOTHING,
    }
)
"""What each stage waits for."""

DOCUMENTS_AWAITED: Final = _of(Party.APPLICANT, Step.DOCUMENTS)
"""What an application waits for at any stage while documents are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPerson:
    """What the status says of the person, and what it knows them by: the day of birth."""

    date_of_birth: date
    language: Correspondence
    reasons: tuple[Reason, ...] = ()


class StatusRow(NamedTuple):
    """An application as its applicant sees it.

    `due_hkd` is the fee that is due now, `pay_by` the last day for it; `documents_by` the last day
    for the documents that are asked for, `originals_by` for the originals; `activate_by` the last
    day to enter on the visa, `stay_until` the last day of the present stay. Each is None while it
    says nothing. `ruleset` is the one in force for the application, None before it was assessed or
    moved. `reason_class` is that of a refusal. `refiled_as` is the application that was filed in
    the place of this one, `lapse_cause` what was not done in time, `voiding_code` why a visa is
    void.
    """

    reference: str
    stage: Stage
    stage_since: datetime
    route: Route
    submitted_at: datetime
    ruleset: str | None
    due_hkd: int | None
    pay_by: date | None
    documents_by: date | None
    activate_by: date | None
    stay_until: date | None
    reason_class: e.RefusalClass | None
    version: int
    position: int
    personal: AboutPerson | None
    originals_by: date | None = None
    refiled_as: str | None = None
    lapse_cause: LapseCause | None = None
    voiding_code: VoidingCode | None = None

    @property
    def awaited(self) -> Awaited:
        """What the application waits for, and of whom."""
        return AWAITED[self.stage] if self.documents_by is None else DOCUMENTS_AWAITED

    @property
    def date_of_birth(self) -> date | None:
        """The applicant's day of birth; None once the person has been erased."""
        return self.personal.date_of_birth if self.personal else None

    @property
    def language(self) -> Correspondence | None:
        """The language in which the applicant is written to; None once erased."""
        return self.personal.language if self.personal else None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of the latest decision against the applicant; empty once erased."""
        return self.personal.reasons if self.personal else ()


def key(recorded: Recorded[e.Event]) -> str | None:
    """Return the reference of the case that the event belongs to, None for any other event."""
    return key_after(recorded, CASE_STREAM)


def fold(row: StatusRow | None, recorded: Recorded[e.CaseEvent]) -> StatusRow:
    """Return the row after one more event."""
    event = recorded.event
    if isinstance(event, e.ApplicationSubmitted):
        return _first(event, recorded)
    if row is None:
        raise ValueError(f"{recorded.stream} begins with {type(event).__name__}")
    stage, since = stage_and_since(row.stage, row.stage_since, recorded)
    return row._replace(
        stage=stage,
        stage_since=since,
        version=recorded.version,
        position=position_of(recorded),
        **{
            **({} if stays(event) else _ENDS),
            **_documents(event),
            **_said(row, event),
        },
    )


def _documents(event: e.CaseEvent) -> dict[str, Any]:
    """Return until when documents are awaited, where the event decides on that."""
    if isinstance(event, p.DocumentsRequested):
        return {"documents_by": event.due_on}
    return {} if documents_awaited_after(event, before=True) else {"documents_by": None}


def _said(row: StatusRow, event: e.CaseEvent) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - one arm per event
    """Return what the event says besides the stage: columns with their new values."""
    match event:
        case e.PrerequisitesAssessed() | e.ApplicationScored() | CaseMovedToRuleset():
            return {"ruleset": event.ruleset}
        case e.ApprovedInPrinciple():
            return {"originals_by": event.originals_by}
        case e.ApplicationApproved():
            return {"due_hkd": event.visa_fee_hkd, "pay_by": event.pay_by}
        case e.VisaIssued():
            return {"activate_by": event.activate_by}
        case e.VisaActivated() | StayExtended():
            return {"stay_until": event.stay_until}
        case VisaVoided():
            told = {"stay_until": None, "voiding_code": event.code}
            return {**told, "personal": _told_anew(row, event.personal)}
        case ExtensionRefused():
            return {"personal": _told_anew(row, event.personal)}
        case ExtensionSought():
            return {"personal": _without_reasons(row)}
        case CaseLapsed():
            return {"stay_until": None, "lapse_cause": event.cause}
        case e.ApplicationWithdrawn():
            return {"refiled_as": event.refiled_as}
        case RightOfAbodeReached():
            return {"stay_until": None}
        case CaseReopened():
            return {"reason_class": None, "personal": _without_reasons(row)}
        case RefusalUpheld():
            return {"personal": _with_more(row, event.personal.texts if event.personal else ())}
        case ApplicationCorrected(personal=said):
            return {"personal": _corrected(row, said.application) if said else None}
        case ErasureDecided():
            return {"personal": None}
        case e.ApplicationRefused():
            return {"reason_class": event.reason_class, "personal": _with_reasons(row, event)}
        case _:
            return {}


def _first(event: e.ApplicationSubmitted, recorded: Recorded[e.CaseEvent]) -> StatusRow:
    return StatusRow(
        reference=event.reference,
        stage=stage_after(event),
        stage_since=recorded.effective_at,
        route=event.route,
        submitted_at=event.submitted_at,
        ruleset=None,
        due_hkd=event.application_fee_hkd,
        pay_by=None,
        documents_by=None,
        activate_by=None,
        stay_until=None,
        reason_class=None,
        version=recorded.version,
        position=position_of(recorded),
        personal=_about(event.personal) if event.personal else None,
    )


def _about(application: Application) -> AboutPerson:
    applicant = application.applicant
    return AboutPerson(
        date_of_birth=applicant.date_of_birth, language=applicant.correspondence_language
    )


def _with_reasons(row: StatusRow, event: e.ApplicationRefused) -> AboutPerson | None:
    if row.personal is None or event.personal is None:
        return row.personal
    written = (as_written(text) for text in event.personal.texts)
    return replace(row.personal, reasons=(*event.personal.reasons, *written))


def _told_anew(row: StatusRow, said: DecisionWords | None) -> AboutPerson | None:
    """Return what is said of the person with the reasons of a decision in place of others."""
    if row.personal is None or said is None:
        return row.personal
    return replace(row.personal, reasons=tuple(as_written(text) for text in said.texts))


def _with_more(row: StatusRow, texts: tuple[str, ...]) -> AboutPerson | None:
    """Return what is said of the person with the reasons for which a refusal stands."""
    if row.personal is None:
        return None
    return replace(row.personal, reasons=(*row.personal.reasons, *map(as_written, texts)))


def _without_reasons(row: StatusRow) -> AboutPerson | None:
    return replace(row.personal, reasons=()) if row.personal else None


def _corrected(row: StatusRow, application: Application) -> AboutPerson:
    return replace(_about(application), reasons=row.reasons)
