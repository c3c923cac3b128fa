"""What an applicant files.

Law: field names are exactly the keys of the application file, and these annotations are the one
source of its shape: the intake schemas, the stored form and the tests' strategies derive from
them. A text with a meaning of its own has an annotated alias, which the intake gives its check.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

CountryCode = Annotated[str, "ISO 3166-1 alpha-3 country code"]
LanguageTag = Annotated[str, "BCP 47 language tag"]
DocumentNumber = Annotated[str, "number of a travel document"]
EmailAddress = Annotated[str, "e-mail address"]
Percentage = Annotated[float, "from 0 to 100"]


class Route(StrEnum):
    """The two tests of the scheme; an application is filed under one of them."""

    GENERAL = "general"
    ACHIEVEMENT = "achievement"


class Channel(StrEnum):
    """How an application reached the office."""

    PAPER = "paper"
    ONLINE = "online"


class Correspondence(StrEnum):
    """The languages in which the office writes to applicants."""

    ENGLISH = "en"
    TRADITIONAL_CHINESE = "zh-Hant"
    SIMPLIFIED_CHINESE = "zh-Hans"


class Level(StrEnum):
    """Levels of qualification."""

    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTORATE = "doctorate"
    PROFESSIONAL = "professional"
    TECHNICAL = "technical"


class Sector(StrEnum):
    """The field of a post."""

    INNOVATION_TECHNOLOGY = "innovation_technology"
    FINANCE = "finance"
    INTERNATIONAL_TRADE = "international_trade"
    ARTS_CULTURE = "arts_culture"
    CATERING = "catering"
    OTHER = "other"


class Skill(StrEnum):
    """How well a language is spoken or written."""

    GOOD = "good"
    FAIR = "fair"
    BASIC = "basic"
    NONE = "none"


class Relative(StrEnum):
    """An immediate relative who is a permanent resident living in Hong Kong."""

    SPOUSE = "spouse"
    PARENT = "parent"
    SIBLING = "sibling"
    CHILD = "child"


class AchievementKind(StrEnum):
    """The two kinds of achievement that the achievement route knows."""

    EXCEPTIONAL_AWARD = "exceptional_award"
    PEER_ACCLAIM = "peer_acclaim"


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelDocument:
    """The document the applicant travels on."""

    number: DocumentNumber
    issued_by: CountryCode
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who applies, and how to reach them."""

    family_name: str
    given_names: str
    name_in_chinese: str | None = None
    date_of_birth: date
    nationality: CountryCode
    country_of_residence: CountryCode
    email: EmailAddress
    correspondence_language: Correspondence
    travel_document: TravelDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisites:
    """What the applicant declares for the prerequisites; money in whole HK dollars."""

    can_support_household: bool
    net_worth_hkd: int
    criminal_record: bool
    adverse_immigration_record: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """One degree, professional or technical qualification.

    ``listed_university`` means on the aggregate list of the 2024 test; ``recognised_body`` says
    something of a professional qualification only.
    """

    level: Level
    title: str
    subject: str
    stem: bool
    institution: str
    country: CountryCode
    awarded_on: date
    renowned_institution: bool
    listed_university: bool
    recognised_body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One employment; both of its days are worked, and without an end it goes on."""

    employer: str
    position: str
    sector: Sector
    country: CountryCode
    started_on: date
    ended_on: date | None = None
    graduate_or_specialist: bool
    senior_role: bool
    outside_home_jurisdiction: bool
    multinational_or_reputable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSkill:
    """A language and how well the applicant has it."""

    language: LanguageTag
    spoken: Skill
    written: Skill


@dataclass(frozen=True, slots=True, kw_only=True)
class Spouse:
    """The applicant's spouse."""

    accompanying: bool
    degree_or_above: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child of the applicant."""

    date_of_birth: date
    accompanying: bool
    married: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The applicant's family as far as the scheme asks."""

    permanent_resident_relative: Relative | None = None
    spouse: Spouse | None = None
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """A business the applicant owns in part or whole; profit in whole HK dollars a year."""

    name: str
    listed: bool
    ownership_percent: Percentage
    annual_profit_hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """An award, or work that peers acclaim."""

    kind: AchievementKind
    title: str
    awarded_by: str
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application as filed; a missing optional field means that nothing is claimed."""

    route: Route
    applicant: Applicant
    prerequisites: Prerequisites
    qualifications: tuple[Qualification, ...]
    employment: tuple[Post, ...]
    languages: tuple[LanguageSkill, ...]
    family: Family
    talent_list_profession: str | None = None
    annual_income_hkd: int | None = None
    businesses: tuple[Business, ...]
    achievements: tuple[Achievement, ...]
