"""Each row of a factor tested against an application, with its reason and the facts used.

Law: a row is tested whatever the others gave; what is given of them is `scoring`'s choice.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial
from operator import attrgetter

from domain.application import Application, Level
from domain.days import age_on
from domain.rules.counting import (
    Experience,
    GoodLanguage,
    Held,
    Posted,
    experience,
    good_languages,
    held_on,
    is_foreign,
)
from domain.rules.factors import (
    AchievementRow,
    AgeBand,
    Holding,
    LanguageRow,
    PostMark,
    QualificationRow,
    RenownedBonus,
    TalentListBonus,
    WorkBonus,
    WorkRow,
)
from domain.rules.reasons import FactValue, Message, Reason
from domain.rules.tested import Tested, because, needing
from domain.rules.types import DatedList


def age_bands(bands: tuple[AgeBand, ...], application: Application, on: date) -> tuple[Tested, ...]:
    """Every band; at most one is met."""
    age = age_on(application.applicant.date_of_birth, on)
    return tuple(_age_band(band, age) for band in bands)


def place_of_age(bands: tuple[AgeBand, ...], application: Application, on: date) -> int:
    """The number of the band of the age, or of the nearest one to it."""
    age = age_on(application.applicant.date_of_birth, on)
    reaching = (n for n, band in enumerate(bands) if band.highest is None or age <= band.highest)
    return next(reaching, len(bands) - 1)


def _age_band(band: AgeBand, age: int) -> Tested:
    return Tested(
        rule=band.id,
        met=band.lowest <= age and (band.highest is None or age <= band.highest),
        points=band.points,
        most=band.points,
        reason=partial(because, Message.AGED, age=age),
        need=partial(_age_needed, band, age),
        evidence=("applicant.date_of_birth",),
        looked_at=("applicant.date_of_birth",),
        source=band.cited.source,
    )


def _age_needed(band: AgeBand, age: int, points: int) -> Reason:
    if band.highest is not None and age > band.highest:
        return needing(Message.NEEDS_AGE_UP_TO, points, age=age, highest=band.highest)
    years = band.lowest - age
    return needing(Message.NEEDS_AGE_FROM, points, age=age, lowest=band.lowest, years=years)


def qualification_rows(
    rows: tuple[QualificationRow, ...], application: Application, on: date
) -> tuple[Tested, ...]:
    """Every row of the ladder."""
    paths: dict[Level, tuple[str, ...]] = {}
    for each in held_on(application, on):
        paths[each.what.level] = (*paths.get(each.what.level, ()), each.path)
    return tuple(_qualification_row(row, paths) for row in rows)


def _qualification_row(row: QualificationRow, paths: dict[Level, tuple[str, ...]]) -> Tested:
    held = [(each, paths.get(each.level, ())) for each in row.any_of]
    met = [(each, of_it) for each, of_it in held if len(of_it) >= each.count]
    return Tested(
        rule=row.id,
        met=bool(met),
        points=row.points,
        most=row.points,
        reason=partial(_holding_held, met),
        need=partial(_holding_needed, held),
        evidence=tuple(path for _, of_it in met for path in of_it),
        looked_at=tuple(path for _, of_it in held for path in of_it) or ("qualifications",),
        source=row.cited.source,
    )


_Holdings = list[tuple[Holding, tuple[str, ...]]]
"""Holdings, each with the paths of what is held of its level."""


def _holding_held(met: _Holdings) -> Reason:
    return because(Message.HOLDS, held={each.level.value: len(paths) for each, paths in met})


def _holding_needed(held: _Holdings, points: int) -> Reason:
    return needing(
        Message.NEEDS_HOLDING,
        points,
        wanted={each.level.value: each.count for each, _ in held},
        lacking={each.level.value: each.count - len(paths) for each, paths in held},
        held={each.level.value: len(paths) for each, paths in held},
    )


def renowned_bonus(bonus: RenownedBonus, application: Application, on: date) -> Tested:
    """Whether one of the levels is held from a renowned institution."""
    degrees = [each for each in held_on(application, on) if each.what.level in bonus.levels]
    found = [each for each in degrees if each.what.renowned_institution]
    return Tested(
        rule=bonus.id,
        met=bool(found),
        points=bonus.points,
        most=bonus.points,
        reason=partial(_renowned_held, found),
        need=partial(_renowned_needed, bonus, len(degrees)),
        evidence=tuple(each.path for each in found),
        looked_at=tuple(each.path for each in degrees) or ("qualifications",),
        source=bonus.cited.source,
    )


def _renowned_held(found: list[Held]) -> Reason:
    first = found[0].what
    return because(Message.HOLDS_RENOWNED, level=first.level.value, institution=first.institution)


def _renowned_needed(bonus: RenownedBonus, degrees: int, points: int) -> Reason:
    if degrees:
        return needing(Message.NEEDS_RENOWNED, points, levels=bonus.levels, degrees=degrees)
    return needing(Message.NEEDS_RENOWNED_DEGREE, points, levels=bonus.levels)


def work_rows(rows: tuple[WorkRow, ...], posted: Sequence[Posted]) -> tuple[Tested, ...]:
    """Every row of the ladder."""
    overall = experience(posted)
    senior = experience(posted, lambda post: post.senior_role)
    return tuple(_work_row(row, overall, senior) for row in rows)


def _work_row(row: WorkRow, overall: Experience, senior: Experience) -> Tested:
    worked = partial(because, Message.WORKED, days=overall.days)
    if row.senior_years:
        worked = partial(because, Message.WORKED_SENIOR, days=overall.days, senior_days=senior.days)
    return Tested(
        rule=row.id,
        met=overall.reaches(row.years) and senior.reaches(row.senior_years),
        points=row.points,
        most=row.points,
        reason=worked,
        need=partial(_work_needed, row, overall, senior),
        evidence=overall.evidence,
        looked_at=overall.evidence or ("employment",),
        source=row.cited.source,
    )


def _work_needed(row: WorkRow, overall: Experience, senior: Experience, points: int) -> Reason:
    more, senior_more = overall.lacking(row.years), senior.lacking(row.senior_years)
    whole: dict[str, FactValue] = {"more": more, "years": row.years, "days": overall.days}
    part: dict[str, FactValue] = {
        "senior_more": senior_more,
        "senior_years": row.senior_years,
        "senior_days": senior.days,
    }
    if not senior_more:
        return needing(Message.NEEDS_WORK, points, **whole)
    if not more:
        return needing(Message.NEEDS_SENIOR_WORK, points, **part)
    return needing(Message.NEEDS_WORK_AND_SENIOR_WORK, points, **whole, **part)


_MARKS = {
    PostMark.OUTSIDE_HOME_JURISDICTION: (
        Message.WORKED_OUTSIDE_HOME,
        Message.NEEDS_WORK_OUTSIDE_HOME,
    ),
    PostMark.MULTINATIONAL_OR_REPUTABLE: (
        Message.WORKED_MULTINATIONAL,
        Message.NEEDS_WORK_MULTINATIONAL,
    ),
}


def work_bonus(bonus: WorkBonus, posted: Sequence[Posted]) -> Tested:
    """Whether the years were worked in posts with the bonus's mark."""
    marked = experience(posted, attrgetter(bonus.mark.value))
    worked, needed = _MARKS[bonus.mark]
    return Tested(
        rule=bonus.id,
        met=marked.reaches(bonus.years),
        points=bonus.points,
        most=bonus.points,
        reason=partial(because, worked, days=marked.days),
        need=partial(
            needing,
            needed,
            more=marked.lacking(bonus.years),
            years=bonus.years,
            days=marked.days,
        ),
        evidence=marked.evidence,
        looked_at=marked.evidence or ("employment",),
        source=bonus.cited.source,
    )


def talent_list_bonus(
    bonus: TalentListBonus, editions: DatedList, application: Application, on: date
) -> Tested:
    """Whether a listed profession is claimed; the edition in force is recorded, not matched."""
    claimed = (application.talent_list_profession or "").strip()
    edition = editions.on(on)
    known: dict[str, FactValue] = {"edition": edition.id} if edition else {}
    claims = Message.CLAIMS_PROFESSION if edition else Message.CLAIMS_PROFESSION_UNLISTED
    needs = Message.NEEDS_PROFESSION if edition else Message.NEEDS_PROFESSION_UNLISTED
    return Tested(
        rule=bonus.id,
        met=bool(claimed),
        points=bonus.points,
        most=bonus.points,
        reason=lambda: because(claims, profession=claimed, **known),
        need=lambda points: needing(needs, points, **known),
        evidence=("talent_list_profession",) if claimed else (),
        looked_at=("talent_list_profession",),
        source=bonus.cited.source,
        edition=edition.id if edition else None,
    )


def language_rows(rows: tuple[LanguageRow, ...], application: Application) -> tuple[Tested, ...]:
    """Every row of the ladder."""
    good = good_languages(application)
    subtags = {each.subtag for each in good}
    foreign = {each for each in subtags if is_foreign(each)}
    return tuple(_language_row(row, good, subtags, foreign) for row in rows)


def _language_row(
    row: LanguageRow, good: tuple[GoodLanguage, ...], subtags: set[str], foreign: set[str]
) -> Tested:
    met = (
        subtags.issuperset(row.all_of)
        and (not row.any_of or not subtags.isdisjoint(row.any_of))
        and len(foreign) >= row.foreign
    )
    asked = {*row.all_of, *row.any_of, *(foreign if row.foreign else ())}
    used = [each for each in good if each.subtag in asked]
    evidence = tuple(path for each in used for path in each.evidence)
    names = tuple(each.subtag for each in used)
    return Tested(
        rule=row.id,
        met=met,
        points=row.points,
        most=row.points,
        reason=partial(because, Message.SPEAKS, languages=names),
        need=partial(_languages_needed, row, names, len(foreign)),
        evidence=evidence,
        looked_at=evidence or ("languages",),
        source=row.cited.source,
    )


def _languages_needed(row: LanguageRow, has: tuple[str, ...], foreign: int, points: int) -> Reason:
    lacking = tuple(each for each in row.all_of if each not in has)
    any_of = () if any(each in has for each in row.any_of) else row.any_of
    more = max(0, row.foreign - foreign)
    match bool(lacking), bool(any_of), bool(more):
        case True, _, False:
            return needing(Message.NEEDS_LANGUAGES, points, languages=lacking, has=has)
        case True, _, True:
            message = Message.NEEDS_LANGUAGES_AND_FOREIGN
            return needing(message, points, languages=lacking, foreign=more, has=has)
        case _, True, False:
            return needing(Message.NEEDS_LANGUAGE, points, any_of=any_of, has=has)
        case _, True, True:
            message = Message.NEEDS_LANGUAGE_AND_FOREIGN
            return needing(message, points, any_of=any_of, foreign=more, has=has)
        case _:
            return needing(Message.NEEDS_FOREIGN, points, foreign=more, has=has)


def achievement_row(row: AchievementRow, application: Application) -> Tested:
    """Whether one achievement of the kinds is claimed, of any year."""
    found = [
        (number, each)
        for number, each in enumerate(application.achievements)
        if each.kind in row.any_of
    ]
    titles = tuple(f"{each.title} ({each.year})" for _, each in found)
    return Tested(
        rule=row.id,
        met=bool(found),
        points=row.points,
        most=row.points,
        reason=partial(because, Message.CLAIMS_ACHIEVEMENTS, titles=titles),
        need=partial(needing, Message.NEEDS_ACHIEVEMENT),
        evidence=tuple(f"achievements[{number}]" for number, _ in found),
        looked_at=("achievements",),
        source=row.cited.source,
    )
