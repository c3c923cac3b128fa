"""Laws that hold for every application, on applications drawn around the edges of the rules."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application import Application, Family
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.types import Assessment, Ruleset
from services.rules import answer, load_rulebook
from tests.rules.filing import ON, points
from tests.rules.published import ACHIEVEMENT_TESTS, POINTS_TESTS
from tests.rules.strategies import applications, children, languages, posts, qualifications

BOOK, READ_AGAIN = load_rulebook(), load_rulebook()
GENERAL = tuple(named(BOOK, each) for each in POINTS_TESTS)
ACHIEVEMENT = tuple(named(BOOK, each) for each in ACHIEVEMENT_TESTS)
LATEST = GENERAL[-1]

Case = tuple[Ruleset, Application]
CASES: st.SearchStrategy[Case] = st.sampled_from(GENERAL).flatmap(
    lambda ruleset: st.tuples(st.just(ruleset), applications(ruleset))
)
"""Any general test that gives points, and an application drawn around its edges."""


def _total(ruleset: Ruleset, filed: Application) -> int:
    return assess(ruleset, filed, ON).total


def _shape(assessment: Assessment) -> tuple[object, ...]:
    """What an assessment found, without the paths, which follow the order of the file."""
    return (
        assessment.total,
        [
            (each.factor, [(award.rule, award.points) for award in each.awards])
            for each in assessment.factors
        ],
        [(each.id, each.met) for each in assessment.prerequisites],
    )


@given(CASES, qualifications())
def test_another_qualification_never_lowers_a_total(case: Case, more: object) -> None:
    ruleset, filed = case
    richer = replace(filed, qualifications=(*filed.qualifications, more))
    assert _total(ruleset, richer) >= _total(ruleset, filed)


@given(CASES, posts(LATEST))
def test_another_post_never_lowers_a_total(case: Case, more: object) -> None:
    ruleset, filed = case
    assert _total(ruleset, replace(filed, employment=(*filed.employment, more))) >= _total(
        ruleset, filed
    )


@given(CASES, languages())
def test_another_language_never_lowers_a_total(case: Case, more: object) -> None:
    ruleset, filed = case
    assert _total(ruleset, replace(filed, languages=(*filed.languages, more))) >= _total(
        ruleset, filed
    )


@given(CASES, children(LATEST))
def test_another_child_never_lowers_a_total(case: Case, more: object) -> None:
    ruleset, filed = case
    family: Family = replace(filed.family, children=(*filed.family.children, more))
    assert _total(ruleset, replace(filed, family=family)) >= _total(ruleset, filed)


@given(CASES)
def test_the_same_posts_again_add_nothing(case: Case) -> None:
    ruleset, filed = case
    doubled = replace(filed, employment=filed.employment * 2)
    assert points(assess(ruleset, doubled, ON), "work_experience") == points(
        assess(ruleset, filed, ON), "work_experience"
    )


@given(CASES)
def test_a_post_cut_in_two_at_any_day_is_the_same_experience(case: Case) -> None:
    ruleset, filed = case
    halves = tuple(
        half
        for each in filed.employment
        for cut in ((each.ended_on or ON) - timedelta(days=300),)
        for half in (
            replace(each, ended_on=cut),
            replace(each, started_on=cut + timedelta(days=1)),
        )
    )
    assert _total(ruleset, replace(filed, employment=halves)) == _total(ruleset, filed)


@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_lists_never_matters(case: Case, drawn: random.Random) -> None:
    ruleset, filed = case

    def shuffled(rows: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(drawn.sample(rows, len(rows)))

    family: Family = replace(filed.family, children=shuffled(filed.family.children))
    other = replace(
        filed,
        qualifications=shuffled(filed.qualifications),
        employment=shuffled(filed.employment),
        languages=shuffled(filed.languages),
        family=family,
    )
    assert _shape(assess(ruleset, other, ON)) == _shape(assess(ruleset, filed, ON))


@pytest.mark.parametrize("ruleset", [*GENERAL, *ACHIEVEMENT], ids=lambda each: each.id)
@given(st.data())
@settings(max_examples=100)
def test_an_assessment_adds_up_and_stays_within_its_maxima(
    ruleset: Ruleset, data: st.DataObject
) -> None:
    filed = data.draw(applications(ruleset))
    found = assess(ruleset, filed, ON)
    for factor in found.factors:
        assert factor.points == sum(award.points for award in factor.awards)
        assert 0 <= factor.points <= factor.max
        assert all(award.points > 0 and award.source for award in factor.awards)
        assert all(short.points > 0 and short.evidence for short in factor.shortfalls)
        assert (factor.points == factor.max) == (not factor.shortfalls)
    assert found.total == sum(factor.points for factor in found.factors) <= ruleset.max.value
    assert found.eligible == (
        all(each.met for each in found.prerequisites) and found.total >= found.pass_mark
    )


@given(CASES)
def test_every_path_of_evidence_leads_to_something_in_the_application(case: Case) -> None:
    ruleset, filed = case
    for factor in assess(ruleset, filed, ON).factors:
        for award in factor.awards:
            assert award.evidence
            for path in award.evidence:
                assert _follow(filed, path) is not None


def _follow(value: object, path: str) -> object:
    for step in path.replace("[", ".[").split("."):
        if step.startswith("["):
            assert isinstance(value, tuple)
            value = value[int(step[1:-1])]
        else:
            value = getattr(value, step)
    return value


@given(CASES)
def test_the_same_question_has_the_same_answer(case: Case) -> None:
    ruleset, filed = case
    assert answer(assess(named(READ_AGAIN, ruleset.id), filed, ON)) == answer(
        assess(ruleset, filed, ON)
    )
