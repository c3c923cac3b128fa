"""The pool of an exercise: as it was frozen in rows, or as the log alone gives it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, cast

from domain import events as e
from domain import exercise_events as x
from domain.case import evolve
from domain.errors import Reportable
from domain.evolving import keeps_points, stays
from domain.exercise_lists import digest_by, in_order
from domain.exercise_states import Pool
from domain.exercise_terms import terms_of
from domain.filed import Filed
from domain.looks import Look
from domain.particulars import ApplicationCorrected
from domain.projections.stage_after import CASE_STREAM
from domain.record import Recorded
from domain.rules.rank import Placed, PoolMember
from domain.rules.terms import Measure, Order
from domain.stages import CaseState, Draft, InPool
from domain.tallies import Tally
from services.projections import pools
from services.store import Since
from services.store.looks import Noted
from services.wiring import Office

LOG_BATCH: Final = 5_000
NO_POOL: Final = Pool(position=0, members=())

History = tuple[Recorded[x.ExerciseEvent], ...]


class Read(Protocol):
    """Reads so many events of the log that follow a position, without what is personal."""

    def __call__(self, *, after: int, limit: int) -> tuple[Recorded[e.Event], ...]:
        """The events, contiguous."""
        ...


class PoolAltered(Reportable):
    """The pool of an exercise cannot be had as it was frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSeen:
    """A case as it is while an exercise deals with it."""

    state: CaseState
    version: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Who waits in the pool by one measure, and how many wait there by the other.

    `computed` says by reference what the tests alone gave where officers decided otherwise,
    `counts` what became of all applications, and `previous` what had when the exercise of this
    measure that was opened before froze its pool.
    """

    members: tuple[PoolMember, ...]
    left_out: int
    computed: Mapping[str, int]
    counts: tuple[x.RouteCounts, ...]
    previous: x.CountsThen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The first part of a log, by case: its state, and since when it has its stage and its points.

    `counted` is when it was scored last, be it with points that it had already. `corrected` are the
    streams of cases of which something was corrected; `previous` is what the latest exercise of
    each measure counted.
    """

    cases: dict[str, CaseSeen] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    scored: dict[str, datetime] = field(default_factory=dict)
    counted: dict[str, datetime] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    previous: dict[Measure, x.CountsThen] = field(default_factory=dict)


def frozen_pool(office: Office, history: History) -> Pool:
    """Return the pool frozen at opening, in its order; empty when it was never opened."""
    if not history:
        return NO_POOL
    opened = cast("x.ExerciseOpened", history[0].event)
    if (known := office.latest_pool.of(opened)) is not None:
        return known
    pool = _frozen(office, opened, history[0].effective_at)
    office.latest_pool.keep(opened, pool)
    return pool


def pool_seen(
    office: Office, look: Look, history: History, asked: Mapping[str, Any]
) -> tuple[Noted, Pool]:
    """Return the pool of an exercise that was opened, and the look that reading it recorded.

    It is read anew also where this process has it at hand, for what is at hand records nothing.
    """
    opened = cast("x.ExerciseOpened", history[0].event)
    asked = {**asked, "exercise": opened.exercise, "position": opened.pool_position}
    number, kept = pools.kept_seen(office.models, look, asked)
    noted = Noted(look=look, number=number, asked=asked)
    read = partial(office.store.looks.further, number)
    return noted, _as_opened(opened, history[0].effective_at, kept, read)


def _frozen(office: Office, opened: x.ExerciseOpened, at: datetime) -> Pool:
    kept = pools.kept(office.models, opened.exercise, opened.pool_position)
    return _as_opened(opened, at, kept, unseen(office))


def _as_opened(
    opened: x.ExerciseOpened, at: datetime, kept: tuple[PoolMember, ...], read: Read
) -> Pool:
    position, digest, terms = opened.pool_position, opened.pool_digest, terms_of(opened)
    order = in_order(terms, kept)
    if digest_by(terms, order) == digest:
        return placed_pool(position, order)
    # The rows are a copy that can be lost; what the log says of the pool cannot.
    waiting = waiting_at_opening(folded_log(read, position), opened, at)
    order = in_order(terms, waiting.members)
    if digest_by(terms, order) != digest:
        raise PoolAltered(f"the log no longer gives the pool that {opened.exercise} was opened on")
    return placed_pool(position, order)


def placed_pool(position: int, order: tuple[Placed, ...]) -> Pool:
    """Return the pool at a position of the log, whose members are in this order."""
    members = tuple(each.member for each in order)
    return Pool(position=position, members=members, placed=order)


def as_frozen(member: PoolMember, measure: Measure, *, erased: bool = False) -> CaseState:
    """Return the case as the pool froze it, as far as an exercise looks at it.

    Whether its person is `erased` no pool tells, but the key of the case.
    """
    return InPool(
        filed=Filed(
            reference=member.reference,
            route=member.route,
            submitted_at=member.submitted_at,
            application=None,
            erased=erased,
        ),
        points=member.points,
        by_criteria=measure is Measure.CRITERIA,
        score=None,
    )


def seen_since(member: PoolMember, measure: Measure, since: Since) -> CaseSeen:
    """Return the case as it is by what its stream holds since the pool froze it."""
    state = as_frozen(member, measure, erased=since.erased)
    for event in cast("tuple[e.CaseEvent, ...]", since.events):
        state = _seen_after(state, event, member)
    return CaseSeen(state=state, version=since.version, last=since.last)


def _seen_after(state: CaseState, event: e.CaseEvent, member: PoolMember) -> CaseState:
    after = evolve(state, event)
    if not (isinstance(state, InPool) and isinstance(after, InPool) and state.score is None):
        return after
    if not (isinstance(event, e.ApplicationScored) and keeps_points(state, event)):
        return after
    # Scored again with all by which it was placed, it still is as the pool froze it.
    return replace(after, score=None) if event.stratum == member.stratum else after


def pool_at(
    office: Office, position: int, at: datetime, measure: Measure = Measure.POINTS
) -> Waiting:
    """Return who waits in the pool since `at` or earlier, by the log's first `position` events."""
    return waiting_in(folded_log(unseen(office), position), at, measure)


def waiting_at_opening(folded: Folded, opened: x.ExerciseOpened, at: datetime) -> Waiting:
    """Return who waited in the pool that an exercise was opened on, of the log up to there.

    Once a pool held whoever was erased again after a restore. Such a one is larger, so that what
    an opening counted tells whether it is of those. Once a case had its points since it was scored
    last; where that decides the order, the digest tells whether the opening is of those.
    """
    counted = (opened.pool_size, opened.left_out)
    found = waiting_in(folded, at, opened.measure, erased_too=True)
    if (len(found.members), found.left_out) != counted:
        found = waiting_in(folded, at, opened.measure)
    if opened.order is not Order.POINTS_SCORED_REFERENCE or _is_pool_of(opened, found):
        return found
    once = replace(
        found,
        members=tuple(
            replace(each, scored_at=folded.counted.get(f"{CASE_STREAM}{each.reference}"))
            for each in found.members
        ),
    )
    return once if _is_pool_of(opened, once) else found


def _is_pool_of(opened: x.ExerciseOpened, waiting: Waiting) -> bool:
    terms = terms_of(opened)
    return digest_by(terms, in_order(terms, waiting.members)) == opened.pool_digest


def waiting_in(
    folded: Folded, at: datetime, measure: Measure, *, erased_too: bool = False
) -> Waiting:
    """Return who waits in the pool by a measure, of a log as it was folded, since `at`."""
    waiting = [
        (_member(case.state, case.version, folded.scored.get(stream)), case.state)
        for stream, case in folded.cases.items()
        if isinstance(case.state, InPool)
        and folded.since[stream] <= at
        and not case.state.filed.held
        and (erased_too or not case.state.filed.erased)
    ]
    by_criteria = measure is Measure.CRITERIA
    members = tuple(member for member, state in waiting if state.by_criteria is by_criteria)
    return Waiting(
        members=members,
        left_out=len(waiting) - len(members),
        computed={
            member.reference: state.score.computed_total
            for member, state in waiting
            if state.score and state.score.computed_total is not None
        },
        counts=_counts(folded.cases.values()),
        previous=folded.previous.get(measure),
    )


def counts_then(opened: Recorded[x.ExerciseEvent]) -> x.CountsThen | None:
    """Return what an exercise counted at its opening; None for those that did not count yet."""
    event = cast("x.ExerciseOpened", opened.event)
    if not event.counts:
        return None
    return x.CountsThen(frozen_at=opened.effective_at, counts=event.counts)


def unseen(office: Office) -> Read:
    """Return what reads the log for the program itself, and records no look."""
    return partial(office.store.read_log, personal=False)


def folded_log(read: Read, position: int, as_of: datetime | None = None) -> Folded:
    """Fold the log's first `position` events, a batch at a time.

    With `as_of`, events that took effect later are as if they had not happened.
    """
    folded, after = Folded(), 0
    while after < position:
        batch = read(after=after, limit=min(LOG_BATCH, position - after))
        for each in batch:
            of_case = each.stream.startswith(CASE_STREAM)
            if not (of_case and as_of is not None and each.effective_at > as_of):
                follow(folded, each)
        after += len(batch)
    return folded


def follow(folded: Folded, recorded: Recorded[e.Event]) -> None:
    """Fold the next event of the log in, whichever stream it is of."""
    if recorded.stream.startswith(CASE_STREAM):
        _follow_case(folded, cast("Recorded[e.CaseEvent]", recorded))
    elif isinstance(recorded.event, x.ExerciseOpened):
        then = counts_then(cast("Recorded[x.ExerciseEvent]", recorded))
        if then is not None:
            folded.previous[recorded.event.measure] = then


def _follow_case(folded: Folded, recorded: Recorded[e.CaseEvent]) -> None:
    stream, event = recorded.stream, recorded.event
    if not stays(event):
        folded.since[stream] = recorded.effective_at
    if isinstance(event, ApplicationCorrected):
        folded.corrected.add(stream)
    before = folded.cases[stream].state if stream in folded.cases else Draft()
    if isinstance(event, e.ApplicationScored):
        folded.counted[stream] = recorded.effective_at
        if stream not in folded.scored or not keeps_points(before, event):
            folded.scored[stream] = recorded.effective_at
    folded.cases[stream] = CaseSeen(
        state=evolve(before, event), version=recorded.version, last=recorded.effective_at
    )


def _member(state: InPool, version: int, scored_at: datetime | None) -> PoolMember:
    return PoolMember(
        reference=state.filed.reference,
        route=state.filed.route,
        points=state.points,
        submitted_at=state.filed.submitted_at,
        version=version,
        stratum=state.score.stratum if state.score else None,
        scored_at=scored_at,
        ruleset=state.score.ruleset if state.score else None,
    )


def _counts(cases: Iterable[CaseSeen]) -> tuple[x.RouteCounts, ...]:
    tally = Tally()
    for case in cases:
        tally.add_case(case.state)
    return tally.counts
