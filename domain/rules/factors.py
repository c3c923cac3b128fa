"""What a test asks and gives: prerequisites, factors and their rows.

Law: every figure comes from dated data with a source and a confidence; code knows how a thing is
counted, never how many points it gives.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.application import AchievementKind, Level


class Confidence(StrEnum):
    """How sure a figure is, from official text to memory."""

    OFFICIAL = "H"
    NEARLY_OFFICIAL = "M-H"
    SECONDARY = "M"
    RATHER_WEAK = "L-M"
    WEAK = "L"
    REMEMBERED = "MEM"
    DERIVED = "DERIVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a figure comes from; ``day_uncertain`` where its first day is not verified."""

    source: tuple[str, ...]
    confidence: Confidence
    day_uncertain: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A single number with its authority."""

    value: int
    cited: Citation


# Prerequisites.


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeLimits:
    """The ages, in completed years, that may apply."""

    at_least: int
    at_most: int | None
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageNeed:
    """Languages (primary subtags) one of which must be good."""

    any_of: tuple[str, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationNeed:
    """Levels of qualification one of which must be held."""

    any_of: tuple[Level, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteRules:
    """What must hold of everybody, in the order of the answer."""

    age: AgeLimits
    support: Citation
    record: Citation
    language: LanguageNeed
    education: EducationNeed
    nationality: Citation


# Factors of a points table. Ladders stand best row first, and the first row met is given.


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeBand:
    """Points for ages from ``lowest`` to ``highest`` (None: and above), both included."""

    id: str
    lowest: int
    highest: int | None
    points: int
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """At least ``count`` qualifications of a level."""

    level: Level
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRow:
    """Points for any one of several holdings."""

    id: str
    points: int
    any_of: tuple[Holding, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class RenownedBonus:
    """Points, once, for a qualification of these levels from a renowned institution."""

    id: str
    points: int
    levels: tuple[Level, ...]
    cited: Citation


class PostMark(StrEnum):
    """A mark of a post that a bonus may ask for; the values are fields of ``Post``."""

    OUTSIDE_HOME_JURISDICTION = "outside_home_jurisdiction"
    MULTINATIONAL_OR_REPUTABLE = "multinational_or_reputable"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """Points for years of experience, of which at least so many senior."""

    id: str
    points: int
    years: int
    senior_years: int
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkBonus:
    """Points for years in posts that carry a mark."""

    id: str
    points: int
    years: int
    mark: PostMark
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRow:
    """Points for good languages: all of some, any of some, and so many foreign ones."""

    id: str
    points: int
    all_of: tuple[str, ...]
    any_of: tuple[str, ...]
    foreign: int
    cited: Citation


class FamilyKind(StrEnum):
    """What a family item counts."""

    PERMANENT_RESIDENT_RELATIVE = "permanent_resident_relative"
    SPOUSE_WITH_DEGREE = "spouse_with_degree"
    DEPENDENT_CHILD = "dependent_child"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyItem:
    """Points for each thing counted, at most ``cap`` points in all.

    ``under`` is the age, in completed years, that a child has not reached; None elsewhere.
    """

    id: str
    kind: FamilyKind
    points: int
    cap: int
    under: int | None
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class TalentListBonus:
    """Points for a listed profession, claimed and evidenced."""

    id: str
    points: int
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementRow:
    """Points for at least one achievement of any of these kinds."""

    id: str
    points: int
    any_of: tuple[AchievementKind, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeFactor:
    """Points by age."""

    max: Figure
    bands: tuple[AgeBand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationFactor:
    """Points for the best row of qualifications, and bonuses."""

    max: Figure
    ladder: tuple[QualificationRow, ...]
    bonuses: tuple[RenownedBonus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFactor:
    """Points for the best row of experience, and bonuses."""

    max: Figure
    ladder: tuple[WorkRow, ...]
    bonuses: tuple[WorkBonus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalentListFactor:
    """Points for a listed profession."""

    max: Figure
    bonus: TalentListBonus


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageFactor:
    """Points for the best row of languages."""

    max: Figure
    ladder: tuple[LanguageRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFactor:
    """Points for each family item."""

    max: Figure
    items: tuple[FamilyItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementFactor:
    """Everything or nothing for an achievement."""

    max: Figure
    row: AchievementRow


Factor = (
    AgeFactor
    | QualificationFactor
    | WorkFactor
    | TalentListFactor
    | LanguageFactor
    | FamilyFactor
    | AchievementFactor
)
