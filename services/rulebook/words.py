"""What rules ask, in English words.

Law: every figure in a sentence comes from the rule; two rules read alike only if they ask alike.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, assert_never

from domain.application import AchievementKind, Level, Sector
from domain.days import HONG_KONG
from domain.rules.criteria import (
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
from domain.rules.factors import (
    AchievementRow,
    AgeBand,
    AgeLimits,
    FamilyItem,
    FamilyKind,
    LanguageRow,
    PostMark,
    PrerequisiteRules,
    QualificationRow,
    RenownedBonus,
    TalentListBonus,
    WorkBonus,
    WorkRow,
)
from domain.rules.types import Catches, Transition, YearCaught

Row = (
    AgeBand
    | QualificationRow
    | RenownedBonus
    | WorkRow
    | WorkBonus
    | TalentListBonus
    | LanguageRow
    | FamilyItem
    | AchievementRow
)

_LEVELS: Final[Mapping[Level, tuple[str, str]]] = MappingProxyType(
    {
        Level.BACHELOR: ("a bachelor's degree", "bachelor's degrees"),
        Level.MASTER: ("a master's degree", "master's degrees"),
        Level.DOCTORATE: ("a doctorate", "doctorates"),
        Level.PROFESSIONAL: (
            "a recognised professional qualification",
            "recognised professional qualifications",
        ),
        Level.TECHNICAL: ("a technical qualification", "technical qualifications"),
    }
)
_LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"zh": "Chinese", "en": "English"})
_MARKS: Final[Mapping[PostMark, str]] = MappingProxyType(
    {
        PostMark.OUTSIDE_HOME_JURISDICTION: "outside the home jurisdiction",
        PostMark.MULTINATIONAL_OR_REPUTABLE: "with a multinational or reputable employer",
    }
)
ACHIEVEMENTS: Final[Mapping[AchievementKind, str]] = MappingProxyType(
    {
        AchievementKind.EXCEPTIONAL_AWARD: "an award of exceptional achievement",
        AchievementKind.PEER_ACCLAIM: "work that peers acclaim",
    }
)
_SECTORS: Final[Mapping[Sector, str]] = MappingProxyType(
    {
        Sector.INNOVATION_TECHNOLOGY: "innovation and technology",
        Sector.FINANCE: "finance",
        Sector.INTERNATIONAL_TRADE: "international trade",
        Sector.ARTS_CULTURE: "arts and culture",
        Sector.CATERING: "catering",
        Sector.OTHER: "another sector",
    }
)
_CATCHES: Final[Mapping[Catches, str]] = MappingProxyType(
    {
        Catches.SUBMISSION_DATE: "by day of submission",
        Catches.SUBMISSION_INSTANT: "by instant of submission",
        Catches.IN_PROCESS: "in process too",
        Catches.IN_PROCESS_WITH_PROOF: "in process too, with proof",
        Catches.APPROVAL_DATE: "by day of approval",
    }
)
_YEARS: Final[Mapping[YearCaught, str]] = MappingProxyType(
    {
        YearCaught.RUNNING_YEAR: "the year it became known",
        YearCaught.FOLLOWING_YEAR: "the year after it became known",
    }
)


def caught(transition: Transition) -> str:
    """Which cases a change of the rules catches."""
    at = transition.at
    since = f", from {at.astimezone(HONG_KONG):%H:%M}" if at else ""
    return f"{_CATCHES[transition.catches]}{since}"


def year_caught(catches: YearCaught) -> str:
    """Which calendar year a quota covers first."""
    return _YEARS[catches]


def ages(lowest: int, highest: int | None) -> str:
    """The ages from one to another, both included; None has no upper end."""
    if highest is None:
        return f"aged {lowest} or over"
    return f"aged {lowest}" if lowest == highest else f"aged {lowest} to {highest}"


def asks(row: Row) -> str:
    """What a row of a points table asks."""
    match row:
        case AgeBand():
            text = ages(row.lowest, row.highest)
        case QualificationRow():
            text = either(_holding(each.level, each.count) for each in row.any_of)
        case RenownedBonus():
            text = f"{levels(row.levels)} from a renowned institution, counted once"
        case WorkRow():
            senior = f", {row.senior_years} of them in a senior role" if row.senior_years else ""
            text = f"{_years(row.years)}{senior}"
        case WorkBonus():
            text = f"{_years(row.years)} {_MARKS[row.mark]}"
        case TalentListBonus():
            text = "a profession on the Talent List, with evidence"
        case LanguageRow():
            text = " and ".join(_languages(row))
        case FamilyItem():
            text = _family(row)
        case AchievementRow():
            text = either(ACHIEVEMENTS[each] for each in row.any_of)
        case _:
            assert_never(row)
    return text


def asked(criterion: Criterion) -> str:
    """What a criterion asks."""
    match criterion:
        case AgeAtMost():
            text = f"aged {criterion.years} or under"
        case ListedDegree():
            text = f"{levels(criterion.levels)} from a university on the list"
        case StemDegree():
            text = f"a qualification that meets {criterion.of}, in a STEM subject"
        case GoodLanguages():
            text = f"{criterion.number} good languages, whichever they are"
        case NamedLanguage():
            text = f"good {languages([criterion.language])}"
        case YearsOfWork():
            text = " ".join(_work(criterion))
        case AnnualIncome():
            text = f"HK${criterion.hkd:,} or more earned in the year before"
        case BusinessProfit():
            text = (
                f"a business with HK${criterion.hkd:,} or more of annual profit, "
                f"{criterion.unlisted_percent.value}% or more of it owned "
                f"({criterion.listed_percent.value}% if it is listed)"
            )
        case ListedCompany():
            text = f"{criterion.percent.value}% or more of a listed company owned"
        case _:
            assert_never(criterion)
    return text


def prerequisites(rules: PrerequisiteRules) -> tuple[tuple[str, str], ...]:
    """What each prerequisite asks, by its id, in the order of the answer."""
    return (
        ("age", _limits(rules.age)),
        ("support", "can support the household without public assistance"),
        ("record", "no criminal record and no adverse immigration record"),
        ("language", f"good {languages(rules.language.any_of)}, spoken and written"),
        ("education", levels(rules.education.any_of)),
        ("nationality", "a nationality that is not on the list of the day"),
    )


def either(texts: Iterable[str]) -> str:
    """The texts joined as alternatives."""
    *most, last = texts
    return f"{', '.join(most)} or {last}" if most else last


def both(texts: Iterable[str]) -> str:
    """The texts joined as all asked for."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def levels(asked: Iterable[Level]) -> str:
    """Any one of some levels of qualification."""
    return either(_holding(each, 1) for each in asked)


def languages(asked: Iterable[str]) -> str:
    """Any one of some languages."""
    return either(_LANGUAGES.get(each, each) for each in asked)


def _limits(limits: AgeLimits) -> str:
    return ages(limits.at_least, limits.at_most)


def _holding(level: Level, count: int) -> str:
    one, several = _LEVELS[level]
    return one if count == 1 else f"{count} {several}"


def _years(years: int) -> str:
    return f"{years} year{'' if years == 1 else 's'} of graduate or specialist work"


def _work(criterion: YearsOfWork) -> Iterator[str]:
    yield _years(criterion.years)
    if criterion.mark is not None:
        yield _MARKS[criterion.mark]
    if criterion.sectors:
        yield f"in {either(_SECTORS[each] for each in criterion.sectors)}"


def _languages(row: LanguageRow) -> Iterator[str]:
    if row.all_of:
        yield f"good {both(_LANGUAGES.get(each, each) for each in row.all_of)}"
    if row.any_of:
        yield f"good {languages(row.any_of)}"
    if row.foreign:
        yield f"{row.foreign} good foreign language{'' if row.foreign == 1 else 's'}"


def _family(item: FamilyItem) -> str:
    match item.kind:
        case FamilyKind.PERMANENT_RESIDENT_RELATIVE:
            return "a spouse, parent, sibling or child who is a permanent resident in Hong Kong"
        case FamilyKind.SPOUSE_WITH_DEGREE:
            return "an accompanying spouse with a degree"
        case FamilyKind.DEPENDENT_CHILD:
            return f"each accompanying, unmarried child under {item.under}"
        case _:
            assert_never(item.kind)
