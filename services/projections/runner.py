"""Keeps the read models up with the log.

One batch is one transaction: lock the checkpoint, read the log from it, load the rows of those
keys, fold, write, advance. A crash at any moment leaves rows and checkpoint as they were before the
batch, or both as after it. An event that cannot be folded, or whose row the table does not take,
stops its shard: what was before it is kept, nothing after it is folded there, and everybody is
told; the other shards go on.

While little waits, whoever comes folds all shards in one transaction. Behind a backlog each of
several workers takes whichever shard nobody has, two at once: one is read and folded while the
database writes the rows of the other. Who waits as long as it takes, as a web request does, takes
one at a time, for the connections of a web process are shared by its readers.
"""

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from domain.record import Recorded
from services.projections import checkpoints
from services.projections.catalogue import PROJECTIONS, Projection, projection_named
from services.projections.checkpoints import Claim, Generation, State
from services.projections.errors import (
    OfAnotherLog,
    ProjectionFault,
    ProjectionStopped,
    RowRefused,
    RowUnreadable,
)
from services.projections.folding import folded_on, keep, told
from services.projections.freshness import freshness
from services.projections.models import ReadModels
from services.store import EventUnreadable, LogCorrupt, Shard, Store

__all__ = ["PROJECTIONS", "bring_to", "catch_up", "catch_up_all", "level"]

_TURNS: Final = 3
_SIDE_BY_SIDE: Final = 2
BATCH: Final = 2_000

_AT_FAULT: Final = (EventUnreadable, LogCorrupt, RowRefused, RowUnreadable)
"""What is wrong with an event or its row, and not with the database."""

_WAITING: Final = text("SELECT set_config('lock_timeout', :limit, true)")


def catch_up(  # noqa: PLR0913 - what to follow, and how far
    store: Store,
    models: ReadModels,
    name: str,
    *,
    until: int | None = None,
    batch: int = BATCH,
    states: Collection[State] = (),
    patience: float | None = None,
) -> int:
    """The read model holds the log as far as it goes, or to `until`; returns the position reached.

    Every generation of it does, or only those of these `states` where some are given.

    A batch is as large as the backlog, up to `batch` events; a smaller one was the last, whatever
    is written meanwhile, or a busy office would keep it from ever returning. With a `patience`
    it waits for nobody longer than so many seconds: whoever comes again gives way meanwhile, so
    that one who stands still amid a read model does not hold up all the others; and two
    connections are used at once, not one. Raises
    `ProjectionStopped` before an event that cannot be read or folded, or whose row is refused,
    once every other shard is as far as it can be. Of a generation that stands beside the live one
    it is told only to whoever asked for its state: it stops nobody else. Raises `OfAnotherLog`
    where what was folded is not this log, and folds no more into it.
    """
    projection = projection_named(name)
    told_of = states or (State.LIVE,)
    stops: list[ProjectionFault] = []
    for _ in range(_TURNS):
        stops.clear()
        followers = [
            _Follower(
                store=store,
                models=models,
                generation=each,
                until=until,
                batch=batch,
                patience=patience,
                stops=stops if each.state in told_of else [],
            )
            for each in checkpoints.ours(models, projection)
            if not states or each.state in states
        ]
        followed = [each.follow() for each in followers]
        if all(followed):
            break
        # A generation took the place of another meanwhile, and its rows stand elsewhere.
    if stops:
        raise stops[0]
    return freshness(models, projection).position


def catch_up_all(store: Store, models: ReadModels) -> dict[str, int]:
    """Every read model holds the log as far as it goes; returns the position each reached."""
    return {name: catch_up(store, models, name) for name in PROJECTIONS}


def level(store: Store, models: ReadModels, connection: Connection, name: str) -> int:
    """All shards are at one position, which is returned, until this transaction ends.

    Raises `ProjectionStopped` and `OfAnotherLog` as in `catch_up`.
    """
    while (found := checkpoints.live(connection, projection_named(name))) is not None:
        with connection.begin_nested() as attempt:
            held = checkpoints.claim(connection, found, wait=True)
            if held is None:
                # Another generation took its place while we waited; what we hold is not read.
                attempt.rollback()
                continue
        if held.first < held.last:
            bring_to(store, models, connection, held, held.last)
        return held.last
    return 0


def bring_to(
    store: Store, models: ReadModels, connection: Connection, held: Claim, position: int
) -> None:
    """Shards that this transaction holds are at a position that none is beyond.

    Each reads what is its own, so that none is in the way of another.
    """
    opens = held.projection.opens
    for number, at in held.positions.items():
        if at == position:
            continue
        shard = Shard(number=number, of=held.of)
        read = store.read_shard(shard, after=at, limit=position - at, personal=opens)
        batch = folded_on(models, connection, held, read.events)
        if batch.stop is not None:
            raise batch.stop
        keep(models, connection, held.projection, batch)
        checkpoints.advance(connection, held, read.last, read.sequenced_at, number)


class _Met(Exception):
    """A batch of so many positions after this one met what is at fault."""

    def __init__(self, position: int, limit: int, fault: Exception) -> None:
        super().__init__(position)
        self.position, self.limit, self.fault = position, limit, fault


@dataclass(frozen=True, slots=True, kw_only=True)
class _Follower:
    """Follows the log for a generation, in transactions of a batch; `stops` are what it met.

    Once it has `given_up` on one shard, nothing more is begun on any.
    """

    store: Store
    models: ReadModels
    generation: Generation
    until: int | None
    batch: int
    patience: float | None
    stops: list[ProjectionFault]
    given_up: Event = field(default_factory=Event)

    @property
    def projection(self) -> Projection:
        """The projection into the tables of the generation."""
        return self.generation.projection

    def follow(self) -> bool:
        """Every shard is at the end of the log, or before what stops it.

        Or in the hands of somebody for longer than the patience lasts. False where the generation
        is no longer what it was.
        """
        try:
            return self._all_at_once() or self._each()
        except OfAnotherLog as fault:
            self.stops.append(fault)
            return True
        except OperationalError as fault:
            if self.patience is None or not isinstance(fault.orig, LockNotAvailable):
                raise
            return True

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self.models.engine.begin() as connection:
            if self.patience is not None:
                limit = {"limit": f"{round(1000 * self.patience)}ms"}
                connection.execute(_WAITING, limit)
            yield connection

    def _all_at_once(self) -> bool:
        """All shards are at the end of the log; False where they are not after one batch.

        Anything that is out of the ordinary is left to `_each`.
        """
        with self._transaction() as connection:
            held = checkpoints.claim(connection, self.generation, wait=False)
            if held is None or held.stops or held.last - held.first > self.batch:
                return False
            limit = self._limit(held.first, self.batch)
            try:
                events = self._read(held.first, limit)
                batch = folded_on(self.models, connection, held, held.awaited(events))
                if batch.stop is not None:
                    return False
                keep(self.models, connection, self.projection, batch)
            except _AT_FAULT:
                connection.rollback()
                return False
            if events:
                reached = held.first + len(events)
                checkpoints.advance(connection, held, reached, events[-1].sequenced_at)
            return len(events) < limit or held.first + len(events) == self.until

    def _each(self) -> bool:
        """Follow shard by shard.

        Two workers do not begin with the same one, and wait for a shard only when nothing else
        is left to do: what was written while another had it may be folded by nobody else.
        """
        of = checkpoints.shards_of(self.models, self.generation)
        first = os.getpid() % max(of, 1)
        turns = [*range(first, of), *range(first)]
        for wait in (False, True):
            turns = self._side_by_side(turns, wait=wait)
        return not turns

    def _side_by_side(self, turns: list[int], *, wait: bool) -> list[int]:
        """Follow each of these shards; returns those that another has, in the same order."""

        def followed(shard: int) -> bool:
            with self._giving_up():
                return self._follow(shard, wait=wait)

        # A time limit is met out here, and whoever is amid a backlog then ends the batch only.
        many = 1 if self.patience is None else _SIDE_BY_SIDE
        with ThreadPoolExecutor(many) as hands, self._giving_up():
            done = [*hands.map(followed, turns)]
        return [shard for shard, whole in zip(turns, done, strict=True) if not whole]

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.given_up.set()
            raise

    def _follow(self, number: int, *, wait: bool) -> bool:
        """The shard is at the end of the log, or stopped; False where another has it."""
        # Of so many positions about one in each of the shards is its own.
        limit = widest = self.batch * checkpoints.SHARDS
        fault: Exception | None = None
        beyond = 0
        while not self.given_up.is_set():
            try:
                moved = self._one_batch(number, limit, wait=wait)
            except _Met as met:
                # Narrow it down: whatever comes before the event at fault is folded first.
                fault, before = met.fault, met.position
                beyond = min(before + met.limit, self.store.head())
                narrowed, limit = limit == 1, max(1, limit // 4)
            except ProjectionStopped as stop:
                self.stops.append(stop)
                return True
            else:
                if moved is None:
                    return False
                before, after = moved
                # A row refused once may be taken later, as the table was altered meanwhile.
                unread = after < beyond and isinstance(fault, EventUnreadable | LogCorrupt)
                if after == self.until or (not unread and after - before < limit):
                    return True
                if after >= beyond:
                    # Another worker took the shard past the fault, one that can read it perhaps.
                    fault, limit = None, widest
                # One at a time, a gap looks like the log's end; but more was seen behind it.
                narrowed = after == before
            if fault is not None and narrowed:
                if self._stop_narrowed(number, before, fault):
                    return True
                fault, limit = None, widest
        return False

    def _one_batch(self, number: int, limit: int, *, wait: bool) -> tuple[int, int] | None:
        """Return the position before one batch and after it, None where another has the shard."""
        with self._transaction() as connection:
            held = checkpoints.claim(connection, self.generation, number, wait=wait)
            if held is None:
                return None
            position, limit = held.first, self._limit(held.first, limit)
            if limit < 1:
                return position, position
            shard = Shard(number=number, of=held.of)
            opens = self.projection.opens
            try:
                read = self.store.read_shard(shard, after=position, limit=limit, personal=opens)
                batch = folded_on(self.models, connection, held, read.events)
                keep(self.models, connection, self.projection, batch)
            except _AT_FAULT as fault:
                raise _Met(position, limit, fault) from fault
            if batch.stop is None:
                if read.last > position:
                    checkpoints.advance(connection, held, read.last, read.sequenced_at, number)
                return position, read.last
            if batch.last is not None:
                seen = batch.last.sequenced_at
                checkpoints.advance(connection, held, batch.position, seen, number)
            checkpoints.record_stop(connection, held, number, batch.stop)
        raise batch.stop

    def _limit(self, position: int, limit: int) -> int:
        return limit if self.until is None else min(limit, self.until - position)

    def _read(self, position: int, limit: int) -> tuple[Recorded[Any], ...]:
        if limit < 1:
            return ()
        return self.store.read_log(after=position, limit=limit, personal=self.projection.opens)

    def _stop_narrowed(self, number: int, position: int, fault: Exception) -> bool:
        """It can be seen that the shard stands before the one event that is left at fault.

        False where another worker took it past there meanwhile: what follows is not at fault.
        """
        with self._transaction() as connection:
            held = checkpoints.claim(connection, self.generation, number, wait=True)
            if held is None:
                return True
            if held.first != position:
                return False
            event, reason = told(self.store, position, fault)
            stop = ProjectionStopped(self.projection.name, position + 1, event, reason)
            checkpoints.record_stop(connection, held, number, stop)
        stop.__cause__ = fault
        self.stops.append(stop)
        return True
