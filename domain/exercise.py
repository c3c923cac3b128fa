"""A selection exercise as a decider: opened with a frozen pool, shortlisted, selected.

Every list is a pure function of the frozen pool and of who has departed since, so that anybody
can draw it again from the log and compare digests.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final, assert_never

from domain import commands as c
from domain import exercise_events as x
from domain.errors import (
    ExerciseExists,
    NameInvalid,
    NotAllowedNow,
    NothingToSelect,
    PlacesInvalid,
)
from domain.rules.rank import Division, Placed, PoolMember, digest_of, divide, ranked

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LONGEST_TITLE: Final = 200
MOST_PLACES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The members of an exercise's pool as the log stood at `position`, and who has left since.

    `departed` holds references: cases that withdrew or otherwise moved on by themselves. `quota`
    is that of the year as it was known, None where there is none, and `places_taken` what the
    year's other exercises have of it. `left_out` counts the cases that waited too, but were
    assessed by criteria: those met are no points, and are never ranked among them.
    """

    position: int
    members: tuple[PoolMember, ...]
    left_out: int = 0
    departed: frozenset[str] = frozenset()
    quota: int | None = None
    places_taken: int = 0

    @property
    def places_left(self) -> int | None:
        """What the quota still allows; None where there is none."""
        return None if self.quota is None else self.quota - self.places_taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    """No exercise of this name yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The pool is frozen."""

    exercise: str
    places: int
    shortlist_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The shortlist is before the committee."""

    exercise: str
    places: int
    shortlist_size: int
    departed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The places are allotted; nothing more happens to this exercise."""

    exercise: str


ExerciseState = Unopened | Opened | Drawn | Made


def load(history: Iterable[x.ExerciseEvent]) -> ExerciseState:
    """Return the state that `history` leads to."""
    start: ExerciseState = Unopened()
    return reduce(evolve, history, start)


def decide(
    state: ExerciseState, command: c.ExerciseCommand, pool: Pool
) -> tuple[x.ExerciseEvent, ...]:
    """Return the facts that follow from `command`, or raise the `Refusal` that forbids it."""
    match command:
        case c.OpenExercise():
            return _open(state, command, pool)
        case c.DrawShortlist():
            return _draw(state, pool)
        case c.MakeSelection():
            return _select(state, pool)
        case _:
            assert_never(command)


def evolve(state: ExerciseState, event: x.ExerciseEvent) -> ExerciseState:
    """Return the state after `event`."""
    match event:
        case x.ExerciseOpened():
            return Opened(
                exercise=event.exercise, places=event.places, shortlist_size=event.shortlist_size
            )
        case x.ShortlistDrawn():
            if not isinstance(state, Opened):
                raise TypeError("a shortlist is drawn of an opened exercise only")
            return Drawn(
                exercise=state.exercise,
                places=state.places,
                shortlist_size=state.shortlist_size,
                departed=frozenset(event.departed),
            )
        case x.SelectionMade():
            if not isinstance(state, Drawn):
                raise TypeError("a selection is made among a shortlist only")
            return Made(exercise=state.exercise)
        case _:
            assert_never(event)


def shortlist(state: Opened | Drawn, pool: Pool) -> Division:
    """Return the shortlist and the rest of the pool, less those departed before it was drawn."""
    departed = state.departed if isinstance(state, Drawn) else pool.departed
    return divide(_present(ranked(pool.members), departed), state.shortlist_size)


def selection(state: Drawn, pool: Pool) -> Division:
    """Return who of the shortlist is selected and who is not, less those departed since."""
    return divide(_present(shortlist(state, pool).taken, pool.departed), state.places)


def _present(order: Iterable[Placed], departed: frozenset[str]) -> tuple[Placed, ...]:
    return tuple(each for each in order if each.member.reference not in departed)


def _open(state: ExerciseState, command: c.OpenExercise, pool: Pool) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Unopened):
        raise ExerciseExists(f"{command.exercise} was opened before; choose another name")
    if not pool.members and pool.left_out:
        raise NothingToSelect(
            f"the {pool.left_out} cases in the pool were assessed by criteria, which are not ranked"
        )
    if not pool.members:
        raise NothingToSelect("no case is waiting in the pool, so there is nothing to select")
    _named_well(command)
    _places_fit(command, pool.places_left)
    return (
        x.ExerciseOpened(
            exercise=command.exercise,
            title=command.title,
            archetype=x.Archetype.RANK_TO_QUOTA,
            places=command.places,
            shortlist_size=command.shortlist_size,
            pool_position=pool.position,
            pool_size=len(pool.members),
            pool_digest=digest_of(ranked(pool.members)),
            quota=pool.quota,
            places_taken=pool.places_taken,
            left_out=pool.left_out,
        ),
    )


def _named_well(command: c.OpenExercise) -> None:
    if not NAME.fullmatch(command.exercise):
        raise NameInvalid(
            "an exercise's name is 1 to 63 lower-case letters, digits and hyphens, such as 2019-2"
        )
    if not 1 <= len(command.title) <= LONGEST_TITLE:
        raise NameInvalid(f"an exercise's title has 1 to {LONGEST_TITLE} characters")


def _places_fit(command: c.OpenExercise, places_left: int | None) -> None:
    if command.places < 1:
        raise PlacesInvalid("an exercise has at least one place")
    if max(command.places, command.shortlist_size) > MOST_PLACES:
        raise PlacesInvalid(f"an exercise has at most {MOST_PLACES} places, and so its shortlist")
    if command.shortlist_size < command.places:
        raise PlacesInvalid(
            f"a shortlist of {command.shortlist_size} cannot fill {command.places} places"
        )
    if places_left is not None and command.places > places_left:
        raise PlacesInvalid(
            f"{command.places} places are more than the {places_left} that the year's quota leaves"
        )


def _draw(state: ExerciseState, pool: Pool) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Opened):
        raise _not_now(state, "DrawShortlist")
    drawn = shortlist(state, pool)
    return (
        x.ShortlistDrawn(
            achievement=drawn.achievement,
            general=drawn.general,
            departed=tuple(sorted(pool.departed)),
            digest=digest_of(drawn.taken),
        ),
    )


def _select(state: ExerciseState, pool: Pool) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Drawn):
        raise _not_now(state, "MakeSelection")
    made = selection(state, pool)
    return (
        x.SelectionMade(
            achievement=made.achievement,
            general=made.general,
            passed_over=len(made.left),
            cut_off=made.cut_off,
            tie_break=made.tie_break,
            departed=tuple(sorted(pool.departed - state.departed)),
            digest=digest_of(made.taken),
        ),
    )


def _not_now(state: ExerciseState, command: str) -> NotAllowedNow:
    match state:
        case Unopened():
            return NotAllowedNow(command, "unopened", ("OpenExercise",), of="exercise")
        case Opened():
            return NotAllowedNow(command, "opened", ("DrawShortlist",), of="exercise")
        case Drawn():
            return NotAllowedNow(command, "shortlisted", ("MakeSelection",), of="exercise")
        case Made():
            return NotAllowedNow(command, "selected", (), of="exercise")
        case _:
            assert_never(state)
