"""The personal members of rows: sealed by the case's own key, for their own row only.

Law: reading starts from the wrapped key that the database holds now, so that whatever belongs to
an erased person reads as None from the moment of the erasure.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Connection, Text, any_, bindparam, select

from services.projections.catalogue import Projection
from services.projections.tables import case_keys
from services.store import CaseKeys


def is_any(column: Any) -> Any:
    """Return the condition that the column is one of the bound list `wanted`."""
    return column == any_(bindparam("wanted", type_=ARRAY(Text)))


def sealed_members(
    connection: Connection, keys: CaseKeys, projection: Projection, personal: Mapping[str, Any]
) -> dict[str, str | None]:
    """Return each row's member sealed, by the row's key; None where there is no person any more.

    The keys stay locked against erasure until the transaction ends, so that an erasure that is
    under way finds, and deletes, whatever is written here.
    """
    if projection.personal is None:
        return dict.fromkeys(personal)
    found = connection.execute(
        select(case_keys.c.reference, case_keys.c.wrapped)
        .where(is_any(case_keys.c.reference))
        .with_for_update(read=True),
        {"wanted": sorted(personal)},
    )
    wrapped = {row.reference: row.wrapped for row in found}
    return {
        reference: _seal(keys, projection, reference, wrapped.get(reference), member)
        for reference, member in personal.items()
    }


def open_members(
    connection: Connection, keys: CaseKeys, projection: Projection, wanted: Iterable[str]
) -> dict[str, Any]:
    """Return the personal member of each of these rows that has one that can still be opened."""
    if projection.personal is None:
        return {}
    table = projection.table
    found = connection.execute(
        select(table.c.reference, table.c.sealed, case_keys.c.wrapped)
        .join(case_keys, case_keys.c.reference == table.c.reference)
        .where(is_any(table.c.reference), table.c.sealed.is_not(None)),
        {"wanted": sorted(wanted)},
    )
    return {row.reference: opened(keys, projection, row) for row in found}


def opened(keys: CaseKeys, projection: Projection, row: Any) -> Any:
    """Return the personal member of a row that has `reference`, `sealed` and `wrapped`."""
    if projection.personal is None or row.sealed is None or row.wrapped is None:
        return None
    key = keys.unwrap(row.reference, bytes(row.wrapped))
    plain = key.open(row.sealed, _place(projection, row.reference))
    return msgspec.json.decode(plain, type=projection.personal)


def _seal(
    keys: CaseKeys, projection: Projection, reference: str, wrapped: bytes | None, member: Any
) -> str | None:
    if wrapped is None or member is None:
        return None
    key = keys.unwrap(reference, bytes(wrapped))
    return key.seal(msgspec.json.encode(member), _place(projection, reference))


def _place(projection: Projection, reference: str) -> bytes:
    return f"{projection.name} {projection.version} {reference}".encode()
