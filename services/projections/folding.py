"""Folds events into the rows of a projection, and keeps the rows.

Law: what a fold makes of events depends on nothing else, so that any batching of any history gives
the rows that one pass over it gives.
"""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from domain.record import Recorded
from services.projections.catalogue import Projection
from services.projections.checkpoints import Claim
from services.projections.errors import ProjectionStopped, RowRefused, RowUnreadable
from services.projections.models import ReadModels
from services.projections.rows import Rows, read_rows, write_rows
from services.store import EventUnreadable, LogCorrupt, Store

REBUILD_BATCH: Final = 5_000

_Keyed = list[tuple[str | None, Recorded[Any]]]


@dataclass(slots=True, kw_only=True)
class Batch:
    """What a batch made of the rows it touched, how far it got, and what stopped it there.

    `known` are the keys whose rows the table has, `touched` those that its events changed, in the
    order of the log, `opening` those whose personal member they touch.
    """

    position: int
    last: Recorded[Any] | None = None
    rows: Rows = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    touched: dict[str, None] = field(default_factory=dict)
    opening: set[str] = field(default_factory=set)
    stop: ProjectionStopped | None = None


def folded(
    store: Store,
    projection: Projection,
    *,
    until: int,
    counts: Callable[[Recorded[Any]], bool] = lambda _: True,
) -> Batch:
    """Return every row as a fold of those that count of the first `until` events."""
    whole = Batch(position=0)
    while whole.position < until:
        before = whole.position
        limit = min(REBUILD_BATCH, until - before)
        events = store.read_log(after=before, limit=limit, personal=projection.opens)
        go_on(projection, whole, [each for each in events if counts(each)])
        whole.position, whole.last = before + len(events), events[-1]
    return whole


def go_on(projection: Projection, whole: Batch, events: Sequence[Recorded[Any]]) -> None:
    """The batch has gone over these events too; raises `ProjectionStopped` before one it cannot."""
    _fold(projection, whole, _keyed(projection, events))
    if whole.stop is not None:
        raise whole.stop


def folded_on(
    models: ReadModels, connection: Connection, held: Claim, events: Sequence[Recorded[Any]]
) -> Batch:
    """Return what events that these shards await make of the rows that are there."""
    projection = held.projection
    keys = _keyed(projection, events)
    opening = _opening(projection, keys)
    rows = _rows_of(models, connection, projection, keys, opening)
    batch = Batch(position=held.first, rows=rows, known=frozenset(rows), opening=opening)
    _fold(projection, batch, keys)
    return batch


def _keyed(projection: Projection, events: Sequence[Recorded[Any]]) -> _Keyed:
    return [(projection.key(recorded), recorded) for recorded in events]


def _rows_of(
    models: ReadModels,
    connection: Connection,
    projection: Projection,
    keyed: _Keyed,
    opening: set[str],
) -> Rows:
    wanted = {key for key, _ in keyed if key is not None}
    return read_rows(models, connection, projection, wanted, opening) if wanted else {}


def _opening(projection: Projection, keyed: _Keyed) -> set[str]:
    """Return the keys whose personal member these events touch."""
    if not projection.opens:
        return set()
    return {
        key
        for key, recorded in keyed
        if key is not None and type(recorded.event) in projection.opens
    }


def _fold(projection: Projection, batch: Batch, keyed: _Keyed) -> None:
    """`batch` has gone over the events, or up to the first that cannot be folded."""
    rows, fold, touched = batch.rows, projection.fold, batch.touched
    before: Recorded[Any] | None = None
    for key, recorded in keyed:
        if key is not None:
            try:
                rows[key] = fold(rows.get(key), recorded)
            except Exception as fault:  # noqa: BLE001 - whatever it is stops the shard and is told
                batch.stop = _stop_at(projection, recorded, fault)
                batch.stop.__cause__ = fault
                break
            touched[key] = None
        before = recorded
    if before is not None:
        batch.position, batch.last = before.position or batch.position, before


def keep(models: ReadModels, connection: Connection, projection: Projection, batch: Batch) -> None:
    """The rows are as far as the batch got; the checkpoint is the caller's to move."""
    # In the order of the log: what is of one time stands together in most indexes.
    rows = {key: batch.rows[key] for key in batch.touched}
    write_rows(models, connection, projection, rows, opening=batch.opening, known=batch.known)


def _stop_at(
    projection: Projection, recorded: Recorded[Any], fault: Exception
) -> ProjectionStopped:
    return ProjectionStopped(
        projection.name, recorded.position or 0, _named(recorded), _reason(fault)
    )


def told(store: Store, position: int, fault: Exception) -> tuple[str, str]:
    """Return the event after `position` and what is wrong with it; nothing personal."""
    if isinstance(fault, EventUnreadable):
        return fault.where, str(fault)
    if isinstance(fault, LogCorrupt):
        return "missing", str(fault)
    (recorded,) = store.read_log(after=position, limit=1, personal=False)
    if isinstance(fault, RowUnreadable):
        return _named(recorded), "the row that is there cannot be read"
    kind = fault.kind if isinstance(fault, RowRefused) else type(fault).__name__
    return _named(recorded), f"the table does not take its row ({kind})"


def _named(recorded: Recorded[Any]) -> str:
    return f"{type(recorded.event).__name__}, {recorded.stream} version {recorded.version}"


def _reason(fault: Exception) -> str:
    """Name the fault and its place; not its text, which may quote what concerns the person."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
