"""The exercise: a frozen pool, a shortlist, a selection, and nothing twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import commands as c
from domain import exercise_events as x
from domain.errors import (
    ExerciseExists,
    NameInvalid,
    NotAllowedNow,
    NothingToSelect,
    PlacesInvalid,
    Refusal,
)
from domain.exercise import Drawn, Made, Opened, Pool, decide, evolve, load, selection, shortlist
from domain.rules.rank import Placed, PoolMember, digest_of, ranked
from tests.domain.pools import MORNING, POOLS, achiever, member

OPEN = c.OpenExercise(exercise="2019-q3", title="Third quarter", places=2, shortlist_size=4)
MEMBERS = (
    member("A", 175),
    member("B", 120, minutes=1),
    member("C", 120, minutes=2),
    member("D", 90),
    achiever("E"),
)
POOL = Pool(position=42, members=MEMBERS)


def run(pool: Pool, *commands: c.ExerciseCommand) -> tuple[x.ExerciseEvent, ...]:
    """Return every fact of an exercise over a pool on which these commands were carried out."""
    facts: tuple[x.ExerciseEvent, ...] = ()
    for command in commands:
        facts += decide(load(facts), command, pool)
    return facts


def departed(pool: Pool, *references: str) -> Pool:
    return replace(pool, departed=pool.departed | set(references))


def names(placed: tuple[Placed, ...]) -> list[str]:
    return [each.member.reference for each in placed]


def drawn_state(pool: Pool, opening: c.OpenExercise = OPEN) -> Drawn:
    state = load(run(pool, opening, c.DrawShortlist()))
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
            archetype=x.Archetype.RANK_TO_QUOTA,
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
    _, drawn = run(POOL, OPEN, c.DrawShortlist())
    opened = load(run(POOL, OPEN))
    assert isinstance(opened, Opened)
    division = shortlist(opened, POOL)
    assert names(division.taken) == ["E", "A", "B", "C"]
    assert names(division.left) == ["D"]
    assert drawn == x.ShortlistDrawn(
        achievement=1, general=3, departed=(), digest=digest_of(division.taken)
    )


def test_the_selection_allots_the_places_and_says_where_it_cut() -> None:
    *_, made = run(POOL, OPEN, c.DrawShortlist(), c.MakeSelection())
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
    )


def test_the_tie_break_instant_is_that_of_the_last_one_selected() -> None:
    opening = replace(OPEN, places=3)
    *_, made = run(POOL, opening, c.DrawShortlist(), c.MakeSelection())
    assert isinstance(made, x.SelectionMade)
    assert (made.cut_off, made.tie_break) == (120, MORNING + timedelta(minutes=1))


def test_who_left_before_the_shortlist_makes_room_for_the_next() -> None:
    opened = run(POOL, OPEN)
    (drawn,) = decide(load(opened), c.DrawShortlist(), departed(POOL, "A"))
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
    (made,) = decide(state, c.MakeSelection(), later)
    assert isinstance(made, x.SelectionMade)
    assert made.departed == ("A", "E")


def test_a_departure_is_told_once() -> None:
    opened = run(POOL, OPEN)
    (drawn,) = decide(load(opened), c.DrawShortlist(), departed(POOL, "A"))
    (made,) = decide(load((*opened, drawn)), c.MakeSelection(), departed(POOL, "A", "C"))
    assert isinstance(made, x.SelectionMade)
    assert made.departed == ("C",)


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
        ((), c.DrawShortlist(), ("OpenExercise",)),
        ((), c.MakeSelection(), ("OpenExercise",)),
        ((OPEN,), c.MakeSelection(), ("DrawShortlist",)),
        ((OPEN, c.DrawShortlist()), c.DrawShortlist(), ("MakeSelection",)),
        ((OPEN, c.DrawShortlist(), c.MakeSelection()), c.DrawShortlist(), ()),
        ((OPEN, c.DrawShortlist(), c.MakeSelection()), c.MakeSelection(), ()),
    ],
)
def test_what_is_out_of_turn_is_refused_with_what_is_possible(
    before: tuple[c.ExerciseCommand, ...], command: c.ExerciseCommand, possible: tuple[str, ...]
) -> None:
    with pytest.raises(NotAllowedNow) as refused:
        run(POOL, *before, command)
    assert refused.value.allowed == possible


def test_a_made_selection_ends_the_exercise() -> None:
    assert load(run(POOL, OPEN, c.DrawShortlist(), c.MakeSelection())) == Made(exercise="2019-q3")


@pytest.mark.parametrize("event_at", [1, 2])
def test_a_history_out_of_order_is_not_read_as_if_it_were_one(event_at: int) -> None:
    facts = run(POOL, OPEN, c.DrawShortlist(), c.MakeSelection())
    with pytest.raises(TypeError):
        evolve(load(facts[: event_at - 1]), facts[event_at])


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

    opened = decide(load(()), opening, pool)
    drawn = decide(load(opened), c.DrawShortlist(), departed(pool, *before))
    made = decide(load((*opened, *drawn)), c.MakeSelection(), departed(pool, *before, *after))
    (made_event,) = made
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
    facts = run(pool, OPEN, c.DrawShortlist(), c.MakeSelection())
    commands = (OPEN, c.DrawShortlist(), c.MakeSelection())
    for cut in range(len(facts) + 1):
        for command in commands[:cut] + commands[cut + 1 :]:
            with pytest.raises(Refusal):
                decide(load(facts[:cut]), command, pool)
