"""The facts of an exercise: its pool frozen, its shortlist drawn, its places allotted, its result.

They are events of streams of their own; `events.py` gives them their wire names, and what is said
there of change holds here too. Nothing personal can be in them, for no case's key seals them.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.application import Route
from domain.gradings import DepartureCode, Direction, Grade
from domain.rules.terms import AfterNoPlace, Archetype, Leftover, Measure, Order, StratumPlaces


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCounts:
    """What became of every application of a route that reached the office until a pool froze.

    Failing prerequisites and falling below the mark count whether refused already or not.
    """

    route: Route
    received: int
    prerequisites_failed: int
    below_mark: int
    withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsThen:
    """What the counts were when an earlier exercise froze its pool, and when that was."""

    frozen_at: datetime
    counts: tuple[RouteCounts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseOpened:
    """An exercise froze its pool as the log stood at `pool_position`.

    `places` is the quota of this exercise and `shortlist_size` how many cases the committee sees,
    None without limit; `threshold` is the least that takes part, in points or criteria met.
    `pool_digest` covers every member of the pool in its order. `quota` is that of the year as it
    was known then, None where there was none, and `places_taken` what the year's other exercises
    had of it. `order` names the policy by which ties are broken, which is local. `left_out` counts
    the cases that waited too but were assessed by the other measure. `counts` are of all that had
    reached the office by then, and `previous` what they were for the exercise of the same measure
    that was opened before this one, None where there was none.
    """

    exercise: str
    title: str
    archetype: Archetype
    places: int | None
    shortlist_size: int | None
    pool_position: int
    pool_size: int
    pool_digest: str
    quota: int | None = None
    places_taken: int = 0
    order: Order = Order.POINTS_INSTANT_REFERENCE
    left_out: int = 0
    measure: Measure = Measure.POINTS
    threshold: int | None = None
    strata: tuple[StratumPlaces, ...] = ()
    leftover: Leftover = Leftover.NOBODY
    after_no_place: AfterNoPlace = AfterNoPlace.ROLLS_OVER
    counts: tuple[RouteCounts, ...] = ()
    previous: CountsThen | None = None


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
class RankDepartureMade:
    """The committee departs from the rank of a shortlisted case; a later one of it stands instead.

    Why in words is sealed in the case's own stream, in the same commit.
    """

    reference: str
    direction: Direction
    code: DepartureCode
    grade: Grade
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionProposed:
    """Somebody proposed the selection, for another person to confirm; nothing is allotted yet.

    The fields are those that `SelectionMade` would have; `digest` covers those to be selected.
    """

    achievement: int
    general: int
    passed_over: int
    cut_off: int | None
    tie_break: datetime | None
    departed: tuple[str, ...]
    digest: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCut:
    """Where one stratum was cut; `cut_off` and `tie_break` are as in `SelectionMade`.

    `selected` is None only where it is published and too few to be told.
    """

    stratum: str
    selected: int | None
    cut_off: int | None
    tie_break: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionMade:
    """The places were allotted.

    `cut_off` is the lowest points selected by rank and `tie_break` the latest instant selected at
    the cut-off; both are None when nobody was selected by rank, and the second where nothing hung
    on an instant. `strata` say the same of each stratum. `departed` are the references that had
    left the shortlist since it was drawn. `digest` covers those selected, in order. `out_of_rank`
    counts the departures from rank among them.
    """

    achievement: int
    general: int
    passed_over: int
    cut_off: int | None
    tie_break: datetime | None
    departed: tuple[str, ...]
    digest: str
    strata: tuple[StratumCut, ...] = ()
    out_of_rank: int = 0
    proposed_by: str = ""
    made_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How many cases of a pool had from `lowest` to `highest`, None where too few to be told."""

    lowest: int
    highest: int
    cases: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How many applications came how far within a period, None where too few to be told.

    The period ends when the pool froze, and began when that of the previous exercise of the same
    measure did; the first counts from the beginning. `processed` are those that failed a
    prerequisite, fell below the mark or were withdrawn in it, or came to the committee in this
    exercise.
    """

    received: int
    processed: int
    prerequisites_failed: int | None
    below_mark: int | None
    withdrawn: int | None
    to_committee: int | None
    selected: int | None
    committee_general: int | None
    committee_achievement: int | None
    selected_general: int | None
    selected_achievement: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPublished:
    """What everybody may know of the exercise, with nothing that points to a single case.

    `histogram` is of the general cases in the pool. `rulesets` are those that the pool's cases
    were assessed under. The digests are of the pool and of those selected. `counted_since` is when
    the period of the funnel begins, None for the beginning of all.
    """

    pool_size: int
    histogram: tuple[Band, ...]
    places: int | None
    cut_off: int | None
    tie_break: datetime | None
    strata: tuple[StratumCut, ...]
    order: Order
    funnel: Funnel
    rulesets: tuple[str, ...]
    pool_digest: str
    digest: str
    published_by: str
    counted_since: datetime | None = None


ExerciseEvent = (
    ExerciseOpened
    | ShortlistDrawn
    | RankDepartureMade
    | SelectionProposed
    | SelectionMade
    | ResultPublished
)
