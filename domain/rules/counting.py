"""What counts in an application on a reference date, and where it stands in the file.

Law: a thing counts once. Later qualifications and days do not count, parallel posts do not add,
and a language named twice is one language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from domain.application import Application, LanguageSkill, Level, Post, Qualification, Skill
from domain.days import DAYS_PER_YEAR, days_covered

CHINESE, ENGLISH = "zh", "en"
_CHINESE_SUBTAGS = frozenset({"zh", "yue", "cmn"})
_LOCAL = frozenset({CHINESE, ENGLISH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A qualification that counts, with its path."""

    path: str
    what: Qualification


class Posted(NamedTuple):
    """A post that counts, with its path, and its first and last day that do."""

    path: str
    what: Post
    held: tuple[date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """Days in the union of some posts, and the paths of those posts."""

    days: int
    evidence: tuple[str, ...]

    def reaches(self, years: int) -> bool:
        """True when the days make so many years."""
        return self.days >= years * DAYS_PER_YEAR

    def lacking(self, years: int) -> int:
        """The days that lack for so many years, 0 where they are there."""
        return max(0, years * DAYS_PER_YEAR - self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodLanguage:
    """A language that is good both spoken and written, with the paths that say so."""

    subtag: str
    evidence: tuple[str, ...]


def held_on(application: Application, on: date) -> tuple[Held, ...]:
    """Qualifications that count on a day: awarded by then, and professional ones recognised."""
    return tuple(
        Held(path=f"qualifications[{number}]", what=each)
        for number, each in enumerate(application.qualifications)
        if each.awarded_on <= on and (each.level is not Level.PROFESSIONAL or each.recognised_body)
    )


def posted_until(application: Application, on: date) -> list[Posted]:
    """Posts at graduate or specialist level that began by a day, each cut off at that day."""
    return [
        Posted(f"employment[{number}]", each, (each.started_on, min(each.ended_on or on, on)))
        for number, each in enumerate(application.employment)
        if each.graduate_or_specialist and each.started_on <= on
    ]


def experience(
    posted: Sequence[Posted], wanted: Callable[[Post], bool] = lambda _: True
) -> Experience:
    """Time in those of the posts that are wanted."""
    ours = [each for each in posted if wanted(each.what)]
    return Experience(
        days=days_covered([each.held for each in ours]),
        evidence=tuple([each.path for each in ours]),
    )


def good_languages(application: Application) -> tuple[GoodLanguage, ...]:
    """Languages that are good both spoken and written, in the order of the file.

    Entries of one language are taken together: Cantonese spoken and Chinese written are Chinese.
    """
    entries: dict[str, list[tuple[int, LanguageSkill]]] = {}
    for number, each in enumerate(application.languages):
        entries.setdefault(subtag_of(each.language), []).append((number, each))
    return tuple(
        GoodLanguage(subtag=subtag, evidence=tuple(f"languages[{number}]" for number, _ in ours))
        for subtag, ours in entries.items()
        if any(each.spoken is Skill.GOOD for _, each in ours)
        and any(each.written is Skill.GOOD for _, each in ours)
    )


def subtag_of(tag: str) -> str:
    """The primary subtag of a language tag in lower case, Chinese always as ``zh``."""
    primary = tag.split("-", 1)[0].lower()
    return CHINESE if primary in _CHINESE_SUBTAGS else primary


def is_foreign(subtag: str) -> bool:
    """True for a language that is neither Chinese nor English."""
    return subtag not in _LOCAL
