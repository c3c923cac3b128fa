"""An export of all that is held on a person, for the answer to their request for data.

Law: what is given is what is on record. It is made once to know its digest, the fact is recorded
under it, and then the same bytes are given; the file is kept nowhere. Whoever makes it is on record
as having looked, before they have anything.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, Final

from domain.access import WORK_ACTION_OF, demand
from domain.data_access import DataExported, OpenAccess
from domain.deciding.answering import exported
from domain.errors import (
    ExportChanged,
    Forbidden,
    NoDataAccessOpen,
    PersonErased,
    RecusedFromCase,
)
from domain.looks import Look
from domain.projections.stage_after import WORK_STREAM
from domain.stages import Draft
from domain.work_commands import ExportData
from services.answers import Answering
from services.cases import CaseAt, canonical, case_unopened
from services.fingerprints import carried_out, fingerprint
from services.privacy.archive import archived
from services.privacy.gathering import (
    FORMAT,
    Bounds,
    Gathered,
    as_json,
    bounds_now,
    entries,
    exactly,
    gathered,
)
from services.privacy.telling import page
from services.requests import Request, effective_instant
from services.store import Conflict, NewEvent, StreamWrite
from services.tracing import named, step
from services.wiring import Office
from services.work import work_at

ATTEMPTS: Final = 5
MEDIA_TYPE: Final = "application/zip"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export that is on record, and that is put together anew as it is given.

    It is of the case as the first `position` events of the log and all beside them at `until` say.
    """

    office: Office
    found: Gathered
    request: int
    digest: str
    repeated: bool

    @property
    def reference(self) -> str:
        """The case that it is of."""
        return self.found.case.reference

    @property
    def name(self) -> str:
        """What a file of it is called."""
        return f"{self.reference}-data-{self.request}.zip"

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes; raises `ExportChanged` at the end where they are not those on record."""
        digest = hashlib.sha256()
        for chunk in _bytes(self.office, self.found, self.request):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self.digest:
            raise ExportChanged(
                f"the export of {self.reference} is not any more what is on record; make a new one"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A command with what tells it apart, and the look that carrying it out is."""

    reference: str
    command: ExportData
    request: Request
    look: Look
    fingerprint: bytes


@step("command")
def export(
    office: Office, reference: str, command: ExportData, request: Request, look: Look
) -> Export:
    """Return all that is held on the person of a case, for the request for data that is open.

    It is on record when this returns, as a look and as a fact; asked for again under one id it is
    the same, to whoever made it and as long as they might make another. Raises `NoSuchCase`,
    `NoDataAccessOpen`, `PersonErased`, `RecusedFromCase`, `Forbidden`, `ExportChanged` and
    `Conflict`.
    """
    named(command)
    demand(request.person, WORK_ACTION_OF[ExportData])
    own = canonical(reference)
    asked = _Asked(
        reference=own,
        command=command,
        request=request,
        look=look,
        fingerprint=fingerprint(office, own, command, request.effective_at),
    )
    answering = Answering(
        office=office,
        request=request,
        action=WORK_ACTION_OF[ExportData],
        command=ExportData,
        reference=own,
    )
    for attempt in range(1, ATTEMPTS + 1):
        first = carried_out(office, request.command_id, asked.fingerprint, about=own, told="digest")
        if first is not None:
            with answering.refusals_seen():
                return _again(office, asked, first.result)
        try:
            return _export(office, asked)
        except Conflict:
            if request.expected is not None or attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _export(office: Office, asked: _Asked) -> Export:
    kept_back = tuple(sorted(set(asked.command.keep_back)))
    found = gathered(office, asked.look, asked.reference, bounds_now(office, kept_back))
    number = _allowed(found, asked.request).request
    digest = hashlib.sha256()
    for chunk in _bytes(office, found, number):
        digest.update(chunk)
    fact = DataExported(
        request=number,
        digest=digest.hexdigest(),
        position=found.position,
        until=found.until,
        kept_back=kept_back,
    )
    _append(office, found, fact, asked)
    _still_readable(office, asked.reference)
    return Export(office=office, found=found, request=number, digest=fact.digest, repeated=False)


def _allowed(found: Gathered, request: Request) -> OpenAccess:
    """Return the request that is answered, or raise what forbids an export."""
    _refuse_recused(found.case, request)
    if not found.sections:
        raise PersonErased("nothing is held on this person any more that could be exported")
    return exported(found.work.state.access)


def _still_readable(office: Office, reference: str) -> None:
    if not office.store.readable((reference,)):
        raise PersonErased("the person was erased, and nothing is held any more")


def _append(office: Office, found: Gathered, fact: DataExported, asked: _Asked) -> None:
    request = asked.request
    stream, version = f"{WORK_STREAM}{asked.reference}", found.work.version
    request.demand_version(stream, version)
    event = NewEvent(event=fact, effective_at=effective_instant(office, request, found.work.events))
    office.store.append(
        request.commit(
            type(asked.command).__name__,
            asked.fingerprint,
            StreamWrite(stream=stream, expected=version, events=(event,)),
            result={
                "reference": asked.reference,
                "request": fact.request,
                "digest": fact.digest,
                "position": fact.position,
                "until": fact.until.isoformat(),
            },
        )
    )
    office.pokes.committed()


def _again(office: Office, asked: _Asked, result: Mapping[str, Any]) -> Export:
    """Return an export that was made before, in the same bytes; `ExportChanged` where it cannot."""
    _still_readable(office, asked.reference)
    _refuse_another(office, asked, int(result["request"]))
    bounds = Bounds(
        position=int(result["position"]),
        until=datetime.fromisoformat(str(result["until"])),
        kept_back=frozenset(asked.command.keep_back),
    )
    found = gathered(office, asked.look, asked.reference, bounds)
    _still_readable(office, asked.reference)
    made = Export(
        office=office,
        found=found,
        request=int(result["request"]),
        digest=str(result["digest"]),
        repeated=True,
    )
    for _ in made.chunks():
        pass
    return made


def _refuse_another(office: Office, asked: _Asked, number: int) -> None:
    """Raise unless whoever asks made the export, and might make another for the same request.

    An id is no secret: it stands in the history of the case, which others read as well.
    """
    work, name = work_at(office, asked.reference), asked.request.person.name
    made_by = {
        each.actor for each in work.events if each.command_id == str(asked.request.command_id)
    }
    if name not in made_by:
        raise Forbidden(f"somebody else made this export; {name} makes one of their own")
    _refuse_recused(case_unopened(office, asked.reference), asked.request)
    if exported(work.state.access).request != number:
        raise NoDataAccessOpen("what this export was made for is answered; make a new one")


def _refuse_recused(case: CaseAt, request: Request) -> None:
    if not isinstance(case.state, Draft) and request.person.name in case.state.filed.recused:
        raise RecusedFromCase(
            f"{request.person.name} is recused from this case; somebody else must export it"
        )


def _bytes(office: Office, found: Gathered, request: int) -> Iterator[bytes]:
    listed: list[dict[str, Any]] = []

    def counted() -> Iterator[tuple[str, bytes]]:
        for name, content in chain(_told(found, request), entries(office, found)):
            listed.append(_entry(name, content))
            yield name, content
        yield MANIFEST, as_json({**_about(found, request), "files": listed})

    return archived(counted())


def _told(found: Gathered, request: int) -> Iterator[tuple[str, bytes]]:
    words = _words()[found.language]
    facts = {"reference": found.case.reference, "until": exactly(found.until), "request": request}
    shown = page(
        words["title"].format(**facts),
        found.language,
        words["begin"].format(**facts),
        tuple((words[name], value) for name, value in found.sections),
    )
    yield "index.html", shown.encode()
    yield "data.json", as_json({**_about(found, request), **dict(found.sections)})


def _about(found: Gathered, request: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "reference": found.case.reference,
        "request": request,
        "position": found.position,
        "until": found.until.isoformat(),
    }


def _entry(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    """Return what stands around an export, by language."""
    return tomllib.loads((files("services.privacy") / "export.toml").read_text("utf-8"))
