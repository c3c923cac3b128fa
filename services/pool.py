"""The pool of an exercise: as it was frozen in rows, or as the log alone gives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from domain import events as e
from domain import exercise_events as x
from domain.case import evolve
from domain.errors import Reportable
from domain.evolving import stays
from domain.exercise import Pool
from domain.record import Recorded
from domain.rules.rank import PoolMember, digest_of, ranked
from domain.stages import CaseState, Draft, InPool
from services.projections import pools
from services.wiring import Office

LOG_BATCH: Final = 5_000
NO_POOL: Final = Pool(position=0, members=())

History = tuple[Recorded[x.ExerciseEvent], ...]


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
    """Who waits in the pool with points, and how many wait there without, by criteria.

    `computed` says by reference what the tests alone gave where officers decided otherwise.
    """

    members: tuple[PoolMember, ...]
    left_out: int
    computed: Mapping[str, int]


def frozen_pool(office: Office, history: History) -> Pool:
    """Return the pool frozen at opening; empty when the exercise was never opened."""
    if not history:
        return NO_POOL
    opened = cast("x.ExerciseOpened", history[0].event)
    position, digest = opened.pool_position, opened.pool_digest
    members = pools.kept(office.models, opened.exercise, position)
    if digest_of(ranked(members)) != digest:
        # The rows are a copy that can be lost; what the log says of the pool cannot.
        members = pool_at(office, position, history[0].effective_at).members
    if digest_of(ranked(members)) != digest:
        raise PoolAltered(f"the log no longer gives the pool that {opened.exercise} was opened on")
    return Pool(position=position, members=members)


def pool_at(office: Office, position: int, at: datetime) -> Waiting:
    """Return who waits in the pool since `at` or earlier, by the log's first `position` events."""
    cases: dict[str, CaseSeen] = {}
    since: dict[str, datetime] = {}
    after = 0
    while after < position:
        batch = office.store.read_log(
            after=after, limit=min(LOG_BATCH, position - after), personal=False
        )
        for each in batch:
            if each.stream.startswith("case-"):
                if not stays(cast("e.CaseEvent", each.event)):
                    since[each.stream] = each.effective_at
                before = cases[each.stream].state if each.stream in cases else Draft()
                cases[each.stream] = CaseSeen(
                    state=evolve(before, cast("e.CaseEvent", each.event)),
                    version=each.version,
                    last=each.effective_at,
                )
        after += len(batch)
    pool = [
        (case.state, case.version)
        for stream, case in cases.items()
        if isinstance(case.state, InPool) and since[stream] <= at
    ]
    members = tuple(
        PoolMember(
            reference=state.filed.reference,
            route=state.filed.route,
            points=state.points,
            submitted_at=state.filed.submitted_at,
            version=version,
        )
        for state, version in pool
        if not state.by_criteria
    )
    computed = {
        state.filed.reference: state.score.computed_total
        for state, _ in pool
        if state.score and state.score.computed_total is not None
    }
    return Waiting(members=members, left_out=len(pool) - len(members), computed=computed)
