"""What the read models hold of a person: sealed members of rows, and tokens to find them by."""

from collections.abc import Mapping

from sqlalchemy import func, select

from services.projections.catalogue import PROJECTIONS
from services.projections.models import ReadModels
from services.projections.tables import case_names


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
