"""A selection exercise as a decider: opened with a frozen pool, shortlisted, proposed, selected.

Every list is a pure function of the frozen pool, of who has departed since, and of the recorded
departures from rank, so that anybody can draw it again from the log and compare digests. One
person proposes a selection, and somebody confirms it who did nothing in this exercise before.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import assert_never

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.errors import (
    GradeMissing,
    NotAllowedNow,
    NotShortlisted,
    ReasonsMissing,
    SecondOfficerNeeded,
    SelectionChanged,
)
from domain.exercise_lists import digest_by, in_order, selection_made, shortlist
from domain.exercise_states import (
    Actors,
    Drawn,
    ExerciseState,
    Made,
    Opened,
    Pool,
    Proposed,
    Published,
    Unopened,
)
from domain.exercise_terms import admitted_terms
from domain.publishing import result_published


def load(history: Iterable[x.ExerciseEvent]) -> ExerciseState:
    """Return the state that `history` leads to."""
    start: ExerciseState = Unopened()
    return reduce(evolve, history, start)


def decide(
    state: ExerciseState, command: q.ExerciseCommand, pool: Pool, actors: Actors
) -> tuple[x.ExerciseEvent, ...]:
    """Return the facts that follow from `command`, or raise the `Refusal` that forbids it."""
    match command:
        case q.OpenExercise():
            return _open(state, command, pool)
        case q.DrawShortlist():
            return _draw(state, pool)
        case q.DepartFromRank():
            return _depart(state, command, pool, actors)
        case q.ProposeSelection():
            return _propose(state, pool, actors)
        case q.MakeSelection():
            return _make(state, command, pool, actors)
        case q.PublishResult():
            return _publish(state, pool, actors)
        case _:
            assert_never(command)


def evolve(state: ExerciseState, event: x.ExerciseEvent) -> ExerciseState:
    """Return the state after `event`."""
    match state, event:
        case _, x.ExerciseOpened():
            return Opened(opened=event)
        case Opened(opened=opened), x.ShortlistDrawn() if not isinstance(state, Drawn):
            return Drawn(opened=opened, drawn=event)
        case Drawn(), x.RankDepartureMade(reference=reference):
            # What was proposed no longer holds, and is proposed again.
            others = tuple(each for each in state.departures if each.reference != reference)
            return replace(_while_drawn(state), departures=(*others, event))
        case Drawn(), x.SelectionProposed():
            before = _while_drawn(state)
            return Proposed(
                opened=before.opened,
                drawn=before.drawn,
                departures=before.departures,
                proposed=event,
            )
        case Drawn(), x.SelectionMade():
            before = _while_drawn(state)
            return Made(
                opened=before.opened,
                drawn=before.drawn,
                departures=before.departures,
                made=event,
            )
        case Made(opened=opened), x.ResultPublished():
            return Published(exercise=opened.exercise)
        case _:
            now, fact = type(state).__name__, type(event).__name__
            raise TypeError(f"{fact} does not follow where an exercise is {now}")


def _while_drawn(state: Drawn) -> Drawn:
    if isinstance(state, Made):
        raise TypeError("nothing of a selection changes once it was made")
    return Drawn(opened=state.opened, drawn=state.drawn, departures=state.departures)


def _open(state: ExerciseState, command: q.OpenExercise, pool: Pool) -> tuple[x.ExerciseEvent, ...]:
    terms = admitted_terms(command, pool, unopened=isinstance(state, Unopened))
    placed = in_order(terms, pool.members) if pool.placed is None else pool.placed
    return (
        x.ExerciseOpened(
            exercise=command.exercise,
            title=command.title,
            archetype=terms.archetype,
            places=terms.places,
            shortlist_size=terms.shortlist_size,
            pool_position=pool.position,
            pool_size=len(pool.members),
            pool_digest=digest_by(terms, placed),
            quota=pool.quota,
            places_taken=pool.places_taken,
            order=terms.order,
            left_out=pool.left_out,
            measure=terms.measure,
            threshold=terms.threshold,
            strata=terms.strata,
            leftover=terms.leftover,
            after_no_place=command.after_no_place,
            counts=pool.counts,
            previous=pool.previous,
        ),
    )


def _draw(state: ExerciseState, pool: Pool) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Opened) or isinstance(state, Drawn):
        raise not_now(state, "DrawShortlist")
    drawn = shortlist(state, pool)
    return (
        x.ShortlistDrawn(
            achievement=drawn.achievement,
            general=drawn.general,
            departed=tuple(sorted(pool.departed)),
            digest=digest_by(state.terms, drawn.taken),
        ),
    )


def _depart(
    state: ExerciseState, command: q.DepartFromRank, pool: Pool, actors: Actors
) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Drawn) or isinstance(state, Made):
        raise not_now(state, "DepartFromRank")
    reference = command.reference
    listed = {each.member.reference for each in shortlist(state, pool).taken}
    if reference not in listed - pool.departed:
        raise NotShortlisted(f"{reference} is not on the shortlist of {state.opened.exercise}")
    if reference not in pool.grades:
        raise GradeMissing(f"the panel has not graded {reference}; have it graded first")
    if not command.reason.strip():
        raise ReasonsMissing("say why the exercise departs from the rank of the case")
    return (
        x.RankDepartureMade(
            reference=reference,
            direction=command.direction,
            code=command.code,
            grade=pool.grades[reference],
            decided_by=actors.now,
        ),
    )


def _propose(state: ExerciseState, pool: Pool, actors: Actors) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Drawn) or isinstance(state, Made):
        raise not_now(state, "ProposeSelection")
    made = selection_made(state, pool)
    return (
        x.SelectionProposed(
            achievement=made.achievement,
            general=made.general,
            passed_over=made.passed_over,
            cut_off=made.cut_off,
            tie_break=made.tie_break,
            departed=made.departed,
            digest=made.digest,
            proposed_by=actors.now,
        ),
    )


def _make(
    state: ExerciseState, command: q.MakeSelection, pool: Pool, actors: Actors
) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Proposed):
        raise not_now(state, "MakeSelection")
    demand_second(state, command, actors)
    proposed = state.proposed
    made = selection_made(state, pool)
    if made.digest != proposed.digest:
        since = ", ".join(sorted(set(made.departed) - set(proposed.departed)))
        who = f"{since} departed since it was proposed" if since else "the list has changed"
        raise SelectionChanged(f"{who}, and so other cases have the places: propose it again")
    return (replace(made, proposed_by=proposed.proposed_by, made_by=actors.now),)


def demand_second(state: Proposed, command: q.MakeSelection, actors: Actors) -> None:
    """Pass where whoever asks may confirm what is proposed and names it, else refuse.

    Whoever confirms did nothing in this exercise before and graded no case for it, and says which
    proposal it is: what they were shown may have been replaced by another meanwhile.
    """
    if actors.now in actors.earlier:
        raise SecondOfficerNeeded(
            f"{actors.now} took part in this exercise before; have somebody confirm the selection "
            "who did not"
        )
    if actors.now in actors.graders:
        raise SecondOfficerNeeded(
            f"{actors.now} graded a case of this exercise; have somebody confirm the selection "
            "who graded none"
        )
    if command.digest != state.proposed.digest:
        raise SelectionChanged(
            f"what is proposed has the digest {state.proposed.digest} and not "
            f"{command.digest}: look at that one, and confirm it"
        )


def _publish(state: ExerciseState, pool: Pool, actors: Actors) -> tuple[x.ExerciseEvent, ...]:
    if not isinstance(state, Made):
        raise not_now(state, "PublishResult")
    return (result_published(state, pool.members, actors.now),)


def not_now(state: ExerciseState, command: str) -> NotAllowedNow:
    """The refusal of a command that the exercise does not allow as it is."""
    match state:
        case Unopened():
            return NotAllowedNow(command, "unopened", ("OpenExercise",), of="exercise")
        case Proposed():
            again = ("DepartFromRank", "ProposeSelection", "MakeSelection")
            return NotAllowedNow(command, "proposed", again, of="exercise")
        case Made():
            return NotAllowedNow(command, "selected", ("PublishResult",), of="exercise")
        case Drawn():
            now = ("DepartFromRank", "ProposeSelection")
            return NotAllowedNow(command, "shortlisted", now, of="exercise")
        case Opened():
            return NotAllowedNow(command, "opened", ("DrawShortlist",), of="exercise")
        case Published():
            return NotAllowedNow(command, "published", (), of="exercise")
        case _:
            assert_never(state)
