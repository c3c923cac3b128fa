"""Fills generations at bulk speed: one pass over the log for all of them, a process for each core.

Each process folds a shard at a time in memory and writes its rows and its checkpoint in one
transaction. Law: rows and checkpoint are as far as each other, and no further than an event that
cannot be read or folded, or whose row is refused. It stops that shard of that read model alone, and
whoever follows the log from there meets it again, and records the stop.
"""

import gc
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from typing import Any, Final

from domain.errors import Reportable
from services.parentage import end_with_parent
from services.projections import checkpoints
from services.projections.catalogue import Projection, projection_named
from services.projections.checkpoints import SHARDS, State
from services.projections.errors import NotFilled, NothingBeside, ProjectionStopped, RowRefused
from services.projections.folding import Batch, go_on
from services.projections.models import ReadModels
from services.projections.rows import write_rows
from services.settings import Settings
from services.store import (
    BlindIndex,
    CaseKeys,
    EventUnreadable,
    LogCorrupt,
    Shard,
    Store,
    Stretch,
)

Told = Callable[[int, int], None]
"""Hears how many positions were gone over, and of how many."""

_AT_ONCE: Final = 10_000  # positions
_LOOK_SECONDS: Final = 0.2

_done: Any = None
"""How far each shard is, in memory that this process shares with the one that started it."""


def told_nobody(_done: int, _of: int) -> None:
    """Tell nobody."""


def fill(
    settings: Settings, numbers: Mapping[str, int], *, until: int, told: Told = told_nobody
) -> None:
    """These generations, by read model, hold the first `until` events of the log.

    A shard that an event stops is left somewhere before it. Raises `NotFilled` where one of the
    processes met any other fault; then they are not whole.
    """
    context = get_context("spawn")
    done = context.Array("q", SHARDS)
    with ProcessPoolExecutor(
        min(SHARDS, _cores()), mp_context=context, initializer=_share, initargs=(done,)
    ) as pool:
        filling = {
            pool.submit(_fill, settings, dict(numbers), Shard(number=shard, of=SHARDS), until)
            for shard in range(SHARDS)
        }
        while filling:
            finished, filling = wait(filling, timeout=_LOOK_SECONDS)
            for each in finished:
                if (fault := _fault_of(each)) is not None:
                    pool.shutdown(cancel_futures=True)
                    raise NotFilled(tuple(numbers), fault)
            told(sum(done[shard] for shard in range(SHARDS)), SHARDS * until)


def _fault_of(filling: Future[str | None]) -> str | None:
    try:
        return filling.result()
    except BrokenProcessPool:
        return "one of the processes that fill them was killed, perhaps for want of memory"


def _cores() -> int:
    return os.cpu_count() or 1


def _share(done: Any) -> None:
    global _done  # noqa: PLW0603 - a process that fills has one such place, given when it starts
    _done = done
    # It ends with its work, which makes no cycles, and would be looked through for them for ever.
    gc.disable()
    # Of one that was killed nobody waits for them, and a transaction of theirs is undone.
    end_with_parent()


def _fill(settings: Settings, numbers: Mapping[str, int], shard: Shard, until: int) -> str | None:
    """Return what went wrong, in words: faults do not all survive the way between processes."""
    keys, blind = (
        CaseKeys(settings.master_key, settings.master_key_former),
        BlindIndex(settings.blind_index_key),
    )
    store = Store.connect(settings.database_url, keys, pool_size=1)
    models = ReadModels.connect(settings.database_url, keys, blind, pool_size=1)
    try:
        for each, batch, last in _folded(store, tuple(numbers), shard, until):
            # What the table refuses is found by whoever follows the log, event by event.
            with suppress(RowRefused):
                _write(models, each.name, numbers[each.name], shard.number, batch, last)
    except Reportable as fault:
        return str(fault)
    else:
        return None
    finally:
        models.dispose()
        store.dispose()


def _folded(
    store: Store, names: tuple[str, ...], shard: Shard, until: int
) -> list[tuple[Projection, Batch, Stretch]]:
    """Return what each makes of the shard, and the last stretch that it is through with."""
    projections = going = [projection_named(name) for name in names]
    batches = {each.name: Batch(position=0) for each in projections}
    through = {each.name: Stretch(last=0, sequenced_at=None, events=()) for each in projections}
    at = 0
    while going and at < until:
        limit = min(_AT_ONCE, until - at)
        readers, going = _readers(store, shard, at, limit, going), []
        for each, read in readers:
            if (stop := _stop(each, batches[each.name], read)) is not None:
                through[each.name] = stop
                continue
            through[each.name], at = read, read.last
            going.append(each)
        _done[shard.number] = at
    _done[shard.number] = until
    return [(each, batches[each.name], through[each.name]) for each in projections]


def _readers(
    store: Store, shard: Shard, after: int, limit: int, going: list[Projection]
) -> list[tuple[Projection, Stretch]]:
    """Return what each of them reads; one that an event of it stops is left out.

    They read together, and each by itself only where there is such an event: what one opens stops
    none that leaves it closed.
    """
    opens = frozenset().union(*(each.opens for each in going))
    try:
        read = store.read_shard(shard, after=after, limit=limit, personal=opens)
    except (EventUnreadable, LogCorrupt):
        if len(going) == 1:
            return []
        return [found for each in going for found in _readers(store, shard, after, limit, [each])]
    return [(each, read) for each in going]


def _stop(projection: Projection, batch: Batch, read: Stretch) -> Stretch | None:
    """Return what the batch is through with where it cannot fold on, None where it did."""
    try:
        go_on(projection, batch, read.events)
    except ProjectionStopped:
        seen = batch.last.sequenced_at if batch.last else None
        return Stretch(last=batch.position, sequenced_at=seen, events=())
    return None


def _write(  # noqa: PLR0913, PLR0917 - what is written where
    models: ReadModels, name: str, number: int, shard: int, batch: Batch, last: Stretch
) -> None:
    with models.engine.begin() as connection:
        found = checkpoints.generations_of(connection, projection_named(name))
        generation = checkpoints.of_state(found, State.FILLING)
        # Whoever outlived the one that started them does not write into what was begun anew.
        if generation is None or generation.number != number:
            raise NothingBeside(name, State.FILLING)
        held = checkpoints.claim(connection, generation, shard, wait=True)
        if held is None or held.first:
            raise NothingBeside(name, State.FILLING)
        checkpoints.advance(connection, held, last.last, last.sequenced_at, shard)
        write_rows(models, connection, generation.projection, batch.rows, opening=batch.rows)
