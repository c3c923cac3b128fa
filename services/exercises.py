"""Selection exercises: opened, shortlisted, departed from rank, proposed, made, published.

An exercise's event and the events of all its cases are visible at once or not at all. A case that
moved meanwhile is looked at again; it never makes the exercise fail.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, assert_never

from domain import commands as c
from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Action, demand
from domain.case import decide as decide_case
from domain.deciding.circumstances import Circumstances
from domain.errors import NoSuchExercise, NotShortlisted, RecusedFromCase, Refusal
from domain.exercise import decide, not_now
from domain.exercise_lists import digest_by, selection, shortlist
from domain.exercise_states import Actors, Drawn, Made, Opened, Proposed, Unopened
from domain.exercise_terms import NAME, well_formed
from domain.looks import Look
from domain.projections.exercises import ExerciseRow
from domain.references import parse_reference
from domain.rules.rank import Division
from domain.stages import Shortlisted
from services.allotting import allot, without_departed
from services.answers import Answering, named_in_refusals_seen
from services.cases import case_at, case_unopened
from services.exercise_requests import (
    Asked,
    Before,
    ExerciseOutcome,
    ask,
    before,
    events_of,
    outcome_of,
    recalled,
    stream_of,
)
from services.openings import ground_for
from services.pool import NO_POOL, frozen_pool, placed_pool, pool_seen
from services.projections import pools, queries
from services.requests import Request
from services.steps import Step, confirming, drawing, is_before_committee, selecting
from services.store import Conflict, NewEvent, Reserved, StreamWrite
from services.store.looks import Noted
from services.tracing import step
from services.wiring import Office

ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What the next step of an exercise would do now; nothing of it was recorded.

    `digest` is that of the list that would be recorded with it.
    """

    exercise: str
    command: str
    facts: tuple[x.ExerciseEvent, ...]
    division: Division
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writes:
    """The facts of an exercise and what is written with them."""

    facts: tuple[x.ExerciseEvent, ...]
    cases: tuple[StreamWrite, ...] = ()
    reserve: tuple[str, ...] = ()


def open_exercise(office: Office, command: q.OpenExercise, request: Request) -> ExerciseOutcome:
    """Open an exercise on every case that waits in the pool by its measure, within the quota.

    The others stay where they are. An exercise that is dated back takes those that waited then, and
    do so still.
    """
    frozen: set[int] = set()

    def attempt(found: Before) -> _Writes:
        if not isinstance(found.state, Unopened):
            return _Writes(facts=decide(found.state, command, NO_POOL, found.actors))
        well_formed(command)
        ground = ground_for(office, command, found.at)
        frozen.add(ground.pool.position)
        facts = decide(found.state, command, ground.pool, found.actors)
        for fact in facts:
            if isinstance(fact, x.ExerciseOpened):
                # The shortlist is drawn from it next, and it is known by this very fact.
                office.latest_pool.keep(fact, placed_pool(fact.pool_position, ground.order))
        return _Writes(
            facts=facts,
            # Of two that are opened at once one is tried again, and sees what the other took.
            reserve=(f"exercise-number:{ground.earlier + 1}",),
        )

    try:
        return _carry_out(office, command.exercise, command, request, attempt)
    finally:
        _let_go(office, command.exercise, frozen)


def _let_go(office: Office, exercise: str, frozen: set[int]) -> None:
    """The rows of pools that were frozen for an opening that came to nothing are gone."""
    if frozen:
        history = office.store.read_stream(stream_of(exercise))
        opened = [each.event for each in history if isinstance(each.event, x.ExerciseOpened)]
        pools.discard(office.models, exercise, frozen - {each.pool_position for each in opened})


def carry_out(
    office: Office, exercise: str, command: q.ExerciseCommand, request: Request
) -> ExerciseOutcome:
    """Carry out any command on an exercise; only its opening names the exercise itself."""
    match command:
        case q.OpenExercise():
            return open_exercise(office, command, request)
        case q.DrawShortlist():
            return draw_shortlist(office, exercise, request)
        case q.DepartFromRank():
            return depart_from_rank(office, exercise, command, request)
        case q.ProposeSelection():
            return propose_selection(office, exercise, request)
        case q.MakeSelection():
            return make_selection(office, exercise, command, request)
        case q.PublishResult():
            return publish_result(office, exercise, request)
        case _:
            assert_never(command)


def exercise_row(office: Office, exercise: str) -> ExerciseRow:
    """Return an exercise as the read model has it, or raise `NoSuchExercise`."""
    row = queries.exercise(office.models, exercise) if NAME.fullmatch(exercise) else None
    if row is None:
        raise NoSuchExercise(f"no exercise is called {exercise!r}")
    return row


@step("command")
def draw_shortlist(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Draw the shortlist from the frozen pool, and shortlist each of its cases."""
    asked, repeated = ask(office, exercise, q.DrawShortlist(), request)
    with named_in_refusals_seen(office, request, Action.RUN_EXERCISE, q.DrawShortlist):
        return repeated or _first(office, asked, lambda: allot(office, asked, drawing))


@step("command")
def make_selection(
    office: Office, exercise: str, command: q.MakeSelection, request: Request
) -> ExerciseOutcome:
    """Confirm what another proposed, and select or pass over each case of the shortlist."""
    asked, repeated = ask(office, exercise, command, request)

    def step(found: Before) -> Step:
        state = found.state
        if not isinstance(state, Proposed):
            return confirming(command, found)
        signers, without = (found.actors.now, state.proposed.proposed_by), state.proposed.departed
        stands = partial(_demand_departures_stand, office, state, signers, without=without)
        stands()
        return replace(confirming(command, found), stands=stands)

    with named_in_refusals_seen(office, request, Action.RUN_EXERCISE, type(command)):
        return repeated or _first(office, asked, lambda: allot(office, asked, step))


def depart_from_rank(
    office: Office, exercise: str, command: q.DepartFromRank, request: Request
) -> ExerciseOutcome:
    """Depart from the rank of a shortlisted case, in clear here and in words on the case."""
    reference = parse_reference(command.reference) or command.reference
    told = replace(command, reference=reference)
    # Of what the exercise alone refuses nobody learns anything of the case.
    looked_at: set[str] = set()

    def attempt(found: Before) -> _Writes:
        state, pool = found.state, frozen_pool(office, found.history)
        if not isinstance(state, Drawn) or isinstance(state, Made):
            return _Writes(facts=decide(state, told, pool, found.actors))
        if all(each.reference != reference for each in pool.members):
            raise NotShortlisted(f"{reference} is not on the shortlist of {exercise}")
        looked_at.add(reference)
        # The whole of it: whoever stepped aside before the pool was frozen does not decide here.
        case = case_at(office, reference)
        grade = case.state.grade if isinstance(case.state, Shortlisted) else None
        graded = replace(pool, grades={reference: grade} if grade else {})
        facts = decide(state, told, graded, found.actors)
        order = c.TakeOutOfRank(
            exercise=exercise,
            direction=command.direction,
            code=command.code,
            reason=command.reason,
        )
        given = Circumstances(at=found.at, rulebook=office.rulebook, actor=request.person.name)
        at = max(found.at, case.events[-1].effective_at)
        events = tuple(
            NewEvent(event=fact, effective_at=at) for fact in decide_case(case.state, order, given)
        )
        write = StreamWrite(stream=f"case-{reference}", expected=case.version, events=events)
        return _Writes(facts=facts, cases=(write,))

    demand(request.person, Action.RUN_EXERCISE)
    action, kind = Action.RUN_EXERCISE, q.DepartFromRank
    with named_in_refusals_seen(office, request, action, kind, looked_at):
        outcome = _carry_out(office, exercise, told, request, attempt)
    if outcome.repeated:
        Answering(
            office=office, request=request, action=action, command=kind, reference=reference
        ).seen()
    return outcome


def propose_selection(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Propose the selection as it would be made now, for another person to confirm."""
    command = q.ProposeSelection()

    def attempt(found: Before) -> _Writes:
        state, pool = found.state, frozen_pool(office, found.history)
        if isinstance(state, Drawn) and not isinstance(state, Made):
            _demand_departures_stand(office, state, (found.actors.now,))
            pool = without_departed(office.store.read_since, selecting(found), pool)
        return _Writes(facts=decide(state, command, pool, found.actors))

    return _carry_out(office, exercise, command, request, attempt)


def _demand_departures_stand(
    office: Office, state: Drawn, signers: Sequence[str], *, without: Collection[str] = ()
) -> None:
    """Pass where nobody stepped aside from a case whose rank they departed from, or sign for.

    A departure is a judgement of the case, as is each signature under it. Raises
    `RecusedFromCase`, which names no case: whoever stepped aside is told nothing of it. Those
    `without` whom the selection was proposed get nothing out of their rank, and stop nobody.
    """
    for each in state.departures:
        case = case_unopened(office, each.reference).state
        if each.reference in without or not is_before_committee(case, state.opened.exercise):
            # Nor does whoever left, or is held.
            continue
        for signer in signers:
            if signer in case.filed.recused:
                raise RecusedFromCase(
                    f"{signer} stepped aside from a case that gets or loses a place out of its "
                    "rank; have somebody propose and confirm the selection who did not"
                )
        if each.decided_by in case.filed.recused:
            raise RecusedFromCase(
                f"{each.decided_by} departed from the rank of a case and has stepped aside from it "
                "since; have somebody else depart from its rank"
            )


def publish_result(office: Office, exercise: str, request: Request) -> ExerciseOutcome:
    """Publish what everybody may know of an exercise that has selected."""
    command = q.PublishResult()

    def attempt(found: Before) -> _Writes:
        pool = frozen_pool(office, found.history)
        return _Writes(facts=decide(found.state, command, pool, found.actors))

    return _carry_out(office, exercise, command, request, attempt)


def dry_run(office: Office, look: Look, exercise: str) -> tuple[Noted, DryRun]:
    """Return what drawing the shortlist, or making the selection, would do now.

    The look is as the statement recorded it that read the pool. Raises the refusal that would
    forbid it; that a second person is needed is not among these.
    """
    demand(look.person, Action.TRY_STEP)
    history = events_of(office, exercise)
    actors = Actors(now=look.person.name)
    found = Before(history=history, at=office.clock(), actors=actors)
    state, since = found.state, office.store.read_since
    noted, pool = pool_seen(office, look, history, {"asked": "dry-run"})
    if isinstance(state, Drawn) and not isinstance(state, Made):
        _demand_departures_stand(office, state, (actors.now,))
        pool = without_departed(since, selecting(found), pool)
        command: q.ExerciseCommand = q.ProposeSelection()
        division = selection(state, pool)
    elif isinstance(state, Opened) and not isinstance(state, Drawn):
        pool = without_departed(since, drawing(found), pool)
        command, division = q.DrawShortlist(), shortlist(state, pool)
    else:
        raise not_now(state, "DryRun")
    return noted, DryRun(
        exercise=exercise,
        command=type(command).__name__,
        facts=decide(state, command, pool, actors),
        division=division,
        digest=digest_by(state.terms, division.taken),
    )


@step("command")
def _carry_out(
    office: Office,
    exercise: str,
    command: q.ExerciseCommand,
    request: Request,
    attempt: Callable[[Before], _Writes],
) -> ExerciseOutcome:
    asked, repeated = ask(office, exercise, command, request)
    if repeated is not None:
        return repeated
    for _ in range(ATTEMPTS - 1):
        try:
            return _first(office, asked, lambda: _append(office, asked, attempt))
        except (Conflict, Reserved):
            if request.expected is not None:
                raise
    return _first(office, asked, lambda: _append(office, asked, attempt))


def _first(office: Office, asked: Asked, act: Callable[[], ExerciseOutcome]) -> ExerciseOutcome:
    """Return what the act gives; where it is refused, the first result if there is one by now."""
    try:
        return act()
    except (Refusal, Conflict, Reserved):
        # The same command may have been carried out since it was looked for.
        if (first := recalled(office, asked)) is not None:
            return first
        raise


def _append(office: Office, asked: Asked, attempt: Callable[[Before], _Writes]) -> ExerciseOutcome:
    found = before(office, asked)
    writes = attempt(found)
    own = found.own(asked.exercise, writes.facts)
    commit = asked.commit(
        own,
        *writes.cases,
        version=own.expected + len(writes.facts),
        cases=len(writes.cases),
        reserve=writes.reserve,
    )
    appended = office.store.append(commit)
    office.pokes.committed()
    return outcome_of(appended)
