"""Whether a read model is what a fold of the log from nothing gives, row by row.

Law: what cannot be read or folded, in the log or in the table, is a difference of its own key, and
every other row is compared all the same.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Column, Connection, Select, select, text

from domain.projections.stage_after import CASE_STREAM, EXERCISE_STREAM, WORK_STREAM
from domain.record import Recorded
from services.projections.catalogue import PROJECTIONS, Projection, projection_named
from services.projections.checkpoints import head_of, is_of_another_log, live, positions
from services.projections.errors import OfAnotherLog, ProjectionOutdated, ProjectionStopped
from services.projections.folding import Batch, folded, go_on
from services.projections.models import ReadModels
from services.projections.rows import Rows, made
from services.projections.sealed import is_any, opened
from services.projections.tables import case_keys
from services.store import EventUnreadable, SealBroken, Store, number_of

_ROWS_AT_ONCE = 5_000
_KEYS_AT_ONCE = 500
_AT_FAULT: Final = (EventUnreadable, ProjectionStopped, SealBroken)
_UNREADABLE: Final = object()
"""A row that is there and says nothing."""

STREAMS = (CASE_STREAM, WORK_STREAM, EXERCISE_STREAM)
"""The kinds of streams of which a row of a key may be made."""

_FOLLOWING: Final = text(
    "SELECT stream FROM events WHERE version = 1 AND stream > :stream ORDER BY stream LIMIT :limit"
)
_DRAWN: Final = text(
    """
    SELECT DISTINCT substring(events.stream FROM strpos(events.stream, '-') + 1)
    FROM (
        SELECT 1 + floor(random() * (SELECT max(position) FROM log))::bigint AS position
        FROM generate_series(1, :events)
    ) AS chance
    JOIN log USING (position) JOIN events USING (commit_id, ord)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is not what the log gives; `columns` are those that differ.

    All of them where one side has no such row, as `missing` and `surplus` say, or where the row
    that is there cannot be read; none where the log cannot be, and `unread` says why. Values are
    left out, for they may concern a person.
    """

    key: str
    columns: tuple[str, ...]
    missing: bool = False
    surplus: bool = False
    unread: str = ""

    def __str__(self) -> str:
        if self.unread:
            return f"{self.key} cannot be compared, for its log cannot be: {self.unread}"
        if self.missing:
            return f"{self.key} is missing"
        if self.surplus:
            return f"{self.key} should not be there"
        return f"{self.key} differs in {', '.join(self.columns)}"


def verify(store: Store, models: ReadModels, name: str) -> tuple[Difference, ...]:
    """Return every row that differs from a fold of the log as far as its shard is.

    One that differs is looked at twice, as in `verify_some`. Raises `ProjectionOutdated` where
    another version of the fold filled it, and `OfAnotherLog`: then nothing compares.
    """
    projection = projection_named(name)
    once = _everything(store, models, projection)
    return _some(store, models, projection, {each.key for each in once}) if once else ()


def verify_some(
    store: Store, models: ReadModels, name: str, keys: Collection[str]
) -> tuple[Difference, ...]:
    """Return every row of these keys that differs from a fold of their streams, as in `verify`.

    One that differs is looked at twice: a person may have been erased between the row and its log.
    """
    projection = projection_named(name)
    once = _some(store, models, projection, keys)
    return _some(store, models, projection, {each.key for each in once}) if once else ()


def streams_after(models: ReadModels, stream: str, limit: int) -> tuple[str, ...]:
    """Return at most so many streams whose names follow that one's, in the order of names."""
    with models.reads.connect() as connection:
        return tuple(connection.scalars(_FOLLOWING, {"stream": stream, "limit": limit}))


def drawn(models: ReadModels, events: int) -> frozenset[str]:
    """Return the keys of the streams of so many events of the log, which are drawn by chance."""
    with models.reads.connect() as connection:
        return frozenset(connection.scalars(_DRAWN, {"events": events}))


def keys_between(models: ReadModels, first: str, last: str | None) -> frozenset[str]:
    """Return the keys of all rows that lie between two streams of one kind; None has no end.

    Between streams of two kinds they are those behind the first one.
    """
    kind, _, behind = first.partition("-") if first else ((last or "").partition("-")[0], "", "")
    until = last.partition("-")[2] if last and last.startswith(f"{kind}-") else None
    found: set[str] = set()
    with models.reads.connect() as connection:
        for projection in PROJECTIONS.values():
            key = projection.table.c[projection.key_column]
            query = select(key).where(key > behind)
            query = query if until is None else query.where(key <= until)
            found.update(connection.scalars(query.order_by(key).limit(_ROWS_AT_ONCE)))
    return frozenset(found)


def _everything(store: Store, models: ReadModels, projection: Projection) -> tuple[Difference, ...]:
    if (seen := _seen(models, projection)) is None:
        return ()
    until = max(seen.reached.values(), default=0)
    try:
        wanted = folded(store, seen.projection, until=until, counts=seen.counts).rows
    except _AT_FAULT:
        keys = sorted({*seen.held, *_keys(models)})
        return tuple(_differences(models, seen, *_refolded(store, seen, keys)))
    return tuple(_differences(models, seen, wanted, {}))


def _some(
    store: Store, models: ReadModels, projection: Projection, keys: Collection[str]
) -> tuple[Difference, ...]:
    if (seen := _seen(models, projection, keys)) is None:
        return ()
    return tuple(_differences(models, seen, *_refolded(store, seen, sorted(keys))))


def _keys(models: ReadModels) -> Iterator[str]:
    """Yield the key of every stream of the log."""
    last = ""
    while streams := streams_after(models, last, _ROWS_AT_ONCE):
        yield from (each.partition("-")[2] for each in streams)
        last = streams[-1]


def _refolded(store: Store, seen: "_Seen", keys: Sequence[str]) -> tuple[Rows, dict[str, str]]:
    """Return the rows that the streams of these keys give, and why those give none that give none.

    What is at fault is narrowed down to its own key.
    """
    if len(keys) <= _KEYS_AT_ONCE:
        try:
            return _rows_of(store, seen, keys), {}
        except _AT_FAULT as fault:
            if len(keys) == 1:
                return {}, {keys[0]: _why(fault)}
    half = len(keys) // 2
    rows, unread = _refolded(store, seen, keys[:half])
    more, others = _refolded(store, seen, keys[half:])
    return rows | more, unread | others


def _rows_of(store: Store, seen: "_Seen", keys: Sequence[str]) -> Rows:
    streams = [f"{kind}{key}" for key in keys for kind in STREAMS]
    read = store.read_streams(streams, personal=seen.projection.opens)
    found = (event for events in read.values() for event in events)
    events = sorted(filter(seen.counts, found), key=lambda each: each.position or 0)
    batch = Batch(position=0)
    go_on(seen.projection, batch, events)
    return batch.rows


def _why(fault: Exception) -> str:
    # The advice that comes with a stop is for a read model that stands still, as this one does not.
    return f"{fault.event}: {fault.reason}" if isinstance(fault, ProjectionStopped) else str(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a read model held at one moment, and how far each of its shards was."""

    projection: Projection
    reached: Mapping[int, int]
    held: Rows
    tokens: dict[str, set[bytes]]

    def counts(self, each: Recorded[Any]) -> bool:
        """Say whether an event has a position that its shard had reached."""
        reached = self.reached[number_of(each.stream, len(self.reached))]
        return each.position is not None and each.position <= reached


def _seen(
    models: ReadModels, projection: Projection, keys: Collection[str] | None = None
) -> _Seen | None:
    """Return what the live generation holds, of these keys or in all; None before there is one."""
    with models.engine.connect().execution_options(isolation_level="REPEATABLE READ") as snapshot:
        generation = live(snapshot, projection)
        if generation is None:
            return None
        if not generation.is_ours:
            raise ProjectionOutdated(projection.name, generation.version, projection.version)
        reached = positions(snapshot, generation)
        if is_of_another_log(snapshot, generation):
            raise OfAnotherLog(projection.name, max(reached.values()), head_of(snapshot))
        return _Seen(
            projection=projection,
            reached=reached,
            held=_held(snapshot, models, projection, keys),
            tokens=_tokens_held(snapshot, projection, keys),
        )


def _held(
    snapshot: Connection,
    models: ReadModels,
    projection: Projection,
    keys: Collection[str] | None,
) -> Rows:
    table = projection.table
    query = _of_keys(select(table), table.c[projection.key_column], keys)
    if projection.personal is not None:
        query = query.add_columns(case_keys.c.wrapped).outerjoin(
            case_keys, case_keys.c.reference == table.c[projection.key_column]
        )
    rows: Rows = {}
    for each in snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        fields = {name: getattr(each, name) for name in projection.clear_columns}
        key = fields[projection.key_column]
        try:
            personal = opened(models.keys, projection, each) if projection.personal else None
            rows[key] = made(projection, fields, {key: personal})
        except (SealBroken, msgspec.MsgspecError):
            rows[key] = _UNREADABLE
    return rows


def _of_keys(query: Select[Any], column: Column[Any], keys: Collection[str] | None) -> Select[Any]:
    return query if keys is None else query.where(is_any(column)).params(wanted=sorted(keys))


def _tokens_held(
    snapshot: Connection, projection: Projection, keys: Collection[str] | None
) -> dict[str, set[bytes]]:
    tokens: dict[str, set[bytes]] = {}
    if (found_by := projection.found_by) is not None:
        query = select(found_by.c.reference, found_by.c.token)
        found = snapshot.execution_options(yield_per=_ROWS_AT_ONCE).execute(
            _of_keys(query, found_by.c.reference, keys)
        )
        for row in found:
            tokens.setdefault(row.reference, set()).add(bytes(row.token))
    return tokens


def _differences(
    models: ReadModels, seen: _Seen, wanted: Rows, unread: Mapping[str, str]
) -> Iterator[Difference]:
    projection, held, tokens = seen.projection, seen.held, seen.tokens
    everything = (*projection.clear_columns, *(["personal"] if projection.personal else []))
    for key in sorted({*wanted, *held, *tokens, *unread}):
        if key in unread:
            yield Difference(key=key, columns=(), unread=unread[key])
            continue
        want, have = wanted.get(key), held.get(key)
        if have is None and want is None and key not in tokens:
            # Its events make no row: work on a case that there is not.
            continue
        if have is None or want is None:
            yield Difference(
                key=key, columns=everything, missing=have is None, surplus=want is None
            )
            continue
        columns = tuple(
            name
            for name in everything
            if have is _UNREADABLE or getattr(want, name) != getattr(have, name)
        )
        if _expected_tokens(models, projection, want) != tokens.get(key, set()):
            columns = (*columns, "name tokens")
        if columns:
            yield Difference(key=key, columns=columns)


def _expected_tokens(models: ReadModels, projection: Projection, row: Any) -> set[bytes]:
    if projection.tokens is None or row.personal is None:
        return set()
    return set(projection.tokens(models.blind, row.personal))
