"""A second live application by one person: refused, and told to the office on the live case.

Law: whoever is refused learns no more of the live case than they may see, and nothing that is not
on record as a look; the fact of the refusal stands in the work stream of the live case, never in
its own, and says nothing of the person.
"""

from typing import Final
from uuid import uuid5

from domain.access import Action, Person, permitted
from domain.application import Application
from domain.errors import DuplicateApplication
from domain.events import ApplicationSubmitted, Event
from domain.looks import Door, What, look_of
from domain.particulars import ApplicationCorrected
from domain.projections.stage_after import CASE_STREAM, WORK_STREAM
from domain.work_events import CorrectionRefused, DuplicateRefused
from services.fingerprints import own_command_id
from services.projections import queries, runner
from services.projections.errors import OfAnotherLog, ProjectionStopped
from services.projections.names import person_token
from services.store import Commit, Conflict, NewEvent, StreamWrite
from services.wiring import Office

ATTEMPTS: Final = 5

Told = DuplicateRefused | CorrectionRefused
"""What a live case tells of what was refused beside it."""


def refusal(
    office: Office,
    refused: Commit,
    seer: tuple[Person, Door | None],
    application: Application | None,
) -> DuplicateApplication:
    """Return how a commit is refused that would give a person a second live case.

    Where it filed or corrected an application, the live case tells of it from now on, once for each
    command. It is named to whoever may read cases and is answered at a door, and the look at it is
    on record.
    """
    if application is None or (live := _live_case(office, application)) is None:
        return DuplicateApplication(None)
    for event in (new.event for write in refused.writes for new in write.events):
        if (fact := _fact(event)) is not None:
            _record(office, live, refused, fact)
    return DuplicateApplication(_shown(office, refused, seer, application))


def _fact(event: Event) -> Told | None:
    """Return what the live case tells of a refused event, None where it tells nothing."""
    match event:
        case ApplicationSubmitted(channel=channel):
            return DuplicateRefused(channel=channel)
        case ApplicationCorrected():
            return CorrectionRefused()
        case _:
            return None


def _shown(
    office: Office, refused: Commit, seer: tuple[Person, Door | None], application: Application
) -> str | None:
    """Return the live case where it may be named, as the statement finds it that records a look."""
    person, door = seer
    if door is None or not permitted(person, Action.READ_CASES):
        return None
    look = look_of(person, Action.READ_CASES, What.LINKED, door, refused.correlation_id)
    return queries.live_case_seen(office.models, look, _token(office, application))


def _live_case(office: Office, application: Application) -> str | None:
    """Return the live case of a person; None where the read model does not say which it is.

    One that is stopped says what it knew; one of another log may name a case that was lost.
    """
    try:
        runner.catch_up(office.store, office.models, "case-list")
    except OfAnotherLog:
        return None
    except ProjectionStopped:
        pass
    live = queries.live_case(office.models, _token(office, application))
    # Work on a case that there is not would be in nobody's list, and in the log for ever.
    is_there = live is not None and office.store.stream_version(f"{CASE_STREAM}{live}")
    return live if is_there else None


def _token(office: Office, application: Application) -> bytes:
    who = application.applicant
    return person_token(office.blind, who.travel_document, who.date_of_birth)


def _record(office: Office, reference: str, refused: Commit, fact: Told) -> None:
    stream = f"{WORK_STREAM}{reference}"
    # Nothing that is made of what was refused: it would stay here when its own person is erased.
    # But of the live case, for who sends one id for two persons is refused beside each of them.
    words = f"refused beside {reference} as {refused.command_id}"
    command_id = own_command_id(office, words)
    # A version before this one told of it under an id that anybody could make of the other.
    before = str(uuid5(refused.command_id, "duplicate-refused"))
    for _ in range(ATTEMPTS):
        known = office.store.read_stream(stream, personal=False)
        if any(each.command_id == before and isinstance(each.event, Told) for each in known):
            return
        at = max([office.clock(), *(each.effective_at for each in known[-1:])])
        write = StreamWrite(
            stream=stream,
            expected=len(known),
            events=(NewEvent(event=fact, effective_at=at),),
        )
        commit = Commit(
            command_id=command_id,
            fingerprint=command_id.bytes,
            writes=(write,),
            actor=refused.actor,
            role=refused.role,
            command=refused.command,
            causation_id=str(refused.command_id),
            correlation_id=refused.correlation_id,
        )
        try:
            office.store.append(commit)
        except Conflict:
            continue  # others work on the case at this moment
        office.pokes.committed()
        return
