"""How much of the log what is read of a read model holds, and so until when it is true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import psycopg

from services.projections.catalogue import Projection
from services.projections.checkpoints import is_foreign, shards_that_are_live
from services.projections.models import ReadModels
from services.projections.tables import checkpoints, log
from services.store.reading import present

_ROW: Final = checkpoints.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """A read model holds the first `position` events of the log, and so what was known at `as_of`.

    `as_of` is when the last of them became visible, None before the first; `lag` is how many
    numbered events are still to be folded. One that was folded from another log, or by another
    version of the fold, is certain to hold none; `of_another_log` says that it is the former.
    """

    name: str
    position: int
    as_of: datetime | None
    lag: int
    of_another_log: bool = False


def freshness(models: ReadModels, projection: Projection) -> Freshness:
    """Return how far the read model is: as far as the shard that is furthest behind."""
    row = present(models.first(reached(projection.name, projection.version), {}))
    return freshness_of(projection, row)


def freshness_of(projection: Projection, row: Sequence[Any]) -> Freshness:
    """Return what the row of `reached` says of a read model."""
    head, position, as_of, of_another_log = row
    if position is None or of_another_log:
        return Freshness(
            name=projection.name,
            position=0,
            as_of=None,
            lag=head,
            of_another_log=bool(of_another_log),
        )
    lag = max(0, head - position)
    return Freshness(name=projection.name, position=position, as_of=as_of, lag=lag)


@cache
def reached(name: str, version: int) -> str:
    """Return the question of `freshness` in words, made once: making costs more than asking.

    It has one row always: the log's head, and where the shard is that is furthest behind.
    """
    head = select(func.coalesce(func.max(log.c.position), 0)).scalar_subquery()
    # The log's instants never decrease, so that the first one is of the shard that is least far.
    # One that has folded nothing has none. To sort four shards costs twice as much.
    least = func.min(_ROW.position)
    query = select(
        head.label("head"),
        least.label("position"),
        case((least > 0, func.min(_ROW.as_of))).label("as_of"),
        func.bool_or(is_foreign()).label("of_another_log"),
    ).where(*shards_that_are_live(name), _ROW.version == version)
    dialect = psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
