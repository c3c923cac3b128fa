"""What the read models hold of a person: sealed members of rows, and tokens to find them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from services.projections.catalogue import PROJECTIONS
from services.projections.models import ReadModels
from services.projections.tables import case_names, exercise_pools


def held_of(models: ReadModels, reference: str) -> tuple[Mapping[str, int], int]:
    """Return the sealed rows of a case by their table, and how many tokens find its person."""
    held: dict[str, int] = {}
    with models.reads.connect() as connection:
        for projection in PROJECTIONS.values():
            if projection.personal is None:
                continue
            table = projection.table
            sealed = (table.c.reference == reference) & table.c.sealed.is_not(None)
            query = select(func.count()).select_from(table).where(sealed)
            held[table.name] = int(connection.execute(query).scalar_one())
        found = select(func.count()).where(case_names.c.reference == reference)
        tokens = int(connection.execute(found).scalar_one())
    return held, tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """That a case stood in the pool of an exercise, with what it was ranked by."""

    exercise: str
    points: int
    submitted_at: datetime
    stratum: str | None
    ruleset: str | None


def now_of(models: ReadModels) -> datetime:
    """Return the instant that it is by the database's clock, which dates what is beside the log."""
    with models.reads.connect() as connection:
        found: datetime = connection.execute(select(func.statement_timestamp())).scalar_one()
    return found


def pools_of(models: ReadModels, reference: str, position: int) -> tuple[Pooled, ...]:
    """Return the pools that hold a case, of those that were frozen by that position of the log."""
    rows = exercise_pools.c
    columns = [rows[name] for name in Pooled.__dataclass_fields__]
    query = (
        select(*columns)
        .where(rows.reference == reference, rows.position <= position)
        .order_by(rows.position, rows.exercise)
    )
    with models.reads.connect() as connection:
        return tuple(Pooled(**row) for row in connection.execute(query).mappings())
