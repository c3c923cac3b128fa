"""A look at rows: the query that finds them also records who saw them, in one statement.

Law: what is shown is what is recorded, and where it cannot be recorded nothing is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSON

from domain.looks import Look
from domain.references import PREFIX
from services.store.tables import read_words, reads

# As for the streams of a case: a look waits for no disk, in this transaction and no other.
_SOON: Final = text("set_config('synchronous_commit', 'off', true)")

Cases = Callable[[CTE], ColumnElement[Any]]
"""Says which cases the rows that were found show."""


def noted(  # noqa: PLR0913 - what is told of a look, most of it by its name
    query: Select[Any],
    look: Look,
    cases: Cases,
    *,
    tokens: Sequence[bytes] = (),
    filters: Mapping[str, Any] | None = None,
    only_hits: bool = False,
) -> Select[Any]:
    """Return the query that finds the same rows in the same order and records the look at them.

    `tokens` are the blind tokens of the words that were searched for, and `filters` whatever else
    was asked for, in clear: nothing personal. With `only_hits` a look that finds nothing is not
    recorded, for what it belongs to was. It needs a connection in autocommit.
    """
    found = query.cte("found").prefix_with("MATERIALIZED")
    told = {
        "who": literal(look.person.name),
        "role": literal(str(look.person.role)),
        "purpose": literal(str(look.purpose)),
        "what": literal(str(look.what)),
        "door": literal(str(look.door)),
        "correlation_id": literal(look.correlation_id),
        "cases": cases(found),
        "filters": cast(literal(_plain(filters or {}), JSON), JSON),
    }
    row = select(*told.values()).select_from(_SOON)
    if only_hits:
        row = row.where(exists(select(literal(1)).select_from(found)))
    note = insert(reads).from_select(list(told), row).returning(reads.c.read_id).cte("noted")
    shown = select(found).add_cte(note)
    if not tokens:
        return shown
    words = select(note.c.read_id, literal(sorted(set(tokens)), ARRAY(BYTEA)))
    return shown.add_cte(insert(read_words).from_select(["read_id", "tokens"], words).cte("worded"))


def asked_for(*references: str) -> Cases:
    """Say that the look is at these cases, whether or not they were found."""
    return lambda _: literal(list(references), ARRAY(Text))


def shown(most: int | None = None) -> Cases:
    """Say that the look is at the case of each row, of the first `most` where more were found."""

    def cases(found: CTE) -> ColumnElement[Any]:
        page = select(found.c.reference).limit(most).subquery()
        # What is of an exercise stands among what is of cases.
        of_cases = select(page.c.reference).where(page.c.reference.startswith(PREFIX)).distinct()
        return func.array(of_cases.scalar_subquery())

    return cases


def _plain(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked for as JSON has it, without what was not."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in filters.items()
        if value is not None and value is not False and value != ()
    }
