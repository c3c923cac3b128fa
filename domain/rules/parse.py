"""A ruleset from its data.

Law: data that is incomplete or contradicts itself is refused with every fault at once; nothing is
guessed or defaulted that would change a score.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
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
    data: Mapping[str, object],
    lists: Lists,
    *,
    sources: frozenset[str] | None = None,
    beginnings: Mapping[str, date] = MappingProxyType({}),
) -> Ruleset:
    """The ruleset that the data describes, or RulesetFaults naming every fault.

    ``sources`` are the ids that may be cited; None leaves them unchecked. ``beginnings`` are the
    first days of the rulesets with which a life may begin.
    """
    found = read_ruleset(data, lists, Notes(sources, beginnings))
    if found.faults:
        raise RulesetFaults(found.ruleset.id, found.faults)
    return found.ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRuleset:
    """A ruleset as far as it could be read, its faults, and the paths that have a stand-in."""

    ruleset: Ruleset
    faults: tuple[str, ...]
    unread: frozenset[str]


def read_ruleset(data: Mapping[str, object], lists: Lists, notes: Notes) -> ReadRuleset:
    """What the data says, with every fault and every contradiction in what could be read."""
    table = Table(data, "", notes)
    test = table.one_of("test", Test)
    questions = int(test is Test.CRITERIA)
    life, transition = table.table("life").life(), table.table("transition")
    factors = {
        row.path: each
        for row in table.rows("factors", least=1 - questions)
        for each in _factor(row)
    }
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
        factors=tuple(factors.values()),
        criteria=tuple(
            each for row in table.rows("criteria", least=questions) for each in read_criterion(row)
        ),
        lists=lists,
        edition=table.whole("edition", least=2) if table.has("edition") else 1,
    )
    table.close()
    against = faults_of(ruleset, places=tuple(factors), unread=notes.unread)
    return ReadRuleset(
        ruleset=ruleset, faults=(*notes.faults, *against), unread=frozenset(notes.unread)
    )


def digest_of(data: Mapping[str, object]) -> str:
    """``sha256:`` and the hex digest of the data as canonical JSON, dates in ISO 8601."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_iso)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _iso(value: object) -> str:
    if isinstance(value, date | time):
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
        language=LanguageNeed(
            any_of=language.languages("any_of", least=1), cited=language.citation()
        ),
        education=EducationNeed(
            any_of=education.some_of("any_of", Level), cited=education.citation()
        ),
        nationality=table.table("nationality").citation(),
    )


def _factor(table: Table) -> tuple[Factor, ...]:
    """The factor of a row, or nothing, with a fault, where its name is not known."""
    name = table.known("factor", tuple(_READ))
    if name is None:
        table.asked.update(table.data)
        return ()
    return (_READ[name](table),)


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
            all_of=row.languages("all_of"),
            any_of=row.languages("any_of"),
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
