"""The work on a case, and the queue of the office: load, decide, append, poke, as in `cases.py`.

Nobody has a case but by an event that expects the version that its work is at, so that two
officers never get the same one, whatever the read models say meanwhile. Whoever gives one takes
turns with whoever steps aside from it (`turns.py`). Nothing is written to the case's own stream: no
note and no hand-over makes a decision's version stale.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any, Final, cast, get_args

from domain import events as e
from domain import work_events as w
from domain.access import WORK_ACTION_OF, Action, Person, demand
from domain.case import load as load_case
from domain.data_access import DataAccessRequested
from domain.days import hong_kong_date
from domain.errors import (
    AlreadyHeld,
    HeldByAnother,
    NoSuchCase,
    NothingWaits,
    RecusedFromCase,
    Refusal,
)
from domain.particulars import ErasureDecided
from domain.projections.stage_after import CASE_STREAM, WORK_STREAM
from domain.record import Recorded, in_order, known_then
from domain.rules.choose import limit
from domain.rules.limits import Limit
from domain.stages import CaseState, Draft
from domain.work import WorkCircumstances, WorkState, decide, evolve, holder_of, load
from domain.work_commands import (
    AssignCase,
    HandOverCase,
    RecordDataAccessRequest,
    RecordPosting,
    ReturnCase,
    TakeCase,
    TakeNext,
    WorkCommand,
)
from domain.work_queue import is_meant, nothing_waits, routes_meant, stages_meant
from domain.work_told import ToldNote, Way, access_told, last_way, notes_told
from services.answers import Answering
from services.cases import canonical
from services.fingerprints import carried_out, fingerprint
from services.identity.people import officers, recorded_as
from services.notifications import undelivered
from services.projections import queue, runner
from services.projections.errors import StandsStill
from services.requests import Request, effective_instant
from services.store import Appended, Conflict, NewEvent, StreamWrite
from services.tracing import named, step
from services.turns import Append, appended
from services.wiring import Office

ATTEMPTS: Final = 20
_GIVES: Final = (AssignCase, TakeCase, HandOverCase, ReturnCase)
OF_WORK: Final[frozenset[type[e.Event]]] = frozenset(get_args(w.WorkEvent))
"""What is opened for the work on a case: nothing of the case, which is read for its erasure."""


class Whose(StrEnum):
    """Which cases to list by who has them."""

    MINE = "mine"
    NOBODYS = "nobodys"


History = tuple[Recorded[w.WorkEvent], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOutcome:
    """The work on a case after a command; `holder` is None where nobody has the case."""

    reference: str
    version: int
    holder: str | None
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAt:
    """The work on a case: its state, the version that led to it, and every event until then."""

    reference: str
    state: WorkState
    version: int
    events: History

    @property
    def holder(self) -> str | None:
        """Who has the case, None where nobody does."""
        return holder_of(self.state)

    @property
    def duplicates(self) -> tuple[Recorded[w.DuplicateRefused | w.CorrectionRefused], ...]:
        """What was refused beside this case: applications by its person, corrections into one."""
        kinds = w.DuplicateRefused | w.CorrectionRefused
        found = (each for each in self.events if isinstance(each.event, kinds))
        return cast("tuple[Recorded[w.DuplicateRefused | w.CorrectionRefused], ...]", tuple(found))

    @property
    def way(self) -> Way:
        """How the case last changed hands."""
        return last_way(self.events)

    @property
    def access(self) -> DataAccessRequested | None:
        """The request for data that awaits its answer, None without one."""
        return access_told(self.events, self.state.access)

    @property
    def notes(self) -> tuple[ToldNote, ...]:
        """Every note with its text."""
        return notes_told(self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A command on a case, `subject`, with what tells it apart from every other one."""

    subject: str
    command: WorkCommand | TakeNext
    request: Request
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """A case and the work on it, without anything personal, as they are now."""

    reference: str
    case: CaseState
    work: WorkState
    events: History

    @property
    def recused(self) -> frozenset[str]:
        """Who declared a conflict of interest in the case and must not have it."""
        return frozenset() if isinstance(self.case, Draft) else self.case.filed.recused


@step("command")
def carry_out(
    office: Office, reference: str, command: WorkCommand, request: Request
) -> WorkOutcome:
    """Carry out `command` on the work on a case, or raise what forbids it."""
    own, command = canonical(reference), _as_recorded(office, command)
    asked, repeated = _ask(office, own, command, request)
    answering = _answering(office, own, asked)
    with answering.refusals_seen():
        outcome = repeated or _settled(office, own, command, asked)
    if outcome.repeated:
        answering.seen()
    return outcome


def _as_recorded(office: Office, command: WorkCommand) -> WorkCommand:
    """Return the command with whoever it names spelled as they are known at the door."""
    if isinstance(command, AssignCase | HandOverCase):
        return replace(command, officer=recorded_as(office.settings, command.officer))
    return command


def _answering(office: Office, reference: str, asked: _Asked) -> Answering:
    kind = type(asked.command)
    return Answering(
        office=office,
        request=asked.request,
        action=WORK_ACTION_OF[kind],
        command=kind,
        reference=reference,
    )


def _settled(office: Office, own: str, command: WorkCommand, asked: _Asked) -> WorkOutcome:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _in_turn(office, own, command, asked)
        except (Refusal, Conflict) as fault:
            # The same command may have been carried out since it was looked for.
            if (first := _recalled(office, asked)) is not None:
                return first
            final = asked.request.expected is not None or attempt == ATTEMPTS
            if final or not isinstance(fault, Conflict):
                raise
    raise AssertionError("the last attempt returns or raises")


@step("command")
def take_next(office: Office, wanted: TakeNext, request: Request) -> WorkOutcome:
    """Take the case that waits longest and that nobody has; `NothingWaits` when there is none.

    Many may ask at once: each gets a case of their own, and none is told that nothing waits while
    something does.
    """
    asked, repeated = _ask(office, "", wanted, request)
    outcome = repeated or _taken(office, wanted, asked)
    if outcome.repeated:
        _answering(office, outcome.reference, asked).seen()
    return outcome


def _taken(office: Office, wanted: TakeNext, asked: _Asked) -> WorkOutcome:
    passed: set[str] = set()
    current: set[str] = set()
    while True:
        meant = stages_meant(wanted), routes_meant(wanted)
        with queue.longest_waiting(office.models, *meant, passed) as reference:
            outcome = None if reference is None else _take(office, reference, passed, asked)
        if outcome is not None:
            return outcome
        # Somebody has the case, so the rows are old; or they show nothing, and may be old.
        old = ({"work"} if reference else {"work", "case-list"}) - current
        if reference is None and not old:
            if (first := _recalled(office, asked)) is not None:
                return first
            raise nothing_waits(wanted)
        for name in old:
            _bring_up(office, name)
        current |= old


def whose_cases(person: Person | None, whose: Whose) -> Mapping[str, Any]:
    """Return what `CaseFilter` takes for the cases that `person` asks for."""
    if person is None:
        raise TypeError("nobody asks whose cases these are")
    demand(person, Action.READ_WORK)
    return {"holder": person.name} if whose is Whose.MINE else {"unheld": True}


def work_at(office: Office, reference: str) -> WorkAt:
    """Return the work on a case as the program itself needs it; who is shown it takes `work_seen`.

    Raises `NoSuchCase`.
    """
    own = canonical(reference)
    found = office.store.read_streams(streams_of(own), personal=OF_WORK)
    return work_of(own, found)


def streams_of(reference: str) -> tuple[str, str]:
    """Return the streams that are read for the work on a case, both at one moment."""
    return f"{CASE_STREAM}{reference}", f"{WORK_STREAM}{reference}"


def work_of(reference: str, found: Mapping[str, Sequence[Recorded[e.Event]]]) -> WorkAt:
    """Return the work on a case of what these streams hold; raises `NoSuchCase`."""
    case, work = (found[stream] for stream in streams_of(reference))
    if not case:
        raise NoSuchCase(f"no case has the reference {reference}")
    events = cast("History", tuple(work))
    return WorkAt(
        reference=reference, state=_state(case, events), version=len(events), events=events
    )


def history(
    office: Office,
    reference: str,
    *,
    as_of: datetime | None = None,
    believed_at: datetime | None = None,
) -> History:
    """Return the events of the work on a case in order, restricted as those of the case.

    For the program itself: who is shown them looks at their case.
    """
    if believed_at is not None:
        office.store.sequence()
    recorded = office.store.read_stream(f"{WORK_STREAM}{canonical(reference)}")
    return cast("History", known_then(recorded, as_of, believed_at))


def _take(office: Office, reference: str, passed: set[str], asked: _Asked) -> WorkOutcome | None:
    """Take a case; None where it cannot be had, and then it is `passed` unless it just changed."""
    try:
        return _in_turn(office, reference, TakeCase(), asked)
    except Conflict:
        return None
    except (AlreadyHeld, HeldByAnother, RecusedFromCase, NoSuchCase, NothingWaits):
        # Of a list of another log some cases may be lost.
        passed.add(reference)
        return None


def _bring_up(office: Office, projection: str) -> None:
    # One that is stopped is told of elsewhere; the queue is as good as it is.
    with suppress(StandsStill):
        runner.catch_up(office.store, office.models, projection)


@step("load")
def _desk(office: Office, reference: str) -> _Desk:
    own, other = streams_of(reference)
    found = office.store.read_streams([own, other], personal=False)
    if not found[own]:
        raise NoSuchCase(f"no case has the reference {reference}")
    events = cast("History", found[other])
    return _Desk(
        reference=reference,
        case=load_case(cast("e.CaseEvent", each.event) for each in found[own]),
        work=_state(found[own], events),
        events=events,
    )


def _state(case: Sequence[Recorded[e.Event]], events: History) -> WorkState:
    """Return where the work is; an erasure in the case ends what is asked for in it."""
    erased = (each for each in case if isinstance(each.event, ErasureDecided))
    return load(each.event for each in in_order((*events, *erased)))


def _ask(
    office: Office, subject: str, command: WorkCommand | TakeNext, request: Request
) -> tuple[_Asked, WorkOutcome | None]:
    named(command)
    demand(request.person, WORK_ACTION_OF[type(command)])
    said = fingerprint(office, subject, command, request.effective_at)
    asked = _Asked(subject=subject, command=command, request=request, fingerprint=said)
    return asked, _recalled(office, asked)


def _recalled(office: Office, asked: _Asked) -> WorkOutcome | None:
    """Return the first result of a command that was carried out before."""
    first = carried_out(
        office, asked.request.command_id, asked.fingerprint, about=asked.subject, told="holder"
    )
    return None if first is None else _outcome(first)


def _in_turn(office: Office, reference: str, command: WorkCommand, asked: _Asked) -> WorkOutcome:
    """Carry out a command once, in turn with whoever steps aside where it gives the case."""

    def attempt(append: Append) -> WorkOutcome:
        desk = _desk(office, reference)
        if isinstance(asked.command, TakeNext) and not is_meant(desk.case, asked.command):
            raise nothing_waits(asked.command)
        return _append(office, desk, command, asked, append)

    turn_at = reference if isinstance(command, _GIVES) else None
    return appended(office, attempt, turn_at=turn_at, recalled=lambda: _recalled(office, asked))


def _append(
    office: Office, desk: _Desk, command: WorkCommand, asked: _Asked, append: Append
) -> WorkOutcome:
    request, stream, version = asked.request, f"{WORK_STREAM}{desk.reference}", len(desk.events)
    request.demand_version(stream, version)
    at = effective_instant(office, request, desk.events)
    waiting = isinstance(command, RecordPosting)
    given = WorkCircumstances(
        actor=request.person.name,
        recused=desk.recused,
        officers=officers(office.settings),
        undelivered=undelivered.of_case(office.ledger, desk.reference) if waiting else {},
        today=hong_kong_date(at),
        access_days=_access_days(office, command),
    )
    with step("decide"):
        facts = decide(desk.work, command, given)
    events = tuple(NewEvent(event=fact, effective_at=at) for fact in facts)
    kept = append(
        request.commit(
            type(asked.command).__name__,
            asked.fingerprint,
            StreamWrite(stream=stream, expected=version, events=events),
            result={
                "reference": desk.reference,
                "version": version + len(facts),
                "holder": holder_of(reduce(evolve, facts, desk.work)),
            },
        )
    )
    return _outcome(kept)


def _access_days(office: Office, command: WorkCommand) -> int:
    if not isinstance(command, RecordDataAccessRequest):
        return 0
    return limit(office.rulebook, Limit.DATA_ACCESS_DAYS, command.received_on)


def _outcome(kept: Appended) -> WorkOutcome:
    result: Mapping[str, Any] = kept.result
    return WorkOutcome(
        reference=str(result["reference"]),
        version=int(result["version"]),
        holder=result["holder"],
        repeated=kept.repeated,
    )
