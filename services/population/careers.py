"""Degrees and posts: a life of study and work until the day of filing."""

from datetime import date, timedelta
from random import Random
from typing import Final

from domain.application import Level, Post, Qualification, Sector
from services.population import names
from services.population.drawing import Draw, happens

STUDENT_UNTIL: Final = 22 * 365 + 180
MOST_POSTS: Final = 8
_LADDER: Final = (Level.BACHELOR, Level.MASTER, Level.DOCTORATE)


def qualifications(
    draw: Draw, top: Level, birth: date, *, renowned: bool
) -> tuple[Qualification, ...]:
    """Return the degrees up to `top` that somebody has; the first is had at 22 and a half."""
    first = birth + timedelta(days=STUDENT_UNTIL)
    levels = (top,) if top is Level.TECHNICAL else _LADDER[: _LADDER.index(top) + 1]
    return tuple(
        _qualification(
            draw.random,
            level,
            min(first + timedelta(days=700 * years), draw.on - timedelta(days=60)),
            renowned=renowned and level is not Level.TECHNICAL,
        )
        for years, level in enumerate(levels)
    )


def posts(draw: Draw, sector: Sector, birth: date) -> tuple[Post, ...]:
    """Return at least one post, one after the other with short gaps, until the day of filing.

    A beginner has had one, for less than two years.
    """
    random, most = draw.random, 1 if draw.beginner else MOST_POSTS
    lately = draw.on - timedelta(days=random.randrange(100, 700))
    start = birth + timedelta(days=STUDENT_UNTIL + random.randrange(30, 300))
    start = lately if draw.beginner else min(start, lately)
    made: list[Post] = []
    while start < draw.on and len(made) < most:
        end = start + timedelta(days=random.randrange(400, 2_200))
        made.append(_post(draw, sector, (start, end if end < draw.on else None), len(made)))
        start = end + timedelta(days=random.randrange(1, 120))
    return tuple(made)


def _post(draw: Draw, sector: Sector, span: tuple[date, date | None], number: int) -> Post:
    random, everywhere = draw.random, draw.everywhere
    senior = number > 1 or (number == 1 and happens(random, everywhere.second_post_is_senior))
    return Post(
        employer=random.choice(names.EMPLOYERS),
        position="Manager" if senior else "Specialist",
        sector=sector,
        country=random.choice(("CHN", "CHN", "CHN", "SGP", "USA")),
        started_on=span[0],
        ended_on=span[1],
        graduate_or_specialist=happens(random, everywhere.graduate_post),
        senior_role=senior,
        outside_home_jurisdiction=happens(random, everywhere.post_outside),
        multinational_or_reputable=happens(random, everywhere.multinational_post),
    )


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
        country=random.choice(("CHN", "GBR", "USA", "AUS")) if renowned else "CHN",
        awarded_on=awarded_on,
        renowned_institution=renowned,
        listed_university=renowned,
    )
