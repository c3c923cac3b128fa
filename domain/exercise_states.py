"""The states of an exercise, each with the facts that led to it, and what is decided upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from domain import exercise_events as x
from domain.exercise_terms import terms_of
from domain.gradings import Grade
from domain.rules.rank import Placed, PoolMember
from domain.rules.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The members of an exercise's pool as the log stood at `position`, and who has left since.

    `departed` holds references: cases that withdrew or otherwise moved on by themselves. `quota`
    is that of the year as it was known, None where there is none, and `places_taken` what the
    year's other exercises have of it. `left_out` counts the cases that waited too, but were
    assessed by the other measure; `counts` what became of all, and `previous` what they were for
    the exercise before. `grades` are those on record of the
    cases that a decision is about. `placed` are the members in the order of the exercise, where
    somebody has put them in it already.
    """

    position: int
    members: tuple[PoolMember, ...]
    left_out: int = 0
    departed: frozenset[str] = frozenset()
    quota: int | None = None
    places_taken: int = 0
    counts: tuple[x.RouteCounts, ...] = ()
    previous: x.CountsThen | None = None
    grades: Mapping[str, Grade] = field(default_factory=lambda: MappingProxyType({}))

    placed: tuple[Placed, ...] | None = None

    @property
    def places_left(self) -> int | None:
        """What the quota still allows; None where there is none."""
        return None if self.quota is None else self.quota - self.places_taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """Who gives a command, and everybody who took part in this exercise before.

    `earlier` are those who gave it a command, `graders` those who graded a case for it, whatever
    became of the case.
    """

    now: str
    earlier: frozenset[str] = frozenset()
    graders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    """No exercise of this name yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The pool is frozen."""

    opened: x.ExerciseOpened

    @property
    def terms(self) -> Terms:
        """On what the exercise decides."""
        return terms_of(self.opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn(Opened):
    """The shortlist is before the committee; `departures` from rank are the latest of each case."""

    drawn: x.ShortlistDrawn
    departures: tuple[x.RankDepartureMade, ...] = ()

    @property
    def departed(self) -> frozenset[str]:
        """Who had left the pool before the shortlist was drawn."""
        return frozenset(self.drawn.departed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(Drawn):
    """A selection awaits another person's confirmation."""

    proposed: x.SelectionProposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Drawn):
    """The places are allotted; the result can be published."""

    made: x.SelectionMade


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The result is known to everybody; nothing more happens to this exercise."""

    exercise: str


ExerciseState = Unopened | Opened | Drawn | Proposed | Made | Published
