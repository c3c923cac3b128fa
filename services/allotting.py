"""Shortlisting and selecting: an exercise's event and those of all its cases, all or nothing.

They are one transaction of commits of a thousand cases each, so that officers who write to some of
the cases meanwhile do not break the whole: a case that moved is looked at again and decided again,
and one that has departed makes room for the next in order. The exercise's own event comes last.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Final, TypeVar
from uuid import uuid5

from domain import commands as c
from domain.case import decide as decide_case
from domain.deciding.circumstances import Circumstances
from domain.exercise import decide
from domain.exercise_states import Pool
from domain.rules.rank import PoolMember
from domain.rules.terms import Measure
from domain.stages import CaseState
from services.exercise_requests import (
    Asked,
    Before,
    ExerciseOutcome,
    before,
    outcome_of,
    recalled,
    stream_of,
)
from services.pool import CaseSeen, frozen_pool, seen_since
from services.steps import OrderOf, Orders, Step
from services.store import Bodies, Commit, Conflict, NewEvent, Since, Store, StreamWrite, Together
from services.wiring import Office

PART: Final = 1_000
"""How many cases one commit holds."""

TRIES: Final = 3
"""How often a part that met conflicts is tried as a whole before it is split."""

TRIES_OF_ONE: Final = 100

AHEAD: Final = 2
"""How many parts are looked at while the one before them is dealt with."""

_Made = TypeVar("_Made")
Members = Mapping[str, PoolMember]
Look = Callable[[Mapping[str, int]], Mapping[str, Since]]


def without_departed(look: Look, step: Step, pool: Pool) -> Pool:
    """Return the pool with all those known to have departed of whom the step is about."""
    seen: set[str] = set()
    while True:
        members = {each.member.reference: each.member for each in step.wanted(pool).taken}
        unseen = {name: member for name, member in members.items() if name not in seen}
        if not unseen:
            return pool
        cases_of = partial(_cases, look, measure=step.measure)
        for part, cases in _ahead(cases_of, _parts(unseen)):
            gone = {name for name, case in cases.items() if not step.still(case.state, part[name])}
            pool = replace(pool, departed=pool.departed | gone)
        seen |= unseen.keys()


def allot(office: Office, asked: Asked, step_of: Callable[[Before], Step]) -> ExerciseOutcome:
    """Carry out a step for the exercise and all its cases at once."""

    def work(whole: Together) -> ExerciseOutcome:
        # Of two who do the same at once the second waits here, and finds it done.
        whole.claim(stream_of(asked.exercise))
        if (first := recalled(office, asked)) is not None:
            return first
        return _allot(office, whole, asked, step_of)

    outcome = office.store.together(work)
    office.pokes.committed()
    return outcome


def _allot(
    office: Office, whole: Together, asked: Asked, step_of: Callable[[Before], Step]
) -> ExerciseOutcome:
    found = before(office, asked)
    step = step_of(found)
    pool = replace(frozen_pool(office, found.history), departed=step.departed)
    given = Circumstances(at=found.at, rulebook=office.rulebook, actor=asked.request.person.name)
    writer = _Writer(
        whole=whole,
        store=office.store,
        asked=asked,
        measure=step.measure,
        given=given,
    )
    members = {each.reference: each for each in pool.members}
    written: dict[str, c.CaseCommand] = {}
    while True:
        orders = step.orders(pool)
        waiting = {name: members[name] for name in orders if name not in written}
        if not waiting:
            break
        present = writer.write(waiting, partial(_order, step, orders, members))
        written |= {name: orders[name] for name in present}
        pool = replace(pool, departed=pool.departed | (waiting.keys() - present))
    # Whoever steps aside from a case that was written waits for this transaction to end.
    step.stands()
    # Refused here where those who departed make it another list than the one that was proposed.
    facts = decide(found.state, asked.command, pool, found.actors)
    if written != orders:
        raise AssertionError("who departs makes room, and takes nobody else's")
    others = {name: members[name] for name in pool.departed}
    aside = len(writer.write(others, step.aside(pool)))
    own = found.own(asked.exercise, facts)
    version = own.expected + len(facts)
    return outcome_of(whole.append(asked.commit(own, version=version, cases=len(written) + aside)))


def _order(
    step: Step, orders: Orders, members: Mapping[str, PoolMember], name: str, case: CaseState
) -> c.CaseCommand | None:
    """Return what the case is given; None where it has departed."""
    return orders[name] if step.still(case, members[name]) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A part whose cases were looked at and decided; its commit holds if none of them moves."""

    names: frozenset[str]
    commit: Commit | None
    bodies: Bodies | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Writes the cases of one command within a transaction, in parts.

    `store` is read outside the transaction, so that parts can be decided and encoded while the one
    before them is being stored; the append compares the versions that were seen.
    """

    whole: Together
    store: Store
    asked: Asked
    measure: Measure
    given: Circumstances

    def write(self, members: Members, order_of: OrderOf) -> set[str]:
        """Give each case its order; return those that have one."""
        present: set[str] = set()
        for part, ready in _ahead(partial(self._ready, order_of), _parts(members)):
            present |= self._settle(part, order_of, ready)
        return present

    def _settle(self, part: Members, order_of: OrderOf, ready: _Ready) -> frozenset[str]:
        for _ in range(TRIES if len(part) > 1 else TRIES_OF_ONE):
            try:
                return self._append(ready)
            except Conflict:
                # One of them moved since it was looked at: look again.
                ready = self._ready(order_of, part)
        if len(part) == 1:
            return self._append(ready)
        # Where officers are so busy that somebody always moves, fewer at a time get through.
        first, second = _halves(part)
        return self._settle(first, order_of, self._ready(order_of, first)) | self._settle(
            second, order_of, self._ready(order_of, second)
        )

    def _append(self, ready: _Ready) -> frozenset[str]:
        if ready.commit is not None:
            self.whole.append(ready.commit, ready.bodies)
        return ready.names

    def _ready(self, order_of: OrderOf, part: Members) -> _Ready:
        cases = _cases(self.store.read_since, part, self.measure)
        orders = {
            name: order
            for name, case in cases.items()
            if (order := order_of(name, case.state)) is not None
        }
        if not orders:
            return _Ready(names=frozenset(), commit=None)
        writes = (
            _case_write(name, cases[name], order, self.given) for name, order in orders.items()
        )
        commit = self.asked.commit(*writes, version=0, cases=0)
        # No case is given two orders by one command, so its first names the part.
        number = uuid5(self.asked.request.command_id, next(iter(orders)))
        commit = replace(commit, command_id=number, result={})
        bodies = self.store.encoded(commit)
        return _Ready(names=frozenset(orders), commit=commit, bodies=bodies)


def _ahead(
    make: Callable[[Members], _Made], parts: Iterator[Members]
) -> Iterator[tuple[Members, _Made]]:
    """Yield each part with what is made of it, made while those before are dealt with.

    Two are being made, so that one can be worked on while the other waits for the database.
    """
    with ThreadPoolExecutor(max_workers=AHEAD) as beside:
        coming = deque((part, beside.submit(make, part)) for part in islice(parts, AHEAD))
        while coming:
            part, ready = coming.popleft()
            made = ready.result()
            coming.extend((next_, beside.submit(make, next_)) for next_ in islice(parts, 1))
            yield part, made


def _case_write(
    name: str, case: CaseSeen, order: c.CaseCommand, given: Circumstances
) -> StreamWrite:
    # A case may have an event that is effective later than the exercise.
    at = max(given.at, case.last)
    return StreamWrite(
        stream=f"case-{name}",
        expected=case.version,
        events=tuple(
            NewEvent(event=fact, effective_at=at) for fact in decide_case(case.state, order, given)
        ),
    )


def _cases(look: Look, part: Members, measure: Measure) -> dict[str, CaseSeen]:
    since = look({f"case-{name}": member.version for name, member in part.items()})
    return {
        name: seen_since(member, measure, since[f"case-{name}"]) for name, member in part.items()
    }


def _halves(part: Members) -> tuple[Members, Members]:
    names = list(part)
    middle = len(names) // 2
    return {name: part[name] for name in names[:middle]}, {
        name: part[name] for name in names[middle:]
    }


def _parts(members: Mapping[str, PoolMember]) -> Iterator[dict[str, PoolMember]]:
    names = list(members)
    for start in range(0, len(names), PART):
        yield {name: members[name] for name in names[start : start + PART]}
