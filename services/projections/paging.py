"""The case list page by page: filters, orders, and cursors that later changes do not disturb.

Law: a page begins after the last row of the one before by value, never by count, so a row that is
added or changed meanwhile can neither repeat nor hide another.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import msgspec
from psycopg.errors import QueryCanceled
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    TextClause,
    bindparam,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    tuple_,
)

from domain.access import SEEN_AT, Action, Person, demand, permitted
from domain.application import Route
from domain.looks import Look
from domain.projections.case_list import CaseRow
from domain.sight import row_as_seen_by
from domain.stages import Stage
from services import counts
from services.counts import Count
from services.projections.catalogue import CASE_LIST
from services.projections.deadlines import Due, days_due
from services.projections.errors import BadCursor
from services.projections.models import ReadModels
from services.projections.rows import made
from services.projections.sealed import opened
from services.projections.tables import (
    NEXT_DUE,
    case_keys,
    case_list,
    case_names,
    deadlines,
    exercises,
)
from services.store.errors import StoreUnreachable
from services.store.noting import Named, account, noted, shown

LIMIT: Final = 25
MOST: Final = 200
_NO_POINTS: Final = -1
_MOST_POINTS: Final = 2**31 - 1


class Sort(StrEnum):
    """The orders of the list; a leading hyphen means that the highest or latest comes first."""

    NEWEST = "-submitted_at"
    OLDEST = "submitted_at"
    MOST_POINTS = "-points"
    LONGEST_AT_STAGE = "stage_since"
    LATEST_MOVED = "-stage_since"
    NEXT_DUE = "due_on"
    """Only cases in which something is due, what is over first."""


class Mark(StrEnum):
    """What few cases have, each of which asks somebody of the office for something."""

    HELD = "held"
    """An investigation holds the case."""
    STALE = "stale"
    """What its assessment rests on was corrected from the shortlist on."""
    DUPLICATES = "duplicates"
    """Another application by the same person was refused beside this one."""
    OVERDUE = "overdue"
    """The day is over by which something was due."""


OF_WORK: Final[frozenset[Mark | Sort]] = frozenset({Mark.DUPLICATES, Mark.OVERDUE, Sort.NEXT_DUE})
"""What tells of the work on a case, requests for data among it, and asks for leave to read that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases to list: those that meet every condition that is given.

    Instants and points are bounds that are themselves included. `name` holds the blind tokens of
    words that must all occur in the applicant's name. `holder` has the cases; `unheld` ones nobody
    has.
    """

    stage: Stage | None = None
    route: Route | None = None
    exercise: str | None = None
    submitted_from: datetime | None = None
    submitted_to: datetime | None = None
    points_from: int | None = None
    points_to: int | None = None
    name: tuple[bytes, ...] = ()
    holder: str | None = None
    unheld: bool = False
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A page of the list; `next` is the cursor of the next one, None on the last.

    `due` says by reference what is due in a case.
    """

    rows: tuple[CaseRow, ...]
    next: str | None
    due: Mapping[str, Due]


class _Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sort: Sort
    value: datetime | int
    reference: str


_POINTS: Final = func.coalesce(case_list.c.points, text(str(_NO_POINTS)))
_COLUMNS: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
    {
        "submitted_at": case_list.c.submitted_at,
        "points": _POINTS,
        "stage_since": case_list.c.stage_since,
        "due_on": NEXT_DUE,
    }
)
_NUMBERS: Final[Mapping[Sort, range]] = MappingProxyType(
    {
        Sort.MOST_POINTS: range(_NO_POINTS, _MOST_POINTS + 1),
        Sort.NEXT_DUE: range(1, date.max.toordinal() + 1),
    }
)
"""The orders whose cursors hold a number, points or a day counted, and which there can be."""
_PATIENCE: Final = text("SET LOCAL statement_timeout = '40ms'")
_PLACE: Final = "place"
"""What a row of a page is ordered by, beside its reference."""
_MINE: Final = """
case_list.reference = ANY (ARRAY(SELECT reference FROM case_list WHERE holder = :holder))
"""
_MARKED: Final[Mapping[Mark, str]] = MappingProxyType(
    {
        Mark.HELD: "SELECT reference FROM case_list WHERE held",
        Mark.STALE: "SELECT reference FROM case_list WHERE stale",
        Mark.DUPLICATES: "SELECT reference FROM work WHERE duplicates > 0",
        Mark.OVERDUE: (
            "SELECT reference FROM deadlines WHERE told = -1 UNION ALL"
            " SELECT reference FROM deadlines WHERE access_due_on IS NOT NULL AND access_told = -1"
        ),
    }
)


def case_list_page(  # noqa: PLR0913 - what is asked for, most of it by its name
    models: ReadModels,
    look: Look,
    wanted: CaseFilter,
    *,
    sort: Sort = Sort.NEWEST,
    after: str | None = None,
    limit: int = LIMIT,
) -> CasePage:
    """Return the page of at most `limit` cases (1 to 200) that comes after the cursor `after`.

    Every case of the page is on record as looked at, and what was searched for as blind tokens.
    Raises `BadCursor` when `after` is not a cursor of this list in this order, and `Forbidden`
    where what is asked for is `OF_WORK` and not for that person.
    """
    _demand(look.person, wanted, sort)
    if not 1 <= limit <= MOST:
        raise ValueError(f"a page has 1 to {MOST} cases, not {limit}")
    query = with_names().add_columns(_sorted_by(sort).label(_PLACE))
    query = query.where(*_conditions(wanted), *in_sight_of(look.person))
    if sort is Sort.NEXT_DUE:
        query = _with_days(query, wanted)
    if after is not None:
        query = query.where(_beyond(_read_cursor(after, sort)))
    query = query.order_by(*_order(sort)).limit(limit + 1)
    asked = {**asdict(wanted), "name": None, "sort": sort}
    of_it = select(literal(1)).select_from(exercises).where(exercises.c.exercise == wanted.exercise)
    named = [Named(filter="exercise", exists=exists(of_it))]
    if wanted.holder is not None:
        named.append(Named(filter="holder", exists=account(look, wanted.holder)))
    told = noted(query, look, shown(limit), tokens=wanted.name, filters=asked, named=named)
    with models.reads.connect() as connection:
        found = connection.execute(told).all()
        listed = [each.reference for each in found[:limit]]
        due = days_due(connection, listed, with_data=permitted(look.person, Action.READ_WORK))
    rows = tuple(case_row_of(models, each, look.person) for each in found[:limit])
    more = len(found) > limit
    return CasePage(rows=rows, next=_cursor(sort, found[limit - 1]) if more else None, due=due)


def cases_counted(
    models: ReadModels, person: Person, wanted: CaseFilter, *, sort: Sort = Sort.NEWEST
) -> Count | None:
    """Return how many cases a person's list has in that order, None where that takes too long.

    What no index has together is looked for in the whole list, and the page is worth more.
    Raises `Forbidden` as the page does.
    """
    _demand(person, wanted, sort)
    query = select(literal(1)).select_from(case_list)
    query = query.where(*_conditions(wanted), *in_sight_of(person))
    if sort is Sort.NEXT_DUE:
        query = _with_days(query, wanted)
    found = select(func.count()).select_from(query.limit(counts.MOST).subquery())
    try:
        with models.engine.begin() as connection:
            connection.execute(_PATIENCE)
            return Count.counted(int(connection.execute(found).scalar_one()), counts.MOST)
    except StoreUnreachable as fault:
        if isinstance(fault.__cause__, QueryCanceled):
            return None
        raise


def _demand(person: Person, wanted: CaseFilter, sort: Sort) -> None:
    if OF_WORK & {wanted.mark, sort}:
        demand(person, Action.READ_WORK)


def in_sight_of(person: Person) -> Iterator[ColumnElement[bool]]:
    """Yield what a case has to meet for that person to see it; nothing where they see them all."""
    if (stages := SEEN_AT.get(person.role)) is not None:
        yield case_list.c.stage.in_(sorted(map(str, stages)))
        yield ~case_list.c.recused.contains([person.name])


def with_names() -> Select[Any]:
    """Return the query of the case list with the keys that open its names."""
    return select(case_list, case_keys.c.wrapped).outerjoin(
        case_keys, case_keys.c.reference == case_list.c.reference
    )


def case_row_of(models: ReadModels, found: Any, person: Person | None = None) -> CaseRow:
    """Return the row of the list that a row of `with_names()` holds, as that person may see it.

    None is the program itself, which sees all of it.
    """
    fields = {name: getattr(found, name) for name in CASE_LIST.clear_columns}
    personal = opened(models.keys, CASE_LIST, found)
    row: CaseRow = made(CASE_LIST, fields, {found.reference: personal})
    return row if person is None else row_as_seen_by(person, row)


def _conditions(wanted: CaseFilter) -> Iterator[ColumnElement[bool] | TextClause]:
    columns = case_list.c
    for column, value in (
        (columns.stage, wanted.stage),
        (columns.exercise, wanted.exercise),
    ):
        if value is not None:
            yield column == str(value)
    if wanted.route is not None:
        # In the statement's text, or a plan for any route could not use the index of one.
        yield columns.route == bindparam("route", str(wanted.route), literal_execute=True)
    if wanted.submitted_from is not None:
        yield columns.submitted_at >= wanted.submitted_from
    if wanted.submitted_to is not None:
        yield columns.submitted_at <= wanted.submitted_to
    if wanted.points_from is not None or wanted.points_to is not None:
        most = _MOST_POINTS if wanted.points_to is None else wanted.points_to
        yield _POINTS.between(_comparable(max(0, wanted.points_from or 0)), _comparable(most))
    yield from _by_work(wanted)
    if wanted.name:
        yield from map(_named, sorted(set(wanted.name)))


def _comparable(points: int) -> int:
    """Points that the column could hold, and that are as far beyond all that it does hold."""
    return max(_NO_POINTS, min(points, _MOST_POINTS))


def _by_work(wanted: CaseFilter) -> Iterator[ColumnElement[bool] | TextClause]:
    """Yield what the work on a case has to meet."""
    if wanted.holder is not None:
        # As a list that is had first: somebody's cases are few, and are not looked for in order.
        yield text(_MINE).bindparams(holder=wanted.holder)
    if wanted.unheld:
        yield case_list.c.holder.is_(None)
    if wanted.mark is not None:
        # As above: they are few.
        yield text(f"case_list.reference = ANY (ARRAY({_MARKED[wanted.mark]}))")


def _named(token: bytes) -> ColumnElement[bool]:
    """The word occurs in the name.

    One condition for each word, so that the list can be walked in its order for a name that many
    have, and the few cases of a rare one be sorted: gathering all of either first is slow.
    """
    return exists().where(
        case_names.c.token == token, case_names.c.reference == case_list.c.reference
    )


def _with_days(query: Select[Any], wanted: CaseFilter) -> Select[Any]:
    """Return the query of those cases in which something is due."""
    due = query.join(deadlines, deadlines.c.reference == case_list.c.reference)
    due = due.where(NEXT_DUE.is_not(None))
    # The same as is asked of the list, so that an index of the days has both the stage and the day.
    return due if wanted.stage is None else due.where(deadlines.c.stage == str(wanted.stage))


def _sorted_by(sort: Sort) -> ColumnElement[Any]:
    return _COLUMNS[sort.removeprefix("-")]


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    column = _sorted_by(sort)
    if sort.startswith("-"):
        return column.desc(), case_list.c.reference.desc()
    return column, case_list.c.reference


def _beyond(cursor: _Cursor) -> ColumnElement[bool]:
    place = tuple_(_sorted_by(cursor.sort), case_list.c.reference)
    value: date | int = cursor.value
    if cursor.sort is Sort.NEXT_DUE and isinstance(value, int):
        value = date.fromordinal(value)
    last = tuple_(value, cast(cursor.reference, Text))
    return place < last if cursor.sort.startswith("-") else place > last


def _cursor(sort: Sort, last: Any) -> str:
    value = getattr(last, _PLACE)
    if sort is Sort.NEXT_DUE:
        value = value.toordinal()
    cursor = _Cursor(sort=sort, value=value, reference=last.reference)
    return urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read_cursor(text: str, sort: Sort) -> _Cursor:
    try:
        plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        cursor = msgspec.json.decode(plain, type=_Cursor)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, ValueError) as fault:
        raise BadCursor from fault
    aware = isinstance(cursor.value, datetime) and cursor.value.tzinfo is not None
    if cursor.sort is not sort or aware is not (sort not in _NUMBERS):
        raise BadCursor
    if "\0" in cursor.reference or (
        isinstance(cursor.value, int) and cursor.value not in _NUMBERS[sort]
    ):
        raise BadCursor
    return cursor
