"""The exercise: a frozen pool, a shortlist, a selection, and nothing twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.errors import (
    ExerciseExists,
    NameInvalid,
    NotAllowedNow,
    NothingToSelect,
    PlacesInvalid,
    Refusal,
)
from domain.exercise import decide, evolve, load
from domain.exercise_lists import selection, shortlist
from domain.exercise_states import (
    Actors,
    Drawn,
    ExerciseState,
    Made,
    Opened,
    Pool,
    Proposed,
    Published,
)
from domain.gradings import DepartureCode, Direction
from domain.rules.rank import Placed, PoolMember, digest_of, ranked
from domain.rules.terms import Archetype
from tests.domain.pools import MORNING, POOLS, achiever, member

OPEN = q.OpenExercise(exercise="2019-q3", title="Third quarter", places=2, shortlist_size=4)
WHY: Final[dict[str, Any]] = {
    "reference": "D",
    "direction": Direction.PLACE,
    "code": DepartureCode.NEEDS,
    "reason": "The only one of the field",
}
MEMBERS = (
    member("A", 175),
    member("B", 120, minutes=1),
    member("C", 120, minutes=2),
    member("D", 90),
    achiever("E"),
)
POOL = Pool(position=42, members=MEMBERS)


ONE, OTHER = Actors(now="supervisor.wong"), Actors(now="supervisor.lee")
MAKE_IT = q.MakeSelection(digest="")
MAKE = (q.ProposeSelection(), MAKE_IT)
ALL = (OPEN, q.DrawShortlist(), *MAKE, q.PublishResult())


def run(pool: Pool, *commands: q.ExerciseCommand) -> tuple[x.ExerciseEvent, ...]:
    """Return every fact of an exercise over a pool on which these commands were carried out.

    One person does it all, but for the confirmation.
    """
    facts: tuple[x.ExerciseEvent, ...] = ()
    for command in commands:
        state = load(facts)
        facts += decide(state, meant(state, command), pool, by(command))
    return facts


def meant(state: ExerciseState, command: q.ExerciseCommand) -> q.ExerciseCommand:
    """Return the command; a confirmation is one of what is proposed, if anything is."""
    if isinstance(command, q.MakeSelection) and isinstance(state, Proposed):
        return q.MakeSelection(digest=state.proposed.digest)
    return command


def by(command: q.ExerciseCommand) -> Actors:
    return OTHER if isinstance(command, q.MakeSelection) else ONE


def departed(pool: Pool, *references: str) -> Pool:
    return replace(pool, departed=pool.departed | set(references))


def names(placed: tuple[Placed, ...]) -> list[str]:
    return [each.member.reference for each in placed]


def drawn_state(pool: Pool, opening: q.OpenExercise = OPEN) -> Drawn:
    state = load(run(pool, opening, q.DrawShortlist()))
    assert isinstance(state, Drawn)
    return state


@pytest.mark.parametrize("name", ["", "Spring", "a b", "2019-2\n", "-1", "a" * 64])
def test_a_name_that_no_address_could_hold_is_refused(name: str) -> None:
    with pytest.raises(NameInvalid, match="such as 2019-2"):
        run(POOL, replace(OPEN, exercise=name))


@pytest.mark.parametrize("title", ["", "a" * 201])
def test_a_title_has_up_to_200_characters(title: str) -> None:
    with pytest.raises(NameInvalid, match="title"):
        run(POOL, replace(OPEN, title=title))


def test_a_shortlist_that_no_read_model_could_hold_is_refused() -> None:
    with pytest.raises(PlacesInvalid, match="at most 1000000"):
        run(POOL, replace(OPEN, shortlist_size=1_000_001))


def test_opening_freezes_the_pool_at_a_position_with_a_digest() -> None:
    assert run(POOL, OPEN) == (
        x.ExerciseOpened(
            exercise="2019-q3",
            title="Third quarter",
            archetype=Archetype.RANK_TO_QUOTA,
            places=2,
            shortlist_size=4,
            pool_position=42,
            pool_size=5,
            pool_digest=digest_of(ranked(MEMBERS)),
        ),
    )


def test_cases_without_points_are_left_out_and_counted() -> None:
    (opened,) = run(replace(POOL, left_out=3), OPEN)
    assert isinstance(opened, x.ExerciseOpened)
    assert (opened.pool_size, opened.left_out) == (5, 3)


def test_a_pool_in_which_nobody_has_points_is_no_pool() -> None:
    with pytest.raises(NothingToSelect, match="the 2 cases in the pool were assessed by criteria"):
        run(replace(POOL, members=(), left_out=2), OPEN)


def test_the_shortlist_holds_achievement_cases_first_then_the_best_by_rank() -> None:
    _, drawn = run(POOL, OPEN, q.DrawShortlist())
    opened = load(run(POOL, OPEN))
    assert isinstance(opened, Opened)
    division = shortlist(opened, POOL)
    assert names(division.taken) == ["E", "A", "B", "C"]
    assert names(division.left) == ["D"]
    assert drawn == x.ShortlistDrawn(
        achievement=1, general=3, departed=(), digest=digest_of(division.taken)
    )


def test_the_selection_allots_the_places_and_says_where_it_cut() -> None:
    *_, made = run(POOL, OPEN, q.DrawShortlist(), *MAKE)
    division = selection(drawn_state(POOL), POOL)
    assert names(division.taken) == ["E", "A"]
    assert names(division.left) == ["B", "C"]
    assert made == x.SelectionMade(
        achievement=1,
        general=1,
        passed_over=2,
        cut_off=175,
        tie_break=MORNING,
        departed=(),
        digest=digest_of(division.taken),
        proposed_by="supervisor.wong",
        made_by="supervisor.lee",
    )


def test_the_tie_break_instant_is_that_of_the_last_one_selected() -> None:
    opening = replace(OPEN, places=3)
    *_, made = run(POOL, opening, q.DrawShortlist(), *MAKE)
    assert isinstance(made, x.SelectionMade)
    assert (made.cut_off, made.tie_break) == (120, MORNING + timedelta(minutes=1))


def test_who_left_before_the_shortlist_makes_room_for_the_next() -> None:
    opened = run(POOL, OPEN)
    (drawn,) = decide(load(opened), q.DrawShortlist(), departed(POOL, "A"), ONE)
    assert isinstance(drawn, x.ShortlistDrawn)
    assert drawn.departed == ("A",)
    state = load((*opened, drawn))
    assert isinstance(state, Drawn)
    assert names(shortlist(state, POOL).taken) == ["E", "B", "C", "D"]


def test_who_left_after_the_shortlist_gives_up_a_place_but_not_on_the_shortlist() -> None:
    state = drawn_state(POOL)
    later = departed(POOL, "E", "A")
    assert names(shortlist(state, later).taken) == ["E", "A", "B", "C"]
    assert names(selection(state, later).taken) == ["B", "C"]
    (proposed,) = decide(state, q.ProposeSelection(), later, ONE)
    assert isinstance(proposed, x.SelectionProposed)
    assert proposed.departed == ("A", "E")


def test_a_departure_is_told_once() -> None:
    opened = run(POOL, OPEN)
    (drawn,) = decide(load(opened), q.DrawShortlist(), departed(POOL, "A"), ONE)
    state = load((*opened, drawn))
    (proposed,) = decide(state, q.ProposeSelection(), departed(POOL, "A", "C"), ONE)
    assert isinstance(proposed, x.SelectionProposed)
    assert proposed.departed == ("C",)


def test_the_rank_given_in_the_pool_is_kept_whoever_leaves() -> None:
    division = selection(drawn_state(POOL), departed(POOL, "E", "A"))
    assert [each.rank for each in division.taken] == [2, 3]


def test_an_exercise_is_opened_once() -> None:
    with pytest.raises(ExerciseExists, match="2019-q3 was opened before"):
        run(POOL, OPEN, OPEN)


def test_an_empty_pool_is_not_opened() -> None:
    with pytest.raises(NothingToSelect):
        run(Pool(position=42, members=()), OPEN)


@pytest.mark.parametrize(
    ("places", "size", "left", "fault"),
    [
        (0, 4, None, "at least one place"),
        (-1, 4, None, "at least one place"),
        (3, 2, None, "a shortlist of 2 cannot fill 3 places"),
        (3, 4, 2, "3 places are more than the 2"),
    ],
)
def test_places_that_cannot_be_allotted_are_refused(
    places: int, size: int, left: int | None, fault: str
) -> None:
    opening = replace(OPEN, places=places, shortlist_size=size)
    with pytest.raises(PlacesInvalid, match=fault):
        run(replace(POOL, quota=left and left + 10, places_taken=10), opening)


def test_exactly_the_places_that_the_year_leaves_may_be_allotted() -> None:
    assert len(run(replace(POOL, quota=12, places_taken=10), OPEN)) == 1


@pytest.mark.parametrize(
    ("before", "command", "possible"),
    [
        ((), q.DrawShortlist(), ("OpenExercise",)),
        ((), q.DepartFromRank(**WHY), ("OpenExercise",)),
        ((), q.ProposeSelection(), ("OpenExercise",)),
        ((), MAKE_IT, ("OpenExercise",)),
        ((), q.PublishResult(), ("OpenExercise",)),
        (ALL[:1], q.DepartFromRank(**WHY), ("DrawShortlist",)),
        (ALL[:1], q.ProposeSelection(), ("DrawShortlist",)),
        (ALL[:1], MAKE_IT, ("DrawShortlist",)),
        (ALL[:1], q.PublishResult(), ("DrawShortlist",)),
        (ALL[:2], q.DrawShortlist(), ("DepartFromRank", "ProposeSelection")),
        (ALL[:2], MAKE_IT, ("DepartFromRank", "ProposeSelection")),
        (ALL[:2], q.PublishResult(), ("DepartFromRank", "ProposeSelection")),
        (ALL[:3], q.DrawShortlist(), ("DepartFromRank", "ProposeSelection", "MakeSelection")),
        (ALL[:3], q.PublishResult(), ("DepartFromRank", "ProposeSelection", "MakeSelection")),
        (ALL[:4], q.DrawShortlist(), ("PublishResult",)),
        (ALL[:4], q.DepartFromRank(**WHY), ("PublishResult",)),
        (ALL[:4], q.ProposeSelection(), ("PublishResult",)),
        (ALL[:4], MAKE_IT, ("PublishResult",)),
        *((ALL, command, ()) for command in (*ALL[1:], q.DepartFromRank(**WHY))),
    ],
)
def test_what_is_out_of_turn_is_refused_with_what_is_possible(
    before: tuple[q.ExerciseCommand, ...], command: q.ExerciseCommand, possible: tuple[str, ...]
) -> None:
    with pytest.raises(NotAllowedNow) as refused:
        run(POOL, *before, command)
    assert refused.value.allowed == possible


def test_a_published_result_ends_the_exercise() -> None:
    assert isinstance(load(run(POOL, *ALL[:4])), Made)
    assert load(run(POOL, *ALL)) == Published(exercise="2019-q3")


def test_a_selection_of_the_time_before_there_were_proposals_is_read() -> None:
    opened, drawn, _, made = run(POOL, *ALL[:4])
    assert isinstance(load((opened, drawn, made)), Made)


@pytest.mark.parametrize("skipped", [0, 1, 3])
def test_a_history_out_of_order_is_not_read_as_if_it_were_one(skipped: int) -> None:
    facts = run(POOL, *ALL)
    with pytest.raises(TypeError):
        evolve(load(facts[:skipped]), facts[skipped + 1])


def test_nothing_of_a_selection_changes_once_it_was_made() -> None:
    facts = run(POOL, *ALL[:4])
    for again in facts[2:]:
        with pytest.raises(TypeError):
            evolve(load(facts), again)


@given(POOLS.filter(bool), st.data())
def test_a_selection_drawn_again_from_the_log_is_the_same(
    members: list[PoolMember], data: st.DataObject
) -> None:
    pool = Pool(position=1, members=tuple(members))
    places = data.draw(st.integers(min_value=1, max_value=12))
    size = data.draw(st.integers(min_value=places, max_value=20))
    gone = st.sets(st.sampled_from([each.reference for each in members]), max_size=6)
    before, after = data.draw(gone), data.draw(gone)
    opening = replace(OPEN, places=places, shortlist_size=size)

    opened = decide(load(()), opening, pool, ONE)
    drawn = decide(load(opened), q.DrawShortlist(), departed(pool, *before), ONE)
    gone_by_then = departed(pool, *before, *after)
    proposed = decide(load((*opened, *drawn)), q.ProposeSelection(), gone_by_then, ONE)
    state = load((*opened, *drawn, *proposed))
    (made_event,) = decide(state, meant(state, MAKE_IT), gone_by_then, OTHER)
    assert isinstance(made_event, x.SelectionMade)

    # Only the frozen pool and what the log says of departures, in whatever order rows come.
    state = load((*opened, *drawn))
    assert isinstance(state, Drawn)
    frozen = Pool(position=1, members=tuple(data.draw(st.permutations(members))))
    again = selection(state, departed(frozen, *state.departed, *made_event.departed))

    assert digest_of(again.taken) == made_event.digest
    assert len(again.taken) == made_event.achievement + made_event.general <= places
    assert not {each.member.reference for each in again.taken} & (before | after)
    assert len(again.left) == made_event.passed_over


@given(POOLS.filter(bool))
def test_a_refused_command_is_a_refusal_and_never_a_crash(members: list[PoolMember]) -> None:
    pool = Pool(position=1, members=tuple(members))
    facts = run(pool, *ALL)
    for cut in range(len(facts) + 1):
        # A selection may be proposed again as long as none was made.
        again = (q.ProposeSelection,) if cut == 3 else ()
        for command in (*ALL[:cut], *ALL[cut + 1 :]):
            if isinstance(command, again):
                continue
            with pytest.raises(Refusal):
                decide(load(facts[:cut]), command, pool, by(command))
