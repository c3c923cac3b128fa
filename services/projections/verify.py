"""Whether a read model is what a fold of the log from nothing gives, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from services.projections.catalogue import Projection, projection_named
from services.projections.checkpoints import live, positions
from services.projections.errors import ProjectionOutdated
from services.projections.folding import folded
from services.projections.models import ReadModels
from services.projections.rows import Rows, made
from services.projections.sealed import opened
from services.projections.tables import case_keys
from services.store import Store, number_of

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is not what the log gives; `columns` are those that differ.

    All of them where one side has no such row, as `missing` and `surplus` say. Values are left
    out, for they may concern a person.
    """

    key: str
    columns: tuple[str, ...]
    missing: bool = False
    surplus: bool = False

    def __str__(self) -> str:
        if self.missing:
            return f"{self.key} is missing"
        if self.surplus:
            return f"{self.key} should not be there"
        return f"{self.key} differs in {', '.join(self.columns)}"


def verify(store: Store, models: ReadModels, name: str) -> tuple[Difference, ...]:
    """Return every row that differs from a fold of the log as far as its shard is.

    Raises `ProjectionOutdated` where another version of the fold filled it: nothing compares.
    """
    projection = projection_named(name)
    with models.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        generation = live(snapshot, projection)
        if generation is None:
            return ()
        if not generation.is_ours:
            raise ProjectionOutdated(projection.name, generation.version, projection.version)
        reached = positions(snapshot, generation)
        held = _held(snapshot, models, projection)
        tokens = _tokens_held(snapshot, projection)
    of = len(reached)
    wanted = folded(
        store,
        projection,
        until=max(reached.values(), default=0),
        counts=lambda each: (each.position or 0) <= reached[number_of(each.stream, of)],
    ).rows
    return tuple(_differences(models, projection, wanted, held, tokens))


def _held(snapshot: Connection, models: ReadModels, projection: Projection) -> Rows:
    table = projection.table
    query = select(table)
    if projection.personal is not None:
        query = query.add_columns(case_keys.c.wrapped).outerjoin(
            case_keys, case_keys.c.reference == table.c[projection.key_column]
        )
    rows: Rows = {}
    for each in snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        fields = {name: getattr(each, name) for name in projection.clear_columns}
        key = fields[projection.key_column]
        personal = opened(models.keys, projection, each) if projection.personal else None
        rows[key] = made(projection, fields, {key: personal})
    return rows


def _tokens_held(snapshot: Connection, projection: Projection) -> dict[str, set[bytes]]:
    tokens: dict[str, set[bytes]] = {}
    if (found_by := projection.found_by) is not None:
        found = snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(
            select(found_by.c.reference, found_by.c.token)
        )
        for row in found:
            tokens.setdefault(row.reference, set()).add(bytes(row.token))
    return tokens


def _differences(
    models: ReadModels,
    projection: Projection,
    wanted: Rows,
    held: Rows,
    tokens: dict[str, set[bytes]],
) -> Iterator[Difference]:
    everything = (*projection.clear_columns, *(["personal"] if projection.personal else []))
    for key in sorted({*wanted, *held, *tokens}):
        want, have = wanted.get(key), held.get(key)
        if have is None or want is None:
            yield Difference(
                key=key, columns=everything, missing=have is None, surplus=want is None
            )
            continue
        columns = tuple(name for name in everything if getattr(want, name) != getattr(have, name))
        if _expected_tokens(models, projection, want) != tokens.get(key, set()):
            columns = (*columns, "name tokens")
        if columns:
            yield Difference(key=key, columns=columns)


def _expected_tokens(models: ReadModels, projection: Projection, row: Any) -> set[bytes]:
    if projection.tokens is None or row.personal is None:
        return set()
    return set(projection.tokens(models.blind, row.personal))
