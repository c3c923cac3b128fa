"""Which instant counts at a tie, as two other schemes have it and as we do.

Canada counts from the submission of a profile, which an update keeps and a new profile loses.
Australia counts from the date of effect, when the present points were reached, and publishes the
*latest* one that it invited, where Canada publishes an instant before which one must have come.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.case import load
from domain.rules.rank import PoolMember, divide, ranked
from domain.stages import InPool
from tests.domain.deciding import NOON
from tests.domain.histories import ACKNOWLEDGED, MOVED, prerequisites, scored, submitted
from tests.domain.pools import member

_FILE = Path(__file__).parents[1] / "data" / "skillselect-rounds.json"
ROUNDS: list[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))["rounds"]
MINUTE = timedelta(minutes=1)
ACCOUNTANTS = 60
"""Invited accountants, who were not counted apart; any number does."""

History = tuple[tuple[datetime, int], ...]


def date_of_effect(history: History) -> datetime:
    """Return when the present points were reached, by the points at each change of anything."""
    effect, before = history[0]
    for instant, points in history[1:]:
        if points != before:
            effect, before = instant, points
    return effect


def interested(reference: str, *history: tuple[datetime, int]) -> PoolMember:
    return replace(member(reference, history[-1][1]), submitted_at=date_of_effect(history))


def names(pool: Iterable[PoolMember], places: int) -> list[str]:
    return [each.member.reference for each in divide(ranked(pool), places).taken]


def invited(row: dict[str, Any]) -> int:
    if row["stratum"]:
        return ACCOUNTANTS
    return int(row["invited"]) - (ACCOUNTANTS if row["subclass"] == "189" else 0)


def latest(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["date_of_effect"]).replace(tzinfo=UTC)


def stratum_of(row: dict[str, Any]) -> Iterator[PoolMember]:
    """Yield a seeded pool of one stratum, of whom as many as were invited had to be."""
    random = Random(f"{row['subclass']} {row['stratum']}")  # noqa: S311 - repeatable, not secret
    mark, limit, places = row["points"], latest(row), invited(row)
    tied = places // 5
    spans = [
        *((mark + random.choice((5, 10, 15)), 400) for _ in range(places - tied)),
        *((mark, 200) for _ in range(tied - 1)),
    ]
    rows = [(points, limit - random.random() * timedelta(days=days)) for points, days in spans]
    # The last one invited had effect within the minute, the first left out in the next one.
    rows += [(mark, limit + MINUTE - timedelta(microseconds=1)), (mark, limit + MINUTE)]
    rows += [(mark, limit + MINUTE + random.random() * timedelta(days=9)) for _ in range(30)]
    rows += [(mark - 5, limit - timedelta(days=500)) for _ in range(100)]
    numbers = random.sample(range(10_000), len(rows))
    for number, (points, at) in zip(numbers, rows, strict=True):
        name = f"{row['subclass']}-{row['stratum']}-{number:04}"
        yield replace(member(name, points), submitted_at=at)


@pytest.mark.parametrize("row", ROUNDS, ids=lambda row: f"{row['subclass']} {row['stratum']}")
def test_each_stratum_has_a_cut_off_and_a_date_of_effect_of_its_own(row: dict[str, Any]) -> None:
    division = divide(ranked(stratum_of(row)), invited(row))
    assert division.cut_off == row["points"]
    assert division.tie_break is not None
    assert division.tie_break.replace(second=0, microsecond=0) == latest(row)
    for each in division.left:
        if each.member.points == row["points"]:
            assert each.member.submitted_at >= latest(row) + MINUTE


def test_an_accountant_is_left_out_with_points_that_invite_anybody_else() -> None:
    others, accountants = ROUNDS[:2]
    left = divide(ranked(stratum_of(accountants)), invited(accountants)).left
    assert max(each.member.points for each in left) >= others["points"]


def test_the_places_of_a_round_are_those_of_its_strata() -> None:
    taken = [
        len(divide(ranked(stratum_of(row)), invited(row)).taken)
        for row in ROUNDS
        if row["subclass"] == "189"
    ]
    assert sum(taken) == ROUNDS[0]["invited"]


def test_points_that_change_reset_the_date_of_effect_and_nothing_else_does() -> None:
    first, second, third = (NOON + timedelta(days=days) for days in (0, 10, 20))
    rose = interested("rose", (first, 85), (third, 90))
    fell_back = interested("fell-back", (first, 90), (second, 95), (third, 90))
    edited = interested("edited", (first, 90), (third, 90))
    steady = interested("steady", (second, 90))
    assert names((rose, fell_back, edited, steady), 2) == ["edited", "steady"]
    assert rose.submitted_at == fell_back.submitted_at == third


def waiting(at: datetime, *points: int) -> InPool:
    """Return a case that was scored so many times since it was submitted."""
    filed = replace(submitted(), submitted_at=at)
    history = [filed, ACKNOWLEDGED, prerequisites(), scored(points[0])]
    for each in points[1:]:
        history += [MOVED, prerequisites(), scored(each)]
    state = load(history)
    assert isinstance(state, InPool)
    return state


def as_member(reference: str, case: InPool) -> PoolMember:
    return replace(member(reference, case.points), submitted_at=case.filed.submitted_at)


def test_a_case_that_is_scored_again_keeps_its_instant_and_a_new_one_has_another() -> None:
    later = NOON + timedelta(days=30)
    scored_again = as_member("again", waiting(NOON, 100, 120))
    steady = as_member("steady", waiting(NOON + timedelta(days=1), 120))
    # The first of all withdrew, and filed anew.
    filed_again = as_member("anew", waiting(later, 120))
    assert names((filed_again, steady, scored_again), 3) == ["again", "steady", "anew"]
