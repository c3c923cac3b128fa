"""Believable applicants of 2019, drawn from a seed: the same seed gives the same people.

Shares follow what the office published of those years: nine in ten from the Mainland, seven in
ten under 40, finance and technology about a quarter each, a few by achievement. What nobody
publishes (families, the share that fails) is a guess that gives a pool of about two thirds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final, TypeVar

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
    Relative,
    Route,
    Sector,
    Skill,
    Spouse,
    TravelDocument,
)
from domain.days import HONG_KONG
from services.demo import names

FIRST_DAY: Final = date(2019, 1, 2)
DAYS: Final = 150
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An application, when it was received, and whether its applicant will withdraw it."""

    application: Application
    received_at: datetime
    withdraws: bool


def population(size: int, seed: int) -> Iterator[Arrival]:
    """Return `size` arrivals; each depends on its own number and the seed alone."""
    for number in range(size):
        random = Random(f"{seed}:{number}")  # noqa: S311 - believable, not secret
        yield _arrival(random, number)


def _arrival(random: Random, number: int) -> Arrival:
    day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
    minute = random.randrange(9 * 60, 18 * 60)
    received_at = datetime(day.year, day.month, day.day, tzinfo=HONG_KONG) + timedelta(
        minutes=minute, seconds=random.randrange(60)
    )
    return Arrival(
        application=_application(random, number, day),
        received_at=received_at,
        withdraws=random.random() < 0.04,  # noqa: PLR2004 - a share
    )


def _share(random: Random, shares: dict[_T, float]) -> _T:
    return random.choices(list(shares), weights=list(shares.values()))[0]


def _application(random: Random, number: int, day: date) -> Application:
    age = _share(random, {24: 3, 28: 22, 33: 27, 37: 20, 42: 17, 48: 8, 54: 3})
    born = day - timedelta(days=age * 365 + random.randrange(900))
    sector = _share(
        random,
        {
            Sector.INNOVATION_TECHNOLOGY: 28,
            Sector.FINANCE: 25,
            Sector.INTERNATIONAL_TRADE: 16,
            Sector.ARTS_CULTURE: 8,
            Sector.CATERING: 3,
            Sector.OTHER: 20,
        },
    )
    route = _share(random, {Route.GENERAL: 98, Route.ACHIEVEMENT: 2})
    graduated = born + timedelta(days=22 * 365 + 180)
    degrees = _qualifications(random, graduated, day)
    talent = sector is Sector.INNOVATION_TECHNOLOGY and random.random() < 0.35  # noqa: PLR2004 - a share
    return Application(
        route=route,
        applicant=_applicant(random, number, born),
        prerequisites=_prerequisites(random),
        qualifications=degrees,
        employment=_posts(random, graduated, day, sector),
        languages=_languages(random),
        family=_family(random, age, day),
        talent_list_profession="Innovation and technology experts" if talent else None,
        annual_income_hkd=random.randrange(180, 2_400) * 1_000,
        businesses=(),
        achievements=_achievements(random, day) if route is Route.ACHIEVEMENT else (),
    )


def _applicant(random: Random, number: int, born: date) -> Applicant:
    nationality = _share(
        random, {"CHN": 90, "CAN": 2, "AUS": 2, "USA": 2, "GBR": 1, "SGP": 1, "MYS": 1, "IND": 1}
    )
    family_name, given_names = names.drawn(random, mainland=nationality == "CHN")
    language = _share(
        random,
        {
            Correspondence.SIMPLIFIED_CHINESE: 70 if nationality == "CHN" else 5,
            Correspondence.TRADITIONAL_CHINESE: 15,
            Correspondence.ENGLISH: 15,
        },
    )
    return Applicant(
        family_name=family_name,
        given_names=given_names,
        date_of_birth=born,
        nationality=nationality,
        country_of_residence=nationality,
        email=f"applicant{number:06}@example.com",
        correspondence_language=language,
        travel_document=TravelDocument(
            number=f"E{number:05}{random.randrange(1_000):03}",
            issued_by=nationality,
            expires_on=date(2024, 1, 1) + timedelta(days=random.randrange(1_800)),
        ),
    )


def _prerequisites(random: Random) -> Prerequisites:
    return Prerequisites(
        can_support_household=random.random() > 0.03,  # noqa: PLR2004 - a share
        net_worth_hkd=random.randrange(50, 9_000) * 1_000,
        criminal_record=random.random() < 0.01,  # noqa: PLR2004 - a share
        adverse_immigration_record=random.random() < 0.02,  # noqa: PLR2004 - a share
    )


def _qualifications(random: Random, graduated: date, day: date) -> tuple[Qualification, ...]:
    top = _share(random, {Level.TECHNICAL: 3, Level.BACHELOR: 42, Level.MASTER: 47, "doctor": 8})
    renowned = random.random() < 0.35  # noqa: PLR2004 - a share
    if top == Level.TECHNICAL:
        return (_qualification(random, Level.TECHNICAL, graduated, renowned=False),)
    levels = [Level.BACHELOR]
    if top != Level.BACHELOR:
        levels.append(Level.MASTER)
    if top == "doctor":
        levels.append(Level.DOCTORATE)
    made = (
        _qualification(random, level, graduated + timedelta(days=700 * years), renowned=renowned)
        for years, level in enumerate(levels)
    )
    return tuple(each for each in made if each.awarded_on <= day)


def _qualification(
    random: Random, level: Level, awarded_on: date, *, renowned: bool
) -> Qualification:
    subject = random.choice(names.SUBJECTS)
    return Qualification(
        level=level,
        title=f"{level.capitalize()} of {subject}",
        subject=subject,
        stem=subject in names.STEM,
        institution=random.choice(names.RENOWNED if renowned else names.INSTITUTIONS),
        country="CHN" if not renowned else random.choice(("CHN", "GBR", "USA", "AUS")),
        awarded_on=awarded_on,
        renowned_institution=renowned,
        listed_university=renowned,
    )


def _posts(random: Random, graduated: date, day: date, sector: Sector) -> tuple[Post, ...]:
    """Return posts one after the other, with short gaps, until the day of filing."""
    posts: list[Post] = []
    start = graduated + timedelta(days=random.randrange(30, 300))
    while start < day and len(posts) < 8:  # noqa: PLR2004 - nobody lists more
        end = start + timedelta(days=random.randrange(400, 2_200))
        senior = len(posts) > 1 or (len(posts) == 1 and random.random() < 0.5)  # noqa: PLR2004 - a share
        posts.append(
            Post(
                employer=random.choice(names.EMPLOYERS),
                position="Manager" if senior else "Specialist",
                sector=sector,
                country=random.choice(("CHN", "CHN", "CHN", "SGP", "USA")),
                started_on=start,
                ended_on=end if end < day else None,
                graduate_or_specialist=random.random() < 0.92,  # noqa: PLR2004 - a share
                senior_role=senior,
                outside_home_jurisdiction=random.random() < 0.22,  # noqa: PLR2004 - a share
                multinational_or_reputable=random.random() < 0.4,  # noqa: PLR2004 - a share
            )
        )
        start = end + timedelta(days=random.randrange(1, 120))
    return tuple(posts)


def _languages(random: Random) -> tuple[LanguageSkill, ...]:
    english = _share(random, {Skill.GOOD: 72, Skill.FAIR: 22, Skill.BASIC: 6})
    chinese = _share(random, {Skill.GOOD: 97, Skill.FAIR: 3})
    spoken = [("zh", chinese), ("en", english)]
    if random.random() < 0.12:  # noqa: PLR2004 - a share
        spoken.append((random.choice(("ja", "fr", "de", "ko")), Skill.GOOD))
    return tuple(LanguageSkill(language=tag, spoken=skill, written=skill) for tag, skill in spoken)


def _family(random: Random, age: int, day: date) -> Family:
    married = random.random() < min(0.9, (age - 22) / 18)
    children = _share(random, {0: 45, 1: 42, 2: 12, 3: 1}) if married else 0
    return Family(
        permanent_resident_relative=Relative.SIBLING if random.random() < 0.05 else None,  # noqa: PLR2004 - a share
        spouse=Spouse(accompanying=random.random() < 0.8, degree_or_above=random.random() < 0.8)  # noqa: PLR2004 - shares
        if married
        else None,
        children=tuple(
            Child(
                date_of_birth=day - timedelta(days=random.randrange(200, 6_000)),
                accompanying=True,
                married=False,
            )
            for _ in range(children)
        ),
    )


def _achievements(random: Random, day: date) -> tuple[Achievement, ...]:
    if random.random() < 0.35:  # noqa: PLR2004 - the share that has none to show
        return ()
    return (
        Achievement(
            kind=random.choice(tuple(AchievementKind)),
            title="Prize of the national academy",
            awarded_by="A national academy",
            year=day.year - random.randrange(1, 12),
        ),
    )
