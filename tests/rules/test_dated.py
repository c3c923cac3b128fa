"""Every dated value the day before, on and after it changes, as published and by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from domain.application import Route
from domain.days import HONG_KONG, hong_kong_date
from domain.rules.choose import (
    application_fee,
    excluded_nationalities,
    quota,
    stay_pattern,
    visa_fee,
)
from domain.rules.transitions import Filing, filed_on
from domain.rules.types import DatedList, Rulebook

DAY = timedelta(days=1)
SCHEME = date(2006, 6, 28)

NATIONALITIES = (
    (SCHEME, {"AFG", "ALB", "CUB", "KHM", "LAO", "NPL", "PRK", "VNM"}),
    (date(2012, 8, 16), {"AFG", "CUB", "KHM", "LAO", "NPL", "PRK", "VNM"}),
    (date(2021, 1, 14), {"AFG", "CUB", "LAO", "NPL", "PRK", "VNM"}),
    (date(2023, 10, 25), {"AFG", "CUB", "PRK"}),
)
PROFESSIONS = (
    (date(2018, 8, 28), 11),
    (date(2021, 10, 6), 13),
    (date(2023, 5, 1), 51),
    (date(2025, 3, 1), 60),
)
UNIVERSITIES = ((date(2024, 11, 1), 198 + 6), (date(2025, 7, 1), 205))
STAYS = {
    (Route.GENERAL, False): (
        (SCHEME, (1, 2, 2, 3)),
        (date(2015, 5, 4), (2, 3, 3)),
        (date(2022, 12, 28), (3, 3, 2)),
    ),
    (Route.GENERAL, True): ((date(2015, 5, 4), (2, 6)), (date(2022, 12, 28), (3, 5))),
    (Route.ACHIEVEMENT, False): ((SCHEME, (8,)),),
}


@pytest.mark.parametrize("number", range(len(NATIONALITIES)))
def test_the_excluded_nationalities_change_on_their_days(rulebook: Rulebook, number: int) -> None:
    day, excluded = NATIONALITIES[number]
    for on in (day, day + DAY):
        assert set(excluded_nationalities(rulebook, on)) == excluded
    if number:
        before = NATIONALITIES[number - 1][1]
        assert set(excluded_nationalities(rulebook, day - DAY)) == before


@pytest.mark.parametrize(
    ("name", "editions"), [("talent_list", PROFESSIONS), ("universities", UNIVERSITIES)]
)
def test_a_list_known_by_its_size_changes_on_its_days(
    rulebook: Rulebook, name: str, editions: tuple[tuple[date, int], ...]
) -> None:
    dated: DatedList = getattr(rulebook.lists, name)
    assert dated.on(editions[0][0] - DAY) is None
    for (first, size), (after, _) in pairwise((*editions, (date(2026, 11, 22), 0))):
        for day in (first, first + DAY, after - DAY):
            edition = dated.on(day)
            assert edition is not None
            assert edition.size == size


@pytest.mark.parametrize(("route", "top_tier"), list(STAYS))
def test_the_stay_changes_with_the_day_of_submission(
    rulebook: Rulebook, route: Route, *, top_tier: bool
) -> None:
    patterns = STAYS[route, top_tier]
    for (first, years), (after, _) in pairwise((*patterns, (date(2026, 11, 22), ()))):
        for day in (first, first + DAY, after - DAY):
            found = stay_pattern(rulebook, filed_on(route, day), top_tier=top_tier)
            assert found.years == years
            assert sum(found.years) == 8


def test_the_stay_follows_midnight_in_hong_kong(rulebook: Rulebook) -> None:
    midnight = datetime(2022, 12, 27, 16, 0, tzinfo=UTC)
    found = [
        stay_pattern(rulebook, _filed_at(instant)).years
        for instant in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(seconds=1))
    ]
    assert found == [(2, 3, 3), (3, 3, 2), (3, 3, 2)]


@pytest.mark.parametrize(
    ("seconds", "fees"),
    [(-1, (None, 230, 230)), (0, (600, 600, 1300)), (1, (600, 600, 1300))],
)
def test_fees_change_by_the_second(
    rulebook: Rulebook, seconds: int, fees: tuple[int | None, int, int]
) -> None:
    at = datetime(2025, 2, 26, 11, 0, tzinfo=HONG_KONG) + timedelta(seconds=seconds)
    filing = _filed_at(at)
    short, long = (visa_fee(rulebook, filing, days) for days in (180, 181))
    assert (application_fee(rulebook, filing), short, long) == fees


@pytest.mark.parametrize(
    ("year", "announced", "before", "after"),
    [
        (2020, date(2020, 11, 26), 1000, 2000),
        (2021, date(2021, 10, 6), 2000, 4000),
        (2023, date(2022, 10, 19), 4000, None),
    ],
)
def test_a_quota_covers_its_year_from_the_day_it_was_known(
    rulebook: Rulebook, year: int, announced: date, before: int, after: int | None
) -> None:
    found = [
        quota(rulebook, year, known_on=day).places
        for day in (announced - DAY, announced, announced + DAY)
    ]
    assert found == [before, after, after]


@pytest.mark.parametrize(
    ("year", "places"),
    [(2006, 1000), (2019, 1000), (2020, 2000), (2021, 4000), (2022, 4000), (2023, None)],
)
def test_the_quota_of_each_year_is_as_published(
    rulebook: Rulebook, year: int, places: int | None
) -> None:
    assert quota(rulebook, year).places == places


def test_the_questionnaire_has_no_quota_when_the_suspension_is_over(rulebook: Rulebook) -> None:
    found = [quota(rulebook, year) for year in (2024, 2025, 2026)]
    assert [each.places for each in found] == [None, None, None]
    assert {each.known_from for each in found} == {date(2024, 11, 1)}


def test_every_uncertain_day_is_marked_with_a_note(rulebook: Rulebook) -> None:
    lives = {each.id: each.life for each in rulebook.rulesets}
    uncertain = {"gpt-2008", "gpt-2015", "gpt-2023", "apt-195", "apt-245"}
    assert {name for name, life in lives.items() if life.cited.day_uncertain} == uncertain
    assert all(lives[name].cited.note for name in uncertain)


def _filed_at(instant: datetime) -> Filing:
    return Filing(route=Route.GENERAL, submitted_at=instant, on=hong_kong_date(instant))
