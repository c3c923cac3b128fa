"""What changes when a generation takes the place of the live one: which rows, in which columns.

Both are compared at one position of the log, in one snapshot, while they go on following it. A
shard that one event stops in both is compared as it is right before it, with all the others.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import compress
from types import SimpleNamespace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, text

from services.projections import checkpoints, runner
from services.projections.catalogue import Projection, projection_named
from services.projections.checkpoints import Claim, Generation, State
from services.projections.errors import (
    NothingBeside,
    ProjectionOutdated,
    ProjectionStopped,
    StopsEarlier,
)
from services.projections.models import ReadModels
from services.projections.sealed import opened
from services.store import SealBroken, Store

EXAMPLES: Final = 5
_ROWS_AT_ONCE: Final = 5_000
_TRIES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row that changes: in each column that does, what it holds and what it would hold.

    Values of what is sealed are left out, for they concern a person.
    """

    key: str
    columns: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of a row: it goes, is new, or changes in these columns."""

    key: str
    columns: tuple[str, ...] = ()
    gone: bool = False
    new: bool = False

    def __str__(self) -> str:
        if self.gone:
            return f"{self.key} goes"
        return f"{self.key} is new" if self.new else f"{self.key}: {', '.join(self.columns)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the generation that is ready differs from the live one, at `position` of the log.

    `gone` rows are in the live one alone, `new` ones in the other alone, and `changed` counts, by
    column, rows that are in both and differ there. `changes` are all of these by row, where they
    were asked for. Of the shards in `stops` neither holds anything from that position on.
    """

    name: str
    position: int
    rows: int
    gone: int
    new: int
    changed: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]
    changes: tuple[Change, ...] = ()
    stops: tuple[tuple[int, int], ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing would change."""
        return not (self.gone or self.new or self.changed)


def compare(store: Store, models: ReadModels, name: str, *, every: bool = False) -> Comparison:
    """Return what would change for readers, of `every` row; `NothingBeside` if nothing is ready.

    Raises `ProjectionOutdated` where another version of the fold left the live one behind, for
    this program cannot bring it to the same position, and `OfAnotherLog`. Where an event stops one
    of them alone, what it lacks is no change of a row: `ProjectionStopped` if that is the live one,
    else `StopsEarlier`.
    """
    projection = projection_named(name)
    with suppress(ProjectionStopped):
        runner.catch_up(store, models, name)
    with _abreast(store, models, projection) as (snapshot, held, beside_it):
        live, ready = held.generation, beside_it.generation
        before, after = live.projection.table, ready.projection.table
        counted = snapshot.execute(text(_counting(projection, before, after)))
        rows, gone, new, *differing = counted.one()
        changed = dict(zip(_compared(projection), differing, strict=True))
        beside = {
            "personal": _personal_differing(snapshot, models, live, ready),
            "name tokens": _tokens_differing(snapshot, live, ready),
        }
        changed |= {column: len(keys) for column, keys in beside.items()}
        found = snapshot.execute(text(_showing(projection, before, after)))
        examples = tuple(_example(projection, each) for each in found)
        changes = _changes(snapshot, projection, (before, after), beside) if every else ()
    return Comparison(
        name=name,
        position=held.last,
        rows=rows,
        gone=gone,
        new=new,
        changed=tuple((column, number) for column, number in changed.items() if number),
        examples=examples,
        changes=changes,
        stops=tuple((shard, stop.position) for shard, stop in sorted(held.stops.items())),
    )


@contextmanager
def _abreast(
    store: Store, models: ReadModels, projection: Projection
) -> Iterator[tuple[Connection, Claim, Claim]]:
    """Yield a snapshot in which both generations hold as much of the log, and what that is."""
    with models.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        for _ in range(_TRIES):
            _level(store, models, projection)
            with models.engine.begin() as connection:
                live, ready = _both(connection, projection)
                held = checkpoints.claim(connection, live, wait=True)
                beside = checkpoints.claim(connection, ready, wait=True)
                if held is None or beside is None:
                    continue
                if not _are_level(held, beside):
                    continue
                # Taken while nobody can fold, so that it sees both as they are now.
                snapshot.execute(text("SELECT 1"))
            yield snapshot, held, beside
            return
    raise NothingBeside(projection.name, State.READY)


def _are_level(held: Claim, beside: Claim) -> bool:
    """Say whether the live one and the other hold the same; raise where they never will."""
    less, more = beside.behind(held), held.behind(beside)
    live = held.generation
    if (less or more) and not live.is_ours:
        raise ProjectionOutdated(live.projection.name, live.version, live.projection.version)
    for shard in more:
        if shard in held.stops:
            raise held.stops[shard]
    for shard in less:
        if shard in beside.stops:
            raise StopsEarlier(beside.stops[shard], outdated=False)
    return not (less or more)


def _level(store: Store, models: ReadModels, projection: Projection) -> None:
    """Every shard of both that no event stops is at one position, if only for a moment."""
    with models.engine.begin() as connection:
        claims = [
            held
            for each in _both(connection, projection)
            if (held := checkpoints.claim(connection, each, wait=True)) is not None
        ]
        last = max((each.last for each in claims), default=0)
        for held in claims:
            if held.generation.is_ours:
                going = {at: each for at, each in held.positions.items() if at not in held.stops}
                runner.bring_to(store, models, connection, replace(held, positions=going), last)


def _both(connection: Connection, projection: Projection) -> tuple[Generation, Generation]:
    found = checkpoints.generations_of(connection, projection)
    live = checkpoints.of_state(found, State.LIVE)
    ready = checkpoints.of_state(found, State.READY)
    if live is None or ready is None:
        raise NothingBeside(projection.name, State.READY)
    return live, ready


def _compared(projection: Projection) -> tuple[str, ...]:
    return tuple(name for name in projection.clear_columns if name != projection.key_column)


def _joined(projection: Projection, before: Table, after: Table) -> str:
    return f"FROM {before.name} AS o FULL JOIN {after.name} AS n USING ({projection.key_column})"


def _counting(projection: Projection, before: Table, after: Table) -> str:
    key = projection.key_column
    both = f"o.{key} IS NOT NULL AND n.{key} IS NOT NULL"
    counts = (
        "count(*)",
        f"count(*) FILTER (WHERE n.{key} IS NULL)",
        f"count(*) FILTER (WHERE o.{key} IS NULL)",
        *(
            f"count(*) FILTER (WHERE {both} AND o.{name} IS DISTINCT FROM n.{name})"
            for name in _compared(projection)
        ),
    )
    return f"SELECT {', '.join(counts)} {_joined(projection, before, after)}"


def _showing(projection: Projection, before: Table, after: Table) -> str:
    """Return the query for a few rows that differ, each column as text, before and after."""
    key, names = projection.key_column, _compared(projection)
    values = [f"CAST({side}.{name} AS text)" for name in names for side in ("o", "n")]
    differs = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in names)
    return (
        f"SELECT {', '.join((key, *values))} {_joined(projection, before, after)} "
        f"WHERE {differs} ORDER BY {key} LIMIT {EXAMPLES}"
    )


def _example(projection: Projection, row: Any) -> Example:
    key, *values = row
    pairs = zip(values[::2], values[1::2], strict=True)
    columns = (
        (name, "nothing" if old is None else old, "nothing" if new is None else new)
        for name, (old, new) in zip(_compared(projection), pairs, strict=True)
        if old != new
    )
    return Example(key=key, columns=tuple(columns))


def _changes(
    snapshot: Connection,
    projection: Projection,
    tables: tuple[Table, Table],
    beside: Mapping[str, Collection[str]],
) -> tuple[Change, ...]:
    """Return every change by its key; `beside` are the keys with changes that no column tells."""
    names = _compared(projection)
    query = text(_listing(projection, *tables))
    found: dict[str, Change] = {}
    for row in snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        key, gone, new, *differs = row
        columns = () if gone or new else tuple(compress(names, differs))
        found[key] = Change(key=key, columns=columns, gone=gone, new=new)
    for column, keys in beside.items():
        for key in keys:
            other = found.get(key, Change(key=key))
            found[key] = replace(other, columns=(*other.columns, column))
    return tuple(found[key] for key in sorted(found))


def _listing(projection: Projection, before: Table, after: Table) -> str:
    """Return the query for every row that differs, and in which columns it does."""
    key = projection.key_column
    differs = [f"o.{name} IS DISTINCT FROM n.{name}" for name in _compared(projection)]
    gone, new = f"n.{key} IS NULL", f"o.{key} IS NULL"
    return (
        f"SELECT {', '.join((key, gone, new, *differs))} {_joined(projection, before, after)} "
        f"WHERE {' OR '.join((gone, new, *differs))}"
    )


def _tokens_differing(snapshot: Connection, live: Generation, ready: Generation) -> frozenset[str]:
    """Return the keys that are in both, or in neither, and are found by other names."""
    before, after = live.projection, ready.projection
    if before.found_by is None or after.found_by is None:
        return frozenset()
    query = (
        f"SELECT DISTINCT reference FROM {before.found_by.name} AS o "  # noqa: S608 - our own names only
        f"FULL JOIN {after.found_by.name} AS n USING (token, reference) "
        f"WHERE (o.ctid IS NULL OR n.ctid IS NULL) "
        f"AND (reference IN (SELECT reference FROM {before.table.name})) "
        f"= (reference IN (SELECT reference FROM {after.table.name}))"
    )
    return frozenset(snapshot.scalars(text(query)))


def _personal_differing(
    snapshot: Connection, models: ReadModels, live: Generation, ready: Generation
) -> frozenset[str]:
    """Return the keys that are in both and hold something else of the person."""
    projection = live.projection
    if projection.personal is None:
        return frozenset()
    before, after = projection.table.name, ready.projection.table.name
    query = text(
        f"SELECT reference, o.sealed AS old, n.sealed AS new, wrapped FROM {before} AS o "  # noqa: S608 - our own names only
        f"JOIN {after} AS n USING (reference) LEFT JOIN case_keys USING (reference)"
    )
    found = snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
    return frozenset(
        row.reference
        for row in found
        if _opened(models, projection, row, row.old) != _opened(models, projection, row, row.new)
    )


def _opened(models: ReadModels, projection: Projection, row: Any, sealed: str | None) -> Any:
    given = SimpleNamespace(reference=row.reference, sealed=sealed, wrapped=row.wrapped)
    try:
        return opened(models.keys, projection, given)
    except (SealBroken, msgspec.MsgspecError):
        # It equals nothing: filling it anew is how it is mended.
        return object()
