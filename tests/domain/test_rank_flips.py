"""A test of the published rounds: every small change of the order must show in one of them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from random import Random
from types import CodeType, FunctionType
from typing import Final

import pytest

from domain.application import Route
from domain.rules import rank
from domain.rules.rank import Placed, PoolMember, divide, ranked
from tests.domain.rounds import TICK, Round, entrants, is_invited, rounds
from tests.rules.flipping import flips, reorderings

SOME: Final = ("1", "91a", "139", "208", "220", "241", "253", "257")
"""Rounds of all kinds and of few people: with and without a tie, with and without a pool."""

Case = tuple[Round, list[PoolMember], list[PoolMember]]


def _achievers(of: Round) -> list[PoolMember]:
    """Return cases of the other route, later and with fewer points than anybody invited."""
    late = of.held_at + timedelta(days=1)
    return [
        PoolMember(
            reference=reference,
            route=Route.ACHIEVEMENT,
            points=0,
            submitted_at=late + timedelta(days=days),
            version=4,
        )
        for reference, days in (("QM-Z", 0), ("QM-C", 1), ("QM-D", 1), ("QM-A", 2))
    ]


def _comes_first(one: PoolMember, other: PoolMember) -> bool:
    if one.points != other.points:
        return one.points > other.points
    if one.submitted_at != other.submitted_at:
        return one.submitted_at < other.submitted_at
    return one.reference < other.reference


def _as_it_should_be(order: tuple[Placed, ...], achievers: list[PoolMember]) -> bool:
    first, rest = order[: len(achievers)], order[len(achievers) :]
    return (
        [each.member for each in first] == achievers
        and {each.rank for each in first} == {None}
        and [each.rank for each in rest] == list(range(1, len(rest) + 1))
        and all(_comes_first(one.member, other.member) for one, other in pairwise(rest))
    )


def _wrong(case: Case) -> bool:
    """True when a round does not come out as published, or does not come out at all."""
    of, pool, achievers = case
    mixed = [*pool, *achievers]
    Random(0).shuffle(mixed)  # noqa: S311 - repeatable, not secret
    try:
        order = ranked(mixed)
        division = divide(order, of.invited + len(achievers))
        taken = {each.member.reference for each in division.taken if each.rank is not None}
        return (
            not _as_it_should_be(order, achievers)
            or len(order) != len(mixed)
            or division.taken + division.left != order
            or taken != {each.reference for each in pool if is_invited(of, each)}
            or (division.general, division.achievement) != (of.invited, len(achievers))
            or division.cut_off != of.cut_off
            or (of.tie_break is not None and division.tie_break != of.tie_break - TICK)
        )
    except (AttributeError, TypeError, ValueError):
        return True


def _mutants() -> Iterator[tuple[str, FunctionType, CodeType]]:
    for function in (ranked, divide):
        for before, code in (*flips(function, rank), *reorderings(function, rank)):
            yield before, function, code


MUTANTS: Final = tuple(_mutants())


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    some = [each for each in rounds() if each.round in SOME]
    return [(each, entrants(each), _achievers(each)) for each in some]


def test_nothing_is_wrong_as_long_as_nothing_is_changed(cases: list[Case]) -> None:
    assert [of.round for of, *rest in cases if _wrong((of, *rest))] == []


def test_the_changes_are_those_that_the_order_could_suffer() -> None:
    said = "\n".join(before for before, *_ in MUTANTS)
    for change in (
        "submitted_at, each.reference swapped",
        "not negated",
        "one more",
        "taken as well",
    ):
        assert change in said


@pytest.mark.parametrize(
    ("function", "code"), [each[1:] for each in MUTANTS], ids=[each[0] for each in MUTANTS]
)
def test_a_change_of_the_order_is_caught(
    cases: list[Case], monkeypatch: pytest.MonkeyPatch, function: FunctionType, code: CodeType
) -> None:
    monkeypatch.setattr(function, "__code__", code)
    assert any(_wrong(case) for case in cases)


def test_a_cut_off_that_is_not_that_of_the_last_one_is_caught(
    cases: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(division: rank.Division) -> int | None:
        taken = (each.member.points for each in division.taken if each.rank is not None)
        return next(taken, None)

    monkeypatch.setattr(rank.Division, "cut_off", property(first))
    assert all(_wrong(case) for case in cases)
