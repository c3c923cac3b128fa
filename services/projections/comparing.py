"""What changes when a generation takes the place of the live one: which rows, in which columns.

Both are compared at one position of the log, in one snapshot, while they go on following it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection, Table, text

from services.projections import checkpoints, runner
from services.projections.catalogue import Projection, projection_named
from services.projections.checkpoints import Generation, State
from services.projections.errors import NothingBeside, ProjectionOutdated
from services.projections.models import ReadModels
from services.projections.sealed import opened
from services.store import Store

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
class Comparison:
    """How the generation that is ready differs from the live one, at `position` of the log.

    `gone` rows are in the live one alone, `new` ones in the other alone, and `changed` counts, by
    column, rows that are in both and differ there.
    """

    name: str
    position: int
    rows: int
    gone: int
    new: int
    changed: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing would change."""
        return not (self.gone or self.new or self.changed)


def compare(store: Store, models: ReadModels, name: str) -> Comparison:
    """Return what would change for readers; raises `NothingBeside` when nothing is ready.

    Raises `ProjectionOutdated` where another version of the fold left the live one behind, for
    this program cannot bring it to the same position.
    """
    projection = projection_named(name)
    runner.catch_up(store, models, name)
    with _abreast(store, models, projection) as (snapshot, live, ready, position):
        before, after = live.projection.table, ready.projection.table
        counted = snapshot.execute(text(_counting(projection, before, after)))
        rows, gone, new, *differing = counted.one()
        changed = dict(zip(_compared(projection), differing, strict=True))
        if personal := _personal_differing(snapshot, models, live, ready):
            changed["personal"] = personal
        if projection.found_by is not None:
            changed["name tokens"] = snapshot.execute(
                text(_tokens_differing(live.projection, ready.projection))
            ).scalar_one()
        found = snapshot.execute(text(_showing(projection, before, after)))
        examples = tuple(_example(projection, each) for each in found)
    return Comparison(
        name=name,
        position=position,
        rows=rows,
        gone=gone,
        new=new,
        changed=tuple((column, number) for column, number in changed.items() if number),
        examples=examples,
    )


@contextmanager
def _abreast(
    store: Store, models: ReadModels, projection: Projection
) -> Iterator[tuple[Connection, Generation, Generation, int]]:
    """Yield a snapshot in which both generations hold the log up to one position."""
    with models.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        for _ in range(_TRIES):
            _level(store, models, projection)
            with models.engine.begin() as connection:
                live, ready = _both(connection, projection)
                held = checkpoints.claim(connection, live, wait=True)
                beside = checkpoints.claim(connection, ready, wait=True)
                if held is None or beside is None:
                    continue
                if {*held.positions.values()} != {*beside.positions.values()}:
                    if not live.is_ours:
                        raise ProjectionOutdated(projection.name, live.version, projection.version)
                    continue
                # Taken while nobody can fold, so that it sees both as they are now.
                snapshot.execute(text("SELECT 1"))
            yield snapshot, live, ready, held.last
            return
    raise NothingBeside(projection.name, State.READY)


def _level(store: Store, models: ReadModels, projection: Projection) -> None:
    """Every shard of both generations is at one position, if only for a moment."""
    with models.engine.begin() as connection:
        claims = [
            held
            for each in _both(connection, projection)
            if (held := checkpoints.claim(connection, each, wait=True)) is not None
        ]
        last = max((each.last for each in claims), default=0)
        for held in claims:
            if held.first < last and held.generation.is_ours:
                runner.bring_to(store, models, connection, held, last)


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


def _tokens_differing(live: Projection, ready: Projection) -> str:
    """Return the query for how many tokens are in one generation alone."""
    if live.found_by is None or ready.found_by is None:
        return "SELECT 0"
    return (
        f"SELECT count(*) FROM {live.found_by.name} AS o "  # noqa: S608 - our own names only
        f"FULL JOIN {ready.found_by.name} AS n USING (token, reference) "
        f"WHERE o.ctid IS NULL OR n.ctid IS NULL"
    )


def _personal_differing(
    snapshot: Connection, models: ReadModels, live: Generation, ready: Generation
) -> int:
    """Return how many rows that are in both hold something else of the person."""
    projection = live.projection
    if projection.personal is None:
        return 0
    before, after = projection.table.name, ready.projection.table.name
    query = text(
        f"SELECT reference, o.sealed AS old, n.sealed AS new, wrapped FROM {before} AS o "  # noqa: S608 - our own names only
        f"JOIN {after} AS n USING (reference) LEFT JOIN case_keys USING (reference)"
    )
    found = snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
    return sum(
        _opened(models, projection, row, row.old) != _opened(models, projection, row, row.new)
        for row in found
    )


def _opened(models: ReadModels, projection: Projection, row: Any, sealed: str | None) -> Any:
    given = SimpleNamespace(reference=row.reference, sealed=sealed, wrapped=row.wrapped)
    return opened(models.keys, projection, given)
