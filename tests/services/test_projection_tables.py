"""The read models' tables: what is declared is what migrations make and what the folds give."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from services.projections import tables
from services.projections.catalogue import PROJECTIONS, Projection
from tests.conftest import TestDatabase


def test_the_declared_tables_are_the_migrated_ones(database: TestDatabase) -> None:
    url = database.owner_url.replace("postgresql:", "postgresql+psycopg:", 1)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_server_default": True,
                "include_name": lambda name, kind, _: (
                    kind != "table" or name in tables.metadata.tables
                ),
            },
        )
        assert compare_metadata(context, tables.metadata) == []


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=lambda each: each.name)
def test_a_table_has_a_column_for_each_field_of_its_row(projection: Projection) -> None:
    names = projection.row._fields
    columns = [str(each.name) for each in projection.table.columns]
    assert sorted(columns) == sorted("sealed" if name == "personal" else name for name in names)
