"""The terms of an exercise: who takes part, in which order, and how many may be taken.

Law: an order and a tie-break are local policy, for the scheme publishes none, and are said to be so
wherever they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Archetype(StrEnum):
    """How an exercise chooses among its pool."""

    RANK_TO_QUOTA = "rank-to-quota"
    """The best by rank, as many as there are places."""
    RANK_WITHIN_STRATA = "rank-within-strata"
    """The best by rank of each stratum, as many as it has places."""
    FIXED_THRESHOLD = "fixed-threshold"
    """Everybody at or above a threshold."""


class Measure(StrEnum):
    """What the cases of an exercise were assessed by."""

    POINTS = "points"
    CRITERIA = "criteria"
    """How many criteria they met: a leave to submit and no points, so that nobody is ranked."""


class Order(StrEnum):
    """By what a pool is ordered, one after the other."""

    POINTS_INSTANT_REFERENCE = "points-instant-reference"
    """Points, then the instant of complete submission, then reference."""
    POINTS_SCORED_REFERENCE = "points-scored-reference"
    """Points, then the instant since when the case has had them, then reference.

    A score with as many points leaves that instant. Other points have one of their own, and so have
    those of a case that began anew, which had none in between.
    """
    POINTS_REFERENCE = "points-reference"
    """Points, then reference: no instant decides."""
    INSTANT_REFERENCE = "instant-reference"
    """The instant of complete submission, then reference; nobody has a rank."""


class Leftover(StrEnum):
    """To whom the places go that a stratum cannot fill."""

    NOBODY = "nobody"
    BEST_OF_REST = "best-of-rest"


class AfterNoPlace(StrEnum):
    """What becomes of a shortlisted case that is allotted no place."""

    ROLLS_OVER = "rolls-over"
    """It is in the pool of the next exercise."""
    IS_REFUSED = "is-refused"
    """Its refusal is to be proposed, with reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumPlaces:
    """One stratum: its places, and how many of it the committee sees, None for all."""

    stratum: str
    places: int
    shortlist_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many may be taken: in all, and of each stratum; None is without limit.

    Without `strata` nobody is told apart by theirs; with them whoever is in none of these finds no
    room. With `rest` what is left over goes to the best of those not taken, whatever their stratum;
    without a limit in all, as many as the strata have.
    """

    total: int | None
    strata: Mapping[str, int | None] | None = None
    rest: bool = False

    @property
    def of_strata(self) -> int | None:
        """How many general cases may be taken where the strata alone set it; None where not."""
        if self.total is not None or self.strata is None or not self.rest:
            return None
        limits = [each for each in self.strata.values() if each is not None]
        return sum(limits) if len(limits) == len(self.strata) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what an exercise decides. `places` and `shortlist_size` are None without limit.

    `threshold` is the least that takes part: points, or criteria met; None is everybody.
    """

    archetype: Archetype = Archetype.RANK_TO_QUOTA
    measure: Measure = Measure.POINTS
    order: Order = Order.POINTS_INSTANT_REFERENCE
    places: int | None = None
    shortlist_size: int | None = None
    threshold: int | None = None
    strata: tuple[StratumPlaces, ...] = ()
    leftover: Leftover = Leftover.NOBODY

    @property
    def shortlist_room(self) -> Room:
        """How many the committee sees."""
        of_each = {each.stratum: each.shortlist_size for each in self.strata}
        return self._room(self.shortlist_size, of_each)

    @property
    def selection_room(self) -> Room:
        """How many are allotted a place."""
        return self._room(self.places, {each.stratum: each.places for each in self.strata})

    def _room(self, total: int | None, of_each: Mapping[str, int | None]) -> Room:
        if self.archetype is not Archetype.RANK_WITHIN_STRATA:
            return Room(total=total)
        return Room(total=total, strata=of_each, rest=self.leftover is Leftover.BEST_OF_REST)
