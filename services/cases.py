"""Commands and questions about one case: load, decide, append, poke.

A repeat of a command is recognised before anything else and gets the first result. A `Conflict`
is retried here only when the caller named no version: a person who did is shown what changed.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Final, cast

from domain import commands as c
from domain import events as e
from domain.access import ACTION_OF, Person, Role, demand, sees
from domain.case import decide, evolve, load
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts
from domain.decisions import Matter
from domain.errors import Forbidden, NoSuchCase, Refusal
from domain.evolving import stays
from domain.particulars import ErasureDecided
from domain.projections.stage_after import CASE_STREAM
from domain.record import Recorded, known_then
from domain.references import RANDOM_BYTES, make_reference, parse_reference
from domain.stages import CaseState, Draft, Stage, stage_of
from services import duplicates, stepping_aside
from services.answers import Answering
from services.fingerprints import carried_out, fingerprint
from services.intake.correction import demand_possible_days
from services.privacy.kept import digest_now
from services.privacy.remembering import remember_soon
from services.requests import Request, effective_instant
from services.reservations import reserved_by
from services.store import Appended, Commit, Conflict, NewEvent, Reserved, StreamWrite
from services.store.errors import EventUnreadable
from services.store.sealing import MasterKeyChanged, SealBroken
from services.tracing import named, step
from services.turns import Append, appended
from services.wiring import Office

ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The case after a command; `repeated` when the command had been carried out before."""

    reference: str
    version: int
    stage: Stage
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAt:
    """A case at one moment: its state, the version that led to it, and every event until then."""

    state: CaseState
    version: int
    events: tuple[Recorded[e.CaseEvent], ...]

    @property
    def reference(self) -> str:
        """The case's reference, in its one written form."""
        return "" if isinstance(self.state, Draft) else self.state.filed.reference

    @property
    def stage(self) -> Stage:
        """The stage that the case is at."""
        return stage_of(self.state)

    @property
    def since(self) -> datetime:
        """When the case, which is not a new one, came to its stage with the points that it has."""
        moves = (each for each in reversed(self.events) if not stays(each.event))
        return next(each.effective_at for each in moves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """What comes with a command and is kept outside the log, under `stored`, which the fact names.

    `keep` is called once the command was decided and before its facts are recorded: what is
    refused is not kept, and no fact names what is not there.
    """

    stored: str
    keep: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command on a case, `subject`, with what tells it apart from every other one."""

    subject: str
    command: c.CaseCommand
    request: Request
    fingerprint: bytes
    enclosed: Enclosed | None


@step("command")
def submit(
    office: Office, command: c.SubmitApplication, request: Request, *, is_told: bool = True
) -> Outcome:
    """File an application under a new reference.

    Where the sender `is_told` which case it is, and it was filed before, that is a look at it.
    """
    asked, repeated = ask(office, "", command, request)
    outcome = repeated or _filed(office, asked)
    if outcome.repeated and is_told:
        answering_of(office, outcome.reference, type(command), request).seen()
    return outcome


def _filed(office: Office, asked: Asked) -> Outcome:
    reference = make_reference(secrets.token_bytes(RANDOM_BYTES))
    new = CaseAt(state=Draft(), version=0, events=())
    try:
        return appended(office, lambda append: _append(office, reference, new, asked, append))
    except Refusal:
        if (first := _recalled(office, asked)) is not None:
            return first
        raise


@step("command")
def carry_out(
    office: Office,
    reference: str,
    command: c.CaseCommand,
    request: Request,
    enclosed: Enclosed | None = None,
) -> Outcome:
    """Carry out `command` on a case, or raise the refusal or the `Conflict` that forbids it."""
    if isinstance(command, c.BY_EXERCISE):
        raise Forbidden(f"{type(command).__name__} is given to a case by its exercise only")
    asked, repeated = ask(office, reference, command, request, enclosed)

    def attempt(append: Append) -> Outcome:
        case = within_sight(request.person, _decided_on(office, reference, command))
        return _append(office, case.reference, case, asked, append)

    def once() -> Outcome:
        turn_at = canonical(reference) if isinstance(command, c.RecuseOfficer) else None
        return appended(office, attempt, turn_at=turn_at, recalled=lambda: _recalled(office, asked))

    answering = answering_of(office, reference, type(command), request)
    with answering.refusals_seen():
        outcome = repeated or settled(office, asked, once)
    if outcome.repeated:
        answering.seen()
    return outcome


def answering_of(
    office: Office, reference: str, command: type[c.CaseCommand], request: Request
) -> Answering:
    """Return what records a look at the case where such a command does nothing new."""
    return Answering(
        office=office,
        request=request,
        action=ACTION_OF[command],
        command=command,
        reference=reference,
    )


def settled(office: Office, asked: Asked, once: Callable[[], Outcome]) -> Outcome:
    """Return what an attempt comes to, made again where others moved the case meanwhile."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return once()
        except (Refusal, Conflict) as fault:
            # The same command may have been carried out since it was looked for: then it is what
            # moved the case, and its result is the answer.
            if (first := _recalled(office, asked)) is not None:
                return first
            if attempt == ATTEMPTS or not isinstance(fault, Conflict):
                raise
            # Who named a version named one of the case, and not of the work on it.
            if asked.request.expected is not None and fault.stream.startswith(CASE_STREAM):
                raise
    raise AssertionError("the last attempt returns or raises")


def case_at(
    office: Office,
    reference: str,
    *,
    as_of: datetime | None = None,
    believed_at: datetime | None = None,
) -> CaseAt:
    """Return the case as the program itself needs it; who is shown it takes `case_seen`."""
    return case_of(history(office, reference, as_of=as_of, believed_at=believed_at))


def case_unopened(office: Office, reference: str) -> CaseAt:
    """Return the case with nothing personal in it: no event has to open for its erasure."""
    read = office.store.read_stream(f"{CASE_STREAM}{canonical(reference)}", personal=False)
    return case_of(known_of(reference, read, None, None))


def _decided_on(office: Office, reference: str, command: c.CaseCommand) -> CaseAt:
    """Return the case that a command is about; one that does not open can still be erased."""
    try:
        return case_at(office, reference)
    except MasterKeyChanged:
        # It is this process that was told another key, and others can read the case.
        raise
    except (EventUnreadable, SealBroken):
        match command:
            case c.ProposeErasure() | c.ConfirmDecision(matter=Matter.ERASURE):
                return case_unopened(office, reference)
            case _:
                raise


@step("load")
def history(
    office: Office,
    reference: str,
    *,
    as_of: datetime | None = None,
    believed_at: datetime | None = None,
) -> tuple[Recorded[e.CaseEvent], ...]:
    """Return the events of a case in order, for the program itself, restricted as in `known_of`."""
    own = canonical(reference)
    if believed_at is not None:
        office.store.sequence()
    return known_of(own, office.store.read_stream(f"{CASE_STREAM}{own}"), as_of, believed_at)


def case_of(known: tuple[Recorded[e.CaseEvent], ...]) -> CaseAt:
    """Return the case to which its events until some moment led."""
    return CaseAt(state=load(each.event for each in known), version=known[-1].version, events=known)


def known_of(
    reference: str,
    recorded: Iterable[Recorded[e.Event]],
    as_of: datetime | None,
    believed_at: datetime | None,
) -> tuple[Recorded[e.CaseEvent], ...]:
    """Return what had happened to a case at `as_of`, as far as the log said so at `believed_at`.

    Without either it is all. Raises `NoSuchCase` when nothing is recorded until then.
    """
    known = known_then(recorded, as_of, believed_at)
    if not known:
        then = "" if as_of is None and believed_at is None else " at that time"
        raise no_case(reference, then)
    return cast("tuple[Recorded[e.CaseEvent], ...]", known)


def within_sight(person: Person, case: CaseAt) -> CaseAt:
    """Return the case where that person sees it at its stage, and did not step aside from it.

    Raises `NoSuchCase` in the same words as for one that there is not, which tells nothing of it.
    """
    recused = () if isinstance(case.state, Draft) else case.state.filed.recused
    if not sees(person, case.stage, recused):
        raise no_case(case.reference)
    return case


def no_case(reference: str, then: str = "") -> NoSuchCase:
    """Return the refusal of a reference that is no case's, for whoever asks."""
    return NoSuchCase(f"no case has the reference {reference}{then}")


def canonical(reference: str) -> str:
    """Return a reference in its one written form; raises `NoSuchCase` for what is none."""
    found = parse_reference(reference)
    if found is None:
        raise NoSuchCase(f"{reference!r} is not a case reference; it reads like QM-4K7RT-9XWPR")
    return found


def demand_leave(request: Request, command: type[c.CaseCommand], reference: str) -> None:
    """Raise `Forbidden` unless whoever asks may give a command of this kind on that case."""
    demand(request.person, ACTION_OF[command])
    if request.person.role is Role.APPLICANT and reference and not _is_own(request, reference):
        raise Forbidden("an applicant acts on their own application only")


def ask(
    office: Office,
    reference: str,
    command: c.CaseCommand,
    request: Request,
    enclosed: Enclosed | None = None,
) -> tuple[Asked, Outcome | None]:
    """Return the command as it is asked, and its first result where it was carried out before.

    `reference` is empty for a new case. Raises `Forbidden` where its sender may not ask it.
    """
    named(command)
    demand_leave(request, type(command), reference)
    # However a reference is typed, it is the same command.
    subject = parse_reference(reference) or reference
    said = fingerprint(office, subject, command, request.effective_at)
    asked = Asked(
        subject=subject, command=command, request=request, fingerprint=said, enclosed=enclosed
    )
    return asked, _recalled(office, asked)


def _recalled(office: Office, asked: Asked) -> Outcome | None:
    """Return the first result of a command that was carried out before."""
    # A new case, also in the place of another, is named by the answer alone.
    about = "" if isinstance(asked.command, c.SubmitApplication) else asked.subject
    first = carried_out(
        office, asked.request.command_id, asked.fingerprint, about=about, told="stage"
    )
    return None if first is None else outcome_of(first)


def _is_own(request: Request, reference: str) -> bool:
    """Say whether the case is the applicant's: they are known by its reference."""
    return request.person.name == parse_reference(reference)


def _append(office: Office, reference: str, case: CaseAt, asked: Asked, append: Append) -> Outcome:
    request, command = asked.request, asked.command
    stream = f"case-{reference}"
    request.demand_version(stream, case.version)
    at = effective_instant(office, request, case.events)
    given = Circumstances(
        at=at,
        rulebook=office.rulebook,
        actor=request.person.name,
        reference=reference,
        stored=asked.enclosed.stored if asked.enclosed else "",
        since=case.since if case.events else None,
        preview=digest_now(office, case.state, command),
    )
    with step("decide"):
        facts = decide(case.state, command, given)
    if isinstance(command, c.CorrectApplication) and not isinstance(case.state, Draft):
        submitted_on = hong_kong_date(case.state.filed.submitted_at)
        demand_possible_days(command.application, submitted_on)
    if asked.enclosed:
        asked.enclosed.keep()
    state = reduce(evolve, facts, case.state)
    version = case.version + len(facts)
    events = tuple(NewEvent(event=fact, effective_at=at) for fact in facts)
    live_before, live_after = reserved_by(office, case.state), reserved_by(office, state)
    commit = replace(
        request.commit(
            type(command).__name__,
            asked.fingerprint,
            StreamWrite(stream=stream, expected=case.version, events=events),
            *stepping_aside.releases(office, reference, facts, at),
            result={"reference": reference, "version": version, "stage": stage_of(state)},
        ),
        reserve=tuple(live_after - live_before),
        release=tuple(live_before - live_after),
        destroy=_erased(reference, facts),
    )
    kept = append_live(office, commit, request, state, append)
    if commit.destroy:
        remember_soon(office, commit.destroy)
    return outcome_of(kept)


def append_live(
    office: Office, commit: Commit, request: Request, state: CaseState, append: Append
) -> Appended:
    """Append what brings a case to `state`; refused where its person has a live case already."""
    try:
        return append(commit)
    except Reserved as taken:
        application = None if isinstance(state, Draft) else state.filed.application
        seer = (request.person, request.door)
        raise duplicates.refusal(office, commit, seer, application) from taken


def _erased(reference: str, facts: Facts) -> tuple[str, ...]:
    """Return the cases whose key goes with these facts."""
    return (reference,) if any(isinstance(each, ErasureDecided) for each in facts) else ()


def outcome_of(appended: Appended) -> Outcome:
    """Return what a commit on a case says of the case after it."""
    result = appended.result
    return Outcome(
        reference=str(result["reference"]),
        version=int(cast("int", result["version"])),
        stage=Stage(str(result["stage"])),
        repeated=appended.repeated,
    )
