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
from tests.rules.strategies import applications, children, languages, posts, qualifications

BOOK = load_rulebook()
GENERAL = named(BOOK, "gpt-2018")
ACHIEVEMENT = named(BOOK, "apt-225")
READ_AGAIN = named(load_rulebook(), "gpt-2018")
FILED = applications(GENERAL)


def _total(filed: Application) -> int:
    return assess(GENERAL, filed, ON).total


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


@given(FILED, qualifications())
def test_another_qualification_never_lowers_a_total(filed: Application, more: object) -> None:
    richer = replace(filed, qualifications=(*filed.qualifications, more))
    assert _total(richer) >= _total(filed)


@given(FILED, posts(GENERAL))
def test_another_post_never_lowers_a_total(filed: Application, more: object) -> None:
    assert _total(replace(filed, employment=(*filed.employment, more))) >= _total(filed)


@given(FILED, languages())
def test_another_language_never_lowers_a_total(filed: Application, more: object) -> None:
    assert _total(replace(filed, languages=(*filed.languages, more))) >= _total(filed)


@given(FILED, children(GENERAL))
def test_another_child_never_lowers_a_total(filed: Application, more: object) -> None:
    family: Family = replace(filed.family, children=(*filed.family.children, more))
    assert _total(replace(filed, family=family)) >= _total(filed)


@given(FILED)
def test_the_same_posts_again_add_nothing(filed: Application) -> None:
    doubled = replace(filed, employment=filed.employment * 2)
    assert points(assess(GENERAL, doubled, ON), "work_experience") == points(
        assess(GENERAL, filed, ON), "work_experience"
    )


@given(FILED)
def test_a_post_cut_in_two_at_any_day_is_the_same_experience(filed: Application) -> None:
    halves = tuple(
        half
        for each in filed.employment
        for cut in ((each.ended_on or ON) - timedelta(days=300),)
        for half in (
            replace(each, ended_on=cut),
            replace(each, started_on=cut + timedelta(days=1)),
        )
    )
    assert _total(replace(filed, employment=halves)) == _total(filed)


@given(FILED, st.randoms(use_true_random=False))
def test_the_order_of_lists_never_matters(filed: Application, drawn: random.Random) -> None:
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
    assert _shape(assess(GENERAL, other, ON)) == _shape(assess(GENERAL, filed, ON))


@pytest.mark.parametrize("ruleset", [GENERAL, ACHIEVEMENT], ids=lambda each: each.id)
@given(st.data())
@settings(max_examples=200)
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


@given(FILED)
def test_every_path_of_evidence_leads_to_something_in_the_application(filed: Application) -> None:
    for factor in assess(GENERAL, filed, ON).factors:
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


@given(FILED)
def test_the_same_question_has_the_same_answer(filed: Application) -> None:
    assert answer(assess(READ_AGAIN, filed, ON)) == answer(assess(GENERAL, filed, ON))
