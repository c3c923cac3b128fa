"""All that is held on the person of a case, read once and told as names and values.

Law: what is told follows from the log up to a position and from what stood beside it at an instant,
so that it is the same whenever it is gathered. Nothing that is kept sealed for the case is left
out: what is, is named in `domain/exports.py`, and in the how-to.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final

from domain import events as e
from domain import stages as s
from domain.application import Application, Correspondence
from domain.case import evolve
from domain.data_access import DataExported, KeptBack
from domain.days import HONG_KONG
from domain.exports import OF_STAFF, STAFF, StaffNumbers, parts_of
from domain.looks import Look
from domain.papers import DocumentReceived
from domain.particulars import ApplicationCorrected, ContactChanged
from domain.processes import OUTSIDE
from domain.projections.deadlines import DeadlineRow, fold, open_days
from domain.record import Recorded, in_order
from domain.stages import Draft
from domain.wire import WIRE
from services.cases import CaseAt, case_of
from services.documents.naming import cleaned
from services.notifications.entries import AGAIN, FREED, RETURNED
from services.notifications.kept import Told, codes_of, told_of
from services.privacy.telling import Section, Teller, instant_told
from services.projections.held import now_of, pools_of
from services.projections.looks import Looked, looks_at, words_of
from services.wiring import Office
from services.work import WorkAt, streams_of, work_of

FORMAT: Final = "qmas-data-export-1"

_CHANGES: Final = (e.ApplicationSubmitted, ApplicationCorrected, ContactChanged)
"""The events after which an application says something else."""

_BY: Final = ", by "
"""What stands before the name of whoever had a letter sent again, or said that it came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a document as it is in the export, and as it is found."""

    name: str
    stored: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is held on the person of a case: told by section, and the files of their documents.

    `case` and `work` are as of `position`; the person can be erased, and then nothing is told.
    """

    case: CaseAt
    work: WorkAt
    position: int
    until: datetime
    language: Correspondence = Correspondence.ENGLISH
    sections: tuple[tuple[str, Any], ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Up to where the log is read, and until when what is beside it; what is kept back."""

    position: int
    until: datetime
    kept_back: frozenset[KeptBack]


def bounds_now(office: Office, kept_back: Sequence[KeptBack]) -> Bounds:
    """Return the bounds of all that there is now."""
    until = now_of(office.models)
    return Bounds(position=office.store.sequence(), until=until, kept_back=frozenset(kept_back))


def gathered(office: Office, look: Look, reference: str, bounds: Bounds) -> Gathered:
    """Return all that is held on the person of a case, the look on record; raises `NoSuchCase`."""
    words = words_of(office.blind, look.stated)
    read = office.store.read_seen(look, reference, streams_of(reference), words=words)
    known = {stream: _until(events, bounds.position) for stream, events in read.items()}
    work = work_of(reference, known)
    case = case_of(tuple(known[streams_of(reference)[0]]))
    bare = Gathered(case=case, work=work, position=bounds.position, until=bounds.until)
    if isinstance(case.state, Draft) or (application := case.state.filed.application) is None:
        return bare
    language = application.applicant.correspondence_language
    teller = Teller(reference=reference, language=language, staff=StaffNumbers())
    return Gathered(
        case=case,
        work=work,
        position=bounds.position,
        until=bounds.until,
        language=language,
        sections=tuple(_sections(office, teller, case, work, bounds)),
        files=tuple(_files(case)),
    )


def entries(office: Office, found: Gathered) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the documents, opened when it is its turn; raises `FileLost`."""
    for each in found.files:
        yield each.name, office.files.open(found.case.reference, each.stored)


def as_json(value: Any) -> bytes:
    """Return what is told as JSON, always in the same bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def exactly(instant: datetime) -> str:
    """Return an instant as it is said to people."""
    return f"{instant.astimezone(HONG_KONG):%Y-%m-%d %H:%M:%S} +08:00"


def _until(events: Sequence[Recorded[Any]], position: int) -> list[Recorded[Any]]:
    return [each for each in events if each.position is not None and each.position <= position]


def _sections(
    office: Office, teller: Teller, case: CaseAt, work: WorkAt, bounds: Bounds
) -> Iterator[Section]:
    history = in_order((*case.events, *work.events))
    parts = parts_of(case.events, work.events)
    hidden = {each.position for each in history if parts.get(each.event_id) in bounds.kept_back}
    known = told_of(office.ledger, case.reference, bounds.position, bounds.until)
    told = [each for each in known if each.position not in hidden]
    looks = looks_at(office.models, case.reference, bounds.until)
    yield (
        "standing",
        {"reference": case.reference, "stage": str(case.stage), "since": instant_told(case.since)},
    )
    yield "application", [_version(teller, *each) for each in _versions(case)]
    yield "events", [_event(teller, each) for each in history if each.position not in hidden]
    yield "documents", [_document(teller, each) for each in _received(case)]
    yield "letters", [_letter(teller, each) for each in told if each.party in OUTSIDE]
    yield "others", [_other(teller, each) for each in told if each.party not in OUTSIDE]
    yield "due", [_due(each) for each in _open_days(history)]
    pools = pools_of(office.models, case.reference, bounds.position)
    yield "pools", [teller.told(each) for each in pools]
    codes = codes_of(office.ledger, case.reference, bounds.until)
    yield "codes", [teller.told(each) for each in codes]
    yield "looks", [_look(each, bounds) for each in looks]


def _event(teller: Teller, recorded: Recorded[e.Event]) -> dict[str, Any]:
    # Its number and version are not told: a gap would tell of what is kept back. So would what an
    # earlier copy left out.
    says = teller.told(recorded.event)
    if isinstance(recorded.event, DataExported):
        del says["kept_back"]
    # Why an officer stepped aside tells who they are, and of their life: never the applicant.
    if type(recorded.event) in OF_STAFF:
        del says["personal"]
    return {
        "event": WIRE[type(recorded.event)].name,
        "id": recorded.event_id,
        "effective_at": instant_told(recorded.effective_at),
        "recorded_at": instant_told(recorded.recorded_at),
        "by": _by(teller, recorded),
        "says": says,
    }


def _by(teller: Teller, recorded: Recorded[Any]) -> str:
    """Return who did it: people of the office by a number, anybody else by what they are."""
    if recorded.role not in STAFF:
        return recorded.role
    return f"{recorded.role}, {teller.by(recorded.actor)}"


def _versions(case: CaseAt) -> Iterator[tuple[Recorded[Any], Application]]:
    """Yield every version of the application with the event that it came with."""
    state: s.CaseState = Draft()
    for each in case.events:
        state = evolve(state, each.event)
        if (
            isinstance(each.event, _CHANGES)
            and not isinstance(state, Draft)
            and state.filed.application is not None
        ):
            yield each, state.filed.application


def _version(teller: Teller, recorded: Recorded[Any], application: Application) -> dict[str, Any]:
    return {
        "since": instant_told(recorded.effective_at),
        "with": WIRE[type(recorded.event)].name,
        "application": teller.told(application),
    }


def _received(case: CaseAt) -> Iterator[tuple[DocumentReceived, Recorded[Any]]]:
    for each in case.events:
        if isinstance(each.event, DocumentReceived):
            yield each.event, each


def _document(teller: Teller, found: tuple[DocumentReceived, Recorded[Any]]) -> dict[str, Any]:
    received, recorded = found
    return {
        "file": _named(received),
        "received_at": instant_told(recorded.effective_at),
        **teller.told(received),
    }


def _files(case: CaseAt) -> Iterator[File]:
    for received, _ in _received(case):
        yield File(name=_named(received), stored=received.stored)


def _named(received: DocumentReceived) -> str:
    name = received.personal.name if received.personal else ""
    return f"documents/{received.document:03d}-{cleaned(name, received.kind, received.media_type)}"


def _letter(teller: Teller, told: Told) -> dict[str, Any]:
    letter = told.letter
    said: Mapping[str, Any] = {}
    if letter is not None:
        # The page of the same letter as HTML has no other words.
        said = {
            "recipient": letter.recipient,
            "sender": letter.sender,
            "sender_name": letter.sender_name,
            "language": str(letter.language),
            "subject": letter.subject,
            "text": letter.text,
        }
    return {"to": told.party, "letter": told.effect, **_tried(teller, told), **said}


def _other(teller: Teller, told: Told) -> dict[str, Any]:
    """Return who of the office or which system was told, which of the person is a reference."""
    means, party = told.means, told.party.partition(":")[0]
    return {"to": party, "by": means, "of": told.effect, **_tried(teller, told)}


def _tried(teller: Teller, told: Told) -> dict[str, Any]:
    tries = [
        {"at": instant_told(each.at), "outcome": _outcome(teller, each.outcome)}
        for each in told.attempts
    ]
    return {"planned_at": instant_told(told.planned_at), "tried": tries}


def _outcome(teller: Teller, text: str) -> str:
    said, by, name = text.partition(_BY)
    if said in {AGAIN, FREED}:
        return f"{said}{by}{teller.by(name)}"
    # Why it came back is in somebody's words, where the same may stand.
    said, by, name = text.rpartition(_BY)
    return f"{said}{by}{teller.by(name)}" if by and said.startswith(RETURNED) else text


def _open_days(history: Sequence[Recorded[Any]]) -> Iterator[Any]:
    start: DeadlineRow | None = None
    row = reduce(fold, history, start)
    return open_days(row) if row else iter(())


def _due(day: Any) -> dict[str, Any]:
    return {
        "what": str(day.deadline),
        "due_on": day.due_on.isoformat(),
        "since": day.opened_on.isoformat(),
    }


def _look(found: Looked, bounds: Bounds) -> dict[str, Any]:
    """Return a look without the name of who looked, and without what else they asked for.

    Why somebody looked may tell of others, or of an investigation, and goes with that.
    """
    keeps_why = KeptBack.INVESTIGATIONS in bounds.kept_back
    return {
        "at": instant_told(found.at),
        "role": found.role,
        "purpose": found.purpose,
        "what": found.what,
        "through": found.door,
        "why": None if keeps_why else found.stated,
    }
