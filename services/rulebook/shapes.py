"""A ruleset laid out: what is told of it, in words and figures, each with its authority.

The same shapes are printed, served as JSON and shown on a page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, assert_never

from domain.application import Correspondence, Route
from domain.rules.checks import FACTOR_NAMES
from domain.rules.choose import known
from domain.rules.criteria import Criterion, sources_of
from domain.rules.factors import (
    AchievementFactor,
    AgeFactor,
    Citation,
    Confidence,
    Factor,
    FamilyFactor,
    FamilyItem,
    LanguageFactor,
    QualificationFactor,
    TalentListFactor,
    WorkFactor,
)
from domain.rules.life import Life
from domain.rules.types import Catches, Rulebook, Ruleset, Test
from services.rulebook import words

_EN: Final = Correspondence.ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Where a figure comes from and how sure it is."""

    source: tuple[str, ...]
    confidence: Confidence
    day_uncertain: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days on which a ruleset is in force, both included.

    ``last`` is null while nothing ends it; ``last_follows`` says that it is the day before the
    next ruleset of the route begins, and no figure of its own.
    """

    first: date
    first_uncertain: bool
    last: date | None
    last_uncertain: bool
    last_follows: bool
    known_from: date

    def cover(self, day: date) -> bool:
        """True on the days of the ruleset."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetLine:
    """A ruleset in brief."""

    id: str
    edition: int
    route: Route
    test: Test
    days: Days
    pass_mark: int
    max: int
    catches: Catches
    transition: str
    confidence: Confidence
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something that is asked, by its id, in words."""

    id: str
    asks: str
    authority: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShown:
    """A row that gives points, ``at_most`` in all where it counts several times.

    ``adds`` is true where it adds to the others, and false where the best of those counts.
    """

    id: str
    asks: str
    points: int
    at_most: int
    adds: bool
    authority: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorShown:
    """A factor, the most that it gives, and its rows."""

    factor: str
    max: int
    authority: Authority
    rows: tuple[RowShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where something can be read."""

    id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """What the figures of a whole ruleset rest on."""

    life: Authority
    transition: Authority
    pass_mark: Authority
    max: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetShown:
    """Everything of one ruleset; a test has either factors or criteria."""

    ruleset: RulesetLine
    authorities: Authorities
    prerequisites: tuple[Asked, ...]
    factors: tuple[FactorShown, ...]
    criteria: tuple[Asked, ...]
    sources: tuple[Source, ...]


def every(book: Rulebook) -> tuple[Ruleset, ...]:
    """Every edition of every ruleset, by route, first day and edition."""
    return tuple(sorted((*book.rulesets, *book.superseded), key=_order))


def latest(book: Rulebook, known_on: date | None = None) -> tuple[Ruleset, ...]:
    """The last edition of each ruleset that was known on a day, by route and first day."""
    return tuple(sorted(known(book, known_on), key=_order))


def days(book: Rulebook, ruleset: Ruleset, known_on: date | None = None) -> Days:
    """When a ruleset is in force, as far as was known on a day; an open end is the next's start."""
    life = ruleset.life
    after = _next(latest(book, known_on), ruleset) if life.until is None else None
    return Days(
        first=life.first,
        first_uncertain=life.cited.day_uncertain,
        last=after.first - timedelta(days=1) if after else life.until,
        last_uncertain=after is not None and after.cited.day_uncertain,
        last_follows=after is not None,
        known_from=life.known_from,
    )


def in_brief(
    book: Rulebook,
    ruleset: Ruleset,
    known_on: date | None = None,
    language: Correspondence = _EN,
) -> RulesetLine:
    """A ruleset in one line; its confidence is that of its days."""
    return RulesetLine(
        id=ruleset.id,
        edition=ruleset.edition,
        route=ruleset.route,
        test=ruleset.test,
        days=days(book, ruleset, known_on),
        pass_mark=ruleset.pass_mark.value,
        max=ruleset.max.value,
        catches=ruleset.transition.catches,
        transition=words.caught(ruleset.transition, language),
        confidence=ruleset.life.cited.confidence,
        digest=ruleset.digest,
    )


def in_full(book: Rulebook, ruleset: Ruleset, language: Correspondence = _EN) -> RulesetShown:
    """Everything of a ruleset, with the address of every source that it cites."""
    whole = RulesetShown(
        ruleset=in_brief(book, ruleset, language=language),
        authorities=Authorities(
            life=_authority(ruleset.life.cited),
            transition=_authority(ruleset.transition.cited),
            pass_mark=_authority(ruleset.pass_mark.cited),
            max=_authority(ruleset.max.cited),
        ),
        prerequisites=tuple(_prerequisites(ruleset, language)),
        factors=tuple(factor(each, language) for each in ruleset.factors),
        criteria=tuple(_criterion(each, language) for each in ruleset.criteria),
        sources=(),
    )
    cited = {each for authority in _authorities(whole) for each in authority.source}
    return replace(whole, sources=sources(book, cited))


def asked_by(ruleset: Ruleset, language: Correspondence) -> dict[str, str]:
    """What each row and criterion of a ruleset asks in words, by its id."""
    rows = {row.id: row.asks for each in ruleset.factors for row in factor(each, language).rows}
    return rows | {each.id: words.asked(each, language) for each in ruleset.criteria}


def sources(book: Rulebook, cited: Iterable[str]) -> tuple[Source, ...]:
    """The addresses of some sources, by their numbers."""
    addresses = dict(book.sources)
    return tuple(
        Source(id=each, address=addresses.get(each, "")) for each in sorted(cited, key=_numbered)
    )


def factor(of: Factor, language: Correspondence = _EN) -> FactorShown:
    """A factor with its rows, best first as in the data."""
    return FactorShown(
        factor=FACTOR_NAMES[type(of)],
        max=of.max.value,
        authority=_authority(of.max.cited),
        rows=tuple(_rows(of, language)),
    )


def _authorities(whole: RulesetShown) -> Iterator[Authority]:
    of = whole.authorities
    yield from (of.life, of.transition, of.pass_mark, of.max)
    yield from (each.authority for each in (*whole.prerequisites, *whole.criteria))
    for each in whole.factors:
        yield each.authority
        yield from (row.authority for row in each.rows)


def _numbered(source: str) -> tuple[str, int]:
    """The order in which S9 stands before S10."""
    letters = source.rstrip("0123456789")
    return letters, int(source[len(letters) :] or 0)


def _order(ruleset: Ruleset) -> tuple[bool, date, str, int]:
    achieves = ruleset.route is Route.ACHIEVEMENT
    return achieves, ruleset.life.first, ruleset.id, ruleset.edition


def _next(others: Iterable[Ruleset], ruleset: Ruleset) -> Life | None:
    later = [
        each.life
        for each in others
        if each.route is ruleset.route and each.life.first > ruleset.life.first
    ]
    return min(later, key=lambda life: life.first, default=None)


def _authority(cited: Citation) -> Authority:
    return Authority(
        source=cited.source,
        confidence=cited.confidence,
        day_uncertain=cited.day_uncertain,
        note=cited.note,
    )


def _prerequisites(ruleset: Ruleset, language: Correspondence) -> Iterator[Asked]:
    rules = ruleset.prerequisites
    cited = (
        rules.age.cited,
        rules.support,
        rules.record,
        rules.language.cited,
        rules.education.cited,
        rules.nationality,
    )
    for (each, asked), authority in zip(words.prerequisites(rules, language), cited, strict=True):
        yield Asked(id=each, asks=asked, authority=_authority(authority))


def _criterion(of: Criterion, language: Correspondence) -> Asked:
    cited = tuple(sorted(sources_of(of), key=_numbered))
    authority = replace(_authority(of.cited), source=cited)
    return Asked(id=of.id, asks=words.asked(of, language), authority=authority)


def _rows(of: Factor, language: Correspondence) -> Iterator[RowShown]:
    match of:
        case AgeFactor():
            yield from (_row(each, language, adds=False) for each in of.bands)
        case QualificationFactor():
            yield from (_row(each, language, adds=False) for each in of.ladder)
            yield from (_row(each, language, adds=True) for each in of.bonuses)
        case WorkFactor():
            yield from (_row(each, language, adds=False) for each in of.ladder)
            yield from (_row(each, language, adds=True) for each in of.bonuses)
        case LanguageFactor():
            yield from (_row(each, language, adds=False) for each in of.ladder)
        case TalentListFactor():
            yield _row(of.bonus, language, adds=True)
        case FamilyFactor():
            yield from (_row(each, language, adds=True) for each in of.items)
        case AchievementFactor():
            yield _row(of.row, language, adds=True)
        case _:
            assert_never(of)


def _row(row: words.Row, language: Correspondence, *, adds: bool) -> RowShown:
    return RowShown(
        id=row.id,
        asks=words.asks(row, language),
        points=row.points,
        at_most=row.cap if isinstance(row, FamilyItem) else row.points,
        adds=adds,
        authority=_authority(row.cited),
    )
