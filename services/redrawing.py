"""An exercise drawn again from the log alone, beside what was recorded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import cast

from domain import exercise_events as x
from domain.exercise import load
from domain.exercise_lists import digest_by, in_order, selection, selection_made, shortlist
from domain.exercise_states import Drawn, ExerciseState, Made, Opened, Pool
from domain.exercise_terms import terms_of
from domain.looks import Look
from domain.publishing import result_published
from domain.rules.rank import Division
from domain.wire import WIRE
from services.exercise_requests import events_of
from services.pool import History, Read, folded_log, unseen, waiting_at_opening
from services.store.looks import LogSeen, Noted
from services.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """An exercise drawn again from the log alone, beside what was recorded.

    `differences` names each recorded figure that is not the same; empty means identical.
    `computed` is as in `Waiting`.
    """

    exercise: str
    pool: int
    shortlist: Division | None
    selection: Division | None
    differences: tuple[str, ...]
    computed: Mapping[str, int]


def redraw(office: Office, exercise: str) -> Redrawn:
    """Draw the exercise again from the log alone and compare it with what was recorded.

    It is for the program itself; who is shown it takes `redraw_seen`.
    """
    return _redrawn(exercise, events_of(office, exercise), unseen(office))


def redraw_seen(office: Office, look: Look, exercise: str) -> tuple[Noted, Redrawn]:
    """Draw the exercise again for a person, with the look that reading the log recorded."""
    history = events_of(office, exercise)
    position = cast("x.ExerciseOpened", history[0].event).pool_position
    asked = {"asked": "replay", "exercise": exercise, "position": position}
    log = LogSeen(office.store.looks, look, asked)
    again = _redrawn(exercise, history, log.read)
    return log.noted, again


def _redrawn(exercise: str, history: History, read: Read) -> Redrawn:
    opened, at = cast("x.ExerciseOpened", history[0].event), history[0].effective_at
    waiting = waiting_at_opening(folded_log(read, opened.pool_position), opened, at)
    pool = Pool(
        position=opened.pool_position,
        members=waiting.members,
        left_out=waiting.left_out,
        counts=waiting.counts,
        previous=waiting.previous,
    )
    drawn = made = None
    differences: list[str] = []
    for each in history:
        state = _state(history[: each.version - 1])
        differences.extend(_differences(each.event, _again(state, each.event, pool)))
        match state, each.event:
            case Opened(), x.ShortlistDrawn(departed=departed):
                drawn = shortlist(state, replace(pool, departed=frozenset(departed)))
            case Drawn(), x.SelectionMade(departed=departed):
                made = selection(state, replace(pool, departed=frozenset(departed)))
            case _:
                continue
    return Redrawn(
        exercise=exercise,
        pool=len(pool.members),
        shortlist=drawn,
        selection=made,
        differences=tuple(differences),
        computed=waiting.computed,
    )


def _again(state: ExerciseState, recorded: x.ExerciseEvent, pool: Pool) -> x.ExerciseEvent:
    """Return the fact as the frozen pool and those departed give it.

    Who did what is taken as recorded, and so is each departure from rank: these were decided.
    """
    match state, recorded:
        case _, x.ExerciseOpened():
            return _opened_again(recorded, pool)
        case Opened(), x.ShortlistDrawn(departed=departed):
            return _drawn_again(state, replace(pool, departed=frozenset(departed)))
        case Drawn(), x.SelectionProposed(departed=departed):
            made = selection_made(state, replace(pool, departed=frozenset(departed)))
            names = {each.name for each in fields(x.SelectionMade)} & {
                each.name for each in fields(recorded)
            }
            same = {name: getattr(made, name) for name in names - {"proposed_by"}}
            return replace(recorded, **same)
        case Drawn(), x.SelectionMade(departed=departed):
            made = selection_made(state, replace(pool, departed=frozenset(departed)))
            return replace(made, proposed_by=recorded.proposed_by, made_by=recorded.made_by)
        case Made(), x.ResultPublished():
            return result_published(state, pool.members, recorded.published_by)
        case _:
            return recorded


def _opened_again(recorded: x.ExerciseOpened, pool: Pool) -> x.ExerciseOpened:
    terms = terms_of(recorded)
    return replace(
        recorded,
        pool_size=len(pool.members),
        pool_digest=digest_by(terms, in_order(terms, pool.members)),
        left_out=pool.left_out,
        # Exercises that were opened before there were counts have none.
        counts=pool.counts if recorded.counts else (),
        # And those that were opened before each counted a period of its own counted from the start.
        previous=pool.previous if recorded.previous else None,
    )


def _drawn_again(state: Opened, pool: Pool) -> x.ShortlistDrawn:
    drawn = shortlist(Opened(opened=state.opened), pool)
    return x.ShortlistDrawn(
        achievement=drawn.achievement,
        general=drawn.general,
        departed=tuple(sorted(pool.departed)),
        digest=digest_by(state.terms, drawn.taken),
    )


def _differences(recorded: x.ExerciseEvent, again: x.ExerciseEvent) -> Iterator[str]:
    """Return each field of a recorded fact that is not the same in the fact drawn again."""
    for each in fields(recorded):
        before, after = getattr(recorded, each.name), getattr(again, each.name)
        if before != after:
            name = f"{WIRE[type(recorded)].name} {each.name}"
            yield f"{name}: recorded {before}, drawn again {after}"


def _state(history: History) -> ExerciseState:
    return load(each.event for each in history)
