"""Everything loaded, from its documents.

Law: documents that contradict each other (two rulesets of a route in force on one day, a source
that is not listed) are refused with every fault at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from domain.application import Route
from domain.rules.parse import parse_ruleset
from domain.rules.reading import Notes, RulesetFaults, Table
from domain.rules.transitions import read_transition
from domain.rules.types import (
    Catches,
    DatedList,
    Edition,
    FeeSchedule,
    Life,
    Lists,
    Quota,
    Rulebook,
    Ruleset,
    StayPattern,
    TimeLimits,
    VisaFee,
    YearCaught,
)

Documents = Mapping[str, Mapping[str, object]]

SHARED = (
    "sources",
    "nationalities",
    "talent-lists",
    "university-lists",
    "stay",
    "fees",
    "limits",
    "quotas",
)
"""The documents that are not a ruleset."""


def parse_rulebook(documents: Documents) -> Rulebook:
    """The rulebook that the documents make, by name; or RulesetFaults with every fault."""
    faults: list[str] = []
    shared = {name: documents.get(name, {}) for name in SHARED}
    sources = frozenset(shared["sources"])
    tables = {name: Table(data, "", Notes(sources)) for name, data in shared.items()}
    lists = Lists(
        excluded_nationalities=_dated_list("nationalities", tables["nationalities"]),
        talent_list=_dated_list("talent-lists", tables["talent-lists"]),
        universities=_dated_list("university-lists", tables["university-lists"]),
    )
    rulesets = tuple(_rulesets(documents, lists, sources, faults))
    book = Rulebook(
        rulesets=rulesets,
        lists=lists,
        stays=tuple(_stay(row) for row in tables["stay"].rows("patterns", least=1)),
        fees=tuple(_fees(row) for row in tables["fees"].rows("schedules", least=1)),
        limits=tuple(_limits(row) for row in tables["limits"].rows("limits", least=1)),
        quotas=tuple(_quota(row) for row in tables["quotas"].rows("quotas", least=1)),
        sources=tuple((each, tables["sources"].text(each)) for each in sorted(sources)),
    )
    for name, table in tables.items():
        table.close()
        faults.extend(f"{name}: {fault}" for fault in table.notes.faults)
    faults = faults or list(_contradictions(book))
    if faults:
        raise RulesetFaults("rulebook", tuple(faults))
    return book


def _rulesets(
    documents: Documents, lists: Lists, sources: frozenset[str], faults: list[str]
) -> Iterator[Ruleset]:
    for name in sorted(set(documents) - set(SHARED)):
        try:
            yield parse_ruleset(documents[name], lists, sources=sources)
        except RulesetFaults as refused:
            faults.extend(f"{name}: {fault}" for fault in refused.faults)


def _dated_list(name: str, table: Table) -> DatedList:
    editions = [_edition(row) for row in table.rows("editions", least=1)]
    return DatedList(id=name, editions=tuple(sorted(editions, key=_begins)))


def _begins(edition: Edition) -> tuple[date, date]:
    return edition.life.first, edition.life.known_from


def _edition(row: Table) -> Edition:
    members = row.texts("members", least=1) if row.has("members") else ()
    return Edition(
        id=row.text("id"),
        life=row.life(),
        members=members,
        size=len(members) or row.whole("size", least=1),
    )


def _stay(row: Table) -> StayPattern:
    life = row.life()
    return StayPattern(
        route=row.one_of("route", Route),
        top_tier=row.truth_or_false("top_tier"),
        years=row.wholes("years", least=1),
        life=life,
        transition=read_transition(row, life, life.cited),
    )


def _fees(row: Table) -> FeeSchedule:
    return FeeSchedule(
        from_instant=row.instant("from"),
        application_hkd=row.whole_or_none("application_hkd"),
        visa=tuple(
            VisaFee(
                stay_days_at_most=each.whole_or_none("stay_days_at_most", least=1),
                hkd=each.whole("hkd"),
            )
            for each in row.rows("visa", least=1)
        ),
        catches=row.one_of("catches", Catches),
        cited=row.citation(),
    )


def _limits(row: Table) -> TimeLimits:
    return TimeLimits(
        payment_months=row.whole("payment_months", least=1),
        activation_months=row.whole("activation_months", least=1),
        life=row.life(),
    )


def _quota(row: Table) -> Quota:
    return Quota(
        catches=row.one_of("catches", YearCaught),
        last_year=row.whole_or_none("last_year", least=1),
        places=row.whole_or_none("places"),
        known_from=row.day("known_from"),
        cited=row.citation(),
    )


def _contradictions(book: Rulebook) -> Iterator[str]:
    yield from _namesakes("rulesets", [each.id for each in book.rulesets])
    for route in Route:
        ours = [each for each in book.rulesets if each.route is route]
        yield from _overlaps((each.id, each.life) for each in ours)
        for top_tier in (False, True):
            stays = [
                each for each in book.stays if (each.route, each.top_tier) == (route, top_tier)
            ]
            yield from _overlaps((f"stay {each.years} of {route}", each.life) for each in stays)
    lists = book.lists
    for dated in (lists.excluded_nationalities, lists.talent_list, lists.universities):
        yield from _namesakes(dated.id, [each.id for each in dated.editions])
        yield from (
            f"{one.id} and {other.id} begin, and became known, on the same day"
            for one, other in pairwise(dated.editions)
            if _begins(one) == _begins(other)
        )
    yield from _overlaps(("limits", each.life) for each in book.limits)
    for fees in book.fees:
        yield from _fee_rows(fees.visa, f"fees from {fees.from_instant.isoformat()}")


def _namesakes(where: str, ids: list[str]) -> Iterator[str]:
    yield from (
        f"{where}: two are called {each}" for each in sorted(set(ids)) if ids.count(each) > 1
    )


def _overlaps(lives: Iterable[tuple[str, Life]]) -> Iterator[str]:
    ordered = sorted(lives, key=lambda each: each[1].first)
    for (name, life), (after, later) in pairwise(ordered):
        # An open life ends where the next begins, and so needs no change when one is added.
        if later.first == life.first or (life.until is not None and later.first <= life.until):
            yield f"{after} begins on {later.first}, while {name} is in force"


def _fee_rows(rows: Sequence[VisaFee], where: str) -> Iterator[str]:
    limits = [row.stay_days_at_most for row in rows]
    bounded = [each for each in limits if each is not None]
    if limits[-1] is not None or len(bounded) != len(limits) - 1:
        yield f"{where}: only the last visa fee must be without a limit of days"
    elif bounded != sorted(set(bounded)):
        yield f"{where}: the limits of days must rise"
