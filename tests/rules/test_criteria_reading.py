"""Criteria read from data: what is refused, all faults at once."""

import tomllib
from collections.abc import Callable
from copy import deepcopy
from importlib import resources
from typing import Any

import pytest

from domain.rules.criteria import BusinessProfit, ListedCompany, YearsOfWork, sources_of
from domain.rules.parse import parse_ruleset
from domain.rules.reading import RulesetFaults
from domain.rules.types import Rulebook

Data = dict[str, Any]

CITED = {"source": ["S2"], "confidence": "H"}
OTHERWISE_CITED = {"source": ["S4", "S2"], "confidence": "M"}


@pytest.fixture
def data() -> Data:
    """A test of twelve criteria, otherwise like the points test of 2018."""
    text = (resources.files("rulesets") / "gpt-2018.toml").read_text("utf-8")
    made: Data = tomllib.loads(text)
    del made["factors"]
    made.update(id="questions", test="criteria")
    made["pass_mark"].update(value=6)
    made["max"].update(value=12)
    made["criteria"] = [
        {"asks": "age-at-most", "years": 50},
        {"asks": "listed-degree", "levels": ["master", "doctorate"]},
        {"asks": "stem-degree", "of": "C2"},
        {"asks": "good-languages", "number": 2},
        {"asks": "named-language", "language": "en"},
        {"asks": "years-of-work", "years": 5},
        {"asks": "years-of-work", "years": 3, "mark": "multinational_or_reputable"},
        {"asks": "years-of-work", "years": 3, "sectors": ["finance"]},
        {"asks": "years-of-work", "years": 2, "mark": "outside_home_jurisdiction"},
        {"asks": "annual-income", "hkd": 1_000_000},
        {
            "asks": "business-profit",
            "hkd": 5_000_000,
            "listed_percent": {"value": 10, **CITED},
            "unlisted_percent": {"value": 50, **OTHERWISE_CITED},
        },
        {"asks": "listed-company", "percent": {"value": 10, **OTHERWISE_CITED}},
    ]
    for number, row in enumerate(made["criteria"], start=1):
        row.update(id=f"C{number}", **CITED)
    return made


def _faults(data: Data, rulebook: Rulebook) -> tuple[str, ...]:
    with pytest.raises(RulesetFaults) as refused:
        parse_ruleset(data, rulebook.lists, sources=frozenset(dict(rulebook.sources)))
    return refused.value.faults


def test_a_test_of_criteria_is_read_in_order(data: Data, rulebook: Rulebook) -> None:
    ruleset = parse_ruleset(data, rulebook.lists)
    assert (ruleset.test.value, ruleset.factors) == ("criteria", ())
    assert [each.id for each in ruleset.criteria] == [f"C{number}" for number in range(1, 13)]
    plain = ruleset.criteria[5]
    assert isinstance(plain, YearsOfWork)
    assert (plain.years, plain.mark, plain.sectors) == (5, None, ())


def test_a_criterion_rests_on_the_sources_of_its_figures_too(
    data: Data, rulebook: Rulebook
) -> None:
    *_, profit, company = parse_ruleset(data, rulebook.lists).criteria
    assert isinstance(profit, BusinessProfit)
    assert isinstance(company, ListedCompany)
    assert sources_of(profit) == sources_of(company) == ("S2", "S4")


def test_a_test_of_points_has_its_digest_without_a_word_about_criteria(
    data: Data, rulebook: Rulebook
) -> None:
    other = deepcopy(data)
    other["criteria"][0]["years"] = 51
    assert parse_ruleset(other, rulebook.lists).digest != parse_ruleset(data, rulebook.lists).digest


def _row(number: int) -> Callable[[Data], Data]:
    return lambda data: data["criteria"][number - 1]


FAULTS: tuple[tuple[Callable[[Data], object], str], ...] = (
    (lambda d: _row(2)(d).update(id="C1"), "criteria[1].id: must be C2"),
    (lambda d: d["criteria"].reverse(), "criteria[0].id: must be C1"),
    (lambda d: d["criteria"].pop(), "max: is 12, but there are 11 criteria"),
    (lambda d: d["max"].update(value=11), "max: is 11, but there are 12 criteria"),
    (lambda d: d["pass_mark"].update(value=13), "pass_mark: 13 is not from 1 to 12"),
    (lambda d: d["pass_mark"].update(value=0), "pass_mark: 0 is not from 1 to 12"),
    (lambda d: _row(3)(d).update(of="C4"), "criteria[2].of: must name an earlier criterion"),
    (lambda d: _row(3)(d).update(of="C3"), "criteria[2].of: must name an earlier criterion"),
    (lambda d: _row(3)(d).update(of="C99"), "criteria[2].of: must name an earlier criterion"),
    (lambda d: _row(2)(d).update(levels=[]), "criteria[1].levels: needs at least 1"),
    (lambda d: _row(2)(d).update(levels=["phd"]), "criteria[1].levels: must be one of bachelor"),
    (lambda d: _row(5)(d).update(language="en-GB"), "criteria[4].language: en-GB is counted as en"),
    (lambda d: _row(6)(d).update(years=0), "criteria[5].years: must be a whole number"),
    (lambda d: _row(7)(d).update(mark="fun"), "criteria[6].mark: must be one of outside_home"),
    (lambda d: _row(8)(d).update(sectors=["magic"]), "criteria[7].sectors: must be one of"),
    (lambda d: _row(8)(d).update(sectors=[]), "criteria[7].sectors: needs at least 1"),
    (lambda d: _row(10)(d).update(hkd="much"), "criteria[9].hkd: must be a whole number"),
    (
        lambda d: _row(11)(d)["unlisted_percent"].update(value=101),
        "criteria[10].unlisted_percent: 101 is not from 1 to 100",
    ),
    (
        lambda d: _row(11)(d)["listed_percent"].update(value=0),
        "criteria[10].listed_percent: 0 is not from 1 to 100",
    ),
    (
        lambda d: _row(12)(d)["percent"].update(value=101),
        "criteria[11].percent: 101 is not from 1 to 100",
    ),
    (lambda d: _row(12)(d)["percent"].pop("source"), "percent.source: must be a list of texts"),
    (lambda d: _row(1)(d).pop("source"), "criteria[0].source: must be a list of texts"),
    (lambda d: _row(1)(d).update(source=["S999"]), "S999 is not among the sources"),
    (lambda d: _row(1)(d).update(asks="height"), "criteria[0].asks: must be one of age-at-most"),
    (lambda d: _row(1)(d).update(points=5), "criteria[0].points: is not known here"),
    (lambda d: d.update(criteria=[]), "criteria: needs at least 1, and has 0"),
    (lambda d: d.pop("criteria"), "criteria: must be a list of tables"),
    (lambda d: d.update(route="achievement"), "test of criteria is not of the achievement route"),
    (lambda d: d.update(test="points"), "factors: must be a list of tables"),
)


@pytest.mark.parametrize(("change", "saying"), FAULTS)
def test_criteria_that_contradict_each_other_are_refused(
    data: Data, rulebook: Rulebook, change: Callable[[Data], object], saying: str
) -> None:
    change(data)
    assert any(saying in fault for fault in _faults(data, rulebook)), _faults(data, rulebook)


def test_every_contradiction_among_criteria_is_named_at_once(
    data: Data, rulebook: Rulebook
) -> None:
    _row(1)(data).update(id="C7")
    _row(3)(data).update(of="C1")
    _row(12)(data)["percent"].update(value=200)
    data["max"].update(value=20)
    data["pass_mark"].update(value=30)
    assert len(_faults(data, rulebook)) == 5


def test_a_test_of_points_has_no_criteria(data: Data, rulebook: Rulebook) -> None:
    text = (resources.files("rulesets") / "gpt-2018.toml").read_text("utf-8")
    mixed = {**tomllib.loads(text), "criteria": data["criteria"]}
    assert "criteria: a test of points has none" in _faults(mixed, rulebook)


def test_a_test_of_criteria_has_no_factors(data: Data, rulebook: Rulebook) -> None:
    text = (resources.files("rulesets") / "gpt-2018.toml").read_text("utf-8")
    mixed = {**data, "factors": tomllib.loads(text)["factors"]}
    assert "factors: a test of criteria has none" in _faults(mixed, rulebook)
