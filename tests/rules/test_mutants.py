"""A test of the edge tables: each small change of the rules or of the code must show in them."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from domain import days
from domain.rules import counting, family, rows, scoring
from domain.rules.checks import FACTOR_NAMES, faults_of
from domain.rules.choose import named
from domain.rules.factors import Factor
from domain.rules.types import Rulebook, Ruleset
from tests.rules.edges import Edge, edges, wrong
from tests.rules.published import POINTS_TESTS


def _numbers(row: Any) -> Iterator[Any]:
    """The row with each of its numbers one less and one more, as far as data can say it."""
    for field in fields(row):
        value = getattr(row, field.name)
        if type(value) is int:
            steps = (-1, 1) if value else (1,)
            yield from (replace(row, **{field.name: value + step}) for step in steps)


def _vocabularies(row: Any) -> Iterator[Any]:
    """The row without each one of what it lists."""
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, tuple):
            yield from (
                replace(row, **{field.name: value[:n] + value[n + 1 :]}) for n in range(len(value))
            )


def _mutated(factor: Factor) -> Iterator[Factor]:
    for field in fields(factor):
        value: Any = getattr(factor, field.name)
        if field.name == "max":
            continue  # the maximum is shown and checked when read, and gives nothing itself
        for number, row in enumerate(value if isinstance(value, tuple) else (value,)):
            for mutant in (*_numbers(row), *_vocabularies(row)):
                changed = mutant
                if isinstance(value, tuple):
                    changed = (*value[:number], mutant, *value[number + 1 :])
                yield replace(factor, **{field.name: changed})


def _mutants(ruleset: Ruleset) -> Iterator[tuple[str, Ruleset]]:
    """Each mutant, and the factor in which it differs."""
    for number, factor in enumerate(ruleset.factors):
        for mutant in _mutated(factor):
            before, after = ruleset.factors[:number], ruleset.factors[number + 1 :]
            name = FACTOR_NAMES[type(factor)]
            yield name, replace(ruleset, factors=(*before, mutant, *after))


def _seen(name: str, mutant: Ruleset, table: tuple[Edge, ...]) -> bool:
    """True when an edge of the factor shows the mutant; the other factors are as they were."""
    return any(wrong(mutant, (edge,)) for edge in table if edge.factor == name)


def _what_changed(ruleset: Ruleset, mutant: Ruleset) -> str:
    changed = [
        f"{FACTOR_NAMES[type(now)]}: {now}"
        for now, was in zip(mutant.factors, ruleset.factors, strict=True)
        if now != was
    ]
    return "; ".join(changed)


def test_every_small_change_of_the_data_is_caught_by_an_edge_or_refused_when_read(
    scored_test: Ruleset,
) -> None:
    table = edges(scored_test)
    mutants = list(_mutants(scored_test))
    unseen = [mutant for name, mutant in mutants if not _seen(name, mutant, table)]
    # Few are left to the reader: bands that overlap, caps that points do not fill.
    assert len(unseen) <= len(mutants) / 7
    survivors = [_what_changed(scored_test, each) for each in unseen if not faults_of(each)]
    assert survivors == []


def _more_than(self: counting.Experience, years: int) -> bool:
    return self.days > years * days.DAYS_PER_YEAR


def _ends_excluded(ranges: Any) -> int:
    return sum((last - first).days for first, last in ranges)


def _parallel_jobs_add(ranges: Any) -> int:
    return sum((last - first).days + 1 for first, last in ranges)


def _a_year_younger(born: date, on: date) -> int:
    return days.age_on(born, on) - 1


def _older_the_day_after(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) <= (born.month, born.day))


def _every_row_met(tested: Any) -> Iterator[Any]:
    yield from (scoring._award(row) for row in tested if row.met and row.points)


CODE = (
    (counting.Experience, "reaches", _more_than),
    (counting, "days_covered", _ends_excluded),
    (counting, "days_covered", _parallel_jobs_add),
    (rows, "age_on", _a_year_younger),
    (rows, "age_on", _older_the_day_after),
    (rows, "is_foreign", lambda _: True),
    (counting, "subtag_of", lambda tag: tag),
    (family, "min", max),
    (scoring, "_ladder", _every_row_met),
)


# The first test had no points for foreign languages, and so cannot show what is counted as one.
@pytest.mark.parametrize("ruleset_id", POINTS_TESTS[1:])
@pytest.mark.parametrize("change", CODE)
def test_the_edge_tables_catch_small_changes_of_the_code(
    rulebook: Rulebook,
    monkeypatch: pytest.MonkeyPatch,
    ruleset_id: str,
    change: tuple[Any, str, Callable[..., Any]],
) -> None:
    where, name, mutant = change
    ruleset = named(rulebook, ruleset_id)
    table = edges(ruleset)
    monkeypatch.setattr(where, name, mutant, raising=False)
    assert wrong(ruleset, table) != []
