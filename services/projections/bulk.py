"""Fills generations at bulk speed: one pass over the log for all of them, a process for each core.

Each process folds some of the shards in memory and writes their rows and checkpoints in one
transaction, so that a shard is filled whole or not at all.
"""

import gc
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Final

from domain.errors import Reportable
from services.parentage import end_with_parent
from services.projections import checkpoints
from services.projections.catalogue import projection_named
from services.projections.checkpoints import SHARDS, Claim, State
from services.projections.errors import NotFilled, NothingBeside
from services.projections.folding import Batch, go_on
from services.projections.models import ReadModels
from services.projections.rows import write_rows
from services.settings import Settings
from services.store import BlindIndex, CaseKeys, Shard, Store, Stretch

Told = Callable[[int, int], None]
"""Hears how many positions were gone over, and of how many."""

_AT_ONCE: Final = 10_000  # positions
_LOOK_SECONDS: Final = 0.2

_done: Any = None
"""How far each part is, in memory that this process shares with the one that started it."""


def told_nobody(_done: int, _of: int) -> None:
    """Tell nobody."""


def fill(
    settings: Settings, numbers: Mapping[str, int], *, until: int, told: Told = told_nobody
) -> None:
    """These generations, by read model, hold the first `until` events of the log.

    Raises `NotFilled` where one of the processes met a fault; then they are not whole.
    """
    parts = max(each for each in range(1, SHARDS + 1) if SHARDS % each == 0 and each <= _cores())
    context = get_context("spawn")
    done = context.Array("q", parts)
    with ProcessPoolExecutor(
        parts, mp_context=context, initializer=_share, initargs=(done,)
    ) as pool:
        filling = {
            pool.submit(_fill, settings, dict(numbers), Shard(number=part, of=parts), until)
            for part in range(parts)
        }
        while filling:
            finished, filling = wait(filling, timeout=_LOOK_SECONDS)
            for each in finished:
                if (fault := _fault_of(each)) is not None:
                    raise NotFilled(tuple(numbers), fault)
            told(sum(done[part] for part in range(parts)), parts * until)


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


def _fill(settings: Settings, numbers: Mapping[str, int], part: Shard, until: int) -> str | None:
    """Return what went wrong, in words: faults do not all survive the way between processes."""
    keys, blind = (
        CaseKeys(settings.master_key, settings.master_key_former),
        BlindIndex(settings.blind_index_key),
    )
    store = Store.connect(settings.database_url, keys, pool_size=1)
    models = ReadModels.connect(settings.database_url, keys, blind, pool_size=1)
    try:
        folded, last = _folded(store, tuple(numbers), part, until)
        for name, batch in folded.items():
            _write(models, name, numbers[name], part, batch, last)
    except Reportable as fault:
        return str(fault)
    else:
        return None
    finally:
        models.dispose()
        store.dispose()


def _folded(
    store: Store, names: tuple[str, ...], part: Shard, until: int
) -> tuple[dict[str, Batch], Stretch]:
    projections = [projection_named(name) for name in names]
    batches = {each.name: Batch(position=0) for each in projections}
    opens = frozenset().union(*(each.opens for each in projections))
    read = Stretch(last=0, sequenced_at=None, events=())
    while read.last < until:
        limit = min(_AT_ONCE, until - read.last)
        read = store.read_shard(part, after=read.last, limit=limit, personal=opens)
        for each in projections:
            go_on(each, batches[each.name], read.events)
        _done[part.number] = read.last
    return batches, read


def _write(  # noqa: PLR0913, PLR0917 - what is written where
    models: ReadModels, name: str, number: int, part: Shard, batch: Batch, last: Stretch
) -> None:
    with models.engine.begin() as connection:
        found = checkpoints.generations_of(connection, projection_named(name))
        generation = checkpoints.of_state(found, State.FILLING)
        # Whoever outlived the one that started them does not write into what was begun anew.
        if generation is None or generation.number != number:
            raise NothingBeside(name, State.FILLING)
        held: Claim | None = None
        for shard in range(part.number, SHARDS, part.of):
            held = checkpoints.claim(connection, generation, shard, wait=True)
            if held is None or held.first:
                raise NothingBeside(name, State.FILLING)
            checkpoints.advance(connection, held, last.last, last.sequenced_at, shard)
        write_rows(models, connection, generation.projection, batch.rows, opening=batch.rows)
