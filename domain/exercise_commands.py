"""What people ask of an exercise, in the imperative of the office, as in `commands.py`."""

from dataclasses import dataclass

from domain.gradings import DepartureCode, Direction
from domain.rules.terms import AfterNoPlace, Archetype, Leftover, Measure, Order, StratumPlaces


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenExercise:
    """Open an exercise on those who wait in the pool with points, or with criteria met.

    `places` and `shortlist_size` are None without limit, `threshold` where there is none. `order`
    is None for the usual one of the measure. `strata` have their places only within strata.
    """

    exercise: str
    title: str
    places: int | None = None
    shortlist_size: int | None = None
    archetype: Archetype = Archetype.RANK_TO_QUOTA
    measure: Measure = Measure.POINTS
    order: Order | None = None
    threshold: int | None = None
    strata: tuple[StratumPlaces, ...] = ()
    leftover: Leftover = Leftover.NOBODY
    after_no_place: AfterNoPlace = AfterNoPlace.ROLLS_OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawShortlist:
    """Draw the shortlist from the frozen pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartFromRank:
    """Depart from the rank of a shortlisted case that the panel has graded; say why."""

    reference: str
    direction: Direction
    code: DepartureCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeSelection:
    """Propose the selection as it would be made now, for another person to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeSelection:
    """Confirm the selection that was proposed with this digest, and allot the places."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """Publish the result of the exercise."""


ExerciseCommand = (
    OpenExercise | DrawShortlist | DepartFromRank | ProposeSelection | MakeSelection | PublishResult
)
