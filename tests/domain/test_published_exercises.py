"""Published rounds as whole exercises: opened, shortlisted, selected, and drawn again."""

from random import Random

import pytest

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.exercise import decide, load
from domain.exercise_states import Actors, Pool, Proposed
from domain.rules.rank import PoolMember
from tests.domain.rounds import TICK, Round, entrants, rounds

LARGEST = 1_500
SOME = [each for each in rounds() if each.invited <= LARGEST][::3]


def facts_of(published: Round, members: list[PoolMember]) -> tuple[x.ExerciseEvent, ...]:
    """Return every fact of an exercise with the places of a round and a shortlist beyond them."""
    pool = Pool(position=1, members=tuple(members))
    opening = q.OpenExercise(
        exercise=f"round-{published.round}",
        title=published.name,
        places=published.invited,
        shortlist_size=published.invited + 200,
    )
    facts: tuple[x.ExerciseEvent, ...] = ()
    for command in (opening, q.DrawShortlist(), q.ProposeSelection()):
        facts += decide(load(facts), command, pool, Actors(now="supervisor.wong"))
    state = load(facts)
    assert isinstance(state, Proposed)
    confirmed = q.MakeSelection(digest=state.proposed.digest)
    return facts + decide(state, confirmed, pool, Actors(now="supervisor.lee"))


@pytest.mark.parametrize("published", SOME, ids=lambda each: each.round)
def test_an_exercise_with_a_rounds_pool_and_places_selects_as_the_round_invited(
    published: Round,
) -> None:
    members = entrants(published)
    *_, made = facts = facts_of(published, members)
    assert isinstance(made, x.SelectionMade)
    assert (made.general, made.achievement) == (published.invited, 0)
    assert made.cut_off == published.cut_off
    if published.tie_break is not None:
        assert made.tie_break == published.tie_break - TICK
    Random(1).shuffle(members)  # noqa: S311 - repeatable, not secret
    assert facts_of(published, members) == facts
