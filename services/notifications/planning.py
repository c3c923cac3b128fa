"""Follows the log and enters what must be done because of each event.

Law: the rows of a batch and the step of the checkpoint past it are one transaction, and planners
take turns, so that every event is looked at once. An event that cannot be read or planned stops the
plan right before it, aloud; what came before it is kept and nothing is skipped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, cast

from sqlalchemy import Connection

from domain.access import Role
from domain.case import load
from domain.deadlines import StillInQueue
from domain.errors import Reportable
from domain.events import CaseEvent, Event
from domain.filed import Filed
from domain.happenings import Happening, happenings, is_past
from domain.particulars import (
    ContactChanged,
    Representative,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.processes import (
    OUTSIDE,
    Effect,
    Party,
    Recipient,
    called_for,
    effects,
    may_be_heard,
    recipients,
)
from domain.projections.stage_after import CASE_STREAM, WORK_STREAM
from domain.record import Recorded
from domain.stages import Draft
from domain.told import representative_told
from domain.work_events import LetterPosted
from services.identity import colleagues
from services.notifications import calling, undelivered
from services.notifications.another_log import look_further
from services.notifications.delivery import quiet_until
from services.notifications.entries import (
    DONE_SINCE,
    ERASED,
    NO_ADDRESS,
    NO_LONGER,
    UNUSABLE,
    Identity,
    Means,
    Plan,
    State,
)
from services.notifications.letters import (
    Addressee,
    Letter,
    Occasion,
    addressed,
    at_former_address,
    compose,
)
from services.notifications.readdressing import dismiss, follow, mailbox
from services.projections import queries
from services.statistics import expected
from services.store import EventUnreadable, LogCorrupt, SealBroken, Store, StoreFault
from services.wiring import Office

BATCH: Final = 500
_UNREADABLE: Final = (EventUnreadable, SealBroken)
_ENDING: Final = (RepresentativeAppointed, RepresentativeRemoved)
"""After which whoever represented the applicant until then does no longer."""


class _Case:
    """A case and the work on it: what happened, and where it is now; each is folded once."""

    def __init__(self, history: Sequence[Recorded[Event]], work: Sequence[Recorded[Event]]) -> None:
        self._history = cast("Sequence[Recorded[CaseEvent]]", history)
        self._work = work

    @property
    def is_there(self) -> bool:
        """Whether anything is recorded of the case itself."""
        return bool(self._history)

    @cached_property
    def happenings(self) -> Mapping[int, Happening]:
        """Every event by its position."""
        return happenings(self._history, self._work)

    def is_past(self, effect: Effect, happening: Happening) -> bool:
        """Say whether an effect reminds of what was done since it was called for."""
        return is_past(happening, effect.when, self.happenings[max(self.happenings)])

    @cached_property
    def filed(self) -> Filed:
        """What is true of the case, as corrected since: a letter goes where the person is now."""
        state = load(each.event for each in self._history)
        if isinstance(state, Draft):
            raise TypeError("nothing is recorded of the case")
        return state.filed

    def representative(self, at: int) -> Representative | None:
        """Return who speaks for the applicant since a position, None where they do no longer."""
        later = [each for each in self._history if each.position is None or each.position > at]
        ended = any(isinstance(each.event, _ENDING) for each in later)
        told = None if ended else representative_told(self._history)
        return None if told is None else told.who

    def former_representative(self, at: int) -> Representative | None:
        """Return who spoke for the applicant until a position."""
        known = [each for each in self._history if each.position and each.position < at]
        told = representative_told(known)
        return None if told is None else told.who


class _Cases:
    """The cases that something may have to be done for, by reference.

    They are read at once; where one of them cannot be read, each is when it is asked for, so that
    it stops nothing but what is about itself.
    """

    def __init__(self, store: Store, references: Collection[str]) -> None:
        self._store = store
        try:
            self._found = _read_cases(store, references)
        except _UNREADABLE:
            self._found = {}

    def __getitem__(self, reference: str) -> _Case:
        if reference not in self._found:
            self._found |= _read_cases(self._store, [reference])
        return self._found[reference]


class PlanningStopped(Reportable):
    """An event's effects could not be planned; nothing after it is, until that is mended."""

    def __init__(self, position: int, event: str, fault: Exception) -> None:
        # The store's own faults quote nothing of a person, which cannot be said of others.
        why = str(fault) if isinstance(fault, StoreFault) else type(fault).__name__
        super().__init__(
            f"the notifications of event {position} ({event}) could not be planned: {why}; once "
            f"that is mended, planning goes on from there by itself"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a batch of the log calls for, what stopped it, and whether it was read to the end.

    Only the first `planned` of its events were planned.
    """

    records: Sequence[Recorded[Event]]
    plans: Sequence[Plan]
    planned: int
    stopped: PlanningStopped | None
    ended: bool


def plan(office: Office, *, batch: int = BATCH) -> int:
    """Every effect of the log as it stands is in the ledger; return how many were entered.

    Raises `PlanningStopped` at an event that cannot be read or planned.
    """
    entered = 0
    while True:
        with office.ledger.engine.begin() as connection:
            after = office.ledger.lock_checkpoint(connection)
            step = _step(office, connection, after, batch)
            entered += _enter(office, connection, after, step)
        if step.stopped is not None:
            raise step.stopped
        if step.ended:
            return entered


def obstacle(office: Office, after: int) -> PlanningStopped | None:
    """Return what stops the plan in the batch after a position, None where nothing does.

    Nothing is entered, and nobody waits for it.
    """
    with office.ledger.engine.connect() as connection:
        return _step(office, connection, after, BATCH).stopped


def _step(office: Office, connection: Connection, after: int, batch: int) -> _Step:
    """Return what the events that follow a position call for; nothing is entered."""
    records, unread = _next(office.store, after, batch)
    listening = office.subscriptions.listening(connection)
    cases = _Cases(office.store, {_reference(each) for each in records if called_for(each.event)})
    plans: list[Plan] = []
    planned, stopped = 0, None
    if unread is not None and not records:
        where = unread.where if isinstance(unread, EventUnreadable) else "missing"
        stopped = _stopped_at(after + 1, where, unread)
    for recorded in records:
        try:
            happening = _happening(recorded, cases)
            heard = may_be_heard(recorded.event, happening)
            plans += _plans(office, recorded, cases, happening)
            plans += calling.told(recorded, listening, heard=heard)
        except Exception as fault:  # noqa: BLE001 - it is told with its event
            kind = type(recorded.event).__name__
            event = f"{recorded.stream}, version {recorded.version}, {kind}"
            stopped = _stopped_at(after + planned + 1, event, fault)
            break
        planned += 1
    ended = unread is None and len(records) < batch
    return _Step(records=records, plans=plans, planned=planned, stopped=stopped, ended=ended)


def _enter(office: Office, connection: Connection, after: int, step: _Step) -> int:
    """The step is in the ledger and the checkpoint past it; return how many rows are new."""
    planned = step.records[: step.planned]
    # First, so that what is for whoever represents the applicant now waits behind nothing of it.
    for recorded in planned:
        if isinstance(recorded.event, _ENDING):
            dismiss(connection, _reference(recorded), recorded.position or 0)
    entered = office.ledger.enter(connection, step.plans)
    for recorded in planned:
        if isinstance(recorded.event, LetterPosted):
            undelivered.posted(connection, _reference(recorded), recorded.event)
        if isinstance(recorded.event, ContactChanged):
            follow(office, connection, _reference(recorded))
    if step.planned:
        office.ledger.move_checkpoint(connection, after + step.planned)
    look_further(connection)
    return entered


def _next(
    store: Store, after: int, limit: int
) -> tuple[Sequence[Recorded[Event]], StoreFault | None]:
    """Return what follows in the log, and what cannot be read in it or right behind it.

    Of what can be read before that there is at least one event, unless there is none.
    """
    met: StoreFault | None = None
    while True:
        try:
            # One at a time, a gap looks like the log's end; but more was seen behind it.
            return store.read_log(after=after, limit=limit, personal=False), met
        except (EventUnreadable, LogCorrupt) as fault:
            if limit == 1:
                return (), fault
            met, limit = fault, max(1, limit // 4)


def _stopped_at(position: int, event: str, fault: Exception) -> PlanningStopped:
    stopped = PlanningStopped(position, event, fault)
    stopped.__cause__ = fault
    return stopped


def _read_cases(store: Store, references: Collection[str]) -> dict[str, _Case]:
    kinds = (CASE_STREAM, WORK_STREAM)
    streams = [f"{kind}{reference}" for reference in sorted(references) for kind in kinds]
    found = store.read_streams(streams) if streams else {}
    return {
        reference: _Case(
            history=found[f"{CASE_STREAM}{reference}"], work=found[f"{WORK_STREAM}{reference}"]
        )
        for reference in references
    }


def _reference(recorded: Recorded[Event]) -> str:
    """Return whose case an event belongs to; only those of cases and of work call for effects."""
    return recorded.stream.partition("-")[2]


def _happening(recorded: Recorded[Event], cases: _Cases) -> Happening | None:
    """Return an event with its case around it, None where nothing follows from it.

    Nothing does from work on a case that there is not: nobody could be told of it.
    """
    if not called_for(recorded.event):
        return None
    case = cases[_reference(recorded)]
    return case.happenings[recorded.position or 0] if case.is_there else None


def _plans(
    office: Office, recorded: Recorded[Event], cases: _Cases, happening: Happening | None
) -> tuple[Plan, ...]:
    if happening is None:
        return ()
    case = cases[_reference(recorded)]
    return tuple(
        _plan(office, recorded, case, effect, recipient)
        for effect in effects(happening)
        for recipient in recipients(effect, happening, supervisors(office))
    )


def _plan(
    office: Office, recorded: Recorded[Event], case: _Case, effect: Effect, recipient: Recipient
) -> Plan:
    """Return the row to enter; who was erased or cannot be written to is sent nothing."""
    sender = office.settings.mail_sender
    identity = Identity(event_id=recorded.event_id, effect=effect.name, party=recipient.name)
    position = recorded.position or 0
    letter: Letter | None = None
    state, problem = State.PLANNED, None
    try:
        letter = _letter(office, case, position, effect, recipient)
    except _NotWritten as reason:
        state, problem = State.WITHHELD, str(reason)
    if letter is not None and not letter.recipient:
        state, problem = State.FAILED, UNUSABLE
    return Plan(
        position=position,
        reference=case.filed.reference,
        identity=identity,
        means=Means.EMAIL,
        message_id=identity.message_id(sender),
        letter=letter,
        state=state,
        problem=problem,
        not_before=quiet_until(office, identity),
    )


class _NotWritten(Exception):
    """Nothing is sent, for the reason that it tells."""


def _letter(
    office: Office, case: _Case, position: int, effect: Effect, recipient: Recipient
) -> Letter:
    """Return what somebody is told, or raise why they are told nothing."""
    filed, party = case.filed, recipient.party
    if filed.application is None:
        raise _NotWritten(ERASED)
    applicant, happening = filed.application.applicant, case.happenings[position]
    # Letters to people outside keep their order: what they did since is confirmed right after it.
    if party not in OUTSIDE and case.is_past(effect, happening):
        raise _NotWritten(DONE_SINCE)
    if party not in OUTSIDE:
        to = _colleague(office, recipient)
    elif party is Party.APPLICANT:
        # Not where the case says, once another took its place: that mailbox may be a former one.
        where = applicant.email if filed.refiled_as is None else mailbox(office, filed.refiled_as)
        to = addressed(effect, party, replace(applicant, email=where), None)
    elif isinstance(happening.event, ContactChanged) and party is Party.FORMER_ADDRESS:
        to = at_former_address(happening.event, applicant)
    else:
        former = party is Party.FORMER_REPRESENTATIVE
        who = case.former_representative(position) if former else case.representative(position)
        if who is None:
            raise _NotWritten(NO_LONGER)
        to = addressed(effect, party, applicant, who)
    occasion = Occasion(
        happening=happening,
        reference=filed.reference,
        submitted_at=filed.submitted_at,
        applicant=applicant,
        public_url=office.settings.public_url,
        months=_months(office, happening, filed.reference),
    )
    return compose(effect.name, occasion, to, office.settings.mail_sender)


def _months(office: Office, happening: Happening, reference: str) -> tuple[int, int] | None:
    """Return how long whoever is told that they wait will probably wait still, where it is told."""
    if not isinstance(happening.event, StillInQueue):
        return None
    row = queries.status(office.models, reference)
    found = None if row is None else expected(office, row)
    low, high = found[1].months if found else (0, None)
    return None if high is None else (low, high)


def supervisors(office: Office) -> tuple[str, ...]:
    """Return the supervisors whom this installation knows."""
    known = colleagues(office.settings)
    return tuple(each.account for each in known if each.role is Role.SUPERVISOR)


def _colleague(office: Office, recipient: Recipient) -> Addressee:
    """Return somebody of the office as an addressee; raises where no address is known."""
    for each in colleagues(office.settings):
        if each.account == recipient.account:
            return Addressee(party=recipient.party, name=each.account, email=each.email)
    raise _NotWritten(NO_ADDRESS)
