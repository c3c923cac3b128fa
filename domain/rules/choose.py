"""Which rule holds when: the ruleset of a day, the fee of an instant, the stay, the quota.

Law: what is not loaded is refused by name, never guessed from a neighbour. What is open-ended is
in force until the next of its kind begins, so that adding a rule never changes one already used.
"""

from datetime import date, datetime

from domain.application import Route
from domain.days import written_out
from domain.errors import Refusal
from domain.rules.types import FeeSchedule, Life, Quota, Rulebook, Ruleset, StayPattern, TimeLimits


class NoRule(Refusal):
    """No loaded rule answers this question."""


class NoRuleset(NoRule):
    """No ruleset is loaded for this route on this day."""


class UnknownRuleset(NoRule):
    """No ruleset has this id."""


def choose(rulebook: Rulebook, route: Route, on: date) -> Ruleset:
    """The ruleset in force for a submission of that route on that day, or NoRuleset."""
    ours = [each for each in rulebook.rulesets if each.route == route]
    in_force = [each for each in ours if each.life.covers(on)]
    if in_force:
        return max(in_force, key=lambda each: each.life.first)
    loaded = ", ".join(f"{each.id} ({_span(each.life)})" for each in ours) or "none"
    raise NoRuleset(
        f"no ruleset of the {route} route is loaded for {written_out(on)}; loaded: {loaded}"
    )


def named(rulebook: Rulebook, ruleset_id: str) -> Ruleset:
    """The ruleset of that id, whatever its life, or UnknownRuleset naming the known ones."""
    for each in rulebook.rulesets:
        if each.id == ruleset_id:
            return each
    known = ", ".join(each.id for each in rulebook.rulesets) or "none"
    raise UnknownRuleset(f"no ruleset is called {ruleset_id!r}; known: {known}")


def application_fee(rulebook: Rulebook, submitted_at: datetime) -> int | None:
    """HK dollars a person on submission at that instant; None where there is no such fee."""
    return _schedule(rulebook, submitted_at).application_hkd


def visa_fee(rulebook: Rulebook, submitted_at: datetime, stay_days: int) -> int:
    """HK dollars a person for a visa of so many days' stay, by the instant of submission."""
    for row in _schedule(rulebook, submitted_at).visa:
        if row.stay_days_at_most is None or stay_days <= row.stay_days_at_most:
            return row.hkd
    raise NoRule(f"no visa fee is loaded for a stay of {stay_days} days")


def stay_pattern(
    rulebook: Rulebook, route: Route, submitted_on: date, *, top_tier: bool = False
) -> StayPattern:
    """The periods of stay for a submission of that route on that Hong Kong day."""
    ours = [each for each in rulebook.stays if (each.route, each.top_tier) == (route, top_tier)]
    in_force = [each for each in ours if each.life.covers(submitted_on)]
    if in_force:
        return max(in_force, key=lambda each: each.life.first)
    tier = "top-tier " if top_tier else ""
    raise NoRule(
        f"no {tier}stay pattern of the {route} route is loaded for {written_out(submitted_on)}"
    )


def time_limits(rulebook: Rulebook, submitted_on: date) -> TimeLimits:
    """The months allowed to somebody who submitted on that Hong Kong day."""
    in_force = [each for each in rulebook.limits if each.life.covers(submitted_on)]
    if not in_force:
        raise NoRule(f"no time limits are loaded for {written_out(submitted_on)}")
    return max(in_force, key=lambda each: each.life.first)


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


def _schedule(rulebook: Rulebook, at: datetime) -> FeeSchedule:
    begun = [each for each in rulebook.fees if each.from_instant <= at]
    if not begun:
        raise NoRule(f"no fees are loaded for {at.isoformat()}")
    return max(begun, key=lambda each: each.from_instant)


def _span(life: Life) -> str:
    first = written_out(life.first)
    return f"from {first}" if life.until is None else f"{first} to {written_out(life.until)}"
