"""The figures that applicants are drawn from, by regime, each with its source or marked a guess."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType

import msgspec

from domain.errors import Reportable


class UnknownRegime(Reportable):
    """No regime of the scheme has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of one; the confidence is as in the rulesets, or "guess"."""

    share: float
    source: tuple[str, ...]
    confidence: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Weights by what they are of; they need not add up to one."""

    shares: Mapping[str, float]
    source: tuple[str, ...]
    confidence: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A figure that was published: the share of those `among` the values of `what`.

    `of` says of whom: those received, those before the committee, those allotted a place, or those
    allotted one by points. Of `allotted` it is the share that is allotted a place at all.
    """

    what: str
    among: tuple[str, ...] = ()
    of: str
    share: float | None = None
    at_least: float | None = None
    source: tuple[str, ...]
    confidence: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A time of the scheme under one set of rules, and who applied in it."""

    id: str
    title: str
    first_day: date
    last_day: date
    fates: Shares
    recommended: Share
    achievement: Share
    nationalities: Shares
    ages: Shares
    sectors: Shares
    levels: Shares
    children: Shares
    talent_list: Share
    published: tuple[Published, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """What is drawn alike under every regime: shares, and weights of causes and of languages."""

    source: tuple[str, ...]
    confidence: str
    note: str
    unmet: Mapping[str, float]
    languages: Mapping[str, float]
    foreign_language: float
    correspondence_in_simplified: float
    renowned_institution: float
    graduate_post: float
    second_post_is_senior: float
    post_outside: float
    multinational_post: float
    married_at_40: float
    spouse_comes: float
    spouse_has_degree: float
    relative_in_hong_kong: float
    owns_business: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """The first day on which applications were filed online only."""

    first_day: date
    source: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that the file of figures holds."""

    online: Online
    everywhere: Everywhere
    regimes: tuple[Regime, ...]
    sources: Mapping[str, str]


@cache
def figures() -> Figures:
    """Return the figures as they ship."""
    text = (resources.files("services.population") / "regimes.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Figures)


def regimes() -> Mapping[str, Regime]:
    """Return the regimes by id, in order of time."""
    return MappingProxyType({each.id: each for each in figures().regimes})


def regime_of(regime_id: str) -> Regime:
    """Return the regime of that id, or raise `UnknownRegime` naming those that there are."""
    known = regimes()
    if regime_id not in known:
        raise UnknownRegime(f"no regime is called {regime_id!r}; there are {', '.join(known)}")
    return known[regime_id]
