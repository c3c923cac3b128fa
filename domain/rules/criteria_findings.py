"""Each criterion tested against an application, with its reason and the facts used.

Law: a criterion is tested whatever the others found, and one that depends on another looks only at
what met that one. Who does not meet it is told exactly what lacks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, assert_never

from domain.application import Application, Business, Post, Skill
from domain.days import age_on
from domain.rules.counting import (
    Held,
    experience,
    good_languages,
    held_on,
    posted_until,
    subtag_of,
)
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
    sources_of,
)
from domain.rules.factors import PostMark
from domain.rules.reasons import FactValue, Message, Reason
from domain.rules.tested import because
from domain.rules.types import CriterionFinding, Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Whether a criterion is met, why, and by which paths of the application."""

    met: bool
    reason: Reason
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owned:
    """A business with what it lacks, in HK dollars of profit and per cent of ownership."""

    path: str
    what: Business
    profit_lacking: int
    share_asked: int
    share_lacking: Decimal

    @property
    def met(self) -> bool:
        """True when nothing lacks."""
        return not self.profit_lacking and not self.share_lacking


def find_criteria(
    ruleset: Ruleset, application: Application, on: date
) -> tuple[CriterionFinding, ...]:
    """One finding for each criterion of a ruleset on a reference date."""
    universities = ruleset.lists.universities.on(on)
    edition = universities.id if universities else None
    return tuple(
        CriterionFinding(
            id=each.id,
            met=found.met,
            reason=found.reason,
            evidence=found.evidence,
            source=sources_of(each),
            edition=edition if isinstance(each, ListedDegree) else None,
        )
        for each in ruleset.criteria
        for found in (_tested(each, ruleset.criteria, application, on),)
    )


def _tested(
    criterion: Criterion, criteria: Sequence[Criterion], application: Application, on: date
) -> _Found:
    match criterion:
        case AgeAtMost():
            found = _age(criterion, application, on)
        case ListedDegree():
            found = _listed_degree(criterion, application, on)
        case StemDegree():
            found = _stem_degree(criterion, criteria, application, on)
        case GoodLanguages():
            found = _good_languages(criterion, application)
        case NamedLanguage():
            found = _named_language(criterion, application)
        case YearsOfWork():
            found = _work(criterion, application, on)
        case AnnualIncome():
            found = _income(criterion, application)
        case BusinessProfit():
            found = _business(criterion, application)
        case ListedCompany():
            found = _company(criterion, application)
        case _:
            assert_never(criterion)
    return found


def _met(message: Message, evidence: Sequence[str], **facts: FactValue) -> _Found:
    return _Found(met=True, reason=because(message, **facts), evidence=tuple(evidence))


def _unmet(message: Message, evidence: Sequence[str], **facts: FactValue) -> _Found:
    return _Found(met=False, reason=because(message, **facts), evidence=tuple(evidence))


def _age(criterion: AgeAtMost, application: Application, on: date) -> _Found:
    age, evidence = age_on(application.applicant.date_of_birth, on), ("applicant.date_of_birth",)
    if age <= criterion.years:
        return _met(Message.AGED, evidence, age=age)
    return _unmet(Message.LACKS_YOUTH, evidence, age=age, highest=criterion.years)


def _listed_degree(criterion: ListedDegree, application: Application, on: date) -> _Found:
    asked = _of_levels(criterion, application, on)
    listed = [each for each in asked if each.what.listed_university]
    best = _best(criterion, listed or asked)
    if best is None:
        return _unmet(Message.LACKS_DEGREE, ("qualifications",), levels=criterion.levels)
    evidence = [each.path for each in listed or asked]
    told: dict[str, FactValue] = {"level": best.what.level, "institution": best.what.institution}
    if listed:
        return _met(Message.HOLDS_LISTED, evidence, **told)
    return _unmet(Message.LACKS_LISTED_UNIVERSITY, evidence, **told)


def _stem_degree(
    criterion: StemDegree, criteria: Sequence[Criterion], application: Application, on: date
) -> _Found:
    of = next(
        each for each in criteria if isinstance(each, ListedDegree) and each.id == criterion.of
    )
    listed = [each for each in _of_levels(of, application, on) if each.what.listed_university]
    best = _best(of, [each for each in listed if each.what.stem])
    if best is not None:
        return _met(
            Message.HOLDS_STEM,
            [each.path for each in listed if each.what.stem],
            level=best.what.level,
            subject=best.what.subject,
        )
    if listed:
        subjects = tuple(sorted({each.what.subject for each in listed}))
        evidence = [each.path for each in listed]
        return _unmet(Message.LACKS_STEM_SUBJECT, evidence, criterion=of.id, subjects=subjects)
    return _unmet(Message.LACKS_STEM_DEGREE, ("qualifications",), criterion=of.id)


def _of_levels(criterion: ListedDegree, application: Application, on: date) -> list[Held]:
    return [each for each in held_on(application, on) if each.what.level in criterion.levels]


def _best(criterion: ListedDegree, held: Sequence[Held]) -> Held | None:
    """Return the highest of the levels, which stand lowest first, whatever the file's order."""
    return max(
        held,
        key=lambda each: (
            criterion.levels.index(each.what.level),
            each.what.institution,
            each.what.subject,
        ),
        default=None,
    )


def _good_languages(criterion: GoodLanguages, application: Application) -> _Found:
    good = good_languages(application)
    evidence = [path for each in good for path in each.evidence] or ["languages"]
    has, lacking = tuple(each.subtag for each in good), criterion.number - len(good)
    if lacking <= 0:
        return _met(Message.SPEAKS, evidence, languages=has)
    return _unmet(Message.LACKS_LANGUAGES, evidence, more=lacking, has=has)


def _named_language(criterion: NamedLanguage, application: Application) -> _Found:
    ours = [
        (f"languages[{number}]", each)
        for number, each in enumerate(application.languages)
        if subtag_of(each.language) == criterion.language
    ]
    evidence, languages = [path for path, _ in ours] or ["languages"], (criterion.language,)
    spoken = any(each.spoken is Skill.GOOD for _, each in ours)
    written = any(each.written is Skill.GOOD for _, each in ours)
    if spoken and written:
        return _met(Message.SPEAKS, evidence, languages=languages)
    message = Message.LACKS_LANGUAGE
    if spoken or written:
        message = Message.LACKS_LANGUAGE_WRITTEN if spoken else Message.LACKS_LANGUAGE_SPOKEN
    return _unmet(message, evidence, languages=languages)


_WORK: Final[Mapping[PostMark | None, tuple[Message, Message]]] = MappingProxyType(
    {
        None: (Message.WORKED, Message.LACKS_WORK),
        PostMark.MULTINATIONAL_OR_REPUTABLE: (
            Message.WORKED_MULTINATIONAL,
            Message.LACKS_WORK_MULTINATIONAL,
        ),
        PostMark.OUTSIDE_HOME_JURISDICTION: (
            Message.WORKED_OUTSIDE_HOME,
            Message.LACKS_WORK_OUTSIDE_HOME,
        ),
    }
)


def _work(criterion: YearsOfWork, application: Application, on: date) -> _Found:
    worked = experience(posted_until(application, on), _counts_for(criterion))
    evidence = worked.evidence or ("employment",)
    has, lacks = _WORK[criterion.mark]
    sectors: dict[str, FactValue] = {}
    if criterion.sectors:
        has, lacks = Message.WORKED_IN_SECTORS, Message.LACKS_WORK_IN_SECTORS
        sectors = {"sectors": criterion.sectors}
    if worked.reaches(criterion.years):
        return _met(has, evidence, days=worked.days, **sectors)
    more = worked.lacking(criterion.years)
    return _unmet(lacks, evidence, more=more, years=criterion.years, days=worked.days, **sectors)


def _counts_for(criterion: YearsOfWork) -> Callable[[Post], bool]:
    def counts(post: Post) -> bool:
        marked = criterion.mark is None or bool(getattr(post, criterion.mark.value))
        return marked and (not criterion.sectors or post.sector in criterion.sectors)

    return counts


def _income(criterion: AnnualIncome, application: Application) -> _Found:
    income, evidence = application.annual_income_hkd, ("annual_income_hkd",)
    if income is None:
        return _unmet(Message.LACKS_ANY_INCOME, evidence, least=criterion.hkd)
    if income >= criterion.hkd:
        return _met(Message.EARNS, evidence, income=income)
    more = criterion.hkd - income
    return _unmet(Message.LACKS_INCOME, evidence, more=more, least=criterion.hkd, income=income)


def _business(criterion: BusinessProfit, application: Application) -> _Found:
    def share(business: Business) -> int:
        asked = criterion.listed_percent if business.listed else criterion.unlisted_percent
        return asked.value

    owned = _owned(application, lambda _: True, share, criterion.hkd)
    if not owned:
        return _unmet(Message.LACKS_BUSINESS, ("businesses",), least=criterion.hkd)
    evidence = _paths(owned)
    nearest = owned[0]
    name, profit = nearest.what.name, nearest.what.annual_profit_hkd
    percent = _written(_exact(nearest.what))
    if nearest.met:
        return _met(Message.OWNS_BUSINESS, evidence, name=name, percent=percent, profit=profit)
    of_profit: dict[str, FactValue] = {
        "more": nearest.profit_lacking,
        "least": criterion.hkd,
        "profit": profit,
    }
    if not nearest.share_lacking:
        return _unmet(Message.LACKS_PROFIT, evidence, name=name, **of_profit)
    if not nearest.profit_lacking:
        return _share_lacks(nearest, evidence)
    return _unmet(
        Message.LACKS_PROFIT_AND_SHARE,
        evidence,
        name=name,
        **of_profit,
        percent=percent,
        least_percent=nearest.share_asked,
    )


def _company(criterion: ListedCompany, application: Application) -> _Found:
    owned = _owned(application, lambda each: each.listed, lambda _: criterion.percent.value)
    if not owned:
        least = criterion.percent.value
        return _unmet(Message.LACKS_LISTED_COMPANY, ("businesses",), least_percent=least)
    nearest, evidence = owned[0], _paths(owned)
    if nearest.met:
        name, percent = nearest.what.name, _written(_exact(nearest.what))
        return _met(Message.OWNS_LISTED, evidence, name=name, percent=percent)
    return _share_lacks(nearest, evidence)


def _share_lacks(owned: _Owned, evidence: Sequence[str]) -> _Found:
    return _unmet(
        Message.LACKS_SHARE,
        evidence,
        name=owned.what.name,
        more_percent=_written(owned.share_lacking),
        least_percent=owned.share_asked,
        percent=_written(_exact(owned.what)),
    )


def _owned(
    application: Application,
    wanted: Callable[[Business], bool],
    share: Callable[[Business], int],
    profit: int | None = None,
) -> list[_Owned]:
    """Return the businesses that are wanted, those that lack least first."""
    found = [
        _Owned(
            path=f"businesses[{number}]",
            what=each,
            profit_lacking=0 if profit is None else max(0, profit - each.annual_profit_hkd),
            share_asked=share(each),
            share_lacking=max(Decimal(0), share(each) - _exact(each)),
        )
        for number, each in enumerate(application.businesses)
        if wanted(each)
    ]
    return sorted(found, key=_lacks)


def _lacks(owned: _Owned) -> tuple[int, int, Decimal, str]:
    kinds = bool(owned.profit_lacking) + bool(owned.share_lacking)
    return kinds, owned.profit_lacking, owned.share_lacking, owned.what.name


def _paths(owned: Sequence[_Owned]) -> tuple[str, ...]:
    """Return the paths of those that meet it, or of all that were looked at."""
    return tuple(each.path for each in owned if each.met) or tuple(each.path for each in owned)


def _exact(business: Business) -> Decimal:
    """Return the percentage as it was written, not as binary fractions have it."""
    return Decimal(str(business.ownership_percent))


def _written(percent: Decimal) -> str:
    """Return a percentage without zeros that say nothing: 50, 49.9."""
    return f"{percent.normalize():f}"
