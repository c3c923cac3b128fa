"""The general holidays as they ship, beside those that a public library works out; and faults."""

from collections.abc import Callable
from datetime import date
from typing import Any

import holidays
import pytest

from domain.rules.book import parse_rulebook
from domain.rules.reading import RulesetFaults
from domain.rules.types import Rulebook
from tests.contract.rulebook import shipped_documents

YEARS = range(2006, 2028)
SPECIAL = (
    "The 70th anniversary day of the victory of the Chinese people's war of resistance against "
    "Japanese aggression"
)
PLAIN = {
    "The first day of January",
    "Lunar New Year's Day",
    "The second day of Lunar New Year",
    "The third day of Lunar New Year",
    "Ching Ming Festival",
    "Good Friday",
    "The day following Good Friday",
    "Easter Monday",
    "Labour Day",
    "The Birthday of the Buddha",
    "Tuen Ng Festival",
    "Hong Kong Special Administrative Region Establishment Day",
    "The day following the Chinese Mid-Autumn Festival",
    "National Day",
    "Chung Yeung Festival",
    "Christmas Day",
    "The first weekday after Christmas Day",
    SPECIAL,
}
"""What the ordinance calls its holidays when none of them is lost, and the one of 2015."""

Rows = list[dict[str, Any]]


def worked_out(year: int) -> dict[date, str]:
    """Return what the library says of a year.

    Its category `public` is the statutory holidays, which are fewer and substituted otherwise, and
    the two together list days that are none (3 October 2006): `optional` is the gazetted list.
    """
    found = holidays.HongKong(years=year, categories=("optional",), language="en_HK")
    return dict(found.items())


def test_every_year_of_the_scheme_is_there(rulebook: Rulebook) -> None:
    assert [each.year for each in rulebook.holidays] == list(YEARS)


@pytest.mark.parametrize("year", YEARS)
def test_the_holidays_of_a_year_are_those_that_a_library_works_out(
    rulebook: Rulebook, year: int
) -> None:
    (ours,) = (each for each in rulebook.holidays if each.year == year)
    assert {each.on: each.name for each in ours.days} == worked_out(year)


def test_every_year_has_seventeen_holidays_and_one_has_one_more(rulebook: Rulebook) -> None:
    more = {each.year: len(each.days) for each in rulebook.holidays if len(each.days) != 17}
    assert more == {2015: 18}
    (special,) = (day for day in rulebook.holidays[9].days if day.on == date(2015, 9, 3))
    assert special.cited.note == "this once, by an ordinance of July 2015"
    assert not special.substitute


@pytest.mark.parametrize("year", YEARS)
def test_a_substitute_stands_for_a_day_that_was_lost(rulebook: Rulebook, year: int) -> None:
    """Fixed days that fall on a Sunday have a substitute, and nothing else is called one."""
    (ours,) = (each for each in rulebook.holidays if each.year == year)
    substitutes = {each.name for each in ours.days if each.substitute}
    fixed = {
        "The day following the first day of January": date(year, 1, 1),
        "The day following Labour Day": date(year, 5, 1),
        "The day following Hong Kong Special Administrative Region Establishment Day": date(
            year, 7, 1
        ),
        "The second weekday after Christmas Day": date(year, 12, 25),
    }
    for name, day in fixed.items():
        assert (name in substitutes) == (day.weekday() == 6)
    assert not substitutes & PLAIN
    assert {each.name for each in ours.days} - substitutes <= PLAIN


def rows(documents: dict[str, dict[str, Any]]) -> Rows:
    found: Rows = documents["holidays"]["years"]
    return found


FAULTS: tuple[tuple[Callable[[Rows], object], str], ...] = (
    (lambda years: years.pop(3), "years: 2009 is missing between 2008 and 2010"),
    (
        lambda years: years.__delitem__(slice(3, 6)),
        "years: 2009 to 2011 are missing between 2008 and 2012",
    ),
    (
        lambda years: years.insert(1, years[0]),
        "years: 2006 stands after 2006; each year must stand once, in order",
    ),
    (lambda years: years[1].update(days=[]), "years[1].days: needs at least 1, and has 0"),
    (
        lambda years: years[0]["days"][0].update(on=date(2005, 1, 3)),
        "years[0].days[0].on: 2005-01-03 is not in 2006",
    ),
    (
        lambda years: years[0]["days"][0].update(on=date(2006, 1, 1)),
        "years[0].days[0].on: 2006-01-01 is a Sunday, and every Sunday is a general holiday",
    ),
    (
        lambda years: years[0]["days"].insert(1, years[0]["days"][0]),
        "years[0].days[1].on: 2006-01-02 stands twice",
    ),
    (
        lambda years: years[0]["days"].insert(2, years[0]["days"][0]),
        "years[0].days[2].on: 2006-01-02 must stand before 2006-01-28",
    ),
    (lambda years: years[0]["days"][0].update(name=""), "years[0].days[0].name: must be a text"),
    (lambda years: years[0].update(source=["S0"]), "years[0].source: S0 is not among the sources"),
    (lambda years: years[0].pop("year"), "years[0].year: must be a whole number of at least 1"),
    (lambda years: years[0]["days"][0].pop("on"), "years[0].days[0].on: must be a date"),
)


@pytest.mark.parametrize(("change", "saying"), FAULTS)
def test_each_fault_is_told_once_with_its_place(
    change: Callable[[Rows], object], saying: str
) -> None:
    documents = shipped_documents()
    change(rows(documents))
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    (fault,) = refused.value.faults
    assert fault.startswith(f"holidays: {saying}")


def test_all_faults_are_told_at_once() -> None:
    documents = shipped_documents()
    years = rows(documents)
    years[0]["days"][0].update(on=date(2006, 1, 1))
    years[1]["days"][1].update(substitute="yes")
    years.pop(5)
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    assert len(refused.value.faults) == 3


def test_rules_without_holidays_are_refused() -> None:
    documents = shipped_documents()
    del documents["holidays"]
    with pytest.raises(RulesetFaults, match="holidays: years: must be a list of tables"):
        parse_rulebook(documents)
