"""The believable populations: the same for a seed, and as the published figures have them."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache

import pytest

from domain.application import Level, Route
from domain.days import age_on, hong_kong_date
from domain.events import Channel
from domain.rules.assess import assess
from domain.rules.choose import choose
from domain.rules.factors import Confidence
from domain.rules.transitions import filed_on
from domain.rules.types import Assessment
from services.demo.year import FILED_ON, known_people
from services.intake.application import application_from
from services.intake.spelling import document_of
from services.population import Arrival, Fate, Lot, UnknownRegime, arrival, population, regimes
from services.population.arrivals import _rulebook
from services.population.regimes import Published, Regime, figures
from services.rules import load_rulebook

SEED = 2019
DRAWN = 3_000
NEAR = 0.04
"""How far a share drawn may be from the one published: two deviations of the smallest sample."""

REGIMES = tuple(regimes().values())
FACTS = [
    pytest.param(each, fact, id=f"{each.id} {fact.what} {' '.join(fact.among)}")
    for each in REGIMES
    for fact in each.published
]


@cache
def drawn(regime: str) -> tuple[Arrival, ...]:
    return tuple(population(DRAWN, SEED, regime))


def assessed(arrived: Arrival) -> Assessment:
    on = hong_kong_date(arrived.received_at)
    ruleset = choose(_rulebook(), filed_on(arrived.application.route, on))
    return assess(ruleset, arrived.application, on)


def of_whom(arrivals: tuple[Arrival, ...], of: str) -> list[Arrival]:
    match of:
        case "received":
            return list(arrivals)
        case "committee":
            return [each for each in arrivals if each.lot.fate is Fate.BEFORE_COMMITTEE]
        case "allotted":
            return [each for each in arrivals if each.allotted]
        case "allotted by points":
            return [
                each
                for each in arrivals
                if each.allotted and each.application.route is Route.GENERAL
            ]
        case _:
            raise AssertionError(f"nobody knows who {of} are")


def trait(arrived: Arrival, what: str) -> str:
    return TRAITS[what](arrived)


def _age_band(arrived: Arrival) -> str:
    age = age_on(arrived.application.applicant.date_of_birth, hong_kong_date(arrived.received_at))
    return next(band for band in _bands() if age in _ages(band))


def _level(arrived: Arrival) -> str:
    order = list(Level)
    return order[max(order.index(each.level) for each in arrived.application.qualifications)]


TRAITS: dict[str, Callable[[Arrival], str]] = {
    "allotted": lambda each: str(each.allotted),
    "fate": lambda each: each.lot.fate,
    "route": lambda each: each.application.route,
    "nationality": lambda each: each.application.applicant.nationality,
    "sector": lambda each: each.application.employment[-1].sector,
    "level": _level,
    "children": lambda each: str(len(each.application.family.children)),
    "age": _age_band,
}


def _bands() -> Iterator[str]:
    yield from dict.fromkeys(band for each in REGIMES for band in each.ages.shares)


def _ages(band: str) -> range:
    youngest, oldest = map(int, band.split("-"))
    return range(youngest, oldest + 1)


@pytest.mark.parametrize(("regime", "fact"), FACTS)
def test_shares_are_those_published(regime: Regime, fact: Published) -> None:
    whom = of_whom(drawn(regime.id), fact.of)
    among = fact.among or ("True",)
    found = sum(trait(each, fact.what) in among for each in whom) / len(whom)
    if fact.at_least is not None:
        assert found >= fact.at_least
    else:
        assert fact.share is not None
        assert found == pytest.approx(fact.share, abs=NEAR)


@pytest.mark.parametrize("regime", REGIMES, ids=lambda each: each.id)
def test_the_rules_find_of_each_what_was_meant_to_become_of_them(regime: Regime) -> None:
    for each in drawn(regime.id)[:400]:
        found = assessed(each)
        met = all(one.met for one in found.prerequisites)
        reached = found.total >= found.pass_mark
        expected = {
            Fate.PREREQUISITES_UNMET: not met,
            Fate.BELOW_MARK: met and not reached,
            Fate.WITHDRAWN: met and reached,
            Fate.BEFORE_COMMITTEE: met and reached,
        }
        assert expected[each.lot.fate]


@pytest.mark.parametrize("regime", REGIMES, ids=lambda each: each.id)
def test_everybody_files_what_the_office_would_take_in_the_days_of_the_regime(
    regime: Regime,
) -> None:
    for each in drawn(regime.id)[:300]:
        on = hong_kong_date(each.received_at)
        assert application_from(document_of(each.application), on) == each.application
        assert regime.first_day <= on <= regime.last_day


@pytest.mark.parametrize("regime", REGIMES, ids=lambda each: each.id)
def test_everybody_has_an_age_at_which_the_test_is_open_to_them(regime: Regime) -> None:
    ages = Counter(trait(each, "age") for each in drawn(regime.id)[:500])
    assert set(ages) <= set(regime.ages.shares)


def test_a_seed_gives_the_same_people_however_many_are_asked_for() -> None:
    few = tuple(population(20, SEED, "2018-2022"))
    assert few == tuple(population(50, SEED, "2018-2022"))[:20]
    assert few == tuple(arrival("2018-2022", SEED, number) for number in range(20))
    assert few != tuple(population(20, SEED + 1, "2018-2022"))


def test_two_regimes_have_different_people() -> None:
    names = [
        [each.application.applicant for each in population(20, SEED, regime)]
        for regime in ("2018-2022", "2023-2024")
    ]
    assert names[0] != names[1]


def test_days_may_be_fewer_than_those_of_the_regime() -> None:
    day = date(2019, 3, 4)
    days = {
        hong_kong_date(each.received_at)
        for each in population(30, SEED, "2018-2022", between=(day, day))
    }
    assert days == {day}


def test_what_becomes_of_somebody_may_be_given() -> None:
    for fate in Fate:
        for route in Route:
            lot = Lot(route=route, fate=fate, recommended=False)
            made = arrival("2006", SEED, 1, lot=lot)
            assert (made.lot, made.application.route) == (lot, route)


def test_paper_comes_on_working_days_until_all_are_filed_online() -> None:
    seen = {
        (each.channel, hong_kong_date(each.received_at) >= date(2023, 4, 2))
        for each in drawn("2023-2024")[:300]
    }
    assert seen == {(Channel.PAPER, False), (Channel.ONLINE, True)}
    on_paper = (each for each in drawn("2018-2022")[:500])
    assert max(each.received_at.weekday() for each in on_paper) == 4


def test_no_two_people_travel_on_the_same_document() -> None:
    documents = [each.application.applicant.travel_document for each in drawn("2018-2022")]
    assert len(set(documents)) == len(documents)


def test_an_unknown_regime_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownRegime, match="'2007'; there are 2006, 2008-2014"):
        arrival("2007", SEED, 0)


def test_every_figure_has_a_source_or_is_marked_a_guess() -> None:
    known = figures()
    held = [
        figure
        for each in known.regimes
        for figure in (
            each.fates, each.recommended, each.achievement, each.nationalities, each.ages,
            each.sectors, each.levels, each.children, each.talent_list, *each.published,
        )
    ] + [known.online]  # fmt: skip
    for figure in held:
        assert figure.confidence in {*Confidence, "guess"}
        assert figure.source or figure.confidence == "guess"
    assert not [
        each for one in known.regimes for each in one.published if each.confidence == "guess"
    ]
    cited = {source for figure in held for source in figure.source}
    assert cited == set(known.sources)


def test_john_emma_and_jackie_score_175_120_and_225() -> None:
    rulebook, on = load_rulebook(), hong_kong_date(FILED_ON)
    totals = {
        each.name: assess(
            choose(rulebook, filed_on(each.application.route, on)), each.application, on
        ).total
        for each in known_people()
    }
    assert totals == {"john": 175, "emma": 120, "jackie": 225}
