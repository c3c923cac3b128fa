"""A ruleset from its data.

Law: data that is incomplete or contradicts itself is refused with every fault at once; nothing is
guessed or defaulted that would change a score.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.application import AchievementKind, Level, Route
from domain.rules.checks import faults_of
from domain.rules.criteria_reading import read_criterion
from domain.rules.factors import (
    AchievementFactor,
    AchievementRow,
    AgeBand,
    AgeFactor,
    AgeLimits,
    EducationNeed,
    Factor,
    FamilyFactor,
    FamilyItem,
    FamilyKind,
    Holding,
    LanguageFactor,
    LanguageNeed,
    LanguageRow,
    PostMark,
    PrerequisiteRules,
    QualificationFactor,
    QualificationRow,
    RenownedBonus,
    TalentListBonus,
    TalentListFactor,
    WorkBonus,
    WorkFactor,
    WorkRow,
)
from domain.rules.reading import Notes, RulesetFaults, Table
from domain.rules.transitions import read_transition
from domain.rules.types import Lists, Ruleset, Test


def parse_ruleset(
    data: Mapping[str, object], lists: Lists, *, sources: frozenset[str] | None = None
) -> Ruleset:
    """The ruleset that the data describes, or RulesetFaults naming every fault.

    ``sources`` are the ids that may be cited; None leaves them unchecked.
    """
    notes = Notes(sources)
    table = Table(data, "", notes)
    test = table.one_of("test", Test)
    questions = int(test is Test.CRITERIA)
    life, transition = table.table("life").life(), table.table("transition")
    ruleset = Ruleset(
        id=table.text("id"),
        digest=digest_of(data),
        route=table.one_of("route", Route),
        test=test,
        life=life,
        transition=read_transition(transition, life, transition.citation()),
        pass_mark=table.figure("pass_mark"),
        max=table.figure("max"),
        prerequisites=_prerequisites(table.table("prerequisites")),
        factors=tuple(
            each for row in table.rows("factors", least=1 - questions) for each in _factor(row)
        ),
        criteria=tuple(
            each for row in table.rows("criteria", least=questions) for each in read_criterion(row)
        ),
        lists=lists,
    )
    table.close()
    # Contradictions are looked for only in data that reads: stand-ins would contradict too.
    faults = tuple(notes.faults) or faults_of(ruleset)
    if faults:
        raise RulesetFaults(ruleset.id, faults)
    return ruleset


def digest_of(data: Mapping[str, object]) -> str:
    """``sha256:`` and the hex digest of the data as canonical JSON, dates in ISO 8601."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_iso)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no canonical form")


def _prerequisites(table: Table) -> PrerequisiteRules:
    age, language, education = (table.table(key) for key in ("age", "language", "education"))
    return PrerequisiteRules(
        age=AgeLimits(
            at_least=age.whole("at_least"),
            at_most=age.whole_or_none("at_most"),
            cited=age.citation(),
        ),
        support=table.table("support").citation(),
        record=table.table("record").citation(),
        language=LanguageNeed(any_of=language.texts("any_of", least=1), cited=language.citation()),
        education=EducationNeed(
            any_of=education.some_of("any_of", Level), cited=education.citation()
        ),
        nationality=table.table("nationality").citation(),
    )


def _factor(table: Table) -> tuple[Factor, ...]:
    """The factor of a row, or nothing, with a fault, where its name is not known."""
    read = _READ.get(table.text("factor"))
    if read is None:
        table.fault("factor", f"must be one of {', '.join(_READ)}, not {table.data['factor']!r}")
        table.asked.update(table.data)
        return ()
    return (read(table),)


def _age(table: Table) -> AgeFactor:
    bands = tuple(
        AgeBand(
            id=row.text("id"),
            lowest=row.whole("from"),
            highest=row.whole_or_none("to"),
            points=row.whole("points"),
            cited=row.citation(),
        )
        for row in table.rows("bands", least=1)
    )
    return AgeFactor(max=table.figure("max"), bands=bands)


def _qualifications(table: Table) -> QualificationFactor:
    return QualificationFactor(
        max=table.figure("max"),
        ladder=tuple(_qualification_row(row) for row in table.rows("ladder", least=1)),
        bonuses=tuple(
            RenownedBonus(
                id=row.text("id"),
                points=row.whole("points"),
                levels=row.some_of("levels", Level),
                cited=row.citation(),
            )
            for row in table.rows("bonuses")
        ),
    )


def _qualification_row(row: Table) -> QualificationRow:
    holdings = tuple(
        Holding(level=each.one_of("level", Level), count=each.whole("count", least=1))
        for each in row.rows("any_of", least=1)
    )
    return QualificationRow(
        id=row.text("id"), points=row.whole("points"), any_of=holdings, cited=row.citation()
    )


def _work(table: Table) -> WorkFactor:
    ladder = tuple(
        WorkRow(
            id=row.text("id"),
            points=row.whole("points"),
            years=row.whole("years", least=1),
            senior_years=row.whole("senior_years"),
            cited=row.citation(),
        )
        for row in table.rows("ladder", least=1)
    )
    bonuses = tuple(
        WorkBonus(
            id=row.text("id"),
            points=row.whole("points"),
            years=row.whole("years", least=1),
            mark=row.one_of("mark", PostMark),
            cited=row.citation(),
        )
        for row in table.rows("bonuses")
    )
    return WorkFactor(max=table.figure("max"), ladder=ladder, bonuses=bonuses)


def _talent_list(table: Table) -> TalentListFactor:
    row = table.table("bonus")
    bonus = TalentListBonus(id=row.text("id"), points=row.whole("points"), cited=row.citation())
    return TalentListFactor(max=table.figure("max"), bonus=bonus)


def _language(table: Table) -> LanguageFactor:
    ladder = tuple(
        LanguageRow(
            id=row.text("id"),
            points=row.whole("points"),
            all_of=row.texts("all_of"),
            any_of=row.texts("any_of"),
            foreign=row.whole("foreign"),
            cited=row.citation(),
        )
        for row in table.rows("ladder", least=1)
    )
    return LanguageFactor(max=table.figure("max"), ladder=ladder)


def _family(table: Table) -> FamilyFactor:
    items = tuple(
        FamilyItem(
            id=row.text("id"),
            kind=row.one_of("kind", FamilyKind),
            points=row.whole("points"),
            cap=row.whole("cap"),
            under=row.whole_or_none("under", least=1),
            cited=row.citation(),
        )
        for row in table.rows("items", least=1)
    )
    return FamilyFactor(max=table.figure("max"), items=items)


def _achievement(table: Table) -> AchievementFactor:
    row = table.table("row")
    return AchievementFactor(
        max=table.figure("max"),
        row=AchievementRow(
            id=row.text("id"),
            points=row.whole("points"),
            any_of=row.some_of("any_of", AchievementKind),
            cited=row.citation(),
        ),
    )


_READ: Final[Mapping[str, Callable[[Table], Factor]]] = MappingProxyType(
    {
        "age": _age,
        "qualifications": _qualifications,
        "work_experience": _work,
        "talent_list": _talent_list,
        "language": _language,
        "family": _family,
        "achievement": _achievement,
    }
)
