"""The work on cases: who has them, their notes, one POST per command, and the next case."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, cast

import flask

from domain import work_commands as c
from domain.access import WORK_ACTION_OF, Action, permitted
from domain.application import Channel
from domain.application import Route as TestRoute
from domain.looks import What
from domain.record import Recorded
from domain.stages import Stage
from domain.work_events import CorrectionRefused, DuplicateRefused
from domain.work_queue import FOR_OFFICERS
from domain.work_told import ToldNote
from services import work
from services.api.cases import FreshQuery
from services.api.conditions import expected_version, if_match_needed
from services.api.freshness import shown, wait_until_shown
from services.api.outputs import Shown
from services.api.routes import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LOOK_PURPOSE,
    PREFER,
    Call,
    Reply,
    Route,
    carried_out,
    replayed,
    tagged,
)
from services.documents.naming import disposition
from services.intake.schema import schema_for
from services.looking import work_seen
from services.privacy.export import MEDIA_TYPE, export
from services.projections import queue

COMMANDS: Final[Mapping[str, type[c.WorkCommand]]] = MappingProxyType(
    {
        "assign": c.AssignCase,
        "take": c.TakeCase,
        "release": c.ReleaseCase,
        "hand-over": c.HandOverCase,
        "return": c.ReturnCase,
        "note": c.AddNote,
        "supersede-note": c.SupersedeNote,
        "record-posting": c.RecordPosting,
        "record-data-access-request": c.RecordDataAccessRequest,
        "delay-data-access": c.DelayDataAccess,
        "answer-data-access": c.AnswerDataAccess,
    }
)
"""The last part of each command's address."""

ON_ANY_VERSION: Final = frozenset({c.AddNote, c.RecordPosting, c.RecordDataAccessRequest})
"""Commands that do not depend on what their sender saw, and so need no If-Match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkResult:
    """The work on a case after a command; `holder` is null where nobody has the case."""

    reference: str
    version: int
    holder: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteItem:
    """A note; `text` is null once erased, and `superseded_by` names the note in its place."""

    note: int
    author: str
    noted_at: datetime
    supersedes: int | None
    superseded_by: int | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateItem:
    """Another application by this person, refused because this case is live; `by` filed it.

    `channel` is null where `by` corrected another case, which would have made it this person's.
    """

    refused_at: datetime
    channel: Channel | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAccessItem:
    """A request for the data on the person that awaits its answer, that day included."""

    request: int
    received_on: date
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDetail:
    """The work on a case.

    `holder` has it since `since`; both are null where nobody does. `returned` tells that it went
    back last, and `reason` why, null once erased. `duplicates` are possible ones of this case, and
    `data_access` is the request for data that is open, null without one.
    """

    reference: str
    version: int
    holder: str | None
    since: datetime | None
    returned: bool
    reason: str | None
    notes: tuple[NoteItem, ...]
    duplicates: tuple[DuplicateItem, ...]
    data_access: DataAccessItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldItem:
    """A case that somebody has, with where it stands; `version` is that of the work on it."""

    reference: str
    stage: Stage
    stage_since: datetime
    route: TestRoute
    holder: str
    since: datetime
    returned: bool
    notes: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadItem:
    """How many cases an officer has, and since when the one they have had longest."""

    officer: str
    cases: int
    longest_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """One's own cases, and how many wait for an officer that nobody has.

    `on_hold` counts those that an investigation holds, which nobody is given until it ends. Neither
    is counted further than 10,000; where there may be more, `or_more` names it.
    `workload` is that of every officer, for those who may assign cases; null for others.
    """

    items: tuple[HeldItem, ...]
    waiting: int
    on_hold: int
    or_more: tuple[str, ...]
    workload: tuple[LoadItem, ...] | None
    freshness: Shown


def routes() -> Iterator[Route]:
    """The routes of the work on cases."""
    yield Route(
        method="GET",
        path="/work",
        name="work",
        action=Action.READ_WORK,
        view=own,
        summary="List one's own cases, and count those that wait",
        query=FreshQuery,
        gives=schema_for(WorkPage),
        headers=(PREFER,),
    )
    yield Route(
        method="POST",
        path="/next-case",
        name="take-next",
        action=WORK_ACTION_OF[c.TakeNext],
        view=take_next,
        summary="Take the case that waits longest for an officer and that nobody has",
        body=schema_for(c.TakeNext),
        gives=schema_for(WorkResult),
        headers=(IDEMPOTENCY_KEY,),
        tells=ETAG,
    )
    yield Route(
        method="GET",
        path="/cases/<reference>/work",
        name="case-work",
        action=Action.READ_WORK,
        view=show,
        summary="Show who has a case, and the notes on it",
        gives=schema_for(WorkDetail),
        headers=(IF_NONE_MATCH, LOOK_PURPOSE),
        tells=ETAG,
    )
    yield from (_route(address, command) for address, command in COMMANDS.items())
    yield Route(
        method="POST",
        path="/cases/<reference>/work/export-data",
        name="work-export-data",
        action=WORK_ACTION_OF[c.ExportData],
        view=export_data,
        summary="Put together all that is held on the person, for the open request for data",
        body=schema_for(c.ExportData),
        gives_files=(MEDIA_TYPE,),
        headers=(IDEMPOTENCY_KEY, LOOK_PURPOSE),
    )


def own(call: Call, query: dict[str, Any]) -> WorkPage:
    """The cases of whoever asks, and what waits."""
    office, person = call.office, call.person
    if person is None:
        raise TypeError("nobody has cases of their own without signing in")
    wait_until_shown(office, query.get("wait_for"), "work")
    fresh = shown(office, "work")
    loads = queue.workloads(office.models) if permitted(person, Action.ASSIGN) else None
    waits = {
        "waiting": queue.waiting(office.models, FOR_OFFICERS),
        "on_hold": queue.waiting(office.models, FOR_OFFICERS, on_hold=True),
    }
    return WorkPage(
        items=tuple(
            _held(each) for each in queue.held_by(office.models, call.look(What.WORK), person.name)
        ),
        waiting=waits["waiting"].number,
        on_hold=waits["on_hold"].number,
        or_more=tuple(name for name, each in waits.items() if each.or_more),
        workload=None if loads is None else tuple(_load(each) for each in loads),
        freshness=fresh,
    )


def take_next(call: Call, body: c.TakeNext) -> Reply:
    """Take the next case."""
    outcome = work.take_next(call.office, body, call.request())
    return answered(outcome, {"Location": f"/api/v1/cases/{outcome.reference}"})


def show(call: Call, reference: str) -> Any:
    """Who has the case, and its notes."""
    found = work_seen(call.office, call.look(What.WORK), reference)
    body = WorkDetail(
        reference=found.reference,
        version=found.version,
        holder=found.holder,
        since=found.way.since,
        returned=found.way.returned,
        reason=found.way.reason,
        notes=tuple(_note(each) for each in found.notes),
        duplicates=tuple(_duplicate(each) for each in found.duplicates),
        data_access=_data_access(found),
    )
    return tagged(found.version, body)


def _duplicate(refused: Recorded[DuplicateRefused | CorrectionRefused]) -> DuplicateItem:
    event = refused.event
    channel = event.channel if isinstance(event, DuplicateRefused) else None
    return DuplicateItem(refused_at=refused.effective_at, channel=channel, by=refused.actor)


def export_data(call: Call, reference: str, body: c.ExportData) -> flask.Response:
    """All that is held on the person, as a file; its digest is that on record."""
    made = export(call.office, reference, body, call.request(), call.look(What.EXPORT))
    digest = b64encode(bytes.fromhex(made.digest)).decode("ascii")
    headers = {
        "Content-Disposition": disposition(made.name),
        "Repr-Digest": f"sha-256=:{digest}:",
        **replayed(repeated=made.repeated),
    }
    return flask.Response(made.chunks(), mimetype=MEDIA_TYPE, headers=headers)


def answered(outcome: work.WorkOutcome, more: Mapping[str, str] = MappingProxyType({})) -> Reply:
    """The reply to a command on the work on a case."""
    version = outcome.version
    result = WorkResult(reference=outcome.reference, version=version, holder=outcome.holder)
    return carried_out(result, repeated=outcome.repeated, version=version, more=more)


def _route(address: str, command: type[c.WorkCommand]) -> Route:
    needed = () if command in ON_ANY_VERSION else (IF_MATCH,)
    return Route(
        method="POST",
        path=f"/cases/<reference>/work/{address}",
        name=f"work-{address}",
        action=WORK_ACTION_OF[command],
        view=_carrying_out(command),
        summary=(command.__doc__ or "").splitlines()[0],
        body=schema_for(cast("Any", command)),
        gives=schema_for(WorkResult),
        headers=(IDEMPOTENCY_KEY, *needed),
        tells=ETAG,
    )


def _carrying_out(command: type[c.WorkCommand]) -> Callable[..., Reply]:
    def carry_out(call: Call, reference: str, body: c.WorkCommand) -> Reply:
        expected = None if command in ON_ANY_VERSION else expected_version()
        request = call.request(expected=expected)
        with if_match_needed():
            return answered(work.carry_out(call.office, reference, body, request))

    return carry_out


def _data_access(found: work.WorkAt) -> DataAccessItem | None:
    asked = found.access
    if asked is None:
        return None
    return DataAccessItem(request=asked.request, received_on=asked.received_on, due_on=asked.due_on)


def _note(told: ToldNote) -> NoteItem:
    return NoteItem(
        note=told.number,
        author=told.author,
        noted_at=told.noted_at,
        supersedes=told.supersedes,
        superseded_by=told.superseded_by,
        text=told.text,
    )


def _held(found: queue.HeldCase) -> HeldItem:
    row = found.work
    return HeldItem(
        reference=row.reference,
        stage=found.stage,
        stage_since=found.stage_since,
        route=found.route,
        holder=row.holder or "",
        since=row.since or row.changed_at,
        returned=row.returned,
        notes=row.notes,
        version=row.version,
    )


def _load(found: queue.Workload) -> LoadItem:
    return LoadItem(officer=found.officer, cases=found.cases, longest_since=found.longest_since)
