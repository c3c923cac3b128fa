"""A look at rows: the query that finds them also records who saw them, in one statement.

Law: what is shown is what is recorded, and where it cannot be recorded nothing is shown.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSON, JSONB

from domain.looks import Look
from domain.references import PREFIX
from services.store.seen import given, plain
from services.store.tables import read_words, reads

# As for the streams of a case: a look waits for no disk, in this transaction and no other.
_SOON: Final = text("set_config('synchronous_commit', 'off', true)")

Cases = Callable[[CTE], ColumnElement[Any]]
"""Says which cases the rows that were found show."""

Also = Callable[[CTE], ColumnElement[Any]]
"""Says what is kept, as JSON, beside what was asked for: something of the rows that were found."""

UNKNOWN: Final = "unknown"
"""What is kept of a name that was asked for and that nothing has."""

_NAME: Final = re.compile(r"[!-~]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A filter that holds what somebody typed, kept as it is where `exists` only.

    Whoever types a person's name where an account is asked for, or an exercise, would else have it
    on record for ever, whatever becomes of that person.
    """

    filter: str
    exists: ColumnElement[bool]


def noted(  # noqa: PLR0913 - what is told of a look, most of it by its name
    query: Select[Any],
    look: Look,
    cases: Cases,
    *,
    tokens: Sequence[bytes] = (),
    filters: Mapping[str, Any] | None = None,
    named: Sequence[Named] = (),
    also: Also | None = None,
    only_hits: bool = False,
) -> Select[Any]:
    """Return the query that finds the same rows in the same order and records the look at them.

    `tokens` are the blind tokens of the words that were searched for, and `filters` whatever else
    was asked for, in clear: nothing personal, and of a name that was typed nothing that nobody has.
    With `only_hits` a look that finds nothing is not recorded, for what it belongs to was. It needs
    a connection in autocommit.
    """
    found = query.cte("found").prefix_with("MATERIALIZED")
    told: dict[str, ColumnElement[Any]]
    told = {name: literal(value) for name, value in given(look).items()}
    told["cases"] = cases(found)
    told["filters"] = _kept(plain(filters or {}), named)
    if also is not None:
        told["filters"] = cast(cast(told["filters"], JSONB).concat(also(found)), JSON)
    row = select(*told.values()).select_from(_SOON)
    if only_hits:
        row = row.where(exists(select(literal(1)).select_from(found)))
    note = insert(reads).from_select(list(told), row).returning(reads.c.read_id).cte("noted")
    shown = select(found).add_cte(note)
    if not tokens:
        return shown
    words = select(note.c.read_id, literal(sorted(set(tokens)), ARRAY(BYTEA)))
    return shown.add_cte(insert(read_words).from_select(["read_id", "tokens"], words).cte("worded"))


def noted_whole(
    query: Select[Any], look: Look, asked: Mapping[str, Any], *, soon: bool = True
) -> Select[Any]:
    """Return the query that finds the same rows, each behind the number of the look it records.

    The look is at no case: what an answer names of the rows is recorded as `of` that number. Where
    nothing is found there is one row with the number alone. With `soon` as false the look waits for
    the disk with the transaction that it is recorded in, and without it for none, in autocommit.
    """
    found = query.subquery("found")
    told: dict[str, ColumnElement[Any]]
    told = {name: literal(value) for name, value in given(look).items()}
    told["cases"] = literal([], ARRAY(Text))
    told["filters"] = _json(plain(asked))
    row = select(*told.values())
    row = row.select_from(_SOON) if soon else row
    note = insert(reads).from_select(list(told), row).returning(reads.c.read_id).cte("noted")
    return select(note.c.read_id, *found.c).select_from(note.outerjoin(found, true()))


def shown(most: int | None = None) -> Cases:
    """Say that the look is at the case of each row, of the first `most` where more were found."""

    def cases(found: CTE) -> ColumnElement[Any]:
        page = select(found.c.reference).limit(most).subquery()
        # What is of an exercise stands among what is of cases.
        of_cases = select(page.c.reference).where(page.c.reference.startswith(PREFIX)).distinct()
        return func.array(of_cases.scalar_subquery())

    return cases


def at_none(_: CTE) -> ColumnElement[Any]:
    """Say that the look is at no case, but at what was counted or worked out of many."""
    return literal([], ARRAY(Text))


def account(look: Look, name: str, *also: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that somebody of this name is the one who looks, or looked before."""
    before = reads.alias()
    known = exists(select(literal(1)).select_from(before).where(before.c.who == name))
    return or_(literal(name == look.person.name), known, *also)


def _kept(filters: dict[str, Any], named: Sequence[Named]) -> ColumnElement[Any]:
    """Return the filters as they are kept; the database refuses names of another form."""
    if not named:
        return _json(filters)
    first, rest = named[0], named[1:]
    if first.filter not in filters:
        return _kept(filters, rest)
    veiled = _kept({**filters, first.filter: UNKNOWN}, rest)
    if not _NAME.fullmatch(str(filters[first.filter])):
        return veiled
    return case((first.exists, _kept(filters, rest)), else_=veiled)


def _json(filters: dict[str, Any]) -> ColumnElement[Any]:
    return cast(literal(filters, JSON), JSON)
