"""Arrivals: who files what on which day, and what is to become of it.

Law: an arrival follows from its regime, seed and number alone (and from the rules, which never
change), so that the first of many are the same as few. What becomes of it is drawn first, by the
published shares; then people are drawn until one fits it, as the rules of that day have it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from random import Random
from typing import Final

from domain.application import Application, Channel, Route
from domain.days import HONG_KONG
from domain.rules.assess import assess
from domain.rules.choose import choose
from domain.rules.transitions import filed_on
from domain.rules.types import Rulebook, Ruleset
from services.population.drawing import Draw, happens, one_of
from services.population.people import person, spoilt
from services.population.regimes import Regime, figures, regime_of
from services.rules import load_rulebook

SATURDAY: Final = 5
MOST_DRAWS: Final = 1_000
OPENS, CLOSES = 9 * 60, 18 * 60


class Fate(StrEnum):
    """What becomes of an application before the committee decides on it."""

    PREREQUISITES_UNMET = "prerequisites-unmet"
    BELOW_MARK = "below-mark"
    WITHDRAWN = "withdrawn"
    BEFORE_COMMITTEE = "before-committee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What is drawn for an arrival before its person is; `recommended` by the committee."""

    route: Route
    fate: Fate
    recommended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An application, when and how it was received, and what is to become of it."""

    application: Application
    received_at: datetime
    channel: Channel
    lot: Lot

    @property
    def withdraws(self) -> bool:
        """True when its applicant will withdraw it."""
        return self.lot.fate is Fate.WITHDRAWN

    @property
    def allotted(self) -> bool:
        """True when it comes before the committee, which recommends it."""
        return self.lot.fate is Fate.BEFORE_COMMITTEE and self.lot.recommended


def population(
    size: int, seed: int, regime: str, between: tuple[date, date] | None = None
) -> Iterator[Arrival]:
    """Return so many arrivals of a regime, or of some of its days, both ends included."""
    for number in range(size):
        yield arrival(regime, seed, number, between=between)


def arrival(
    regime: str,
    seed: int,
    number: int,
    *,
    lot: Lot | None = None,
    between: tuple[date, date] | None = None,
) -> Arrival:
    """Return the arrival of a number; with a `lot`, that becomes of it instead of a drawn one."""
    ours = regime_of(regime)
    random = Random(f"{regime}:{seed}:{number}")  # noqa: S311 - believable, not secret
    online_from = figures().online.first_day
    received_at = _received(random, between or (ours.first_day, ours.last_day), online_from)
    on = received_at.date()
    drawn = lot or _lot(random, ours)
    draw = Draw(
        random=random,
        regime=ours,
        everywhere=figures().everywhere,
        number=number,
        on=on,
        route=drawn.route,
        beginner=drawn.fate is Fate.BELOW_MARK,
    )
    return Arrival(
        application=_fitting(draw, drawn.fate),
        received_at=received_at,
        channel=Channel.ONLINE if on >= online_from else Channel.PAPER,
        lot=drawn,
    )


def _lot(random: Random, regime: Regime) -> Lot:
    achievement = happens(random, regime.achievement.share)
    return Lot(
        route=Route.ACHIEVEMENT if achievement else Route.GENERAL,
        fate=Fate(one_of(random, regime.fates.shares)),
        recommended=happens(random, regime.recommended.share),
    )


def _fitting(draw: Draw, fate: Fate) -> Application:
    ruleset = _ruleset(draw.route, draw.on)
    for _ in range(MOST_DRAWS):
        # Not all who fall short are beginners: some are drawn like anybody, and fall short.
        drawn = replace(draw, beginner=draw.beginner and happens(draw.random, 0.5))
        whole = person(drawn)
        if fate is Fate.PREREQUISITES_UNMET:
            return spoilt(drawn, whole)
        if _found(ruleset, whole, draw.on) == (fate is not Fate.BELOW_MARK):
            return whole
    raise AssertionError(f"nobody of {MOST_DRAWS} drawn under {ruleset.id} was {fate}")


def _found(ruleset: Ruleset, whole: Application, on: date) -> bool | None:
    """Say whether the mark is reached, None where a prerequisite is unmet."""
    found = assess(ruleset, whole, on)
    if not all(each.met for each in found.prerequisites):
        return None
    return found.eligible


def _received(random: Random, days: tuple[date, date], online_from: date) -> datetime:
    """Return an instant of office hours, or of any day where applications are filed online."""
    first, last = days
    while True:
        day = first + timedelta(days=random.randrange((last - first).days + 1))
        if day >= online_from or day.weekday() < SATURDAY or (last - first).days < SATURDAY:
            break
    minute = random.randrange(OPENS, CLOSES)
    return datetime(day.year, day.month, day.day, tzinfo=HONG_KONG) + timedelta(
        minutes=minute, seconds=random.randrange(60)
    )


@cache
def _rulebook() -> Rulebook:
    return load_rulebook()


@cache
def _ruleset(route: Route, on: date) -> Ruleset:
    return choose(_rulebook(), filed_on(route, on))
