"""Each row of a factor tested against an application, with its reason and the facts used.

Law: a row is tested whatever the others gave; what is given of them is `scoring`'s choice.
"""

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from domain.application import Application, Family, Level
from domain.days import age_on, written_out
from domain.rules.counting import (
    Experience,
    GoodLanguage,
    Held,
    counted,
    experience,
    good_languages,
    held_on,
    is_foreign,
    language_name,
    listed,
)
from domain.rules.factors import (
    AchievementRow,
    AgeBand,
    FamilyItem,
    FamilyKind,
    Holding,
    LanguageRow,
    PostMark,
    QualificationRow,
    RenownedBonus,
    TalentListBonus,
    WorkBonus,
    WorkRow,
)
from domain.rules.types import DatedList


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A row and whether it is met: ``points`` is what it gives, ``most`` what it could give.

    ``reason`` says why it gives what it gives, ``need`` what it would take to give all.
    """

    rule: str
    met: bool
    points: int
    most: int
    reason: str
    need: str
    evidence: tuple[str, ...]
    edition: str | None = None


_MARKS = {
    PostMark.OUTSIDE_HOME_JURISDICTION: "outside the home jurisdiction",
    PostMark.MULTINATIONAL_OR_REPUTABLE: "with a multinational or reputable employer",
}

_LEVELS = {
    Level.BACHELOR: "bachelor's degree",
    Level.MASTER: "master's degree",
    Level.DOCTORATE: "doctorate",
    Level.PROFESSIONAL: "recognised professional qualification",
    Level.TECHNICAL: "technical qualification",
}


def age_bands(bands: tuple[AgeBand, ...], application: Application, on: date) -> tuple[Tested, ...]:
    """Every band; at most one is met."""
    age = age_on(application.applicant.date_of_birth, on)
    return tuple(_age_band(band, age) for band in bands)


def _age_band(band: AgeBand, age: int) -> Tested:
    met = band.lowest <= age and (band.highest is None or age <= band.highest)
    ages = f"{band.lowest} or over" if band.highest is None else f"{band.lowest} to {band.highest}"
    return Tested(
        rule=band.id,
        met=met,
        points=band.points,
        most=band.points,
        reason=f"Aged {age}",
        need=f"Needs an age of {ages}; aged {age}",
        evidence=("applicant.date_of_birth",),
    )


def qualification_rows(
    rows: tuple[QualificationRow, ...], application: Application, on: date
) -> tuple[Tested, ...]:
    """Every row of the ladder."""
    held = held_on(application, on)
    return tuple(_qualification_row(row, held) for row in rows)


def _qualification_row(row: QualificationRow, held: tuple[Held, ...]) -> Tested:
    met = [each for each in row.any_of if len(_of(held, (each.level,))) >= each.count]
    have = listed((_having(each, held) for each in met or row.any_of), "and")
    wanted = listed((_wanted(each) for each in row.any_of), "or")
    return Tested(
        rule=row.id,
        met=bool(met),
        points=row.points,
        most=row.points,
        reason=f"Holds {have}",
        need=f"Needs {wanted}; holds {have}",
        evidence=tuple(one.path for each in met for one in _of(held, (each.level,))),
    )


def _of(held: tuple[Held, ...], levels: tuple[Level, ...]) -> list[Held]:
    return [each for each in held if each.what.level in levels]


def _having(holding: Holding, held: tuple[Held, ...]) -> str:
    number = len(_of(held, (holding.level,)))
    return counted(number, _LEVELS[holding.level]) if number else f"no {_LEVELS[holding.level]}"


def _wanted(holding: Holding) -> str:
    level = _LEVELS[holding.level]
    return f"a {level}" if holding.count == 1 else counted(holding.count, level)


def renowned_bonus(bonus: RenownedBonus, application: Application, on: date) -> Tested:
    """Whether one of the levels is held from a renowned institution."""
    found = [
        each
        for each in _of(held_on(application, on), bonus.levels)
        if each.what.renowned_institution
    ]
    best = found[0].what if found else None
    return Tested(
        rule=bonus.id,
        met=bool(found),
        points=bonus.points,
        most=bonus.points,
        reason=f"Holds a {_LEVELS[best.level]} from {best.institution}" if best else "",
        need="Needs a degree from an internationally renowned institution; holds none",
        evidence=tuple(each.path for each in found),
    )


def work_rows(rows: tuple[WorkRow, ...], application: Application, on: date) -> tuple[Tested, ...]:
    """Every row of the ladder."""
    overall = experience(application, on)
    senior = experience(application, on, lambda post: post.senior_role)
    return tuple(_work_row(row, overall, senior) for row in rows)


def _work_row(row: WorkRow, overall: Experience, senior: Experience) -> Tested:
    met = overall.reaches(row.years) and senior.reaches(row.senior_years)
    wanted = counted(row.years, "year")
    found = f"{overall} at graduate or specialist level"
    if row.senior_years:
        wanted += f" including {counted(row.senior_years, 'year')} in a senior role"
        found += f", {senior} of it in a senior role"
    return Tested(
        rule=row.id,
        met=met,
        points=row.points,
        most=row.points,
        reason=f"Worked {found}",
        need=f"Needs {wanted}; worked {found}",
        evidence=overall.evidence,
    )


def work_bonus(bonus: WorkBonus, application: Application, on: date) -> Tested:
    """Whether the years were worked in posts with the bonus's mark."""
    marked = experience(application, on, lambda post: bool(getattr(post, bonus.mark.value)))
    where = _MARKS[bonus.mark]
    return Tested(
        rule=bonus.id,
        met=marked.reaches(bonus.years),
        points=bonus.points,
        most=bonus.points,
        reason=f"Worked {marked} {where}",
        need=f"Needs {counted(bonus.years, 'year')} {where}; worked {marked} so",
        evidence=marked.evidence,
    )


def talent_list_bonus(
    bonus: TalentListBonus, editions: DatedList, application: Application, on: date
) -> Tested:
    """Whether a listed profession is claimed; the edition in force is recorded, not matched."""
    claimed = (application.talent_list_profession or "").strip()
    edition = editions.on(on)
    known = "no edition of the list is in force" if edition is None else f"{edition.id} is in force"
    return Tested(
        rule=bonus.id,
        met=bool(claimed),
        points=bonus.points,
        most=bonus.points,
        reason=f"Claims the listed profession {claimed}; {known}",
        need=f"Needs a profession on the Talent List, with evidence; {known}",
        evidence=("talent_list_profession",) if claimed else (),
        edition=edition.id if edition else None,
    )


def language_rows(rows: tuple[LanguageRow, ...], application: Application) -> tuple[Tested, ...]:
    """Every row of the ladder."""
    good = good_languages(application)
    return tuple(_language_row(row, good) for row in rows)


def _language_row(row: LanguageRow, good: tuple[GoodLanguage, ...]) -> Tested:
    subtags = {each.subtag for each in good}
    foreign = {each for each in subtags if is_foreign(each)}
    met = (
        subtags.issuperset(row.all_of)
        and (not row.any_of or not subtags.isdisjoint(row.any_of))
        and len(foreign) >= row.foreign
    )
    asked = {*row.all_of, *row.any_of, *(foreign if row.foreign else ())}
    used = [each for each in good if each.subtag in asked]
    names = listed((language_name(each.subtag) for each in used), "and") if used else "nothing"
    return Tested(
        rule=row.id,
        met=met,
        points=row.points,
        most=row.points,
        reason=f"Speaks and writes {names} well",
        need=f"Needs {_languages_wanted(row)} spoken and written well; has {names}",
        evidence=tuple(path for each in used for path in each.evidence),
    )


def _languages_wanted(row: LanguageRow) -> str:
    parts = [listed(map(language_name, row.all_of), "and")] if row.all_of else []
    parts += [listed(map(language_name, row.any_of), "or")] if row.any_of else []
    parts += [counted(row.foreign, "foreign language")] if row.foreign else []
    return " and ".join(parts)


def family_item(item: FamilyItem, application: Application, on: date) -> Tested:
    """How often an item counts, up to its cap."""
    match item.kind:
        case FamilyKind.PERMANENT_RESIDENT_RELATIVE:
            paths, reason, need = _relative(application.family)
        case FamilyKind.SPOUSE_WITH_DEGREE:
            paths, reason, need = _spouse(application.family)
        case FamilyKind.DEPENDENT_CHILD:
            paths, reason, need = _children(application.family, item.under or 0, on)
        case _:
            assert_never(item.kind)
    return Tested(
        rule=item.id,
        met=bool(paths),
        points=min(len(paths) * item.points, item.cap),
        most=item.cap,
        reason=reason,
        need=need,
        evidence=paths,
    )


def _relative(family: Family) -> tuple[tuple[str, ...], str, str]:
    relative = family.permanent_resident_relative
    return (
        ("family.permanent_resident_relative",) if relative else (),
        f"Has a {relative} who is a permanent resident living in Hong Kong",
        "Needs a spouse, parent, sibling or child who is a permanent resident living in Hong Kong",
    )


def _spouse(family: Family) -> tuple[tuple[str, ...], str, str]:
    spouse = family.spouse
    counts = spouse is not None and spouse.accompanying and spouse.degree_or_above
    has = "has no spouse"
    if spouse is not None:
        comes = "accompanies" if spouse.accompanying else "does not accompany"
        has = f"the spouse {comes} and has {'a' if spouse.degree_or_above else 'no'} degree"
    return (
        ("family.spouse",) if counts else (),
        "Has an accompanying spouse educated to degree level or above",
        f"Needs an accompanying spouse educated to degree level or above; {has}",
    )


def _children(family: Family, under: int, on: date) -> tuple[tuple[str, ...], str, str]:
    paths = tuple(
        f"family.children[{number}]"
        for number, each in enumerate(family.children)
        if each.accompanying and not each.married and age_on(each.date_of_birth, on) < under
    )
    number = len(paths)
    kind = f"accompanying, unmarried {'child' if number == 1 else 'children'} under {under}"
    need = f"Needs another accompanying, unmarried child under {under}; has {number}"
    return paths, f"Has {number} {kind} on {written_out(on)}", need


def achievement_row(row: AchievementRow, application: Application) -> Tested:
    """Whether one achievement of the kinds is claimed, of any year."""
    found = [
        (number, each)
        for number, each in enumerate(application.achievements)
        if each.kind in row.any_of
    ]
    titles = listed((f"{each.title} ({each.year})" for _, each in found), "and") if found else ""
    return Tested(
        rule=row.id,
        met=bool(found),
        points=row.points,
        most=row.points,
        reason=f"Claims {titles}",
        need="Needs an award of exceptional achievement or work that peers acclaim; claims none",
        evidence=tuple(f"achievements[{number}]" for number, _ in found),
    )
