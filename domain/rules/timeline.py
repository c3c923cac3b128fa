"""What the documents of a rulebook must not contradict together: days, instants and names.

Law: every contradiction is found. On each day of a route exactly one ruleset is in force, from the
first one's first day on; what could not be read takes part in nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date, timedelta
from itertools import pairwise

from domain.application import Route
from domain.papers import DocumentKind
from domain.rules.life import Life
from domain.rules.limits import Limit
from domain.rules.retention import RecordClass
from domain.rules.types import DatedList, Edition, FeeSchedule, Quota, Rulebook, VisaFee

Named = tuple[str, Life]


def contradictions(book: Rulebook, unread: Collection[str]) -> Iterator[str]:
    """Every contradiction between the documents; ``unread`` are the documents with stand-ins.

    A ruleset counts among those only where its route or its life is a stand-in.
    """
    yield from _rulesets(book, unread)
    if "stay" not in unread:
        yield from _stays(book)
    for each in fields(book.lists):
        dated: DatedList = getattr(book.lists, each.name)
        if dated.id not in unread:
            yield from _dated_list(dated)
    if "limits" not in unread:
        yield from _limits(book)
    if "retention" not in unread:
        yield from _retention(book)
    if "fees" not in unread:
        yield from _fees(book.fees)
    if "quotas" not in unread:
        yield from _quotas(book.quotas)


def _limits(book: Rulebook) -> Iterator[str]:
    yield from _one_a_day([("originals", each.life) for each in book.originals])
    yield from _one_a_day([("paper", each.life) for each in book.paper])
    yield from _one_a_day([("the size of files", each.life) for each in book.file_sizes])
    for kind in DocumentKind:
        ours = [each.life for each in book.file_counts if each.kind is kind]
        yield from _one_a_day([(f"the number of files of the kind {kind}", each) for each in ours])
    for which in Limit:
        ours = [each.life for each in book.limits if each.limit is which]
        yield from _one_a_day([(f"limit {which}", life) for life in ours])
        if not ours:
            yield f"limits: no limit of {which} is loaded"


def _retention(book: Rulebook) -> Iterator[str]:
    for record in RecordClass:
        kept = [each.life for each in book.retention if each.record is record]
        yield from _one_a_day([(f"the time to keep {record}", life) for life in kept])
        if not kept:
            yield f"retention: no time to keep {record} is loaded"


def _rulesets(book: Rulebook, unread: Collection[str]) -> Iterator[str]:
    whole = [each for each in book.rulesets if each.id not in unread]
    for route in Route:
        lives = [(each.id, each.life) for each in whole if each.route is route]
        yield from _overlaps(lives)
        if len(whole) == len(book.rulesets):
            yield from _holes(lives)


def _stays(book: Rulebook) -> Iterator[str]:
    for route in Route:
        for top_tier in (False, True):
            tier = "top-tier stay" if top_tier else "stay"
            yield from _one_a_day(
                [
                    (f"{tier} {'+'.join(map(str, each.years))} of the {route} route", each.life)
                    for each in book.stays
                    if (each.route, each.top_tier) == (route, top_tier)
                ]
            )


def _one_a_day(lives: Sequence[Named]) -> Iterator[str]:
    yield from _overlaps(lives)
    yield from _holes(lives)


def _overlaps(lives: Iterable[Named]) -> Iterator[str]:
    for (name, life), (after, later) in pairwise(sorted(lives, key=_first)):
        # An open life ends where the next begins, and so needs no change when one is added.
        if later.first == life.first or (life.until is not None and later.first <= life.until):
            yield f"{after} begins on {later.first}, while {name} is in force"


def _holes(lives: Iterable[Named]) -> Iterator[str]:
    for (name, life), (after, later) in pairwise(sorted(lives, key=_first)):
        if life.until is not None and later.first - life.until > timedelta(days=1):
            ended = f"but {name} ended on {life.until}: nothing is in force in between"
            yield f"{after} begins on {later.first}, {ended}"


def _first(named: Named) -> date:
    return named[1].first


def _dated_list(dated: DatedList) -> Iterator[str]:
    ids = [each.id for each in dated.editions]
    yield from (
        f"{dated.id}: two are called {each}" for each in sorted(set(ids)) if ids.count(each) > 1
    )
    for one, other in pairwise(dated.editions):
        if _begins(one) == _begins(other):
            yield f"{one.id} and {other.id} begin, and became known, on the same day"
        elif _begins(one) > _begins(other):
            yield f"{dated.id}: {other.id} must stand before {one.id}, which begins later"


def _begins(edition: Edition) -> tuple[date, date]:
    return edition.life.first, edition.life.known_from


def _fees(schedules: Sequence[FeeSchedule]) -> Iterator[str]:
    for one, other in pairwise(schedules):
        if one.from_instant >= other.from_instant:
            begins = other.from_instant.isoformat()
            yield f"fees: those from {begins} must begin after those above them"
    for fees in schedules:
        yield from _fee_rows(fees.visa, f"fees from {fees.from_instant.isoformat()}")


def _fee_rows(rows: Sequence[VisaFee], where: str) -> Iterator[str]:
    limits = [row.stay_days_at_most for row in rows]
    bounded = [each for each in limits if each is not None]
    if limits[-1] is not None or len(bounded) != len(limits) - 1:
        yield f"{where}: only the last visa fee must be without a limit of days"
    elif bounded != sorted(set(bounded)):
        yield f"{where}: the limits of days must rise"


def _quotas(quotas: Sequence[Quota]) -> Iterator[str]:
    for one, other in pairwise(quotas):
        if one.known_from >= other.known_from:
            yield (
                f"quotas: the one of {other.first_year}, known from {other.known_from}, "
                "must be known after the one above it"
            )
    for each in quotas:
        if each.last_year is not None and each.last_year < each.first_year:
            yield f"quotas: {each.last_year}, the last year, is before {each.first_year}"
