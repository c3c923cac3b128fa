"""A test of the edges of the criteria: each small change of figures or code must show in them."""

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from domain.application import Application, Sector
from domain.rules import counting, criteria_findings
from domain.rules.checks import faults_of
from domain.rules.choose import named
from domain.rules.criteria import Criterion
from domain.rules.factors import Figure, PostMark
from domain.rules.types import Rulebook, Ruleset
from tests.rules.criteria_edges import Edge, criterion, edges
from tests.rules.filing import ON
from tests.rules.flipping import FLIPPED, comparisons


@pytest.fixture(scope="module")
def questions(rulebook: Rulebook) -> Ruleset:
    return named(rulebook, "gptq-2024")


@pytest.fixture(scope="module")
def table(questions: Ruleset) -> tuple[Edge, ...]:
    return edges(questions)


def _changed(asked: Criterion) -> Iterator[Criterion]:
    """The criterion with each figure one less and one more, and each word otherwise."""
    for field in fields(asked):
        value: Any = getattr(asked, field.name)
        others: list[Any] = []
        if type(value) is int:
            others = [value - 1, value + 1]
        elif isinstance(value, Figure):
            others = [replace(value, value=value.value + step) for step in (-1, 1)]
        elif field.name in {"levels", "sectors"}:
            others = [value[:number] + value[number + 1 :] for number in range(len(value))]
            others += [(*value, Sector.CATERING)] if field.name == "sectors" and value else []
        elif field.name == "mark":
            others = [mark for mark in (None, *PostMark) if mark is not value]
        elif field.name == "language":
            others = ["zh", "fr"]
        elif field.name == "of":
            others = ["C1"]
        yield from (replace(asked, **{field.name: other}) for other in others)


def _mutants(ruleset: Ruleset) -> Iterator[tuple[str, Ruleset]]:
    for number, asked in enumerate(ruleset.criteria):
        for mutant in _changed(asked):
            before, after = ruleset.criteria[:number], ruleset.criteria[number + 1 :]
            yield mutant.id, replace(ruleset, criteria=(*before, mutant, *after))


def _seen(ruleset: Ruleset, table: tuple[Edge, ...]) -> bool:
    return any(
        criterion(ruleset, edge.filed, edge.criterion).met != edge.expected for edge in table
    )


def test_every_small_change_of_a_figure_is_caught_by_an_edge_or_refused_when_read(
    questions: Ruleset, table: tuple[Edge, ...]
) -> None:
    mutants = list(_mutants(questions))
    assert len(mutants) > 30
    survivors = [
        mutant
        for name, mutant in mutants
        if not faults_of(mutant)
        and not _seen(mutant, tuple(edge for edge in table if edge.criterion == name))
    ]
    assert survivors == []


def _flipped(source: str, number: int) -> tuple[str, Callable[..., Any]]:
    """`find_criteria` from the same source with one comparison flipped, and which one it is."""
    tree = ast.parse(source)
    node = comparisons(tree)[number]
    before = ast.unparse(node)
    node.ops = [FLIPPED[type(node.ops[0])], *node.ops[1:]]
    namespace: dict[str, Any] = {"__name__": criteria_findings.__name__}
    exec(compile(ast.fix_missing_locations(tree), "flipped", "exec"), namespace)  # noqa: S102 - our own source
    return before, namespace["find_criteria"]


def _caught(find: Callable[..., Any], ruleset: Ruleset, table: tuple[Edge, ...]) -> bool:
    """True when an edge is found wrong, or finding stops at all."""
    for edge in table:
        try:
            found = {each.id: each.met for each in find(ruleset, edge.filed, ON)}
        except (RuntimeError, TypeError, AttributeError, ValueError):
            return True
        if found[edge.criterion] != edge.expected:
            return True
    return False


def test_every_comparison_turned_round_is_caught_by_an_edge(
    questions: Ruleset, table: tuple[Edge, ...]
) -> None:
    source = inspect.getsource(criteria_findings)
    number = len(comparisons(ast.parse(source)))
    assert number > 10
    mutants = [_flipped(source, each) for each in range(number)]
    assert [before for before, find in mutants if not _caught(find, questions, table)] == []


def _more_than(self: counting.Experience, years: int) -> bool:
    return self.days > years * 365


def _days_of_366(self: counting.Experience, years: int) -> bool:
    return self.days >= years * 366


def _whenever_awarded(application: Application, on: Any) -> tuple[counting.Held, ...]:
    return tuple(
        counting.Held(path=f"qualifications[{number}]", what=each)
        for number, each in enumerate(application.qualifications)
    )


def _whole_percent(business: Any) -> Decimal:
    return Decimal(round(business.ownership_percent))


def _a_year_younger(born: Any, on: Any) -> int:
    return int(on.year - born.year) - 1


def _tags_as_they_are(tag: str) -> str:
    return tag.lower()


@pytest.mark.parametrize(
    "mistake",
    [
        (counting.Experience, "reaches", _more_than),
        (counting.Experience, "reaches", _days_of_366),
        (criteria_findings, "held_on", _whenever_awarded),
        (criteria_findings, "_exact", _whole_percent),
        (criteria_findings, "age_on", _a_year_younger),
        (criteria_findings, "subtag_of", _tags_as_they_are),
        (counting, "subtag_of", _tags_as_they_are),
    ],
)
def test_a_mistake_in_what_is_counted_is_caught_by_an_edge(
    monkeypatch: pytest.MonkeyPatch,
    questions: Ruleset,
    table: tuple[Edge, ...],
    mistake: tuple[Any, str, Callable[..., Any]],
) -> None:
    assert not _seen(questions, table)
    monkeypatch.setattr(*mistake)
    assert _seen(questions, table)
