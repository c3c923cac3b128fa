"""One applicant drawn by the figures of a regime: a whole application, whatever becomes of it."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final

from domain.application import (
    Achievement,
    AchievementKind,
    Applicant,
    Application,
    Business,
    Child,
    Correspondence,
    Family,
    LanguageSkill,
    Level,
    Prerequisites,
    Relative,
    Route,
    Sector,
    Skill,
    Spouse,
    TravelDocument,
)
from services.population import careers, names
from services.population.drawing import Draw, born, happens, one_of

GRADUATE: Final = 23
"""The age at which everybody here has a first degree."""

_FOREIGN: Final = ("ja", "fr", "de", "ko")


def person(draw: Draw) -> Application:
    """Return an application that has nothing wrong with its prerequisites."""
    random, regime = draw.random, draw.regime
    age = _age(random, one_of(random, regime.ages.shares))
    birth = born(random, age, draw.on)
    sector = Sector(one_of(random, regime.sectors.shares))
    level = Level.BACHELOR if draw.beginner else Level(one_of(random, regime.levels.shares))
    talented = sector is Sector.INNOVATION_TECHNOLOGY and not draw.beginner
    listed = talented and happens(random, regime.talent_list.share)
    renowned = not draw.beginner and happens(random, draw.everywhere.renowned_institution)
    return Application(
        route=draw.route,
        applicant=_applicant(draw, birth),
        prerequisites=Prerequisites(
            can_support_household=True,
            net_worth_hkd=random.randrange(400, 9_000) * 1_000,
            criminal_record=False,
            adverse_immigration_record=False,
        ),
        qualifications=careers.qualifications(draw, level, birth, renowned=renowned),
        employment=careers.posts(draw, sector, birth),
        languages=_languages(draw),
        family=_family(draw, age),
        talent_list_profession="Innovation and technology experts" if listed else None,
        annual_income_hkd=random.randrange(180, 2_400 if age < GRADUATE + 12 else 3_200) * 1_000,
        businesses=_businesses(draw),
        achievements=_achievements(draw) if draw.route is Route.ACHIEVEMENT else (),
    )


def spoilt(draw: Draw, whole: Application) -> Application:
    """Return the application with one prerequisite unmet, by the shares of the causes."""
    cause = one_of(draw.random, draw.everywhere.unmet)
    told = whole.prerequisites
    match cause:
        case "language":
            fair = tuple(replace(each, written=Skill.FAIR) for each in whole.languages)
            return replace(whole, languages=fair)
        case "education":
            return replace(whole, qualifications=())
        case "criminal_record":
            return replace(whole, prerequisites=replace(told, criminal_record=True))
        case "immigration_record":
            return replace(whole, prerequisites=replace(told, adverse_immigration_record=True))
        case "nationality":
            excluded = replace(whole.applicant, nationality="PRK", country_of_residence="CHN")
            return replace(whole, applicant=excluded)
        case _:
            poor = replace(told, can_support_household=False, net_worth_hkd=60_000)
            return replace(whole, prerequisites=poor)


def _age(random: Random, band: str) -> int:
    youngest, oldest = map(int, band.split("-"))
    return random.randint(max(youngest, GRADUATE), oldest)


def _applicant(draw: Draw, birth: date) -> Applicant:
    random = draw.random
    nationality = one_of(random, draw.regime.nationalities.shares)
    mainland = nationality == "CHN"
    family_name, given_names = names.drawn(random, mainland=mainland)
    others = (Correspondence.TRADITIONAL_CHINESE, Correspondence.ENGLISH)
    simplified = mainland and happens(random, draw.everywhere.correspondence_in_simplified)
    return Applicant(
        family_name=family_name,
        given_names=given_names,
        date_of_birth=birth,
        nationality=nationality,
        country_of_residence=nationality,
        email=f"applicant{draw.number:06}@example.com",
        correspondence_language=(
            Correspondence.SIMPLIFIED_CHINESE if simplified else random.choice(others)
        ),
        travel_document=TravelDocument(
            number=f"E{draw.number:06}{random.randrange(1_000):03}",
            issued_by=nationality,
            expires_on=draw.on + timedelta(days=random.randrange(400, 3_600)),
        ),
    )


def _languages(draw: Draw) -> tuple[LanguageSkill, ...]:
    random = draw.random
    spoken = "chinese_only" if draw.beginner else one_of(random, draw.everywhere.languages)
    fair = random.choice((Skill.FAIR, Skill.BASIC))
    skills = [
        ("zh", fair if spoken == "english_only" else Skill.GOOD),
        ("en", fair if spoken == "chinese_only" else Skill.GOOD),
    ]
    if not draw.beginner and happens(random, draw.everywhere.foreign_language):
        skills.append((random.choice(_FOREIGN), Skill.GOOD))
    return tuple(LanguageSkill(language=tag, spoken=skill, written=skill) for tag, skill in skills)


def _family(draw: Draw, age: int) -> Family:
    random, everywhere = draw.random, draw.everywhere
    children = 0 if draw.beginner else int(one_of(random, draw.regime.children.shares))
    # Whoever has children is taken as married; of the others fewer are.
    married = bool(children) or happens(random, everywhere.married_at_40 * (age - 20) / 40)
    relative = not draw.beginner and happens(random, everywhere.relative_in_hong_kong)
    oldest = min(17, max(1, age - 24))
    return Family(
        permanent_resident_relative=Relative.SIBLING if relative else None,
        spouse=Spouse(
            accompanying=happens(random, everywhere.spouse_comes),
            degree_or_above=happens(random, everywhere.spouse_has_degree),
        )
        if married and not draw.beginner
        else None,
        children=tuple(
            Child(
                date_of_birth=draw.on - timedelta(days=random.randrange(30, oldest * 365)),
                accompanying=True,
                married=False,
            )
            for _ in range(children)
        ),
    )


def _businesses(draw: Draw) -> tuple[Business, ...]:
    random = draw.random
    if draw.beginner or not happens(random, draw.everywhere.owns_business):
        return ()
    return (
        Business(
            name=random.choice(names.BUSINESSES),
            listed=False,
            ownership_percent=float(random.randrange(10, 101)),
            annual_profit_hkd=random.randrange(200, 9_000) * 1_000,
        ),
    )


def _achievements(draw: Draw) -> tuple[Achievement, ...]:
    if draw.beginner:
        return ()
    return (
        Achievement(
            kind=draw.random.choice(tuple(AchievementKind)),
            title="Prize of the national academy",
            awarded_by="A national academy",
            year=draw.on.year - draw.random.randrange(1, 12),
        ),
    )
