"""Points that an officer decided in place of what the tests gave."""

from collections.abc import Mapping
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application import Level
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.overriding import NoSuchRule, PointsImpossible, choices
from domain.rules.reasons import Message, Reason
from domain.rules.types import Assessment, Award, Overridden, Ruleset
from services.rules import answer, load_rulebook
from tests.rules.filing import ON, application, born, child, factor, held
from tests.rules.strategies import applications

BOOK = load_rulebook()
GENERAL = named(BOOK, "gpt-2018")
ACHIEVEMENT = named(BOOK, "apt-225")
QUESTIONS = named(BOOK, "gptq-2024")
TABLES = pytest.mark.parametrize("ruleset", [GENERAL, ACHIEVEMENT], ids=lambda each: each.id)


def decided(overrides: Mapping[str, int], **given: object) -> Assessment:
    """Somebody of thirty with a master's degree, and what is given, as an officer decided it."""
    filed = application(**{"qualifications": (held(Level.MASTER),), **given})
    return assess(GENERAL, filed, ON, overrides)


def awarded(found: Assessment, name: str) -> list[tuple[str, int]]:
    return [(each.rule, each.points) for each in factor(found, name).awards]


def test_a_rule_that_was_not_met_gives_its_points_when_an_officer_decides_so() -> None:
    found = decided({"renowned-institution": 30})
    assert awarded(found, "qualifications") == [
        ("master-or-two-bachelors", 20),
        ("renowned-institution", 30),
    ]
    # 30 for the age and 20 for the degree, as computed; 30 more as decided.
    assert (found.computed_total, found.total) == (50, 80)
    assert factor(found, "qualifications").computed == 20
    assert factor(found, "age").computed is None
    assert found.overrides == (Overridden(rule="renowned-institution", computed=0, decided=30),)
    assert found.eligible is False  # no language, which is a prerequisite


def test_a_rule_decided_not_to_be_met_leaves_its_place_to_the_next_one_of_the_ladder() -> None:
    both = (held(Level.MASTER), held(Level.BACHELOR))
    found = decided({"master-or-two-bachelors": 0}, qualifications=both)
    assert awarded(found, "qualifications") == [("bachelor-or-professional", 10)]
    assert factor(found, "qualifications").computed == 20


def test_a_higher_rule_that_is_decided_takes_the_place_of_the_one_computed() -> None:
    found = decided({"doctorate-or-two-masters": 40})
    assert awarded(found, "qualifications") == [("doctorate-or-two-masters", 40)]
    assert found.total == 70


def test_a_lower_rule_that_is_decided_does_not_count_beside_a_higher_one() -> None:
    found = decided({"bachelor-or-professional": 10})
    assert awarded(found, "qualifications") == [("master-or-two-bachelors", 20)]
    assert (found.computed_total, found.total) == (50, 50)
    assert found.overrides == (Overridden(rule="bachelor-or-professional", computed=0, decided=10),)


def test_of_two_bands_the_better_one_counts() -> None:
    older = application(date_of_birth=born(45))
    assert assess(GENERAL, older, ON).total == 15
    assert assess(GENERAL, older, ON, {"age-18-39": 30}).total == 30
    younger = application(date_of_birth=born(30))
    assert assess(GENERAL, younger, ON, {"age-45-50": 15}).total == 30
    assert assess(GENERAL, younger, ON, {"age-45-50": 15, "age-18-39": 0}).total == 15


def test_children_count_as_many_as_an_officer_decides_up_to_the_cap() -> None:
    family = application().family.__class__(children=(child(), child()))
    found = decided({"dependent-children": 5}, family=family)
    assert awarded(found, "family") == [("dependent-children", 5)]
    assert factor(found, "family").computed == 10
    assert choices(GENERAL)["dependent-children"] == (0, 5, 10)


def test_what_was_taken_away_is_a_shortfall_that_says_who_decided() -> None:
    both = (held(Level.MASTER), held(Level.BACHELOR))
    found = decided({"master-or-two-bachelors": 0}, qualifications=both)
    short = factor(found, "qualifications").shortfalls[0]
    # The ten points of the next rule stand; ten more were the difference.
    assert (short.rule, short.points) == ("master-or-two-bachelors", 10)
    assert "officer" in str(short.reason)


def test_an_award_by_decision_rests_on_no_path_of_the_application() -> None:
    (award,) = [
        each
        for each in factor(decided({"renowned-institution": 30}), "qualifications").awards
        if each.rule == "renowned-institution"
    ]
    assert isinstance(award, Award)
    assert award.evidence == ()
    assert "officer" in str(award.reason)


def test_everything_or_nothing_is_decided_of_an_achievement() -> None:
    filed = application(route=ACHIEVEMENT.route)
    assert assess(ACHIEVEMENT, filed, ON).total == 0
    (rule,) = choices(ACHIEVEMENT)
    assert choices(ACHIEVEMENT)[rule] == (0, 225)
    assert assess(ACHIEVEMENT, filed, ON, {rule: 225}).total == 225


@pytest.mark.parametrize("points", [-30, 1, 29, 31, 60])
def test_points_that_a_rule_cannot_give_are_refused_with_those_it_can(points: int) -> None:
    with pytest.raises(PointsImpossible, match=f"gives 0 or 30 points, not {points}"):
        decided({"renowned-institution": points})


def test_a_rule_that_the_ruleset_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(NoSuchRule, match="gpt-2018 has no rule 'charm'; it has: age-18-39, "):
        decided({"charm": 10})


def test_a_band_that_gives_nothing_can_be_decided_to_give_nothing_only() -> None:
    assert choices(GENERAL)["age-51-up"] == (0,)


def test_the_published_answer_tells_of_overrides_only_where_there_are_any() -> None:
    plain, shown = answer(decided({})), answer(decided({"renowned-institution": 30}))
    added = {"computed_total", "overrides"}
    assert shown.keys() - plain.keys() == added
    assert shown["computed_total"] == 50
    assert list(shown["overrides"]) == [
        {"rule": "renowned-institution", "computed": 0, "decided": 30}
    ]
    assert [each.get("computed") for each in shown["factors"]][:2] == [None, 20]
    assert not any("computed" in each for each in plain["factors"])


def overrides_of(ruleset: Ruleset) -> st.SearchStrategy[dict[str, int]]:
    """Any set of decisions that the ruleset has room for."""
    return st.fixed_dictionaries(
        {}, optional={rule: st.sampled_from(given) for rule, given in choices(ruleset).items()}
    )


@TABLES
@given(st.data())
@settings(max_examples=200)
def test_no_set_of_overrides_leaves_the_bounds_of_the_test(
    ruleset: Ruleset, data: st.DataObject
) -> None:
    filed = data.draw(applications(ruleset))
    overrides = data.draw(overrides_of(ruleset))
    plain, found = assess(ruleset, filed, ON), assess(ruleset, filed, ON, overrides)
    for before, after in zip(plain.factors, found.factors, strict=True):
        assert 0 <= after.points <= after.max == before.max
        assert after.points == sum(award.points for award in after.awards)
        assert (after.points == after.max) == (not after.shortfalls)
        assert after.computed in {None, before.points}
    assert 0 <= found.total <= ruleset.max.value
    assert found.computed_total == (plain.total if found.overrides else None)
    assert {each.rule for each in found.overrides} <= set(overrides)
    assert found.prerequisites == plain.prerequisites
    assert found.eligible == (
        all(each.met for each in found.prerequisites) and found.total >= found.pass_mark
    )


@TABLES
@given(st.data())
@settings(max_examples=100)
def test_an_override_that_agrees_with_the_test_changes_nothing(
    ruleset: Ruleset, data: st.DataObject
) -> None:
    filed = data.draw(applications(ruleset))
    plain = assess(ruleset, filed, ON)
    for rule, values in choices(ruleset).items():
        found = [assess(ruleset, filed, ON, {rule: points}) for points in values]
        # One of the values is the computed one; every other one is told apart from it.
        assert found.count(plain) == 1
        (computed,) = {values[found.index(plain)]}
        others = [each for each in found if each != plain]
        assert [each.overrides for each in others] == [
            (Overridden(rule=rule, computed=computed, decided=points),)
            for points in values
            if points != computed
        ]


def test_the_same_overrides_in_another_order_give_the_same_assessment() -> None:
    ways = {"renowned-institution": 30, "age-18-39": 0}
    assert decided(ways) == decided(dict(reversed(ways.items())))
    assert [each.rule for each in decided(ways).overrides] == ["age-18-39", "renowned-institution"]


def asked_of(overrides: Mapping[str, int]) -> Assessment:
    """Somebody of thirty with a listed degree in no STEM subject, under the test of criteria."""
    filed = application(qualifications=(held(Level.MASTER, listed_university=True),))
    return assess(QUESTIONS, filed, date(2024, 12, 2), overrides)


def met(found: Assessment) -> list[str]:
    return [each.id for each in found.criteria if each.met]


def test_a_criterion_is_decided_to_be_met_or_not() -> None:
    assert met(asked_of({})) == ["C1", "C2"]
    more = asked_of({"C9": 1})
    assert (met(more), more.total, more.computed_total) == (["C1", "C2", "C9"], 3, 2)
    assert more.overrides == (Overridden(rule="C9", computed=0, decided=1),)
    fewer = asked_of({"C1": 0})
    assert (met(fewer), fewer.total, fewer.computed_total) == (["C2"], 1, 2)
    assert [each.reason.message for each in fewer.criteria][:1] == [Message.DECIDED_NOT_MET]
    assert asked_of({"C1": 1, "C9": 0}) == asked_of({})


def test_a_criterion_that_depends_on_another_is_never_met_without_it() -> None:
    assert met(asked_of({"C3": 1})) == ["C1", "C2", "C3"]
    without = asked_of({"C2": 0, "C3": 1})
    assert met(without) == ["C1"]
    assert [each.rule for each in without.overrides] == ["C2", "C3"]
    assert without.criteria[2].reason == Reason(
        message=Message.LACKS_STEM_DEGREE, facts={"criterion": "C2"}
    )


@pytest.mark.parametrize("stem", [False, True])
@pytest.mark.parametrize("listed", [False, True])
def test_no_decisions_meet_the_one_criterion_without_the_other(*, listed: bool, stem: bool) -> None:
    degree = held(Level.MASTER, listed_university=listed, stem=stem)
    filed = application(qualifications=(degree,))
    for first, second in product((None, 0, 1), repeat=2):
        overrides = {"C2": first, "C3": second}
        known = {rule: each for rule, each in overrides.items() if each is not None}
        found = assess(QUESTIONS, filed, date(2024, 12, 2), known)
        tells = {each.id: each.met for each in found.criteria}
        assert tells["C2"] == (listed if first is None else bool(first))
        by_itself = (listed and stem) if second is None else bool(second)
        assert tells["C3"] == (tells["C2"] and by_itself)
        assert found.total == sum(tells.values())


def test_a_criterion_is_met_or_not_and_nothing_between() -> None:
    with pytest.raises(PointsImpossible, match="C1 of gptq-2024 gives 0 or 1 points, not 2"):
        asked_of({"C1": 2})
