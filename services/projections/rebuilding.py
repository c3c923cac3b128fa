"""Fills a read model anew beside the live one, compares the two, and changes them over at once.

Law: readers have the rows of one generation or of another, whole, and never of none; and a
generation takes the place of the live one only when each of its shards holds at least as much of
the log: an event that stops a shard of both stands in nobody's way, and one that stops the new one
alone keeps it beside. What was folded from another log is no measure, nor, where a person says so,
what another version of the fold left; being merely later than that keeps none beside. Tables are
made and renamed by the schema's owner; whoever renames holds every shard of both, so that nobody
folds into a table whose name is about to mean another.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from psycopg.errors import IdleInTransactionSessionTimeout, LockNotAvailable
from sqlalchemy import Connection, Engine, Table, create_engine, delete, make_url, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from services.projections import bulk, checkpoints, runner
from services.projections.aside import name_beside
from services.projections.catalogue import Projection, projection_named
from services.projections.checkpoints import Claim, Generation, State
from services.projections.errors import (
    NothingBeside,
    NotYetAbreast,
    OwnerUnknown,
    ProjectionStopped,
    RebuiltByAnother,
    StillInUse,
    StoodStill,
    StopsEarlier,
)
from services.projections.models import ReadModels
from services.projections.progress import progress_of
from services.projections.tables import checkpoints as checkpoint_rows
from services.projections.tables import generations
from services.settings import Settings
from services.store import Store
from services.store.errors import StoreUnreachable

_T = TypeVar("_T")

_TRIES: Final = 20
# "gens": a class of advisory locks of our own, and of migrations that alter read models
_LOCKS: Final = 0x67656E73
# Short, because readers queue behind whoever waits to rename the table that they read, and behind
# whoever renamed it and stands still before the end.
_LIMITS: Final = (
    "-c lock_timeout=500ms -c statement_timeout=300s -c idle_in_transaction_session_timeout=5s"
)
# Long, where nobody waits behind us: the server looks changed rows through by itself, and gives way
# only to whoever has waited for it for its deadlock_timeout, a second.
_AT_LENGTH: Final = text("SET LOCAL lock_timeout = '60s'")
_BRIEFLY: Final = text("SET LOCAL lock_timeout TO DEFAULT")
_THERE: Final = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NOT NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where read models are filled anew: the log, the models, and how to reach them as owner."""

    store: Store
    models: ReadModels
    settings: Settings


def prepare(site: Site, name: str) -> Generation:
    """There is a generation to be filled, in tables of its own, and none that was not changed over.

    A former one is gone too: what can be had back is the one that is live now.
    """
    with _alone(site, name) as owner:
        return _prepared(owner, projection_named(name))


def _prepared(owner: Engine, projection: Projection) -> Generation:
    with owner.connect() as connection:
        found = checkpoints.generations_of(connection, projection)
    # Not the number of one that is dropped: whoever fills that may have outlived its maker.
    number = max((each.number for each in found), default=0) + 1
    _without_others(owner, projection)
    with owner.begin() as connection:
        if not found:
            checkpoints.lay_out(connection, projection, number, State.LIVE)
            number += 1
        checkpoints.lay_out(connection, projection, number, State.FILLING)
        made = checkpoints.of_state(
            checkpoints.generations_of(connection, projection), State.FILLING
        )
        if made is None:
            raise AssertionError("what was laid out is there")
        for table in made.projection.tables:
            connection.execute(CreateTable(table))
            connection.execute(
                text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.name} TO qmas_app")
            )
    return made


def rebuild(
    site: Site, names: tuple[str, ...], told: bulk.Told = bulk.told_nobody
) -> tuple[ProjectionStopped, ...]:
    """Each has a generation that follows the log beside the live one, folded from nothing.

    They are filled together, in one pass over the log; `told` hears how far that is. Returns the
    first stop of each that has any: all else of it is as far as the log.
    """
    with _alone(site, *names) as owner:
        made = [_prepared(owner, projection_named(name)) for name in names]
        numbers = {each.projection.name: each.number for each in made}
        bulk.fill(site.settings, numbers, until=site.store.sequence(), told=told)
        for each in made:
            with _in_use_for_long(each.projection), owner.begin() as connection:
                connection.execute(_AT_LENGTH)
                for table in each.projection.tables:
                    for index in sorted(table.indexes, key=lambda index: str(index.name)):
                        connection.execute(CreateIndex(index))
                _become(connection, each, State.READY)
    stops: list[ProjectionStopped] = []
    for name in names:
        try:
            # The live one may stand still for good: this is how it is mended.
            runner.catch_up(site.store, site.models, name, states=(State.READY,))
        except ProjectionStopped as stop:
            stops.append(stop)
    return tuple(stops)


def change_over(site: Site, name: str, *, back: bool = False, by_hand: bool = False) -> int:
    """The generation that is ready, or the former one, is live from now on; returns its position.

    The one that was live follows the log as the former one. Raises `NothingBeside` when there is
    none to take its place, `NotYetAbreast` when that one cannot be brought as far as one of this
    version, `StopsEarlier` when an event stops that one alone, and `OfAnotherLog` when it was
    folded from another log. Where a person asks for it `by_hand`, what another version of the fold
    left is no measure: nobody who runs this one reads it.
    """
    projection = projection_named(name)
    wanted = State.FORMER if back else State.READY

    def attempt(connection: Connection) -> int:
        # What stops it stands on its checkpoints, and may stop the live one as well.
        with suppress(ProjectionStopped):
            runner.catch_up(site.store, site.models, name, states=(wanted,))
        return _changed_over(connection, projection, wanted, by_hand=by_hand)

    with _alone(site, name) as owner:
        return _patiently(owner, name, attempt)


def discard(site: Site, name: str) -> tuple[int, ...]:
    """Only the live generation is left; returns the numbers of those that were there beside it."""
    with _alone(site, name) as owner:
        return _without_others(owner, projection_named(name))


def renew(site: Site) -> tuple[str, ...]:
    """No read model is of another version of its fold; returns those that were folded again.

    Raises `StopsEarlier` where an event stops the new rows of one alone, once the others are
    changed over.
    """
    known = [progress_of(site.models, projection_named(name)) for name in runner.PROJECTIONS]
    outdated = tuple(each.name for each in known if each.outdated is not None)
    if outdated:
        rebuild(site, outdated)
    earlier: list[StopsEarlier] = []
    for name in outdated:
        try:
            change_over(site, name)
        except StopsEarlier as fault:
            earlier.append(fault)
            continue
        discard(site, name)
    if earlier:
        raise earlier[0]
    return outdated


def _without_others(owner: Engine, projection: Projection) -> tuple[int, ...]:
    def attempt(connection: Connection) -> tuple[int, ...]:
        found = checkpoints.generations_of(connection, projection)
        others = [each for each in found if each.state is not State.LIVE]
        _looked_through_no_more(connection, projection, others)
        for each in others:
            _drop(connection, each)
        return tuple(each.number for each in others)

    return _patiently(owner, projection.name, attempt)


def _patiently(owner: Engine, name: str, attempt: Callable[[Connection], _T]) -> _T:
    """Return what an attempt gives that met nobody who uses those tables for long.

    It is made again a few times, for others must not wait behind us meanwhile.
    """
    for left in reversed(range(_TRIES)):
        try:
            with owner.begin() as connection:
                return attempt(connection)
        except OperationalError as fault:
            if not isinstance(fault.orig, LockNotAvailable):
                raise
            if not left:
                raise StillInUse(name) from fault
        except NotYetAbreast:
            if not left:
                raise
    raise AssertionError("the last attempt returns or raises")


def _looked_through_no_more(
    connection: Connection, projection: Projection, generations: Iterable[Generation]
) -> None:
    """The server does not look the rows of these through until this transaction ends.

    This lock holds up nobody who reads or folds them, so it can be waited for at length; and it
    comes before those of the shards, which whoever folds waits for.
    """
    names = [table.name for each in generations for table in each.projection.tables]
    there = connection.scalars(_THERE, {"names": names}).all()
    with _in_use_for_long(projection):
        connection.execute(_AT_LENGTH)
        for name in there:
            connection.execute(text(f"LOCK TABLE {name} IN SHARE UPDATE EXCLUSIVE MODE"))
        connection.execute(_BRIEFLY)


@contextmanager
def _in_use_for_long(projection: Projection) -> Iterator[None]:
    """Where a lock was waited for to no end within, it raises `StillInUse`."""
    try:
        yield
    except OperationalError as fault:
        if isinstance(fault.orig, LockNotAvailable):
            raise StillInUse(projection.name) from fault
        raise


def _changed_over(
    connection: Connection, projection: Projection, wanted: State, *, by_hand: bool = False
) -> int:
    found = checkpoints.generations_of(connection, projection)
    before = checkpoints.of_state(found, State.LIVE)
    after = checkpoints.of_state(found, wanted)
    if before is None or after is None:
        raise NothingBeside(projection.name, wanted)
    _looked_through_no_more(connection, projection, (before, after))
    held = checkpoints.claim(connection, before, wait=True, of_any_log=True)
    taken = checkpoints.claim(connection, after, wait=True)
    if held is None or taken is None:
        raise NotYetAbreast(projection.name, after.number)
    # Nobody should read one of another log.
    if not held.of_another_log and (before.is_ours or not by_hand):
        _refuse_less(taken, held)
    for declared in projection.tables:
        _rename(connection, declared, before.number, out=True)
        _rename(connection, declared, after.number, out=False)
    # There is one of each state at most, so the one steps aside before the other steps up.
    _become(connection, before, State.FILLING)
    _become(connection, after, State.LIVE)
    _become(connection, before, State.FORMER)
    return taken.first


def _refuse_less(taken: Claim, held: Claim) -> None:
    """Raise `StopsEarlier` or `NotYetAbreast` where a shard holds less than the live one does.

    One that is only late, and not stopped, is kept from no place of another version's.
    """
    behind = taken.behind(held)
    if stops := [taken.stops[shard] for shard in behind if shard in taken.stops]:
        raise StopsEarlier(stops[0], outdated=not held.generation.is_ours)
    # Older processes move on what they alone fold, perhaps at every commit: what is late by a few
    # events would be so at each try, and is abreast as soon as somebody follows the log again.
    if behind and held.generation.is_ours:
        raise NotYetAbreast(taken.projection.name, taken.generation.number)


def _rename(connection: Connection, declared: Table, number: int, *, out: bool) -> None:
    """The live table and its indexes have their names aside, or those aside are the live ones."""
    for kind, name in _names(declared):
        aside = name_beside(name, number)
        old, new = (name, aside) if out else (aside, name)
        connection.execute(text(f"ALTER {kind} {old} RENAME TO {new}"))


def _names(declared: Table) -> Iterator[tuple[str, str]]:
    yield "TABLE", declared.name
    yield "INDEX", str(declared.primary_key.name)
    for index in declared.indexes:
        yield "INDEX", str(index.name)


def _become(connection: Connection, generation: Generation, state: State) -> None:
    connection.execute(
        update(generations)
        .where(
            generations.c.projection == generation.projection.name,
            generations.c.generation == generation.number,
        )
        .values(state=state)
    )


def _drop(connection: Connection, generation: Generation) -> None:
    # Whoever folds into it is done first, and finds it gone.
    checkpoints.claim(connection, generation, wait=True, of_any_log=True)
    for rows in (checkpoint_rows, generations):
        connection.execute(
            delete(rows).where(
                rows.c.projection == generation.projection.name,
                rows.c.generation == generation.number,
            )
        )
    for table in generation.projection.tables:
        connection.execute(DropTable(table, if_exists=True))


@contextmanager
def _alone(site: Site, *names: str) -> Iterator[Engine]:
    """Nobody else makes, changes over or drops generations of these read models meanwhile.

    Raises `RebuiltByAnother` where somebody does. Whoever is killed lets go with their connection.
    """
    taken = text("SELECT pg_try_advisory_lock(:kind, hashtext(:name))")
    with _owner(site) as owner, owner.connect() as held:
        held.execution_options(isolation_level="AUTOCOMMIT")
        for name in names:
            if not held.scalar(taken, {"kind": _LOCKS, "name": name}):
                raise RebuiltByAnother(name)
        yield owner


@contextmanager
def _owner(site: Site) -> Iterator[Engine]:
    url = site.settings.owner_database_url
    if url is None:
        raise OwnerUnknown
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        connect_args={"options": _LIMITS, "application_name": "qmas-rebuilding"},
        poolclass=NullPool,
    )
    try:
        yield engine
    except DBAPIError as fault:
        if fault.statement is None and isinstance(fault, OperationalError):
            raise StoreUnreachable(f"the database does not answer: {fault.orig}") from fault
        if fault.connection_invalidated or isinstance(fault.orig, IdleInTransactionSessionTimeout):
            raise StoodStill from fault
        raise
    finally:
        engine.dispose()
