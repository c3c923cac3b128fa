"""What a test of criteria asks: questions that are met or not, of which so many must be met.

Law: as with points, every figure comes from dated data with a source and a confidence. Whoever
meets a criterion that depends on another meets that one too, because only what met the one is
looked at for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.application import Level, Sector
from domain.rules.factors import Citation, Figure, PostMark


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeAtMost:
    """Completed years of age that are not exceeded."""

    id: str
    years: int
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDegree:
    """A qualification of one of these levels from a university on the list."""

    id: str
    levels: tuple[Level, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class StemDegree:
    """A qualification that meets the criterion ``of``, a listed degree, in a STEM subject."""

    id: str
    of: str
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodLanguages:
    """So many languages that are good both spoken and written, whichever they are."""

    id: str
    number: int
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLanguage:
    """A language (its primary subtag) that is good both spoken and written."""

    id: str
    language: str
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class YearsOfWork:
    """Years in posts at graduate or specialist level.

    Only posts that carry the mark count where there is one, and only those of the sectors where
    there are any. The same days may count for several criteria.
    """

    id: str
    years: int
    mark: PostMark | None
    sectors: tuple[Sector, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualIncome:
    """HK dollars earned in the year before the application, or more."""

    id: str
    hkd: int
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessProfit:
    """A business with an annual profit of so many HK dollars, or more.

    It counts where at least ``listed_percent`` of it is owned if it is listed, and at least
    ``unlisted_percent`` if it is not.
    """

    id: str
    hkd: int
    listed_percent: Figure
    unlisted_percent: Figure
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCompany:
    """A listed company of which at least so many per cent are owned."""

    id: str
    percent: Figure
    cited: Citation


Criterion = (
    AgeAtMost
    | ListedDegree
    | StemDegree
    | GoodLanguages
    | NamedLanguage
    | YearsOfWork
    | AnnualIncome
    | BusinessProfit
    | ListedCompany
)

ASKS: Final[Mapping[type[Criterion], str]] = MappingProxyType(
    {
        AgeAtMost: "age-at-most",
        ListedDegree: "listed-degree",
        StemDegree: "stem-degree",
        GoodLanguages: "good-languages",
        NamedLanguage: "named-language",
        YearsOfWork: "years-of-work",
        AnnualIncome: "annual-income",
        BusinessProfit: "business-profit",
        ListedCompany: "listed-company",
    }
)
"""The word of each kind of criterion in the data, under ``asks``."""


def sources_of(criterion: Criterion) -> tuple[str, ...]:
    """The ids of every source that a criterion or one of its figures rests on, each once."""
    cited = [criterion.cited]
    match criterion:
        case BusinessProfit():
            cited += [criterion.listed_percent.cited, criterion.unlisted_percent.cited]
        case ListedCompany():
            cited.append(criterion.percent.cited)
        case _:
            pass
    return tuple(dict.fromkeys(each for citation in cited for each in citation.source))
