"""Everything loaded, from its documents.

Law: documents that contradict each other (two rulesets of a route in force on one day, a source
that is not listed) are refused with every fault at once.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.application import Route
from domain.papers import DocumentKind
from domain.rules.editions import beginnings, chained, read_editions
from domain.rules.holidays import read_holidays
from domain.rules.limits import (
    DatedLimit,
    FileCount,
    FileSize,
    Limit,
    Originals,
    OriginalsSeen,
    Paper,
)
from domain.rules.reading import Notes, RulesetFaults, Table
from domain.rules.retention import read_retention
from domain.rules.timeline import contradictions
from domain.rules.transitions import read_transition
from domain.rules.types import (
    Catches,
    DatedList,
    Edition,
    FeeSchedule,
    Lists,
    Quota,
    Rulebook,
    StayPattern,
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
    "holidays",
    "retention",
)
"""The documents that are not a ruleset."""

_ALL_READ: Final[Mapping[str, str]] = MappingProxyType({})
_PLACED: Final = frozenset({"route", "life", "life.from", "life.begins_with", "life.until"})
"""Where a ruleset says of whom and when it is: with a stand-in here it has no place in time."""


def parse_rulebook(documents: Documents, *, unread: Mapping[str, str] = _ALL_READ) -> Rulebook:
    """The rulebook that the documents make, by name; or RulesetFaults with every fault.

    ``unread`` are documents that are no data, with what is wrong with them: nothing is held
    against the others for want of these, and contradictions are looked for once all of them read.
    """
    rulesets = {name: documents[name] for name in documents if name not in SHARED}
    chains = chained(rulesets, unread)
    faults = [*(f"{name}: {fault}" for name, fault in unread.items()), *chains.faults]
    sources = None if "sources" in unread else frozenset(documents.get("sources", {}))
    first_days = dict.fromkeys(unread, date.min) | beginnings(chains)
    tables = {
        name: Table(documents.get(name, {}), "", Notes(sources, first_days)) for name in SHARED
    }
    lists = Lists(
        excluded_nationalities=_dated_list("nationalities", tables["nationalities"]),
        talent_list=_dated_list("talent-lists", tables["talent-lists"]),
        universities=_dated_list("university-lists", tables["university-lists"]),
    )
    notes = Notes(sources, first_days)
    read = [read_editions(each, lists, notes, faults) for each in chains.editions]
    book = Rulebook(
        rulesets=tuple(each[-1].ruleset for each in read),
        superseded=tuple(each.ruleset for editions in read for each in editions[:-1]),
        lists=lists,
        stays=tuple(_stay(row) for row in tables["stay"].rows("patterns", least=1)),
        fees=tuple(_fees(row) for row in tables["fees"].rows("schedules", least=1)),
        limits=tuple(_limit(row) for row in tables["limits"].rows("limits", least=1)),
        originals=tuple(_originals(row) for row in tables["limits"].rows("originals", least=1)),
        paper=tuple(_paper(row) for row in tables["limits"].rows("paper", least=1)),
        file_sizes=tuple(_file_size(row) for row in tables["limits"].rows("file_sizes", least=1)),
        file_counts=tuple(
            _file_count(row) for row in tables["limits"].rows("file_counts", least=1)
        ),
        quotas=tuple(_quota(row) for row in tables["quotas"].rows("quotas", least=1)),
        holidays=read_holidays(tables["holidays"]),
        retention=tuple(map(read_retention, tables["retention"].rows("retention", least=1))),
        sources=tuple((each, tables["sources"].text(each)) for each in sorted(sources or ())),
    )
    for name, table in tables.items():
        table.close()
        if name not in unread:
            faults.extend(f"{name}: {fault}" for fault in table.notes.faults)
    stand_ins = {name for name, table in tables.items() if table.notes.unread}
    stand_ins |= {each[-1].ruleset.id for each in read if each[-1].unread & _PLACED}
    faults += () if unread else contradictions(book, stand_ins)
    if faults:
        raise RulesetFaults("rulebook", tuple(faults))
    return book


def _dated_list(name: str, table: Table) -> DatedList:
    return DatedList(id=name, editions=tuple(map(_edition, table.rows("editions", least=1))))


def _edition(row: Table) -> Edition:
    members = row.texts("members") if row.has("members") else ()
    life = row.life()
    if life.until is not None:
        row.fault("until", "an edition is in force until the next one begins")
    return Edition(
        id=row.text("id"),
        life=life,
        members=members,
        size=len(members) if row.has("members") else row.whole("size", least=1),
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


def _limit(row: Table) -> DatedLimit:
    return DatedLimit(
        limit=row.one_of("limit", Limit), value=row.whole("value", least=1), life=row.life()
    )


def _originals(row: Table) -> Originals:
    return Originals(seen=row.one_of("seen", OriginalsSeen), life=row.life())


def _paper(row: Table) -> Paper:
    return Paper(taken=row.truth_or_false("taken"), life=row.life())


def _file_size(row: Table) -> FileSize:
    return FileSize(bytes_at_most=row.whole("bytes_at_most", least=1), life=row.life())


def _file_count(row: Table) -> FileCount:
    return FileCount(
        kind=row.one_of("kind", DocumentKind),
        files_at_most=row.whole("files_at_most", least=1),
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
