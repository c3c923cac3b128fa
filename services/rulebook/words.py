"""What rules ask, in words.

Law: every figure in a sentence comes from the rule; two rules read alike only if they ask alike.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Final, assert_never

from domain.application import Correspondence
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
from domain.rules.types import Transition, YearCaught
from services.reasons import alternatives, ask, word

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

_MARKS: Final[Mapping[PostMark, str]] = MappingProxyType(
    {
        PostMark.OUTSIDE_HOME_JURISDICTION: "work-outside-home",
        PostMark.MULTINATIONAL_OR_REPUTABLE: "work-multinational",
    }
)
_EN: Final = Correspondence.ENGLISH
_YEARS: Final[Mapping[YearCaught, str]] = MappingProxyType(
    {
        YearCaught.RUNNING_YEAR: "the year it became known",
        YearCaught.FOLLOWING_YEAR: "the year after it became known",
    }
)


def caught(transition: Transition, language: Correspondence = _EN) -> str:
    """Which cases a change of the rules catches."""
    told = word(transition.catches, language)
    if transition.at is None:
        return told
    clock = f"{transition.at.astimezone(HONG_KONG):%H:%M}"
    return ask(language, "caught-from", caught=told, clock=clock)


def year_caught(catches: YearCaught) -> str:
    """Which calendar year a quota covers first, in English."""
    return _YEARS[catches]


def ages(lowest: int, highest: int | None, language: Correspondence = _EN) -> str:
    """The ages from one to another, both included; None has no upper end."""
    if highest is None:
        return ask(language, "aged-from", lowest=lowest)
    if lowest == highest:
        return ask(language, "aged", age=lowest)
    return ask(language, "aged-between", lowest=lowest, highest=highest)


def asks(row: Row, language: Correspondence = _EN) -> str:
    """What a row of a points table asks."""
    match row:
        case AgeBand():
            text = ages(row.lowest, row.highest, language)
        case QualificationRow():
            wanted = {each.level: each.count for each in row.any_of}
            text = ask(language, "holding", wanted=wanted)
        case RenownedBonus():
            text = ask(language, "renowned", levels=row.levels)
        case WorkRow():
            text = _work(row, language)
        case WorkBonus():
            text = ask(language, _MARKS[row.mark], years=row.years)
        case TalentListBonus():
            text = ask(language, "profession")
        case LanguageRow():
            text = reduce(
                lambda one, other: ask(language, "as-well", one=one, other=other),
                _languages(row, language),
            )
        case FamilyItem():
            text = _family(row, language)
        case AchievementRow():
            text = alternatives(language, (word(each, language) for each in row.any_of))
        case _:
            assert_never(row)
    return text


def asked(criterion: Criterion, language: Correspondence = _EN) -> str:
    """What a criterion asks."""
    match criterion:
        case AgeAtMost():
            text = ask(language, "aged-up-to", highest=criterion.years)
        case ListedDegree():
            text = ask(language, "listed-degree", levels=criterion.levels)
        case StemDegree():
            text = ask(language, "stem-degree", of=criterion.of)
        case GoodLanguages():
            text = ask(language, "good-languages", number=criterion.number)
        case NamedLanguage():
            text = ask(language, "one-language", languages=[criterion.language])
        case YearsOfWork():
            text = _years_of_work(criterion, language)
        case AnnualIncome():
            text = ask(language, "income", least=criterion.hkd)
        case BusinessProfit():
            text = ask(
                language,
                "business",
                profit=criterion.hkd,
                unlisted=criterion.unlisted_percent.value,
                listed=criterion.listed_percent.value,
            )
        case ListedCompany():
            text = ask(language, "listed-company", percent=criterion.percent.value)
        case _:
            assert_never(criterion)
    return text


def prerequisites(
    rules: PrerequisiteRules, language: Correspondence = _EN
) -> tuple[tuple[str, str], ...]:
    """What each prerequisite asks, by its id, in the order of the answer."""
    wanted = dict.fromkeys(rules.education.any_of, 1)
    return (
        ("age", ages(rules.age.at_least, rules.age.at_most, language)),
        ("support", ask(language, "support")),
        ("record", ask(language, "record")),
        ("language", ask(language, "spoken-and-written", languages=rules.language.any_of)),
        ("education", ask(language, "holding", wanted=wanted)),
        ("nationality", ask(language, "nationality")),
    )


def _work(row: WorkRow, language: Correspondence) -> str:
    if not row.senior_years:
        return ask(language, "work", years=row.years)
    return ask(language, "senior-work", years=row.years, senior_years=row.senior_years)


def _years_of_work(criterion: YearsOfWork, language: Correspondence) -> str:
    kind = "work" if criterion.mark is None else _MARKS[criterion.mark]
    text = ask(language, kind, years=criterion.years)
    if not criterion.sectors:
        return text
    return ask(language, "within-sectors", work=text, sectors=criterion.sectors)


def _languages(row: LanguageRow, language: Correspondence) -> Iterator[str]:
    if row.all_of:
        yield ask(language, "every-language", languages=row.all_of)
    if row.any_of:
        yield ask(language, "one-language", languages=row.any_of)
    if row.foreign:
        yield ask(language, "foreign-languages", number=row.foreign)


def _family(item: FamilyItem, language: Correspondence) -> str:
    match item.kind:
        case FamilyKind.PERMANENT_RESIDENT_RELATIVE:
            return ask(language, "resident-relative")
        case FamilyKind.SPOUSE_WITH_DEGREE:
            return ask(language, "spouse-with-degree")
        case FamilyKind.DEPENDENT_CHILD:
            return ask(language, "child", under=item.under)
        case _:
            assert_never(item.kind)
