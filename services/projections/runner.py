"""Keeps the read models up with the log.

One batch is one transaction: lock the checkpoint, read the log from it, load the rows of those
keys, fold, write, advance. A crash at any moment leaves rows and checkpoint as they were before the
batch, or both as after it. An event that cannot be folded, or whose row the table does not take,
stops its projection: what was before it is kept, nothing after it is folded, and everybody is told.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from domain.record import Recorded
from services.projections import checkpoints
from services.projections.catalogue import PROJECTIONS, Projection, projection_named
from services.projections.errors import ProjectionStopped, RowRefused
from services.projections.models import ReadModels
from services.projections.rows import Rows, read_rows, replace_rows, write_rows
from services.store import EventUnreadable, LogCorrupt, Store

__all__ = ["PROJECTIONS", "catch_up", "catch_up_all", "folded", "rebuild", "renew"]

BATCH: Final = 2_000
REBUILD_BATCH: Final = 5_000

_Keyed = list[tuple[str | None, Recorded[Any]]]


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What a batch made of the rows it touched, how far it got, and what stopped it there."""

    position: int
    last: Recorded[Any] | None = None
    rows: Rows = field(default_factory=dict)
    stop: ProjectionStopped | None = None


def catch_up(
    store: Store, models: ReadModels, name: str, *, until: int | None = None, batch: int = BATCH
) -> int:
    """The read model holds the log as far as it goes, or to `until`; returns the position reached.

    A batch is as large as the backlog, up to `batch` events; a smaller one was the last, whatever
    is written meanwhile, or a busy office would keep it from ever returning. Raises
    `ProjectionStopped` before an event that cannot be read or folded, or whose row is refused.
    """
    projection = projection_named(name)
    limit = batch
    fault: EventUnreadable | LogCorrupt | RowRefused | None = None
    while True:
        try:
            before, after = _fold_a_batch(store, models, projection, until, limit)
        except (EventUnreadable, LogCorrupt, RowRefused) as met:
            # Narrow it down: whatever comes before the event at fault is folded first.
            fault, narrowed, limit = met, limit == 1, max(1, limit // 4)
        else:
            # A row refused once may be taken later, as the table was altered meanwhile.
            unread = fault is not None and not isinstance(fault, RowRefused)
            if after == until or (not unread and after - before < limit):
                return after
            # One at a time, a gap looks like the log's end; but more was seen behind it.
            narrowed = after == before
        if fault is not None and narrowed:
            raise _stop_narrowed(store, models, projection, fault) from fault


def catch_up_all(store: Store, models: ReadModels) -> dict[str, int]:
    """Every read model holds the log as far as it goes; returns the position each reached."""
    return {name: catch_up(store, models, name) for name in PROJECTIONS}


def rebuild(store: Store, models: ReadModels, name: str) -> int:
    """The read model is folded from nothing, in place; returns its position.

    Readers see the old rows until the new ones are complete, then those; there is no moment
    without. Most is folded before the checkpoint is locked, so that it is not locked for long.
    """
    projection = projection_named(name)
    whole = folded(store, projection, until=store.sequence())
    with models.engine.begin() as connection:
        checkpoints.lock_anew(connection, projection)
        whole = folded(store, projection, until=store.sequence(), whole=whole)
        replace_rows(models, connection, projection, whole.rows)
        last = whole.last.sequenced_at if whole.last else None
        checkpoints.advance(connection, projection, whole.position, last)
    return whole.position


def renew(store: Store, models: ReadModels) -> tuple[str, ...]:
    """No read model is of another version of its fold; returns those that were folded again."""
    known = [checkpoints.progress(models, projection_named(name)) for name in PROJECTIONS]
    outdated = tuple(each.name for each in known if each.outdated is not None)
    for name in outdated:
        rebuild(store, models, name)
    return outdated


def folded(
    store: Store, projection: Projection, *, until: int, whole: _Batch | None = None
) -> _Batch:
    """Return every row as a fold of the first `until` events, going on from `whole` if given."""
    whole = whole or _Batch(position=0)
    while whole.position < until:
        events = _read(store, projection, whole.position, until, REBUILD_BATCH)
        _fold(projection, whole, _keyed(projection, events))
        if whole.stop is not None:
            raise whole.stop
    return whole


def _fold_a_batch(
    store: Store, models: ReadModels, projection: Projection, until: int | None, limit: int
) -> tuple[int, int]:
    """Return the position before one batch and after it; both are equal at the log's end."""
    with models.engine.begin() as connection:
        position = checkpoints.lock(connection, projection)
        events = _read(store, projection, position, until, limit)
        if not events:
            return position, position
        keyed = _keyed(projection, events)
        batch = _Batch(position=position, rows=_rows_of(models, connection, projection, keyed))
        _fold(projection, batch, keyed)
        _keep(models, connection, projection, batch, keyed)
    if batch.stop is not None:
        raise batch.stop
    return position, batch.position


def _read(
    store: Store, projection: Projection, position: int, until: int | None, limit: int
) -> tuple[Recorded[Any], ...]:
    wanted = limit if until is None else min(limit, until - position)
    if wanted < 1:
        return ()
    return store.read_log(after=position, limit=wanted, personal=projection.opens)


def _keyed(projection: Projection, events: Sequence[Recorded[Any]]) -> _Keyed:
    return [(projection.key(recorded), recorded) for recorded in events]


def _rows_of(
    models: ReadModels, connection: Connection, projection: Projection, keyed: _Keyed
) -> Rows:
    wanted = {key for key, _ in keyed if key is not None}
    if not wanted:
        return {}
    return read_rows(models, connection, projection, wanted, _opening(projection, keyed))


def _opening(projection: Projection, keyed: _Keyed) -> set[str]:
    """Return the keys whose personal member these events touch."""
    return {
        key
        for key, recorded in keyed
        if key is not None and type(recorded.event) in projection.opens
    }


def _fold(projection: Projection, batch: _Batch, keyed: _Keyed) -> None:
    """`batch` has gone over the events, or up to the first that cannot be folded."""
    rows, fold = batch.rows, projection.fold
    for key, recorded in keyed:
        if key is not None:
            try:
                rows[key] = fold(rows.get(key), recorded)
            except Exception as fault:  # noqa: BLE001 - whatever it is stops the projection and is told
                batch.stop = _stop_at(projection, recorded, fault)
                batch.stop.__cause__ = fault
                return
        batch.position = recorded.position or batch.position
        batch.last = recorded


def _keep(
    models: ReadModels,
    connection: Connection,
    projection: Projection,
    batch: _Batch,
    keyed: _Keyed,
) -> None:
    """Rows and checkpoint are as far as the batch got, and it can be seen what stopped it."""
    if batch.last is not None:
        done = keyed[: batch.position - (keyed[0][1].position or 0) + 1]
        rows = {key: batch.rows[key] for key, _ in done if key is not None}
        write_rows(models, connection, projection, rows, _opening(projection, done))
        checkpoints.advance(connection, projection, batch.position, batch.last.sequenced_at)
    if batch.stop is not None:
        checkpoints.record_stop(connection, projection, batch.stop)


def _stop_at(
    projection: Projection, recorded: Recorded[Any], fault: Exception
) -> ProjectionStopped:
    return ProjectionStopped(
        projection.name, recorded.position or 0, _named(recorded), _reason(fault)
    )


def _stop_narrowed(
    store: Store,
    models: ReadModels,
    projection: Projection,
    fault: EventUnreadable | LogCorrupt | RowRefused,
) -> ProjectionStopped:
    """It can be seen that the projection stands before the one event that is left at fault."""
    with models.engine.begin() as connection:
        position = checkpoints.lock(connection, projection)
        event, reason = _told(store, position, fault)
        stop = ProjectionStopped(projection.name, position + 1, event, reason)
        checkpoints.record_stop(connection, projection, stop)
    return stop


def _told(
    store: Store, position: int, fault: EventUnreadable | LogCorrupt | RowRefused
) -> tuple[str, str]:
    """Return the event after `position` and what is wrong with it; nothing personal."""
    if isinstance(fault, EventUnreadable):
        return fault.where, str(fault)
    if isinstance(fault, LogCorrupt):
        return "missing", str(fault)
    (recorded,) = store.read_log(after=position, limit=1, personal=False)
    return _named(recorded), f"the table does not take its row ({fault.kind})"


def _named(recorded: Recorded[Any]) -> str:
    return f"{type(recorded.event).__name__}, {recorded.stream} version {recorded.version}"


def _reason(fault: Exception) -> str:
    """Name the fault and its place; not its text, which may quote what concerns the person."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
