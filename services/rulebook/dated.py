"""The dated data beside the rulesets: quotas, fees, lists, holidays and more, a line a value."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from domain.days import HONG_KONG
from domain.papers import DocumentKind
from domain.rules.factors import Citation, Confidence
from domain.rules.life import Life
from domain.rules.limits import Limit
from domain.rules.retention import RecordClass
from domain.rules.types import DatedList, FeeSchedule, HolidayYear, Quota, Rulebook, StayPattern
from services.rulebook import words

_DAY: Final = len("2019-05-01")
_NEVER: Final = date.max.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue:
    """One value in words, and when it holds.

    ``first`` is a day, an instant in Hong Kong or a year, and ``last`` the last one, null while
    nothing ends it; ``last_follows`` says that it is where the next value of the kind begins, and
    no figure of its own. ``catches`` is empty, and ``known_from`` null, where nothing is said.
    """

    kind: str
    value: str
    first: str
    last: str | None
    last_follows: bool = False
    day_uncertain: bool
    known_from: date | None
    catches: str = ""
    source: tuple[str, ...]
    confidence: Confidence
    note: str

    def covers(self, day: date) -> bool:
        """True when it holds on some part of a day."""
        first, last = self.first[:_DAY], (self.last or _NEVER)[:_DAY]
        return first <= f"{day}"[: len(first)] and f"{day}"[: len(last)] <= last


def dated_values(book: Rulebook, known_on: date | None = None) -> tuple[DatedValue, ...]:
    """Every dated value that was known on a day, by kind and then by its first day."""
    return tuple(
        value
        for group in _groups(book)
        for value in _ending([each for each in group if _known(each, known_on)])
    )


def _known(value: DatedValue, on: date | None) -> bool:
    return on is None or value.known_from is None or value.known_from <= on


def _groups(book: Rulebook) -> Iterator[list[DatedValue]]:
    """The values in groups, of which one ends where the next begins."""
    yield [_quota(each) for each in book.quotas]
    for kind in dict.fromkeys((each.route, each.top_tier) for each in book.stays):
        ours = [each for each in book.stays if (each.route, each.top_tier) == kind]
        yield [_stay(each) for each in ours]
    yield [_fees(each) for each in book.fees]
    for which in Limit:
        name = which.replace("-", " ")
        yield [
            _living("limit", f"{name}: {each.value}", each.life)
            for each in book.limits
            if each.limit is which
        ]
    yield [_living("originals", f"seen: {each.seen}", each.life) for each in book.originals]
    yield [
        _living("paper", "taken" if each.taken else "not taken", each.life) for each in book.paper
    ]
    yield from _file_limits(book)
    for record in RecordClass:
        yield [
            _living("time to keep", f"{record}: {each.period} from its {each.runs_from}", each.life)
            for each in book.retention
            if each.record is record
        ]
    lists = book.lists
    yield _list("excluded nationalities", lists.excluded_nationalities)
    yield _list("Talent List", lists.talent_list)
    yield _list("university list", lists.universities)
    yield [_holidays(each) for each in book.holidays]


def _file_limits(book: Rulebook) -> Iterator[list[DatedValue]]:
    yield [
        _living("file size", f"{each.bytes_at_most:,} bytes at most", each.life)
        for each in book.file_sizes
    ]
    for kind in DocumentKind:
        yield [
            _living("files", f"{kind}: {each.files_at_most} a case at most", each.life)
            for each in book.file_counts
            if each.kind is kind
        ]


def _list(kind: str, dated: DatedList) -> list[DatedValue]:
    values = []
    for each in dated.editions:
        members = " ".join(each.members) or f"{each.size} entries"
        values.append(_living(kind, f"{each.id}: {members}", each.life))
    return values


def _ending(values: list[DatedValue]) -> Iterator[DatedValue]:
    """Values of one kind, each open one ended where the next that begins later does."""
    ordered = sorted(values, key=lambda each: each.first)
    for each in ordered:
        later = next((other.first for other in ordered if other.first > each.first), None)
        if each.last is None and later is not None:
            yield replace(each, last=_before(later), last_follows=True)
        else:
            yield each


def _before(first: str) -> str:
    """The year or day before one; an instant is itself the end of what was before it."""
    if first.isdecimal():
        return str(int(first) - 1)
    if " " in first:
        return first
    return (date.fromisoformat(first) - timedelta(days=1)).isoformat()


def _quota(quota: Quota) -> DatedValue:
    places = "no ceiling" if quota.places is None else f"{quota.places:,} places a year"
    span = str(quota.first_year), str(quota.last_year) if quota.last_year else None
    value = _value("quota", places, span, quota.cited)
    return replace(value, known_from=quota.known_from, catches=words.year_caught(quota.catches))


def _holidays(year: HolidayYear) -> DatedValue:
    substitutes = sum(each.substitute for each in year.days)
    stand_in = f", {substitutes} of them in place of another" if substitutes else ""
    span = str(year.year), str(year.year)
    return _value("general holidays", f"{len(year.days)} days{stand_in}", span, year.cited)


def _stay(stay: StayPattern) -> DatedValue:
    tier = ", top tier" if stay.top_tier else ""
    years = " + ".join(map(str, stay.years))
    value = _living("stay", f"{stay.route} route{tier}: {years} years", stay.life)
    return replace(value, catches=words.caught(stay.transition))


def _fees(fees: FeeSchedule) -> DatedValue:
    parts = [f"visa {_visa(fees)}"]
    if fees.application_hkd is not None:
        parts.insert(0, f"application HK${fees.application_hkd:,}")
    value = _value("fees", "; ".join(parts), (_instant(fees.from_instant), None), fees.cited)
    return replace(value, catches=words.caught(replace(fees.transition, at=None)))


def _instant(at: datetime) -> str:
    return f"{at.astimezone(HONG_KONG):%Y-%m-%d %H:%M}"


def _visa(fees: FeeSchedule) -> str:
    bounded = [each for each in fees.visa if each.stay_days_at_most is not None]
    others = [each for each in fees.visa if each.stay_days_at_most is None]
    said = [f"HK${each.hkd:,} up to {each.stay_days_at_most} days" for each in bounded]
    said += [f"HK${each.hkd:,}{' longer' if bounded else ''}" for each in others]
    return ", ".join(said)


def _living(kind: str, value: str, life: Life) -> DatedValue:
    span = life.first.isoformat(), life.until.isoformat() if life.until else None
    return replace(_value(kind, value, span, life.cited), known_from=life.known_from)


def _value(kind: str, value: str, span: tuple[str, str | None], cited: Citation) -> DatedValue:
    return DatedValue(
        kind=kind,
        value=value,
        first=span[0],
        last=span[1],
        day_uncertain=cited.day_uncertain,
        known_from=None,
        source=cited.source,
        confidence=cited.confidence,
        note=cited.note,
    )
