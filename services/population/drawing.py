"""Chance from a seed: a share of cases, one of some weights, a day of a year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from domain.application import Route
from services.population.regimes import Everywhere, Regime

LEAP_DAY: Final = (2, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a person is drawn by; `beginner` for one who has little to show yet."""

    random: Random
    regime: Regime
    everywhere: Everywhere
    number: int
    on: date
    route: Route
    beginner: bool = False


def happens(random: Random, share: float) -> bool:
    """True in that share of cases."""
    return random.random() < share


def one_of(random: Random, weights: Mapping[str, float]) -> str:
    """Return one of the names by their weights."""
    return random.choices(tuple(weights), weights=tuple(weights.values()))[0]


def born(random: Random, age: int, on: date) -> date:
    """Return a birth date that makes somebody so many completed years old on a day."""
    day = 28 if (on.month, on.day) == LEAP_DAY else on.day
    return date(on.year - age, on.month, day) - timedelta(days=random.randrange(365))
