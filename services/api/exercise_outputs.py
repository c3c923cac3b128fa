"""What the API answers with on exercises; each shape is derived from its dataclass."""

from dataclasses import dataclass
from datetime import datetime

from domain.exercise_events import Band, Funnel, StratumCut
from domain.projections.exercises import ExerciseStage
from domain.rules.terms import AfterNoPlace, Archetype, Measure, Order
from services.api.outputs import Shown
from services.openings import LeftOut
from services.results import ResultItem
from services.what_if import CameIn, Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseItem:
    """An exercise; what it has not reached is null. The tie-break is local policy.

    `places` and `shortlist_size` are null without limit, `threshold` where there is none.
    `left_out` counts the cases that waited in the pool too but were assessed by the other measure.
    """

    exercise: str
    title: str
    stage: ExerciseStage
    archetype: Archetype
    measure: Measure
    ranked_by: Order
    threshold: int | None
    after_no_place: AfterNoPlace
    places: int | None
    shortlist_size: int | None
    pool_position: int
    pool_size: int
    pool_digest: str
    left_out: int
    opened_at: datetime
    shortlisted: int | None
    shortlisted_achievement: int | None
    shortlist_digest: str | None
    shortlisted_at: datetime | None
    proposed_by: str | None
    proposed_digest: str | None
    proposed_at: datetime | None
    selected: int | None
    selected_achievement: int | None
    passed_over: int | None
    out_of_rank: int | None
    cut_off: int | None
    tie_break: datetime | None
    selection_digest: str | None
    selected_at: datetime | None
    published_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseList:
    """Every exercise in the order in which they were opened."""

    items: tuple[ExerciseItem, ...]
    freshness: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseResult:
    """An exercise after a command; `cases` counts the cases that were written with it."""

    exercise: str
    version: int
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """What everybody may know of an exercise; a count is null where too few to be told.

    `order` is local policy, for the scheme publishes no tie-break. The funnel counts from
    `counted_since`, when the previous exercise of the measure froze its pool, to `opened_at`; null
    is from the beginning.
    """

    exercise: str
    title: str
    opened_at: datetime
    published_at: datetime
    archetype: Archetype
    measure: Measure
    threshold: int | None
    pool_size: int
    histogram: tuple[Band, ...]
    places: int | None
    cut_off: int | None
    tie_break: datetime | None
    strata: tuple[StratumCut, ...]
    order: Order
    funnel: Funnel
    counted_since: datetime | None
    rulesets: tuple[str, ...]
    pool_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultList:
    """Every published result, the latest first."""

    items: tuple[ResultItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCase:
    """A case in a list of an exercise; `rank` is null for whoever is not ranked.

    `computed_points` as in the list of cases. `out_of_rank` is true where a recorded decision gave
    it a place that its rank did not.
    """

    reference: str
    rank: int | None
    out_of_rank: bool = False
    points: int
    computed_points: int | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What the next step of an exercise would do now; nothing of it was recorded.

    `taken` are those who would be shortlisted or selected, in order, and `left` counts the others.
    """

    exercise: str
    command: str
    taken: tuple[PlacedCase, ...]
    left: int
    cut_off: int | None
    tie_break: datetime | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """An exercise drawn again from the log alone.

    `differences` is empty when every digest is the recorded one; a list is null where the exercise
    did not get so far.
    """

    exercise: str
    equal: bool
    differences: tuple[str, ...]
    pool_size: int
    shortlist: tuple[PlacedCase, ...] | None
    selection: tuple[PlacedCase, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningTried:
    """What opening an exercise would do now; nothing of it was recorded.

    `refusal` says why it could not be opened, null where it could; then `selected` and what follows
    say whom it would select, were nobody to depart. `quota` and `places_left` are null in a year
    without a quota. The order is local policy.
    """

    at: datetime
    position: int
    archetype: Archetype
    measure: Measure
    order: Order
    pool_size: int
    achievement: int
    left_out: LeftOut
    quota: int | None
    places_taken: int
    places_left: int | None
    refusal: str | None
    selected: int | None
    cut_off: int | None
    tie_break: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTerms:
    """Whom other terms would make a difference to; `before` and `then` count those selected.

    `exercise` is null for the present pool. The order is local policy. Under another ruleset
    `came_in` are the cases that were outside the pool and undecided, and come into it; `fell_out`
    counts those that leave it. `erased` counts the cases whose person was erased, so that they keep
    their points, and `erased_outside` those of whom nobody can say whether they would come in.
    `differs` is true where the selection compared with, drawn again by the rules of now, is not the
    one that was recorded; the replay of the exercise says in what.
    """

    exercise: str | None
    position: int
    archetype: Archetype
    measure: Measure
    order: Order
    places: int | None
    threshold: int | None
    pool_before: int
    pool_then: int
    before: int
    then: int
    cut_off: int | None
    tie_break: datetime | None
    moved: tuple[Moved, ...]
    came_in: tuple[CameIn, ...]
    fell_out: int
    erased: int
    erased_outside: int
    differs: bool
