"""The tables of generations that stand beside the live one of a read model."""

from functools import cache

from sqlalchemy import MetaData, Table
from sqlalchemy.sql.elements import quoted_name


@cache
def beside(declared: Table, generation: int) -> Table:
    """Return the table that holds the rows of a generation which is not the live one."""
    # The declared table's own indexes are copied with it, each under a name of its own.
    copy = declared.to_metadata(MetaData(), name=name_beside(declared.name, generation))
    for index in copy.indexes:
        index.name = quoted_name(name_beside(str(index.name), generation), quote=None)
    primary_key = name_beside(str(copy.primary_key.name), generation)
    copy.primary_key.name = quoted_name(primary_key, quote=None)
    return copy


def name_beside(name: str, generation: int) -> str:
    """Return what a table or an index is called that is not of the live generation."""
    return f"{name}__{generation}"
