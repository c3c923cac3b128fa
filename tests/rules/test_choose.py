"""Which rule holds when, at the edges of each life."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from domain.application import Route
from domain.days import HONG_KONG, hong_kong_date
from domain.rules.choose import (
    NoRule,
    NoRuleset,
    UnknownRuleset,
    application_fee,
    choose,
    excluded_nationalities,
    limit,
    named,
    originals_seen,
    paper_taken,
    quota,
    stay_pattern,
    visa_fee,
)
from domain.rules.limits import Limit, OriginalsSeen
from domain.rules.transitions import Filing, filed_on
from domain.rules.types import Rulebook

ELEVEN = datetime(2025, 2, 26, 11, 0, tzinfo=HONG_KONG)
LAST_TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def filed_at(instant: datetime) -> Filing:
    """A filing of the general route, submitted and asked about at an instant."""
    return Filing(route=Route.GENERAL, submitted_at=instant, on=hong_kong_date(instant))


FIRST_DAYS = {
    Route.GENERAL: (
        (date(2006, 6, 28), "gpt-2006"),
        (date(2008, 1, 18), "gpt-2008"),
        (date(2015, 5, 4), "gpt-2015"),
        (date(2018, 8, 28), "gpt-2018"),
        (date(2023, 1, 1), "gpt-2023"),
        (date(2024, 11, 1), "gptq-2024"),
    ),
    Route.ACHIEVEMENT: (
        (date(2006, 6, 28), "apt-165"),
        (date(2015, 5, 4), "apt-195"),
        (date(2018, 8, 28), "apt-225"),
        (date(2023, 1, 1), "apt-245"),
    ),
}
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("route", list(Route))
def test_each_ruleset_holds_from_its_first_day_to_the_day_before_the_next(
    rulebook: Rulebook, route: Route
) -> None:
    beginnings = FIRST_DAYS[route]
    for (first, name), (after, _) in pairwise((*beginnings, (TODAY, ""))):
        for day in (first, first + DAY, after - DAY):
            assert choose(rulebook, filed_on(route, day)).id == name


@pytest.mark.parametrize("day", [date(2006, 6, 28), date(2008, 1, 17)])
def test_the_uncertain_first_day_of_2008_is_the_only_edge_of_the_first_test(
    rulebook: Rulebook, day: date
) -> None:
    assert choose(rulebook, filed_on(Route.GENERAL, day)).prerequisites.age.at_most == 50
    after = filed_on(Route.GENERAL, date(2008, 1, 18))
    assert choose(rulebook, after).prerequisites.age.at_most is None


@pytest.mark.parametrize("route", list(Route))
def test_a_day_before_the_scheme_is_refused_by_name(rulebook: Rulebook, route: Route) -> None:
    with pytest.raises(
        NoRuleset, match=f"{route} route is loaded for 27 June 2006; loaded: .*2018"
    ):
        choose(rulebook, filed_on(route, date(2006, 6, 27)))
    with pytest.raises(NoRuleset, match=r"27 June 2006; loaded: .*2018"):
        choose(rulebook, filed_on(route, date(2006, 6, 27)), known_on=date(2006, 6, 27))


def test_an_unknown_ruleset_names_the_known_ones(rulebook: Rulebook) -> None:
    with pytest.raises(UnknownRuleset, match=r"'gpt-1999'; known: .*apt-225, .*gpt-2018"):
        named(rulebook, "gpt-1999")


@pytest.mark.parametrize(
    ("submitted_at", "application", "short", "long"),
    [
        (datetime(2019, 5, 1, tzinfo=UTC), None, 230, 230),
        (ELEVEN - LAST_TICK, None, 230, 230),
        (ELEVEN, 600, 600, 1300),
        (ELEVEN.astimezone(UTC), 600, 600, 1300),
    ],
)
def test_fees_follow_the_clock_of_submission(
    rulebook: Rulebook, submitted_at: datetime, application: int | None, short: int, long: int
) -> None:
    assert application_fee(rulebook, filed_at(submitted_at)) == application
    found = [visa_fee(rulebook, filed_at(submitted_at), days) for days in (1, 180, 181, 1096)]
    assert found == [short, short, long, long]


def test_an_instant_before_every_fee_is_refused(rulebook: Rulebook) -> None:
    with pytest.raises(NoRule, match="no fees are loaded for 2006-06-27"):
        application_fee(rulebook, filed_at(datetime(2006, 6, 27, 15, 59, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("route", "day", "top_tier", "years"),
    [
        (Route.GENERAL, date(2006, 6, 28), False, (1, 2, 2, 3)),
        (Route.GENERAL, date(2015, 5, 3), False, (1, 2, 2, 3)),
        (Route.GENERAL, date(2015, 5, 4), False, (2, 3, 3)),
        (Route.GENERAL, date(2022, 12, 27), False, (2, 3, 3)),
        (Route.GENERAL, date(2022, 12, 27), True, (2, 6)),
        (Route.GENERAL, date(2022, 12, 28), False, (3, 3, 2)),
        (Route.GENERAL, date(2022, 12, 28), True, (3, 5)),
        (Route.ACHIEVEMENT, date(2019, 5, 1), False, (8,)),
    ],
)
def test_the_stay_follows_the_day_of_submission(
    rulebook: Rulebook, route: Route, day: date, years: tuple[int, ...], *, top_tier: bool
) -> None:
    assert stay_pattern(rulebook, filed_on(route, day), top_tier=top_tier).years == years


def test_a_stay_that_is_not_loaded_is_refused(rulebook: Rulebook) -> None:
    with pytest.raises(NoRule, match="no top-tier stay pattern of the general route"):
        stay_pattern(rulebook, filed_on(Route.GENERAL, date(2010, 1, 1)), top_tier=True)


@pytest.mark.parametrize(
    ("year", "places"),
    [
        (2006, 1000),
        (2019, 1000),
        (2020, 2000),
        (2021, 4000),
        (2022, 4000),
        (2023, None),
        (2026, None),
    ],
)
def test_the_quota_of_a_year_is_as_known_last(
    rulebook: Rulebook, year: int, places: int | None
) -> None:
    assert quota(rulebook, year).places == places


@pytest.mark.parametrize(
    ("known_on", "places"), [(date(2020, 11, 25), 1000), (date(2020, 11, 26), 2000)]
)
def test_a_quota_raised_late_was_not_known_before(
    rulebook: Rulebook, known_on: date, places: int
) -> None:
    assert quota(rulebook, 2020, known_on=known_on).places == places


def test_a_year_without_a_quota_loaded_is_refused(rulebook: Rulebook) -> None:
    with pytest.raises(NoRule, match="no quota is loaded for 2005"):
        quota(rulebook, 2005)


def test_excluded_nationalities_are_those_of_the_day(rulebook: Rulebook) -> None:
    assert "VNM" in excluded_nationalities(rulebook, date(2023, 10, 24))
    assert excluded_nationalities(rulebook, date(2023, 10, 25)) == ("AFG", "CUB", "PRK")
    with pytest.raises(NoRule, match="27 June 2006"):
        excluded_nationalities(rulebook, date(2006, 6, 27))


def test_every_limit_is_loaded_for_the_whole_scheme(rulebook: Rulebook) -> None:
    for which in Limit:
        for day in (date(2006, 6, 28), date(2019, 5, 1), date(2026, 1, 1)):
            assert limit(rulebook, which, day) >= 1
        with pytest.raises(NoRule, match=f"no limit of {which} is loaded for 27 June 2006"):
            limit(rulebook, which, date(2006, 6, 27))
    assert limit(rulebook, Limit.PAYMENT_MONTHS, date(2019, 5, 1)) == 6
    assert limit(rulebook, Limit.RECONSIDERATIONS, date(2019, 5, 1)) == 2


def test_paper_was_taken_until_filing_was_online_only(rulebook: Rulebook) -> None:
    assert paper_taken(rulebook, date(2006, 6, 28))
    assert paper_taken(rulebook, date(2023, 4, 1))
    assert not paper_taken(rulebook, date(2023, 4, 2))


def test_originals_became_optional_with_online_filing(rulebook: Rulebook) -> None:
    assert originals_seen(rulebook, date(2023, 4, 1)) is OriginalsSeen.ALWAYS
    assert originals_seen(rulebook, date(2023, 4, 2)) is OriginalsSeen.OPTIONAL


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2022, 12, 31, 15, 59, 59, tzinfo=UTC), date(2022, 12, 31)),
        (datetime(2022, 12, 31, 16, 0, tzinfo=UTC), date(2023, 1, 1)),
    ],
)
def test_a_day_begins_at_midnight_in_hong_kong(instant: datetime, day: date) -> None:
    assert hong_kong_date(instant) == day


def test_an_instant_without_an_offset_has_no_day() -> None:
    with pytest.raises(ValueError, match="has no offset"):
        hong_kong_date(datetime(2019, 5, 1))  # noqa: DTZ001 - what is refused
