"""Rows of read models, read and written many at once.

A batch of rows is written as one JSON document in one statement: one parameter whatever the
number and types of the columns, and near the speed of COPY.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final

import msgspec
import psycopg
from sqlalchemy import Connection, Select, Table, delete, select, text
from sqlalchemy.exc import DBAPIError

from services.projections.catalogue import Projection
from services.projections.errors import RowRefused, RowUnreadable
from services.projections.models import ReadModels
from services.projections.sealed import is_any, open_members, sealed_members
from services.store import MasterKeyChanged, SealBroken

_SLICE: Final = 5_000  # rows in one statement: a document of one or two megabytes

# Classes of SQLSTATE that speak of a row and would be said of it again: its values cannot be held,
# a constraint forbids them, or they are too long for an index.
_REFUSALS: Final = ("22", "23", "54")

Rows = dict[str, Any]


def read_rows(
    models: ReadModels,
    connection: Connection,
    projection: Projection,
    wanted: Collection[str],
    opening: Collection[str],
) -> Rows:
    """Return the rows of these keys; `personal` is None except in those named in `opening`.

    Raises `RowUnreadable` where the table holds one that no fold wrote.
    """
    found = connection.execute(_known(projection.table), {"wanted": sorted(wanted)}).all()
    if not found:
        return {}
    names = projection.clear_columns
    try:
        personal = open_members(connection, models.keys, projection, opening) if opening else {}
        rows = (made(projection, dict(zip(names, each, strict=True)), personal) for each in found)
        return {getattr(row, projection.key_column): row for row in rows}
    except MasterKeyChanged:
        raise  # others can open it
    except (SealBroken, msgspec.MsgspecError):
        # Not `from fault`: its text quotes a value.
        raise RowUnreadable(projection.name) from None


@cache
def _known(table: Table) -> Select[Any]:
    """Select the wanted rows without what is sealed; made once, which takes longer than to ask."""
    (key,) = table.primary_key.columns
    return select(*(each for each in table.columns if each.name != "sealed")).where(is_any(key))


def made(projection: Projection, fields: dict[str, Any], personal: Mapping[str, Any]) -> Any:
    """Return the row that these clear fields and the opened member of its key make."""
    if projection.personal is not None:
        fields["personal"] = personal.get(fields[projection.key_column])
    return msgspec.convert([fields[each] for each in projection.row._fields], projection.row)


def write_rows(  # noqa: PLR0913 - what is written where, and what is known of it
    models: ReadModels,
    connection: Connection,
    projection: Projection,
    rows: Rows,
    *,
    opening: Collection[str],
    known: Collection[str] = (),
) -> None:
    """The table holds these rows; keys whose row is None are gone.

    What is sealed is written, and found by its tokens, only for the keys in `opening`: in the
    other rows the table keeps what it has. `known` are the keys of which it has a row. Raises
    `RowRefused` when the table does not take one.
    """
    try:
        gone = [key for key, row in rows.items() if row is None and key in known]
        if gone:
            _delete(connection, projection, gone)
        for new in (True, False):
            there = {
                key: row
                for key, row in rows.items()
                if row is not None and (key not in known) is new
            }
            _write(models, connection, projection, there, opening, new=new)
    except DBAPIError as fault:
        kind = _refusal(fault.orig)
        if kind is None:
            raise
        # Not `from fault`: a traceback would show its text.
        raise RowRefused(projection.name, kind) from None


def _refusal(fault: BaseException | None) -> str | None:
    """Return what the database refuses, in names alone; None when it is not a row's fault."""
    if not isinstance(fault, psycopg.Error) or (fault.sqlstate or "")[:2] not in _REFUSALS:
        return None
    concerned = (fault.diag.column_name, fault.diag.constraint_name)
    return " ".join((type(fault).__name__, *filter(None, concerned)))


def _write(  # noqa: PLR0913 - as above
    models: ReadModels,
    connection: Connection,
    projection: Projection,
    rows: Rows,
    opening: Collection[str],
    *,
    new: bool,
) -> None:
    if projection.personal is None:
        _put(connection, projection, _documents(rows.values()), new=new)
        return
    kept = [row for key, row in rows.items() if key not in opening]
    _put(connection, projection, _documents(kept), new=new)
    if opened := {key: row for key, row in rows.items() if key in opening}:
        _write_opened(models, connection, projection, opened, new=new)


def _write_opened(
    models: ReadModels, connection: Connection, projection: Projection, rows: Rows, *, new: bool
) -> None:
    sealed = sealed_members(
        connection, models.keys, projection, {key: row.personal for key, row in rows.items()}
    )
    documents = _documents(rows.values())
    for document, key in zip(documents, rows, strict=True):
        document["sealed"] = sealed[key]
    _put(connection, projection, documents, new=new, sealed=True)
    if projection.tokens is None or projection.found_by is None:
        return
    found_by = projection.found_by
    if not new:
        before = delete(found_by).where(is_any(found_by.c.reference))
        connection.execute(before, {"wanted": [*rows]})
    known = ((key, row.personal) for key, row in rows.items() if sealed[key] is not None)
    _insert_tokens(
        connection,
        found_by,
        [
            {"token": f"\\x{token.hex()}", "reference": key}
            for key, personal in known
            for token in projection.tokens(models.blind, personal)
        ],
    )


def _documents(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what of each row is not sealed, by the names of its columns."""
    documents: list[dict[str, Any]] = [row._asdict() for row in rows]
    for document in documents:
        document.pop("personal", None)
    return documents


def _delete(connection: Connection, projection: Projection, gone: list[str]) -> None:
    table = projection.table
    connection.execute(
        delete(table).where(is_any(table.c[projection.key_column])), {"wanted": gone}
    )
    if (found_by := projection.found_by) is not None:
        connection.execute(delete(found_by).where(is_any(found_by.c.reference)), {"wanted": gone})


def _put(
    connection: Connection,
    projection: Projection,
    documents: list[dict[str, Any]],
    *,
    new: bool,
    sealed: bool = False,
) -> None:
    """The table holds these; of `new` ones it had none, and need not look for them first."""
    columns = [*projection.clear_columns, *(["sealed"] if sealed else [])]
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns)
    listed = ", ".join(columns)
    table = projection.table.name
    replaced = f"ON CONFLICT ({projection.key_column}) DO UPDATE SET {changed}"
    statement = text(
        f"INSERT INTO {table} ({listed}) SELECT {listed} "  # noqa: S608 - our own names only
        f"FROM json_populate_recordset(NULL::{table}, :rows) {'' if new else replaced}"
    )
    for part in _sliced(documents):
        connection.execute(statement, {"rows": msgspec.json.encode(part).decode()})


def _insert_tokens(
    connection: Connection, found_by: Table, documents: list[dict[str, Any]]
) -> None:
    name = found_by.name
    statement = text(
        f"INSERT INTO {name} (token, reference) SELECT token, reference "  # noqa: S608 - our own names only
        f"FROM json_populate_recordset(NULL::{name}, :rows)"
    )
    for part in _sliced(documents):
        connection.execute(statement, {"rows": msgspec.json.encode(part).decode()})


def _sliced(documents: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (documents[at : at + _SLICE] for at in range(0, len(documents), _SLICE))
