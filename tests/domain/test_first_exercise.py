"""The first exercise of 2006 by the rules and the order alone, to the published numbers."""

from collections import Counter

import pytest

from domain.application import Route
from domain.days import hong_kong_date
from domain.rules.assess import assess
from domain.rules.choose import choose
from domain.rules.rank import Division, PoolMember, divide, ranked
from domain.rules.transitions import filed_on
from domain.rules.types import Assessment
from services.population import Arrival, Fate
from tests.domain import first_exercise as first
from tests.domain.deciding import real_rulebook


def found(arrived: Arrival) -> Assessment:
    on = hong_kong_date(arrived.received_at)
    ruleset = choose(real_rulebook(), filed_on(arrived.application.route, on))
    return assess(ruleset, arrived.application, on)


@pytest.fixture(scope="module")
def processed() -> list[tuple[Arrival, Assessment]]:
    return [(each, found(each)) for each, processed in first.arrivals() if processed]


@pytest.fixture(scope="module")
def division(processed: list[tuple[Arrival, Assessment]]) -> Division:
    pool = [
        PoolMember(
            reference=f"QM-{number:03}",
            route=each.application.route,
            points=assessed.total,
            submitted_at=each.received_at,
            version=4,
        )
        for number, (each, assessed) in enumerate(processed)
        if each.lot.fate is Fate.BEFORE_COMMITTEE
    ]
    return divide(ranked(pool), first.ALLOTTED)


def test_the_published_numbers_add_up() -> None:
    assert (first.PROCESSED, first.ALLOTTED) == (186, 83)
    assert len(list(first.arrivals())) == first.RECEIVED == 479


def test_the_rules_of_2006_let_122_of_186_before_the_committee(
    processed: list[tuple[Arrival, Assessment]],
) -> None:
    unmet = [one for _, one in processed if not all(each.met for each in one.prerequisites)]
    met = [(who, one) for who, one in processed if all(each.met for each in one.prerequisites)]
    below = [one for _, one in met if one.total < one.pass_mark]
    passed = [who for who, one in met if one.total >= one.pass_mark]
    assert (len(unmet), len(below)) == (first.PREREQUISITES_UNMET, first.BELOW_MARK)
    assert Counter(each.withdraws for each in passed) == {True: 25, False: 122}
    assert {(one.ruleset, one.pass_mark) for _, one in processed} == {
        ("gpt-2006", 80),
        ("apt-165", 165),
    }


def test_73_places_go_by_points_and_10_beside_them_by_achievement(division: Division) -> None:
    assert (division.general, division.achievement) == (73, 10)
    assert len(division.left) == 39
    assert {each.member.route for each in division.left} == {Route.GENERAL}


def test_nobody_of_the_39_has_more_points_than_any_of_the_73(division: Division) -> None:
    assert division.cut_off is not None
    assert max(each.member.points for each in division.left) <= division.cut_off
    assert min(each.member.points for each in division.left) >= 80
