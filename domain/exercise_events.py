"""The facts of an exercise: its pool frozen, its shortlist drawn, its places allotted.

They are events of streams of their own; `events.py` gives them their wire names, and what is said
there of change holds here too. Nothing personal can be in them, for no case's key seals them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Order(StrEnum):
    """By what a pool is ranked, one after the other."""

    POINTS_INSTANT_REFERENCE = "points-instant-reference"


class Archetype(StrEnum):
    """How an exercise chooses among its pool."""

    RANK_TO_QUOTA = "rank-to-quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseOpened:
    """An exercise froze its pool as the log stood at `pool_position`.

    `places` is the quota of this exercise and `shortlist_size` how many cases the committee
    sees; `pool_digest` covers every member of the pool in rank order. `quota` is that of the
    year as it was known then, None where there was none, and `places_taken` what the year's other
    exercises had of it. `order` names the policy by which ties are broken, which is local.
    `left_out` counts the cases that waited in the pool too but are not of this one, because they
    were assessed by criteria: those met are no points.
    """

    exercise: str
    title: str
    archetype: Archetype
    places: int
    shortlist_size: int
    pool_position: int
    pool_size: int
    pool_digest: str
    quota: int | None = None
    places_taken: int = 0
    order: Order = Order.POINTS_INSTANT_REFERENCE
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortlistDrawn:
    """The shortlist was drawn: achievement cases first, then general cases by rank.

    `departed` are the references that had left the pool since it was frozen. `digest` covers
    the shortlist in order.
    """

    achievement: int
    general: int
    departed: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionMade:
    """The places were allotted.

    `cut_off` is the lowest points selected by rank and `tie_break` the latest instant of
    submission selected at the cut-off; both are None when nobody was selected by rank.
    `departed` are the references that had left the shortlist since it was drawn. `digest` covers
    those selected, in order.
    """

    achievement: int
    general: int
    passed_over: int
    cut_off: int | None
    tie_break: datetime | None
    departed: tuple[str, ...]
    digest: str


ExerciseEvent = ExerciseOpened | ShortlistDrawn | SelectionMade
