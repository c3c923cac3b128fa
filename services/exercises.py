"""Selection exercises: open with a frozen pool, draw the shortlist, make the selection, re-run.

An exercise's event and the events of all its cases are one commit. A case that moved meanwhile is
looked at again and the whole is tried again without it; it never makes the exercise fail.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final, cast

from domain import commands as c
from domain import events as e
from domain import exercise_events as x
from domain.access import Action, demand
from domain.case import decide as decide_case
from domain.case import load as load_case
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances
from domain.errors import NoSuchExercise, Refusal
from domain.exercise import (
    Drawn,
    ExerciseState,
    Opened,
    Pool,
    Unopened,
    decide,
    load,
    selection,
    shortlist,
)
from domain.rules.choose import quota
from domain.rules.rank import Division, PoolMember, digest_of, ranked
from domain.rules.types import Test
from domain.stages import CaseState, InPool, Shortlisted
from domain.wire import WIRE
from services.cases import Request, effective_instant, fingerprint
from services.pool import NO_POOL, CaseSeen, History, frozen_pool, pool_at
from services.projections import pools, queries, runner
from services.store import Appended, Commit, Conflict, NewEvent, Reserved, StreamWrite
from services.wiring import Office

ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseOutcome:
    """An exercise after a command; `cases` is how many cases were written with it."""

    exercise: str
    version: int
    cases: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """An exercise drawn again from the log alone, beside what was recorded.

    `differences` names each recorded figure that is not the same; empty means identical.
    `computed` is as in `Waiting`.
    """

    exercise: str
    pool: int
    shortlist: Division | None
    selection: Division | None
    differences: tuple[str, ...]
    computed: Mapping[str, int]


def stream_of(exercise: str) -> str:
    """Return the stream of an exercise."""
    return f"exercise-{exercise}"


def open_exercise(office: Office, command: c.OpenExercise, request: Request) -> ExerciseOutcome:
    """Open an exercise on every case that waits in the pool, within what the quota leaves.

    Cases that met criteria instead of scoring points stay where they are. An exercise that is dated
    back takes those that waited then, and do so still.
    """

    def attempt(history: History, at: datetime) -> _Writes:
        state = _state(history)
        if not isinstance(state, Unopened):
            return _Writes(facts=decide(state, command, NO_POOL), cases=())
        # The pool and the quota are read from these, so let them hold all that is recorded.
        for projection in ("case-list", "exercises"):
            runner.catch_up(office.store, office.models, projection)
        number = len(queries.exercises(office.models)) + 1
        frozen = pools.freeze(office.models, command.exercise, at, unranked=_unranked(office))
        pool = Pool(
            position=frozen.position,
            members=frozen.members,
            left_out=frozen.left_out,
            quota=_quota(office, at),
            places_taken=queries.places_taken(office.models, hong_kong_date(at).year),
        )
        return _Writes(
            facts=decide(state, command, pool),
            cases=(),
            # Of two that are opened at once one is tried again, and sees what the other took.
            reserve=(f"exercise-number:{number}",),
        )

    return _carry_out(office, command.exercise, command, request, attempt)


def draw_shortlist(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Draw the shortlist from the frozen pool, and shortlist each of its cases."""
    command = c.DrawShortlist()

    def attempt(history: History, at: datetime) -> _Writes:
        state, pool = _state(history), frozen_pool(office, history)
        if not isinstance(state, Opened):
            return _Writes(facts=decide(state, command, pool), cases=())
        pool, cases = _without_departed(
            office, pool, lambda pool: shortlist(state, pool), _waits_as_frozen
        )
        orders: dict[str, c.CaseCommand] = {
            each.member.reference: c.ShortlistCase(exercise=exercise, rank=each.rank)
            for each in shortlist(state, pool).taken
        }
        facts = decide(state, command, pool)
        given = Circumstances(at=at, rulebook=office.rulebook, actor=request.person.name)
        return _Writes(facts=facts, cases=_case_writes(cases, orders, given))

    return _carry_out(office, exercise, command, request, attempt)


def make_selection(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Allot the places among the shortlist, and select or pass over each of its cases."""
    command = c.MakeSelection()

    def attempt(history: History, at: datetime) -> _Writes:
        state, pool = _state(history), frozen_pool(office, history)
        if not isinstance(state, Drawn):
            return _Writes(facts=decide(state, command, pool), cases=())
        pool, cases = _without_departed(
            office,
            pool,
            lambda pool: shortlist(state, pool),
            lambda case, _: isinstance(case, Shortlisted) and case.exercise == exercise,
        )
        made = selection(state, pool)
        orders: dict[str, c.CaseCommand] = {
            each.member.reference: c.SelectCase(exercise=exercise, rank=each.rank)
            for each in made.taken
        }
        orders |= {
            each.member.reference: c.PassOverCase(exercise=exercise, rank=each.rank)
            for each in made.left
        }
        facts = decide(state, command, pool)
        given = Circumstances(at=at, rulebook=office.rulebook, actor=request.person.name)
        return _Writes(facts=facts, cases=_case_writes(cases, orders, given))

    return _carry_out(office, exercise, command, request, attempt)


def redraw(office: Office, exercise: str) -> Redrawn:
    """Draw the exercise again from the log alone and compare it with what was recorded."""
    history = events_of(office, exercise)
    opened = cast("x.ExerciseOpened", history[0].event)
    waiting = pool_at(office, opened.pool_position, history[0].effective_at)
    pool = Pool(position=opened.pool_position, members=waiting.members, left_out=waiting.left_out)
    digest = digest_of(ranked(pool.members))
    again: list[x.ExerciseEvent] = [
        replace(opened, pool_size=len(pool.members), pool_digest=digest, left_out=pool.left_out)
    ]
    drawn = made = None
    for each in history[1:]:
        state = _state(history[: each.version - 1])
        match each.event:
            case x.ShortlistDrawn(departed=departed) if isinstance(state, Opened):
                gone = replace(pool, departed=frozenset(departed))
                drawn = shortlist(state, gone)
                again.extend(decide(state, c.DrawShortlist(), gone))
            case x.SelectionMade(departed=departed) if isinstance(state, Drawn):
                gone = replace(pool, departed=frozenset(departed))
                made = selection(state, gone)
                again.extend(decide(state, c.MakeSelection(), gone))
            case _:
                raise TypeError(f"{exercise} has a {type(each.event).__name__} out of order")
    return Redrawn(
        exercise=exercise,
        pool=len(pool.members),
        shortlist=drawn,
        selection=made,
        differences=tuple(
            difference
            for recorded, fact in zip(history, again, strict=True)
            for difference in _differences(recorded.event, fact)
        ),
        computed=waiting.computed,
    )


def _differences(recorded: x.ExerciseEvent, again: x.ExerciseEvent) -> Iterator[str]:
    """Return each field of a recorded fact that is not the same in the fact drawn again."""
    for each in fields(recorded):
        before, after = getattr(recorded, each.name), getattr(again, each.name)
        if before != after:
            name = f"{WIRE[type(recorded)].name} {each.name}"
            yield f"{name}: recorded {before}, drawn again {after}"


def events_of(office: Office, exercise: str) -> History:
    """Return the events of an exercise in order, or raise `NoSuchExercise`."""
    history = office.store.read_stream(stream_of(exercise))
    if not history:
        raise NoSuchExercise(f"no exercise is called {exercise!r}")
    return cast("History", history)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writes:
    """The facts of an exercise and what its cases are given with them."""

    facts: tuple[x.ExerciseEvent, ...]
    cases: tuple[StreamWrite, ...]
    reserve: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A command with what tells it apart from every other one."""

    exercise: str
    command: c.ExerciseCommand
    request: Request
    fingerprint: bytes


_Attempt = Callable[[History, datetime], _Writes]


def _carry_out(
    office: Office,
    exercise: str,
    command: c.ExerciseCommand,
    request: Request,
    attempt: _Attempt,
) -> ExerciseOutcome:
    demand(request.person, Action.RUN_EXERCISE)
    said = fingerprint(office, exercise, command, request.effective_at)
    asked = _Asked(exercise=exercise, command=command, request=request, fingerprint=said)
    if (first := _recalled(office, asked)) is not None:
        return first
    for number in range(1, ATTEMPTS + 1):
        try:
            return _append(office, asked, attempt)
        except (Refusal, Conflict, Reserved) as fault:
            # The same command may have been carried out since it was looked for.
            if (first := _recalled(office, asked)) is not None:
                return first
            final = request.expected is not None or number == ATTEMPTS
            if final or isinstance(fault, Refusal):
                raise
    raise AssertionError("the last attempt returns or raises")


def _recalled(office: Office, asked: _Asked) -> ExerciseOutcome | None:
    first = office.store.recall(asked.request.command_id, asked.fingerprint)
    return None if first is None else _outcome(first)


def _append(office: Office, asked: _Asked, attempt: _Attempt) -> ExerciseOutcome:
    request, stream = asked.request, stream_of(asked.exercise)
    history = cast("History", office.store.read_stream(stream))
    if request.expected is not None and request.expected != len(history):
        raise Conflict(stream, request.expected, len(history))
    at = effective_instant(office, request, history)
    writes = attempt(history, at)
    facts = tuple(NewEvent(event=fact, effective_at=at) for fact in writes.facts)
    own = StreamWrite(stream=stream, expected=len(history), events=facts)
    appended = office.store.append(
        Commit(
            command_id=request.command_id,
            fingerprint=asked.fingerprint,
            writes=(own, *writes.cases),
            actor=request.person.name,
            role=request.person.role,
            command=type(asked.command).__name__,
            causation_id=str(request.command_id),
            correlation_id=request.correlation_id,
            result={
                "exercise": asked.exercise,
                "version": len(history) + len(facts),
                "cases": len(writes.cases),
            },
            reserve=writes.reserve,
        )
    )
    office.pokes.committed()
    return _outcome(appended)


def _outcome(appended: Appended) -> ExerciseOutcome:
    result = appended.result
    return ExerciseOutcome(
        exercise=str(result["exercise"]),
        version=int(cast("int", result["version"])),
        cases=int(cast("int", result["cases"])),
        repeated=appended.repeated,
    )


def _state(history: History) -> ExerciseState:
    return load(each.event for each in history)


def _waits_as_frozen(case: CaseState, member: PoolMember) -> bool:
    """Say whether a case still waits with the points that it was ranked by.

    One that was scored anew since has another rank, and so waits for the next exercise.
    """
    if not isinstance(case, InPool) or case.by_criteria:
        return False
    return case.points == member.points


def _without_departed(
    office: Office,
    pool: Pool,
    wanted: Callable[[Pool], Division],
    still: Callable[[CaseState, PoolMember], bool],
) -> tuple[Pool, Mapping[str, CaseSeen]]:
    """Return the pool with those known to have departed, and the cases wanted of it.

    A case that has departed makes room for the next in order, which is looked at in its turn.
    """
    cases: dict[str, CaseSeen] = {}
    while True:
        members = {each.member.reference: each.member for each in wanted(pool).taken}
        unseen = [name for name in members if name not in cases]
        if not unseen:
            return pool, cases
        cases |= _read(office, unseen)
        gone = frozenset(name for name in unseen if not still(cases[name].state, members[name]))
        pool = replace(pool, departed=pool.departed | gone)


def _read(office: Office, references: list[str]) -> dict[str, CaseSeen]:
    streams = office.store.read_streams(
        [f"case-{reference}" for reference in references], personal=False
    )
    return {
        stream.removeprefix("case-"): CaseSeen(
            state=load_case(cast("e.CaseEvent", each.event) for each in recorded),
            version=recorded[-1].version,
            last=recorded[-1].effective_at,
        )
        for stream, recorded in streams.items()
    }


def _case_writes(
    cases: Mapping[str, CaseSeen],
    orders: Mapping[str, c.CaseCommand],
    given: Circumstances,
) -> tuple[StreamWrite, ...]:
    return tuple(
        StreamWrite(
            stream=f"case-{reference}",
            expected=cases[reference].version,
            events=tuple(
                # A case may have an event that is effective later than the exercise.
                NewEvent(event=fact, effective_at=max(given.at, cases[reference].last))
                for fact in decide_case(cases[reference].state, order, given)
            ),
        )
        for reference, order in orders.items()
    )


def _unranked(office: Office) -> frozenset[str]:
    """Return the rulesets that count criteria, which are never ranked among points."""
    return frozenset(each.id for each in office.rulebook.rulesets if each.test is Test.CRITERIA)


def _quota(office: Office, at: datetime) -> int | None:
    """Return the places of the year of `at`, as known then; None where there is no quota."""
    day = hong_kong_date(at)
    return quota(office.rulebook, day.year, known_on=day).places
