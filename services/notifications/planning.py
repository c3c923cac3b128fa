"""Follows the log and enters what must be done because of each event.

Law: the rows of a batch and the step of the checkpoint past it are one transaction, and planners
take turns, so that every event is looked at once. An event that cannot be planned stops the plan
right before it, aloud; what came before it is kept and nothing is skipped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Connection

from domain.case import load
from domain.errors import Reportable
from domain.events import CaseEvent, Event
from domain.processes import Effect, effects
from domain.record import Recorded
from domain.stages import Draft, Filed
from services.notifications.entries import ERASED, Identity, Plan, State
from services.notifications.letters import Letter, Occasion, UnusableAddress, compose
from services.wiring import Office

BATCH: Final = 500

_Histories = Mapping[str, tuple[Recorded[Event], ...]]


class PlanningStopped(Reportable):
    """An event's effects could not be planned; nothing after it is, until that is mended."""

    def __init__(self, recorded: Recorded[Event], fault: Exception) -> None:
        super().__init__(
            f"the notifications of event {recorded.position} ({recorded.stream}, version "
            f"{recorded.version}, {type(recorded.event).__name__}) could not be planned: "
            f"{type(fault).__name__}; mend that and start the worker again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What one transaction did: how far it read, what it entered, and what stopped it."""

    read: int
    entered: int
    stopped: PlanningStopped | None


def plan(office: Office, *, batch: int = BATCH) -> int:
    """Every effect of the log as it stands is in the ledger; return how many were entered.

    Raises `PlanningStopped` at an event that cannot be planned.
    """
    entered = 0
    while True:
        with office.ledger.engine.begin() as connection:
            step = _step(office, connection, batch)
        entered += step.entered
        if step.stopped is not None:
            raise step.stopped
        if step.read < batch:
            return entered


def _step(office: Office, connection: Connection, batch: int) -> _Step:
    """Plan one batch of the log, and move the checkpoint past what could be planned."""
    before = office.ledger.lock_checkpoint(connection)
    records = office.store.read_log(after=before, limit=batch, personal=False)
    histories = _histories(office, records)
    plans: list[Plan] = []
    planned, stopped = 0, None
    for recorded in records:
        try:
            plans += _plans(office, recorded, histories)
        except Exception as fault:  # noqa: BLE001 - raised again below, with its event
            stopped = PlanningStopped(recorded, fault)
            stopped.__cause__ = fault
            break
        planned += 1
    entered = office.ledger.enter(connection, plans)
    if planned:
        office.ledger.move_checkpoint(connection, before + planned)
    return _Step(read=len(records), entered=entered, stopped=stopped)


def _histories(office: Office, records: Sequence[Recorded[Event]]) -> _Histories:
    """Return the whole streams of those cases of the batch that something is to be done for."""
    streams = {each.stream for each in records if effects(each.event)}
    return office.store.read_streams(sorted(streams)) if streams else {}


def _plans(office: Office, recorded: Recorded[Event], histories: _Histories) -> tuple[Plan, ...]:
    return tuple(
        _plan(office, recorded, effect, _filed(histories[recorded.stream]))
        for effect in effects(recorded.event)
    )


def _filed(history: Sequence[Recorded[Event]]) -> Filed:
    """Return what is true of a case, as corrected since: a letter goes where the person is now."""
    state = load(cast("CaseEvent", each.event) for each in history)
    if isinstance(state, Draft):
        raise TypeError("nothing is recorded of the case")
    return state.filed


def _plan(office: Office, recorded: Recorded[Event], effect: Effect, filed: Filed) -> Plan:
    """Return the row to enter; who was erased or cannot be written to is sent nothing."""
    if recorded.position is None:
        raise ValueError(f"{recorded.event_id} was read from the log without a position")
    sender = office.settings.mail_sender
    identity = Identity(event_id=recorded.event_id, effect=effect.name, party=effect.to)
    letter: Letter | None = None
    problem: str | None = None
    state = State.PLANNED
    try:
        letter = _letter(office, effect, filed)
        if letter is None:
            state, problem = State.WITHHELD, ERASED
    except UnusableAddress:
        state, problem = State.FAILED, "address unusable"
    return Plan(
        position=recorded.position,
        reference=filed.reference,
        identity=identity,
        means=effect.by,
        message_id=identity.message_id(sender),
        letter=letter,
        state=state,
        problem=problem,
    )


def _letter(office: Office, effect: Effect, filed: Filed) -> Letter | None:
    """Return what the applicant is told, None once they were erased."""
    if filed.application is None:
        return None
    occasion = Occasion(
        reference=filed.reference,
        submitted_at=filed.submitted_at,
        status_url=f"{office.settings.public_url}/",
    )
    applicant = filed.application.applicant
    return compose(effect.name, occasion, applicant, office.settings.mail_sender)
