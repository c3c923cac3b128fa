"""Signing off: one proposes, another confirms what was proposed; and departures from rank."""

from dataclasses import replace
from typing import Any

import pytest

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.errors import (
    GradeMissing,
    NotShortlisted,
    ReasonsMissing,
    SecondOfficerNeeded,
    SelectionChanged,
)
from domain.exercise import decide, load
from domain.exercise_lists import selection
from domain.exercise_states import Actors, Drawn, ExerciseState, Pool, Proposed
from domain.gradings import DepartureCode, Direction, Grade
from tests.domain.pools import achiever, member

MEMBERS = (
    member("A", 175),
    member("B", 150),
    member("C", 120),
    member("D", 100),
    achiever("E"),
)
POOL = Pool(
    position=1,
    members=MEMBERS,
    grades={each.reference: Grade.OUTSTANDING for each in MEMBERS[:3]},
)
WONG, LEE, HO = "supervisor.wong", "supervisor.lee", "supervisor.ho"


class Sitting:
    """An exercise with those who took part, as the shell keeps them."""

    def __init__(self, *, places: int | None = 3, size: int | None = 4) -> None:
        self.facts: tuple[x.ExerciseEvent, ...] = ()
        self.actors: frozenset[str] = frozenset()
        self.does(
            q.OpenExercise(exercise="1", title="First", places=places, shortlist_size=size), WONG
        )
        self.does(q.DrawShortlist(), WONG)

    @property
    def state(self) -> ExerciseState:
        return load(self.facts)

    @property
    def digest(self) -> str:
        """That of what is proposed; of nothing where nothing is."""
        state = self.state
        return state.proposed.digest if isinstance(state, Proposed) else "sha256:none"

    def does(self, command: q.ExerciseCommand, who: str, pool: Pool = POOL) -> x.ExerciseEvent:
        (fact,) = decide(self.state, command, pool, Actors(now=who, earlier=self.actors))
        self.facts += (fact,)
        self.actors |= {who}
        return fact

    def taken(self, pool: Pool = POOL) -> list[str]:
        assert isinstance(self.state, Drawn)
        return [each.member.reference for each in selection(self.state, pool).taken]


def depart(reference: str, direction: Direction, **more: Any) -> q.DepartFromRank:
    given = {"code": DepartureCode.SECTOR_MIX, "reason": "No other of its field", **more}
    return q.DepartFromRank(reference=reference, direction=direction, **given)


def without(*references: str) -> Pool:
    return replace(POOL, departed=frozenset(references))


def test_nobody_confirms_what_they_proposed() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), LEE)
    with pytest.raises(SecondOfficerNeeded, match=f"{LEE} took part in this exercise before"):
        sitting.does(q.MakeSelection(digest=sitting.digest), LEE)


def test_nobody_confirms_who_did_anything_in_the_exercise_before() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), LEE)
    with pytest.raises(SecondOfficerNeeded, match=WONG):
        sitting.does(q.MakeSelection(digest=sitting.digest), WONG)
    made = sitting.does(q.MakeSelection(digest=sitting.digest), HO)
    assert isinstance(made, x.SelectionMade)
    assert (made.proposed_by, made.made_by) == (LEE, HO)


def test_nobody_confirms_who_graded_for_the_exercise() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), LEE)
    command = q.MakeSelection(digest=sitting.digest)
    with pytest.raises(SecondOfficerNeeded, match=f"{HO} graded a case of this exercise"):
        decide(sitting.state, command, POOL, Actors(now=HO, graders=frozenset({HO})))


def test_what_is_made_is_what_was_proposed() -> None:
    sitting = Sitting()
    proposed = sitting.does(q.ProposeSelection(), WONG)
    made = sitting.does(q.MakeSelection(digest=sitting.digest), LEE)
    assert isinstance(proposed, x.SelectionProposed)
    assert isinstance(made, x.SelectionMade)
    for name in ("achievement", "general", "passed_over", "cut_off", "tie_break", "digest"):
        assert getattr(made, name) == getattr(proposed, name), name


def test_a_confirmation_is_refused_where_the_selection_would_be_another() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), WONG)
    with pytest.raises(
        SelectionChanged, match=r"B departed since it was proposed.*propose it again"
    ):
        sitting.does(q.MakeSelection(digest=sitting.digest), LEE, without("B"))
    sitting.does(q.ProposeSelection(), WONG, without("B"))
    sitting.does(q.MakeSelection(digest=sitting.digest), LEE, without("B"))


def test_what_was_shown_is_what_is_confirmed() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), WONG)
    shown = sitting.digest
    sitting.does(depart("C", Direction.PLACE), WONG)
    sitting.does(q.ProposeSelection(), WONG)
    with pytest.raises(SelectionChanged, match=f"{sitting.digest} and not {shown}: look at that"):
        sitting.does(q.MakeSelection(digest=shown), LEE)
    now_proposed = sitting.digest
    made = sitting.does(q.MakeSelection(digest=now_proposed), LEE)
    assert isinstance(made, x.SelectionMade)
    assert made.digest == now_proposed


def test_a_confirmation_stands_where_only_somebody_without_a_place_departed() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), WONG)
    made = sitting.does(q.MakeSelection(digest=sitting.digest), LEE, without("C"))
    assert isinstance(made, x.SelectionMade)
    assert (made.departed, made.passed_over) == (("C",), 0)


def test_who_is_to_have_a_place_has_it_within_the_quota() -> None:
    sitting = Sitting()
    assert sitting.taken() == ["E", "A", "B"]
    fact = sitting.does(depart("C", Direction.PLACE), WONG)
    assert fact == x.RankDepartureMade(
        reference="C",
        direction=Direction.PLACE,
        code=DepartureCode.SECTOR_MIX,
        grade=Grade.OUTSTANDING,
        decided_by=WONG,
    )
    assert sitting.taken() == ["E", "A", "C"]


def test_who_is_to_have_no_place_has_none_even_where_one_is_free() -> None:
    sitting = Sitting(places=None, size=4)
    sitting.does(depart("A", Direction.NO_PLACE), WONG)
    assert sitting.taken() == ["E", "B", "C"]


def test_a_later_departure_stands_instead_of_an_earlier_one() -> None:
    sitting = Sitting()
    sitting.does(depart("C", Direction.PLACE), WONG)
    sitting.does(depart("C", Direction.NO_PLACE), WONG)
    assert sitting.taken() == ["E", "A", "B"]


def test_out_of_rank_moves_no_cut_off() -> None:
    sitting = Sitting()
    sitting.does(depart("C", Direction.PLACE), WONG)
    proposed = sitting.does(q.ProposeSelection(), WONG)
    made = sitting.does(q.MakeSelection(digest=sitting.digest), LEE)
    assert isinstance(proposed, x.SelectionProposed)
    assert isinstance(made, x.SelectionMade)
    assert (proposed.cut_off, made.cut_off, made.out_of_rank) == (175, 175, 1)


def test_a_departure_ends_what_was_proposed() -> None:
    sitting = Sitting()
    sitting.does(q.ProposeSelection(), WONG)
    sitting.does(depart("C", Direction.PLACE), LEE)
    assert isinstance(sitting.state, Drawn)
    assert not isinstance(sitting.state, Proposed)
    sitting.does(q.ProposeSelection(), WONG)
    with pytest.raises(SecondOfficerNeeded, match=LEE):
        sitting.does(q.MakeSelection(digest=sitting.digest), LEE)
    sitting.does(q.MakeSelection(digest=sitting.digest), HO)


@pytest.mark.parametrize(
    ("command", "pool", "refusal"),
    [
        (depart("D", Direction.PLACE), POOL, NotShortlisted),
        (depart("nobody", Direction.PLACE), POOL, NotShortlisted),
        (depart("C", Direction.PLACE), without("C"), NotShortlisted),
        (depart("E", Direction.NO_PLACE), POOL, GradeMissing),
        (depart("C", Direction.PLACE, reason=" "), POOL, ReasonsMissing),
    ],
)
def test_a_departure_needs_a_shortlisted_case_a_grade_and_a_reason(
    command: q.DepartFromRank, pool: Pool, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        Sitting().does(command, WONG, pool)
