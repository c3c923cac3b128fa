"""Applications to assess, built from the least that can be filed.

Each builder fills in what a test does not care about; the reference date is fixed, so that every
length of time is counted back from it.
"""

from datetime import date, timedelta
from typing import Any

from domain.application import (
    Achievement,
    AchievementKind,
    Applicant,
    Application,
    Child,
    Correspondence,
    Family,
    LanguageSkill,
    Level,
    Post,
    Prerequisites,
    Qualification,
    Route,
    Sector,
    Skill,
    TravelDocument,
)
from domain.rules.types import Assessment, FactorScore

ON = date(2019, 5, 1)


def born(age: int, *, days_before_birthday: int = 0) -> date:
    """The birth of somebody who completes `age` years so many days after the reference date."""
    day = ON + timedelta(days=days_before_birthday)
    return day.replace(year=day.year - age)


def application(
    *, date_of_birth: date | None = None, nationality: str = "USA", **given: Any
) -> Application:
    """An application that claims nothing but what is given."""
    blank: dict[str, Any] = {
        "route": Route.GENERAL,
        "applicant": Applicant(
            family_name="Doe",
            given_names="Jo",
            date_of_birth=date_of_birth or born(30),
            nationality=nationality,
            country_of_residence="USA",
            email="jo@example.com",
            correspondence_language=Correspondence.ENGLISH,
            travel_document=TravelDocument(
                number="A1", issued_by="USA", expires_on=date(2030, 1, 1)
            ),
        ),
        "prerequisites": declared(),
        "qualifications": (),
        "employment": (),
        "languages": (),
        "family": Family(children=()),
        "businesses": (),
        "achievements": (),
    }
    return Application(**{**blank, **given})


def declared(**given: Any) -> Prerequisites:
    """Declarations that meet the prerequisites, but for what is given."""
    well: dict[str, Any] = {
        "can_support_household": True,
        "net_worth_hkd": 0,
        "criminal_record": False,
        "adverse_immigration_record": False,
    }
    return Prerequisites(**{**well, **given})


def held(level: Level, **given: Any) -> Qualification:
    """A qualification awarded long ago, a professional one by a recognised body."""
    plain: dict[str, Any] = {
        "level": level,
        "title": "A title",
        "subject": "A subject",
        "stem": False,
        "institution": "An institution",
        "country": "USA",
        "awarded_on": date(2010, 1, 1),
        "renowned_institution": False,
        "listed_university": False,
        "recognised_body": level is Level.PROFESSIONAL,
    }
    return Qualification(**{**plain, **given})


def post(days: int, *, ending: date | None = ON, **given: Any) -> Post:
    """A graduate-level post of so many days, the last of them included; to ON when open."""
    plain: dict[str, Any] = {
        "employer": "An employer",
        "position": "A position",
        "sector": Sector.OTHER,
        "country": "USA",
        "started_on": (ending or ON) - timedelta(days=days - 1),
        "ended_on": ending,
        "graduate_or_specialist": True,
        "senior_role": False,
        "outside_home_jurisdiction": False,
        "multinational_or_reputable": False,
    }
    return Post(**{**plain, **given})


def skill(language: str, spoken: Skill = Skill.GOOD, written: Skill = Skill.GOOD) -> LanguageSkill:
    """A language, good unless told otherwise."""
    return LanguageSkill(language=language, spoken=spoken, written=written)


def child(age: int = 5, **given: Any) -> Child:
    """A child who counts, but for what is given."""
    counts: dict[str, Any] = {"date_of_birth": born(age), "accompanying": True, "married": False}
    return Child(**{**counts, **given})


def achieved(kind: AchievementKind = AchievementKind.PEER_ACCLAIM, year: int = 2001) -> Achievement:
    """An achievement of a kind and year."""
    return Achievement(kind=kind, title="A prize", awarded_by="A body", year=year)


def factor(assessment: Assessment, name: str) -> FactorScore:
    """The score of the factor of that name."""
    return next(each for each in assessment.factors if each.factor == name)


def points(assessment: Assessment, name: str) -> int:
    """The points of the factor of that name."""
    return factor(assessment, name).points


def met(assessment: Assessment, name: str) -> bool:
    """Whether the prerequisite of that name is met."""
    return next(each for each in assessment.prerequisites if each.id == name).met
