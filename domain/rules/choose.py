"""Which rule holds for a case: its ruleset, its fees, its stay; and the quota of a year.

Law: what is not loaded is refused by name, never guessed from a neighbour. What is open-ended is
in force until the next of its kind begins, so that adding a rule never changes one already used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from domain.days import written_out
from domain.errors import Refusal
from domain.papers import DocumentKind
from domain.rules.life import Life
from domain.rules.limits import (
    DatedLimit,
    FileCount,
    FileSize,
    Limit,
    Originals,
    OriginalsSeen,
    Paper,
)
from domain.rules.retention import RecordClass, Retention
from domain.rules.transitions import Filing, holding
from domain.rules.types import FeeSchedule, Quota, Rulebook, Ruleset, StayPattern


class NoRule(Refusal):
    """No loaded rule answers this question."""


class NoRuleset(NoRule):
    """No ruleset is loaded for this route on this day."""


class UnknownRuleset(NoRule):
    """No ruleset has this id."""


def choose(rulebook: Rulebook, filing: Filing, *, known_on: date | None = None) -> Ruleset:
    """The ruleset that holds for a filing as the rules were known on a day, or NoRuleset.

    Without `known_on` they are as known last.
    """
    ours = [each for each in known(rulebook, known_on) if each.route == filing.route]
    chosen = holding(ours, filing)
    if chosen is not None:
        return chosen
    # On a day before any was known, those of today tell from when there are some.
    named = ours or [each for each in rulebook.rulesets if each.route == filing.route]
    loaded = ", ".join(f"{each.id} ({_span(each.life)})" for each in named) or "none"
    day = written_out(filing.submitted_on)
    raise NoRuleset(f"no ruleset of the {filing.route} route is loaded for {day}; loaded: {loaded}")


def known(rulebook: Rulebook, on: date | None = None) -> tuple[Ruleset, ...]:
    """The latest edition of each ruleset that was known on a day; as known last without one.

    The lists that they read are as known on that day too, and a life that begins with another
    ruleset begins on the day that was then known for that one.
    """
    if on is None:
        return rulebook.rulesets
    latest: dict[str, Ruleset] = {}
    for each in sorted((*rulebook.superseded, *rulebook.rulesets), key=lambda each: each.edition):
        if each.life.known_from <= on:
            latest[each.id] = each
    found = (_beginning_with(latest, latest[each]) for each in sorted(latest))
    return tuple(_as_known(each, on) for each in found)


def _beginning_with(latest: Mapping[str, Ruleset], ruleset: Ruleset) -> Ruleset:
    other = latest.get(ruleset.life.begins_with or "")
    if other is None or other.life.first == ruleset.life.first:
        return ruleset
    return replace(ruleset, life=replace(ruleset.life, first=other.life.first))


def _as_known(ruleset: Ruleset, on: date) -> Ruleset:
    lists = ruleset.lists.known_by(on)
    return ruleset if lists is ruleset.lists else replace(ruleset, lists=lists)


def named(rulebook: Rulebook, ruleset_id: str) -> Ruleset:
    """The latest edition of that id, whatever its life, or UnknownRuleset naming the known ones."""
    for each in rulebook.rulesets:
        if each.id == ruleset_id:
            return each
    ids = ", ".join(each.id for each in rulebook.rulesets) or "none"
    raise UnknownRuleset(f"no ruleset is called {ruleset_id!r}; known: {ids}")


def recorded(
    rulebook: Rulebook, ruleset_id: str, digest: str, *, known_on: date | None = None
) -> Ruleset:
    """The very edition that an assessment recorded, or UnknownRuleset.

    With the day of that assessment its lists are as they were known then, so that an edition of a
    list that was added since changes nothing.
    """
    latest = named(rulebook, ruleset_id)
    ours = (latest, *(each for each in rulebook.superseded if each.id == ruleset_id))
    for each in ours:
        if each.digest == digest:
            return each if known_on is None else _as_known(each, known_on)
    raise UnknownRuleset(f"no edition of {ruleset_id} has the digest {digest}")


def application_fee(rulebook: Rulebook, filing: Filing) -> int | None:
    """HK dollars a person on submission; None where there is no such fee."""
    return _schedule(rulebook, filing).application_hkd


def visa_fee(rulebook: Rulebook, filing: Filing, stay_days: int) -> int:
    """HK dollars a person for a visa of so many days' stay."""
    for row in _schedule(rulebook, filing).visa:
        if row.stay_days_at_most is None or stay_days <= row.stay_days_at_most:
            return row.hkd
    raise NoRule(f"no visa fee is loaded for a stay of {stay_days} days")


def stay_pattern(rulebook: Rulebook, filing: Filing, *, top_tier: bool = False) -> StayPattern:
    """The periods of stay that hold for a filing."""
    route = filing.route
    pattern = holding(
        (each for each in rulebook.stays if (each.route, each.top_tier) == (route, top_tier)),
        filing,
    )
    if pattern is not None:
        return pattern
    tier, day = "top-tier " if top_tier else "", written_out(filing.submitted_on)
    raise NoRule(f"no {tier}stay pattern of the {route} route is loaded for {day}")


def limit(rulebook: Rulebook, which: Limit, submitted_on: date) -> int:
    """What is allowed to somebody who submitted on that Hong Kong day, in the limit's own unit."""
    ours = [each for each in rulebook.limits if each.limit is which]
    return _in_force(ours, submitted_on, f"limit of {which}").value


def originals_seen(rulebook: Rulebook, submitted_on: date) -> OriginalsSeen:
    """Whether an approval waits until the originals of whoever submitted then were seen."""
    return _in_force(rulebook.originals, submitted_on, "rule on originals").seen


def paper_taken(rulebook: Rulebook, submitted_on: date) -> bool:
    """Whether applications are taken on paper that reach the office on that Hong Kong day."""
    return _in_force(rulebook.paper, submitted_on, "rule on paper").taken


def file_size(rulebook: Rulebook, on: date) -> int:
    """The bytes that the file of a document may have at most on a day."""
    return _in_force(rulebook.file_sizes, on, "limit of the size of files").bytes_at_most


def file_count(rulebook: Rulebook, kind: DocumentKind, on: date) -> int:
    """How many files of a kind of document are taken of one case at most on a day."""
    ours = [each for each in rulebook.file_counts if each.kind is kind]
    return _in_force(ours, on, f"limit of the files of the kind {kind}").files_at_most


def retention(rulebook: Rulebook, record: RecordClass, on: date) -> Retention:
    """How long records of a class are kept, as it is in force on a day."""
    ours = [each for each in rulebook.retention if each.record is record]
    return _in_force(ours, on, f"time to keep {record}")


def quota(rulebook: Rulebook, year: int, *, known_on: date | None = None) -> Quota:
    """The quota of a calendar year as it was known on a day; as known last without one."""
    known = [
        each
        for each in rulebook.quotas
        if each.first_year <= year
        and (each.last_year is None or year <= each.last_year)
        and (known_on is None or each.known_from <= known_on)
    ]
    if not known:
        by = "" if known_on is None else f" as known on {written_out(known_on)}"
        raise NoRule(f"no quota is loaded for {year}{by}")
    return max(known, key=lambda each: each.known_from)


def excluded_nationalities(rulebook: Rulebook, on: date) -> tuple[str, ...]:
    """Alpha-3 codes of the nationalities that may not apply on a day."""
    edition = rulebook.lists.excluded_nationalities.on(on)
    if edition is None:
        raise NoRule(f"no list of excluded nationalities is loaded for {written_out(on)}")
    return edition.members


_Living = TypeVar("_Living", DatedLimit, Originals, Paper, FileSize, FileCount, Retention)


def _in_force(rows: Iterable[_Living], on: date, what: str) -> _Living:
    in_force = [each for each in rows if each.life.covers(on)]
    if not in_force:
        raise NoRule(f"no {what} is loaded for {written_out(on)}")
    return max(in_force, key=lambda each: each.life.first)


def _schedule(rulebook: Rulebook, filing: Filing) -> FeeSchedule:
    schedule = holding(rulebook.fees, filing)
    if schedule is None:
        raise NoRule(f"no fees are loaded for {filing.submitted_at.isoformat()}")
    return schedule


def _span(life: Life) -> str:
    first = written_out(life.first)
    return f"from {first}" if life.until is None else f"{first} to {written_out(life.until)}"
