"""The pool that an exercise opens on: frozen when it is opened, or looked at without opening it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final
from uuid import uuid4

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Action, Person, demand
from domain.application import Route
from domain.days import hong_kong_date
from domain.errors import NoSuchExercise, Refusal
from domain.exercise import decide, load
from domain.exercise_lists import in_order, selection_on
from domain.exercise_states import Actors, ExerciseState, Pool, Unopened
from domain.exercise_terms import asked_terms
from domain.looks import Look
from domain.projections.exercises import ExerciseRow
from domain.rules.choose import quota
from domain.rules.rank import Division, Placed
from domain.rules.terms import Archetype, Leftover, Measure, Terms
from domain.rules.types import Test
from services.exercise_requests import events_of
from services.pool import counts_then, placed_pool
from services.projections import pools, queries, runner
from services.projections.models import ReadModels
from services.projections.pools import FrozenPool, Wanted
from services.requests import Request, effective_instant
from services.store import Store
from services.wiring import Office

UNNAMED: Final = "unnamed"
"""What an exercise is called that somebody only thinks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why cases that wait in the pool would take no part in an exercise, and how many.

    `other_measure` were assessed by criteria where the exercise takes points, or the other way
    round. `held` are under investigation. `later` came to the pool after the exercise is dated.
    `below_threshold` and `other_strata` are in its pool and cannot be taken on its terms.
    """

    other_measure: int
    held: int
    later: int
    below_threshold: int
    other_strata: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTrial:
    """What opening an exercise would do now; nothing of it was recorded.

    `refusal` says why it could not be opened, None where it could. `division` is whom it would then
    select, were nobody to depart; None where it could not be opened. `quota` is that of the year,
    and `places_left` what it still leaves; both are None where there is none.
    """

    exercise: str
    at: datetime
    position: int
    terms: Terms
    pool_size: int
    achievement: int
    left_out: LeftOut
    division: Division | None
    quota: int | None
    places_taken: int
    places_left: int | None
    refusal: Refusal | None

    def why_left_out(self) -> Iterator[tuple[str, int]]:
        """Yield each reason for which cases in the pool would take no part, and how many."""
        other = Measure.POINTS if self.terms.measure is Measure.CRITERIA else Measure.CRITERIA
        yield f"Assessed by {other}", self.left_out.other_measure
        yield "Under investigation", self.left_out.held
        yield "Came to the pool later", self.left_out.later
        yield "Below the threshold", self.left_out.below_threshold
        yield "Of a stratum without places", self.left_out.other_strata


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A pool as an exercise opens on it, and how many exercises were opened before."""

    pool: Pool
    order: tuple[Placed, ...]
    frozen: FrozenPool
    earlier: int


def ground_for(
    office: Office,
    command: q.OpenExercise,
    at: datetime,
    take: Callable[[Store, ReadModels, Wanted], FrozenPool] = pools.freeze,
) -> Ground:
    """Return what an exercise opens on, its pool as `take` gives it, which freezes it."""
    # The pool holds all that was opened before it, so that the log gives the same one before.
    runner.catch_up(office.store, office.models, "exercises")
    rows = queries.exercises(office.models)
    runner.catch_up(office.store, office.models, "case-list")
    terms, day = asked_terms(command), hong_kong_date(at)
    wanted = Wanted(
        exercise=command.exercise,
        at=at,
        measure=terms.measure,
        by_criteria=_by_criteria(office),
    )
    frozen = take(office.store, office.models, wanted)
    order = in_order(terms, frozen.members)
    pool = replace(
        placed_pool(frozen.position, order),
        left_out=frozen.left_out,
        counts=frozen.counts,
        previous=_previous(office, rows, terms),
        quota=quota(office.rulebook, day.year, known_on=day).places,
        places_taken=queries.places_taken(office.models, day.year),
    )
    return Ground(pool=pool, order=order, frozen=frozen, earlier=len(rows))


def dry_run_opening(
    office: Office, look: Look, command: q.OpenExercise, effective_at: datetime | None = None
) -> OpeningTrial:
    """Return what opening an exercise would do now, or would have done then; nothing is opened.

    The statement that reads the pool records the look. Raises `Forbidden` and `NotYet`; any other
    refusal is part of the answer.
    """
    person = look.person
    demand(person, Action.TRY_STEP)
    asked = Request(person=person, command_id=uuid4(), correlation_id="", effective_at=effective_at)
    at = effective_instant(office, asked, ())
    ground = ground_for(office, command, at, partial(pools.seen, look))
    pool, terms = ground.pool, asked_terms(command)
    refusal = _refusal(office, command, pool, person)
    return OpeningTrial(
        exercise=command.exercise,
        at=at,
        position=pool.position,
        terms=terms,
        pool_size=len(pool.members),
        achievement=sum(each.route is Route.ACHIEVEMENT for each in pool.members),
        left_out=_left_out(ground, terms),
        division=None if refusal else selection_on(terms, pool),
        quota=pool.quota,
        places_taken=pool.places_taken,
        places_left=pool.places_left,
        refusal=refusal,
    )


def _refusal(office: Office, command: q.OpenExercise, pool: Pool, person: Person) -> Refusal | None:
    try:
        state = _state_of(office, command.exercise)
        decide(state, command, pool, Actors(now=person.name))
    except Refusal as refusal:
        return refusal
    return None


def _state_of(office: Office, exercise: str) -> ExerciseState:
    try:
        return load(each.event for each in events_of(office, exercise))
    except NoSuchExercise:
        return Unopened()


def _left_out(ground: Ground, terms: Terms) -> LeftOut:
    members, least = ground.pool.members, terms.threshold
    general = (each for each in members if each.route is Route.GENERAL)
    strata = {each.stratum for each in terms.strata}
    by_stratum = terms.archetype is Archetype.RANK_WITHIN_STRATA
    strict = by_stratum and terms.leftover is Leftover.NOBODY
    return LeftOut(
        other_measure=ground.frozen.left_out,
        held=ground.frozen.held,
        later=ground.frozen.later,
        below_threshold=0 if least is None else sum(each.points < least for each in members),
        other_strata=sum(strict and each.stratum not in strata for each in general),
    )


def _previous(office: Office, rows: Iterable[ExerciseRow], terms: Terms) -> x.CountsThen | None:
    """Return what the exercise of the same measure counted that was opened last, if any did.

    Last is by the log, as where it is drawn again; an exercise may be dated back.
    """
    of_measure = (each for each in rows if each.measure is terms.measure)
    for row in sorted(of_measure, key=lambda each: each.pool_position, reverse=True):
        then = counts_then(events_of(office, row.exercise)[0])
        if then is not None:
            return then
    return None


def _by_criteria(office: Office) -> frozenset[str]:
    """Return the rulesets that count criteria, which are never ranked among points."""
    return frozenset(each.id for each in office.rulebook.rulesets if each.test is Test.CRITERIA)
