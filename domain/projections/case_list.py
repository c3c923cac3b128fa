"""The case list of the office: one row per case, with what staff filter, sort and choose by.

Who has a case is told by the work on it, so that a row is of two streams: the case's own, which
always comes first, and its work.

Law: only the events in `OPENS` touch `personal`, and nothing else in the row depends on it; so a
row is folded on without opening what is sealed in it, and erasing a person changes nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from domain import events as e
from domain.application import Applicant, Channel, Route, TravelDocument
from domain.evolving import documents_awaited_after, held_after, stale_after
from domain.interruptions import OfficerRecused
from domain.moves import CaseMovedToRuleset
from domain.particulars import ApplicationCorrected, ErasureDecided
from domain.projections.holder_after import holder_after, passes_on
from domain.projections.stage_after import (
    CASE_STREAM,
    WORK_STREAM,
    key_after,
    position_of,
    stage_after,
    stage_and_since,
)
from domain.reconsidering import CaseReopened
from domain.record import Recorded
from domain.stages import Stage
from domain.standing import AssessmentSetAside

VERSION: Final = 10
OPENS: Final[frozenset[type[e.Event]]] = frozenset(
    {e.ApplicationSubmitted, ApplicationCorrected, ErasureDecided}
)


_WITHOUT_POINTS: Final[Mapping[str, Any]] = MappingProxyType(
    dict.fromkeys(("points", "computed_points", "scored_at", "stratum"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the applicant is called, and by what they are told from others of that name."""

    family_name: str
    given_names: str
    name_in_chinese: str | None
    travel_document: TravelDocument
    date_of_birth: date

    @property
    def whole(self) -> str:
        """The name as a list shows it."""
        chinese = f" ({self.name_in_chinese})" if self.name_in_chinese else ""
        return f"{self.family_name}, {self.given_names}{chinese}"


class CaseRow(NamedTuple):
    """A case as the list shows it.

    `points` is None until it is scored, and again once it begins anew; `computed_points` is what
    the tests alone gave, None where no officer decided otherwise. `scored_at` is since when it has
    these points, however often it was scored with them since, and `stratum` the sector that it
    counts to. `documents_awaited` of its applicant is so while a request for documents is open,
    `held` while an investigation holds it, `stale` while its assessment rests on what was corrected
    since. `holder` is the officer who has it, None where nobody does. `exercise` and `rank` are of
    the latest exercise that it came before; `ruleset` is the one it was last assessed under or
    moved to.
    `version` counts the case's own events, `position` the log's. `reason_class` is that of a
    refusal. `stage_since` is when the present stage took effect, with the points that the case has.
    `refiles` is the case that it took the place of, `refiled_as` the one that took its place.
    `recused` have stepped aside from it, in the order in which they did.
    """

    reference: str
    stage: Stage
    stage_since: datetime
    route: Route
    channel: Channel
    submitted_at: datetime
    points: int | None
    computed_points: int | None
    exercise: str | None
    rank: int | None
    ruleset: str | None
    version: int
    position: int
    personal: Names | None
    scored_at: datetime | None = None
    stratum: str | None = None
    documents_awaited: bool = False
    held: bool = False
    stale: bool = False
    holder: str | None = None
    reason_class: e.RefusalClass | None = None
    refiles: str | None = None
    refiled_as: str | None = None
    recused: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The applicant's name; None once the person has been erased."""
        return self.personal.whole if self.personal else None


def key(recorded: Recorded[e.Event]) -> str | None:
    """Return the reference of the case that the event tells of, None where the list says nothing.

    That is any event of the case itself, and of the work on it one after which another has it.
    """
    if passes_on(recorded):
        return key_after(recorded, WORK_STREAM)
    return key_after(recorded, CASE_STREAM)


def fold(row: CaseRow | None, recorded: Recorded[Any]) -> CaseRow:
    """Return the row after one more event."""
    event = recorded.event
    if isinstance(event, e.ApplicationSubmitted):
        return _first(event, recorded)
    if row is None:
        raise ValueError(f"{recorded.stream} begins with {type(event).__name__}")
    if passes_on(recorded):
        return row._replace(holder=holder_after(event, row.holder), position=position_of(recorded))
    stage, since = stage_and_since(row.stage, row.stage_since, recorded)
    return row._replace(
        stage=stage,
        stage_since=since,
        version=recorded.version,
        position=position_of(recorded),
        documents_awaited=documents_awaited_after(event, before=row.documents_awaited),
        held=held_after(event, before=row.held),
        recused=_recused_after(event, row.recused),
        stale=stale_after(event, before=row.stale),
        **_said(event, _since(row, recorded)),
    )


def _since(row: CaseRow, recorded: Recorded[Any]) -> datetime:
    """Return since when a case has what an event says, which for its points may be before that."""
    event, scored = recorded.event, row.stage in {Stage.IN_POOL, Stage.BELOW_MARK}
    if scored and isinstance(event, e.ApplicationScored) and row.points == event.total:
        return row.scored_at or recorded.effective_at
    return recorded.effective_at


def _recused_after(event: e.CaseEvent, before: tuple[str, ...]) -> tuple[str, ...]:
    match event:
        case OfficerRecused(officer=officer) if officer not in before:
            return (*before, officer)
        case _:
            return before


def _said(event: e.CaseEvent, since: datetime) -> dict[str, Any]:  # noqa: C901, PLR0911 - one arm per event
    """Return what the event says besides the stage: columns with their new values."""
    match event:
        case e.PrerequisitesAssessed():
            return {"ruleset": event.ruleset}
        case e.ApplicationScored():
            return {
                "ruleset": event.ruleset,
                "points": event.total,
                "computed_points": event.computed_total,
                "scored_at": since,
                "stratum": event.stratum,
            }
        case CaseMovedToRuleset():
            return {"ruleset": event.ruleset, **_WITHOUT_POINTS}
        case ApplicationCorrected(personal=said, assessed_anew=anew):
            points = _WITHOUT_POINTS if anew else {}
            return {**points, "personal": _names(said.application.applicant) if said else None}
        case AssessmentSetAside():
            return dict(_WITHOUT_POINTS)
        case CaseReopened():
            return {"reason_class": None, **_WITHOUT_POINTS}
        case ErasureDecided():
            return {"personal": None}
        case e.ApplicationRefused():
            return {"reason_class": event.reason_class}
        case e.ApplicationWithdrawn():
            return {"refiled_as": event.refiled_as}
        case e.CaseShortlisted() | e.CaseSelected() | e.CaseNotSelected():
            return {"exercise": event.exercise, "rank": event.rank}
        case _:
            return {}


def _first(event: e.ApplicationSubmitted, recorded: Recorded[e.CaseEvent]) -> CaseRow:
    return CaseRow(
        reference=event.reference,
        stage=stage_after(event),
        stage_since=recorded.effective_at,
        route=event.route,
        channel=event.channel,
        submitted_at=event.submitted_at,
        points=None,
        computed_points=None,
        exercise=None,
        rank=None,
        ruleset=None,
        refiles=event.refiles,
        version=recorded.version,
        position=position_of(recorded),
        personal=_names(event.personal.applicant) if event.personal else None,
    )


def _names(applicant: Applicant) -> Names:
    return Names(
        family_name=applicant.family_name,
        given_names=applicant.given_names,
        name_in_chinese=applicant.name_in_chinese,
        travel_document=applicant.travel_document,
        date_of_birth=applicant.date_of_birth,
    )
