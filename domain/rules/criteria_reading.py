"""Criteria from their data, and what they must not contradict.

Law: as for a ruleset, every fault is found at once and nothing is guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from domain.application import Level, Sector
from domain.rules.criteria import (
    ASKS,
    AgeAtMost,
    AnnualIncome,
    BusinessProfit,
    Criterion,
    GoodLanguages,
    ListedCompany,
    ListedDegree,
    NamedLanguage,
    StemDegree,
    YearsOfWork,
)
from domain.rules.factors import PostMark
from domain.rules.reading import Table

WHOLE_PERCENT: Final = 100


def read_criterion(table: Table) -> tuple[Criterion, ...]:
    """The criterion of a row, or nothing, with a fault, where what it asks is not known."""
    asks = table.known("asks", tuple(_READ))
    if asks is None:
        table.asked.update(table.data)
        return ()
    return (_READ[asks](table),)


def criteria_faults(criteria: tuple[Criterion, ...]) -> Iterator[str]:
    """Every contradiction among the criteria of a test, with its path."""
    for number, each in enumerate(criteria):
        path = f"criteria[{number}]"
        if each.id != f"C{number + 1}":
            yield f"{path}.id: must be C{number + 1}, as they stand in order, not {each.id}"
        yield from (f"{path}.{fault}" for fault in _inside(each, criteria[:number]))


def _inside(criterion: Criterion, before: tuple[Criterion, ...]) -> Iterator[str]:
    match criterion:
        case StemDegree():
            degrees = [each.id for each in before if isinstance(each, ListedDegree)]
            if criterion.of not in degrees:
                named = ", ".join(degrees) or "there is none"
                yield f"of: must name an earlier criterion of a listed degree ({named})"
        case BusinessProfit():
            yield from _percent("listed_percent", criterion.listed_percent.value)
            yield from _percent("unlisted_percent", criterion.unlisted_percent.value)
        case ListedCompany():
            yield from _percent("percent", criterion.percent.value)
        case _:
            return


def _percent(key: str, value: int) -> Iterator[str]:
    if not 0 < value <= WHOLE_PERCENT:
        yield f"{key}: {value} is not from 1 to {WHOLE_PERCENT}"


def _age_at_most(row: Table) -> AgeAtMost:
    return AgeAtMost(id=row.text("id"), years=row.whole("years", least=1), cited=row.citation())


def _listed_degree(row: Table) -> ListedDegree:
    return ListedDegree(
        id=row.text("id"), levels=row.some_of("levels", Level), cited=row.citation()
    )


def _stem_degree(row: Table) -> StemDegree:
    return StemDegree(id=row.text("id"), of=row.text("of"), cited=row.citation())


def _good_languages(row: Table) -> GoodLanguages:
    return GoodLanguages(
        id=row.text("id"), number=row.whole("number", least=1), cited=row.citation()
    )


def _named_language(row: Table) -> NamedLanguage:
    return NamedLanguage(id=row.text("id"), language=row.language("language"), cited=row.citation())


def _years_of_work(row: Table) -> YearsOfWork:
    return YearsOfWork(
        id=row.text("id"),
        years=row.whole("years", least=1),
        mark=row.one_of("mark", PostMark) if row.has("mark") else None,
        sectors=row.some_of("sectors", Sector) if row.has("sectors") else (),
        cited=row.citation(),
    )


def _annual_income(row: Table) -> AnnualIncome:
    return AnnualIncome(id=row.text("id"), hkd=row.whole("hkd", least=1), cited=row.citation())


def _business_profit(row: Table) -> BusinessProfit:
    return BusinessProfit(
        id=row.text("id"),
        hkd=row.whole("hkd", least=1),
        listed_percent=row.figure("listed_percent"),
        unlisted_percent=row.figure("unlisted_percent"),
        cited=row.citation(),
    )


def _listed_company(row: Table) -> ListedCompany:
    return ListedCompany(id=row.text("id"), percent=row.figure("percent"), cited=row.citation())


_READ: Final[Mapping[str, Callable[[Table], Criterion]]] = MappingProxyType(
    {
        ASKS[AgeAtMost]: _age_at_most,
        ASKS[ListedDegree]: _listed_degree,
        ASKS[StemDegree]: _stem_degree,
        ASKS[GoodLanguages]: _good_languages,
        ASKS[NamedLanguage]: _named_language,
        ASKS[YearsOfWork]: _years_of_work,
        ASKS[AnnualIncome]: _annual_income,
        ASKS[BusinessProfit]: _business_profit,
        ASKS[ListedCompany]: _listed_company,
    }
)
