"""Who looked at which cases: what is asked of the record of looks, which is itself a look."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Text, and_, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.access import Person
from domain.looks import STATED_FOR, Look
from services.projections.models import ReadModels
from services.store import BlindIndex
from services.store.noting import Named, account, noted
from services.store.stating import opened
from services.store.tables import case_keys, read_purposes, read_words, reads

LIMIT: Final = 25

_WORD: Final = re.compile(r"\w+")
_KIND: Final = "purpose of a look"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFilter:
    """Which looks to list: those that meet every condition that is given, bounds included.

    `stated` are the words, blind, that are all in why somebody looked.
    """

    case: str | None = None
    who: str | None = None
    stated: tuple[bytes, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look as it is on record; `words` is how many were searched for and are still kept.

    `stated` is why they looked, in their own words; empty without any, and once erased.
    """

    number: int
    at: datetime
    who: str
    role: str
    purpose: str
    what: str
    door: str
    correlation_id: str
    cases: tuple[str, ...]
    filters: Mapping[str, Any]
    words: int
    stated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPage:
    """A page of looks, the latest first.

    The next page is of those before the number `older`, which is None on the last one.
    """

    rows: tuple[Looked, ...]
    older: int | None


def looks(
    models: ReadModels,
    look: Look,
    wanted: LookFilter,
    *,
    before: int | None = None,
    limit: int = LIMIT,
) -> LookPage:
    """Return the looks that were recorded before this one, which is recorded with it.

    With `before` they are those of a lower number.
    """
    query = (
        select(
            reads,
            func.coalesce(func.cardinality(read_words.c.tokens), 0).label("words"),
            read_purposes.c.sealed,
            case_keys.c.wrapped,
        )
        .outerjoin(read_words, read_words.c.read_id == reads.c.read_id)
        .outerjoin(read_purposes, read_purposes.c.read_id == reads.c.read_id)
        .outerjoin(
            case_keys,
            and_(read_purposes.c.sealed.is_not(None), case_keys.c.reference == reads.c.cases[1]),
        )
        .where(*_conditions(wanted))
        .order_by(reads.c.read_id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(reads.c.read_id < before)
    named = None
    if wanted.who is not None:
        named = Named(filter="who", exists=account(look, wanted.who))
    with models.reads.connect() as connection:
        told = noted(query, look, _of(wanted, limit), filters=_told(wanted), named=named)
        found = connection.execute(told).all()
    rows = tuple(_looked(each, _stated(models, each)) for each in found[:limit])
    return LookPage(rows=rows, older=rows[-1].number if len(found) > limit else None)


def looks_at(models: ReadModels, reference: str, until: datetime) -> tuple[Looked, ...]:
    """Return every look at a case until an instant, in order, for the program itself."""
    query = (
        select(reads, literal(0).label("words"))
        .where(reads.c.cases.contains([reference]), reads.c.read_at <= until)
        .order_by(reads.c.read_id)
    )
    with models.reads.connect() as connection:
        return tuple(_looked(each, "") for each in connection.execute(query))


def words_of(blind: BlindIndex, text: str) -> tuple[bytes, ...]:
    """Return the words of why somebody looked as blind tokens, which meet no name's."""
    return tuple(blind.token(_KIND, word) for word in dict.fromkeys(_WORD.findall(text)))


def stated_lately(models: ReadModels, person: Person, reference: str) -> bool:
    """Say whether a person stated within `STATED_FOR` why they look at that case."""
    stated = (
        select(literal(1))
        .select_from(reads.join(read_purposes, read_purposes.c.read_id == reads.c.read_id))
        .where(
            reads.c.who == person.name,
            reads.c.cases.contains([reference]),
            reads.c.read_at > func.now() - STATED_FOR,
        )
    )
    with models.reads.connect() as connection:
        return bool(connection.execute(select(exists(stated))).scalar_one())


def _conditions(wanted: LookFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.case is not None:
        yield reads.c.cases.contains([wanted.case])
    if wanted.who is not None:
        yield reads.c.who == wanted.who
    if wanted.stated:
        yield read_purposes.c.tokens.contains(list(wanted.stated))
    if wanted.since is not None:
        yield reads.c.read_at >= wanted.since
    if wanted.until is not None:
        yield reads.c.read_at <= wanted.until


def _of(wanted: LookFilter, limit: int) -> Any:
    """The look is at the case that was asked for, and at all that are named in what is shown."""

    def cases(found: CTE) -> ColumnElement[Any]:
        page = select(found.c.cases).limit(limit).subquery()
        shown = select(func.unnest(page.c.cases)).distinct()
        named = func.array(shown.scalar_subquery())
        if wanted.case is None:
            return named
        asked = literal(wanted.case, Text)
        return func.array_append(func.array_remove(named, asked), asked, type_=ARRAY(Text))

    return cases


def _told(wanted: LookFilter) -> dict[str, str]:
    bounds = {"from": wanted.since, "to": wanted.until}
    told = {name: at.isoformat() for name, at in bounds.items() if at is not None}
    if wanted.stated:
        told["stated"] = f"{len(wanted.stated)} words"
    return told if wanted.who is None else {"who": wanted.who, **told}


def _stated(models: ReadModels, found: Any) -> str:
    if found.sealed is None:
        return ""
    return opened(models.keys, found.cases[0], found.wrapped, found.sealed)


def _looked(found: Any, stated: str) -> Looked:
    return Looked(
        number=found.read_id,
        at=found.read_at,
        who=found.who,
        role=found.role,
        purpose=found.purpose,
        what=found.what,
        door=found.door,
        correlation_id=found.correlation_id,
        cases=tuple(found.cases),
        filters=found.filters,
        words=found.words,
        stated=stated,
    )
