"""Two rulesets side by side: whatever would count otherwise is told, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from domain.rules.factors import AgeFactor, QualificationFactor, TalentListFactor, WorkFactor
from domain.rules.types import Rulebook, Ruleset
from services.rulebook.differences import Comparison, compare
from services.rulebook.named import ruleset_named
from services.rules import load_rulebook


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook()


@pytest.fixture
def before(book: Rulebook) -> Ruleset:
    return ruleset_named(book, "gpt-2018@1")


def told(found: Comparison) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.part, each.item, each.a, each.b) for each in found.differences]


def changed(ruleset: Ruleset, kind: type, **parts: Any) -> Ruleset:
    """The ruleset with other parts in its factor of a kind."""
    factors = tuple(
        replace(each, **parts) if isinstance(each, kind) else each for each in ruleset.factors
    )
    return replace(ruleset, factors=factors)


def factor(ruleset: Ruleset, kind: type) -> Any:
    return next(each for each in ruleset.factors if isinstance(each, kind))


def test_a_ruleset_does_not_differ_from_itself(book: Rulebook, before: Ruleset) -> None:
    found = compare(book, before, before, with_sources=True)
    assert told(found) == []
    assert "pass mark 80" in found.same
    assert found.same[-6:] == (
        "age (30)",
        "qualifications (70)",
        "work_experience (55)",
        "talent_list (30)",
        "language (20)",
        "family (20)",
    )


def test_ages_are_cut_where_a_band_of_either_begins(book: Rulebook, before: Ruleset) -> None:
    young, middle, older, old = factor(before, AgeFactor).bands
    bands = (
        replace(young, id="age-18-24", highest=24, points=0),
        replace(young, id="age-25-39", lowest=25),
        replace(middle, points=25),
        replace(older, id="age-45-49", highest=49),
        replace(old, id="age-50-up", lowest=50),
    )
    after = changed(before, AgeFactor, bands=bands)
    assert told(compare(book, before, after)) == [
        ("age", "aged 18 to 24", "30", "0"),
        ("age", "aged 40 to 44", "20", "25"),
        ("age", "aged 50", "15", "0"),
    ]


def test_an_age_that_no_band_of_one_ruleset_has_is_told(book: Rulebook, before: Ruleset) -> None:
    after = changed(before, AgeFactor, bands=factor(before, AgeFactor).bands[:-1])
    assert told(compare(book, before, after)) == [("age", "aged 51 or over", "0", None)]


def test_rows_of_one_ruleset_alone_stand_where_they_belong(book: Rulebook, before: Ruleset) -> None:
    ladder, bonuses = factor(before, WorkFactor).ladder, factor(before, WorkFactor).bonuses
    eight = replace(ladder[1], id="eight-years", years=8, senior_years=0, points=20)
    after = changed(
        before, WorkFactor, ladder=(ladder[0], eight, *ladder[1:-1]), bonuses=bonuses[:0]
    )
    years = "years of graduate or specialist work"
    assert told(compare(book, before, after)) == [
        ("work_experience", f"8 {years}", None, "20"),
        ("work_experience", f"2 {years}", "5", None),
        ("work_experience", f"2 {years} outside the home jurisdiction", "+15", None),
    ]


def test_a_row_under_another_id_is_the_same_row_if_it_asks_the_same(
    book: Rulebook, before: Ruleset
) -> None:
    best, *others = factor(before, QualificationFactor).ladder
    renamed = changed(
        before, QualificationFactor, ladder=(replace(best, id="first", points=45), *others)
    )
    assert told(compare(book, before, renamed)) == [
        ("qualifications", "a doctorate or 2 master's degrees", "40", "45")
    ]


def test_a_row_that_asks_otherwise_under_its_id_is_told_with_both(
    book: Rulebook, before: Ruleset
) -> None:
    *ladder, last = factor(before, WorkFactor).ladder
    after = changed(before, WorkFactor, ladder=(*ladder, replace(last, years=3)))
    years = "years of graduate or specialist work"
    assert told(compare(book, before, after)) == [
        ("work_experience", "two-years", f"5: 2 {years}", f"5: 3 {years}")
    ]


def test_a_factor_of_one_ruleset_alone_is_told_with_its_rows(
    book: Rulebook, before: Ruleset
) -> None:
    without = replace(
        before, factors=tuple(each for each in before.factors if type(each) is not TalentListFactor)
    )
    assert told(compare(book, without, before)) == [
        ("talent_list", "at most", None, "30"),
        ("talent_list", "a profession on the Talent List, with evidence", None, "+30"),
    ]


def test_prerequisites_and_marks_that_differ_are_told(book: Rulebook, before: Ruleset) -> None:
    rules = before.prerequisites
    after = replace(
        before,
        pass_mark=replace(before.pass_mark, value=75),
        prerequisites=replace(rules, age=replace(rules.age, at_most=50)),
    )
    assert told(compare(book, before, after)) == [
        ("test", "pass mark", "80", "75"),
        ("prerequisites", "age", "aged 18 or over", "aged 18 to 50"),
    ]


def test_another_source_is_told_only_where_sources_are_asked_for(
    book: Rulebook, before: Ruleset
) -> None:
    cited = replace(before.max.cited, source=("S2",), note="read again")
    after = replace(before, max=replace(before.max, cited=cited))
    assert told(compare(book, before, after)) == []
    assert told(compare(book, before, after, with_sources=True)) == [
        ("test", "maximum (source)", "[S10 S17] H", "[S2] H: read again")
    ]
