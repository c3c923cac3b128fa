"""Who looked at which cases: what is asked of the record of looks, which is itself a look.

Law: a look at looks records which of them were shown, and not their cases. Else each would be as
wide as all that it showed, the next one wider, and every case would be told of in all of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.access import Person
from domain.looks import STATED_FOR, Look
from services.projections.models import ReadModels
from services.store import BlindIndex, SealBroken
from services.store.noting import Also, Cases, Named, account, noted
from services.store.stating import opened
from services.store.tables import case_keys, read_purposes, read_words, reads

LIMIT: Final = 25
SHOWN: Final = 20
"""How many of the cases of one look are told; whoever asks for a case is shown every look at it."""

UNOPENED: Final = "[does not open]"
"""What is told of words that were altered, or are not under a key that is known here."""

_WORD: Final = re.compile(r"\w+")
_KIND: Final = "purpose of a look"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFilter:
    """Which looks to list: those that meet every condition that is given, bounds included.

    `who` are the spellings of one person's name, the one that this look is told by first.
    `stated` are the words, blind, that are all in why somebody looked.
    """

    case: str | None = None
    who: tuple[str, ...] = ()
    stated: tuple[bytes, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_of_time(self) -> bool:
        """Say whether looks of a time are asked for, whoever looked at whatever."""
        times = self.since is not None or self.until is not None
        return times and self.case is None and not self.who and not self.stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look as it is on record; `words` is how many were searched for and are still kept.

    `cases` are the first `SHOWN` of as many as `case_count`.
    `stated` is why they looked, in their own words; empty without any, and once erased, and
    `UNOPENED` where they were spoiled.
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
    case_count: int
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

    With `before` they are those that come after the look of that number. Of this one it is on
    record which case was asked for, and the lowest and the highest number that it shows.
    """
    words = func.coalesce(func.cardinality(read_words.c.tokens), 0)
    # Which they are is settled before anything stands beside them.
    page = _by_time(wanted, before) if wanted.is_of_time else _by_number(wanted, before)
    chosen = page.limit(limit + 1).subquery("chosen")
    order = (chosen.c.read_at, chosen.c.read_id) if wanted.is_of_time else (chosen.c.read_id,)
    query = (
        _with_reasons(words)
        .join(chosen, chosen.c.read_id == reads.c.read_id)
        .outerjoin(read_words, read_words.c.read_id == reads.c.read_id)
        .order_by(*(each.desc() for each in order))
    )
    named = []
    if wanted.who:
        known = or_(*(account(look, each) for each in wanted.who))
        named.append(Named(filter="who", exists=known))
    with models.reads.connect() as connection:
        told = noted(
            query, look, _of(wanted), filters=_told(wanted), named=named, also=_numbers(limit)
        )
        found = connection.execute(told).all()
    rows = tuple(_looked(each, _stated(models, each)) for each in found[:limit])
    return LookPage(rows=rows, older=rows[-1].number if len(found) > limit else None)


def looks_at(models: ReadModels, reference: str, until: datetime) -> tuple[Looked, ...]:
    """Return every look at a case until an instant, in order, for the program itself."""
    query = (
        _with_reasons(literal(0))
        .where(reads.c.cases.contains([reference]), reads.c.read_at <= until)
        .order_by(reads.c.read_id)
    )
    with models.reads.connect() as connection:
        found = connection.execute(query).all()
    return tuple(_looked(each, _stated(models, each)) for each in found)


def _by_time(wanted: LookFilter, before: int | None) -> Select[Any]:
    """Return which looks, in the order of time that an index has; numbers follow it but nearly."""
    own = (reads.c.read_at, reads.c.read_id)
    query = _numbers_of(wanted, *own)
    if before is not None:
        other = reads.alias()
        at = select(other.c.read_at).where(other.c.read_id <= before)
        place = at.order_by(other.c.read_id.desc()).limit(1).scalar_subquery()
        query = query.where(tuple_(*own) < tuple_(place, literal(before)))
    return query


def _by_number(wanted: LookFilter, before: int | None) -> Select[Any]:
    """Return which looks, in the order of their numbers."""
    # How many looks a case has the planner does not know, nor one of several names, and it takes it
    # for so many that whoever went through all looks from the last one would soon have met enough:
    # that way is closed here.
    is_plain = wanted.case is None and len(wanted.who) <= 1
    number = reads.c.read_id if is_plain else reads.c.read_id + 0
    query = _numbers_of(wanted, number)
    return query if before is None else query.where(reads.c.read_id < before)


def _numbers_of(wanted: LookFilter, *order: ColumnElement[Any]) -> Select[Any]:
    """Return the numbers and times of the looks that are wanted, the last in this order first."""
    asked = select(reads.c.read_at, reads.c.read_id).where(*_conditions(wanted))
    return asked.order_by(*(each.desc() for each in order))


def _with_reasons(words: ColumnElement[int]) -> Select[Any]:
    """Return the query of looks with why somebody looked, sealed, and the key that opens it."""
    return (
        _told_of(words, read_purposes.c.sealed, case_keys.c.wrapped)
        .outerjoin(read_purposes, read_purposes.c.read_id == reads.c.read_id)
        .outerjoin(
            case_keys,
            and_(read_purposes.c.sealed.is_not(None), case_keys.c.reference == reads.c.cases[1]),
        )
    )


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
    if wanted.who:
        yield reads.c.who.in_(wanted.who)
    if wanted.stated:
        of_words = read_purposes.c.tokens.contains(list(wanted.stated))
        yield reads.c.read_id.in_(select(read_purposes.c.read_id).where(of_words))
    if wanted.since is not None:
        yield reads.c.read_at >= wanted.since
    if wanted.until is not None:
        yield reads.c.read_at <= wanted.until


def _told_of(words: ColumnElement[int], *also: ColumnElement[Any]) -> Select[Any]:
    """Return the query of looks with as many of their cases as are told."""
    own = reads.c
    return select(
        *(each for each in own if each is not own.cases),
        own.cases[1:SHOWN].label("cases"),
        func.cardinality(own.cases).label("case_count"),
        words.label("words"),
        *also,
    )


def _of(wanted: LookFilter) -> Cases:
    """The look is at the case that was asked for."""
    asked = [] if wanted.case is None else [wanted.case]
    return lambda _: literal(asked, ARRAY(Text))


def _numbers(limit: int) -> Also:
    """Which looks are shown: of those that were asked for, from the lowest to the highest."""

    def numbers(found: CTE) -> ColumnElement[Any]:
        page = select(found.c.read_id).limit(limit).subquery()
        ends = func.jsonb_build_array(func.min(page.c.read_id), func.max(page.c.read_id))
        rows = select(func.jsonb_build_object("rows", ends)).having(func.count(page.c.read_id) > 0)
        return func.coalesce(rows.scalar_subquery(), cast(literal({}, JSONB), JSONB))

    return numbers


def _told(wanted: LookFilter) -> dict[str, str]:
    bounds = {"from": wanted.since, "to": wanted.until}
    told = {name: at.isoformat() for name, at in bounds.items() if at is not None}
    if wanted.stated:
        told["stated"] = f"{len(wanted.stated)} words"
    return {"who": wanted.who[0], **told} if wanted.who else told


def _stated(models: ReadModels, found: Any) -> str:
    if found.wrapped is None:
        return ""
    try:
        return opened(models.keys, found.cases[0], found.wrapped, found.sealed)
    except SealBroken:
        # Words that somebody spoiled keep neither their look nor those beside it from being told.
        return UNOPENED


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
        case_count=found.case_count,
        filters=found.filters,
        words=found.words,
        stated=stated,
    )
