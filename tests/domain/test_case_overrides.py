"""Two officers decide the points of a rule: what they may do, and what it makes of the case."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain import commands as c
from domain import events as e
from domain import overrides as o
from domain import stages as s
from domain.case import load
from domain.errors import (
    AlreadyGiven,
    AwaitsSecondOfficer,
    GroundsMissing,
    NoSuchProposal,
    NotAllowedNow,
    PersonErased,
    SecondOfficerNeeded,
)
from domain.findings import application_scored
from domain.rules.assess import assess
from domain.rules.choose import UnknownRuleset, named
from domain.rules.overriding import NoSuchRule, PointsImpossible
from tests.domain.deciding import Given, given, real_rulebook
from tests.domain.histories import (
    EMMA,
    HISTORIES,
    JOHN,
    NOT_SELECTED,
    SHORTLISTED,
    proposed,
    scored,
    submitted,
)

POOL = HISTORIES[s.InPool]
BELOW = HISTORIES[s.BelowMark]
CODE = o.OverrideCode.DOCUMENTS_SHOW_LESS
GROUNDS = o.OverrideGrounds(text="The diploma is of another school", evidence=("document 7",))
SCORED = [s.BelowMark, s.InPool]


def propose(rule: str = "renowned-institution", points: int = 0, **other: Any) -> c.ProposeOverride:
    """Return the proposal to take from John the thirty points of a renowned institution."""
    said: Mapping[str, Any] = {"evidence": GROUNDS.evidence, "reason": GROUNDS.text, **other}
    return c.ProposeOverride(rule=rule, points=points, code=CODE, **said)


def stands(rule: str, computed: int, decided: int) -> o.OverrideApplied:
    """Return the override that officer 2 proposed, as in `proposed`, and officer 1 confirmed."""
    return o.OverrideApplied(
        rule=rule,
        computed=computed,
        decided=decided,
        code=o.OverrideCode.DOCUMENTS_SHOW_MORE,
        proposed_by="officer-2",
        confirmed_by="officer-1",
    )


def confirmation(rule: str, computed: int, decided: int) -> o.OverrideConfirmed:
    """Return the fact that such an override was confirmed."""
    return o.OverrideConfirmed(
        rule=rule,
        computed=computed,
        decided=decided,
        code=o.OverrideCode.DOCUMENTS_SHOW_MORE,
        proposed_by="officer-2",
        confirmed_by="officer-1",
    )


def confirmed(case: Given, rule: str) -> e.ApplicationScored:
    """Return the score that follows the confirmation of an override."""
    decided = case.when(c.ConfirmOverride(rule=rule))
    assert decided.refusal is None
    told, score = decided.facts
    (proposal,) = [each for each in s.proposals_of(case.state) if each.rule == rule]
    assert told == confirmation(rule, proposal.computed, proposal.decided)
    assert isinstance(score, e.ApplicationScored)
    return score


@pytest.mark.parametrize("state", SCORED)
def test_an_officer_proposes_other_points_for_a_rule(state: type[s.CaseState]) -> None:
    case = given(*HISTORIES[state])
    case.when(propose()).then(
        o.OverrideProposed(
            rule="renowned-institution",
            factor="qualifications",
            computed=30,
            decided=0,
            code=CODE,
            proposed_by="officer-1",
            personal=GROUNDS,
        )
    )
    case.when(propose()).leads_to(s.STAGES[state])


@pytest.mark.parametrize("state", SCORED)
def test_a_second_officer_confirms_and_the_score_is_counted_anew(
    state: type[s.CaseState],
) -> None:
    case = given(*HISTORIES[state], proposed())
    score = confirmed(case, "resident-relative")
    # John has 175 by the tests; whatever was scored before, five are added to what they give now.
    assert (score.total, score.pass_mark) == (180, 80)
    assert score.overrides == (stands("resident-relative", 0, 5),)
    (family,) = [each for each in score.factors if each.factor == "family"]
    assert (family.points, family.computed) == (5, 0)
    assert family.awards == (e.RulePoints(rule="resident-relative", points=5),)
    assert [each.computed for each in score.factors if each.factor != "family"] == [None] * 5
    assert score.personal is not None
    assert score.personal.computed_total == 175
    case.when(c.ConfirmOverride(rule="resident-relative")).leads_to(s.Stage.IN_POOL)


def test_points_decided_lead_below_the_mark_and_back_into_the_pool() -> None:
    # Emma has 120 points: 30 of them for her age and 15 for work outside her home jurisdiction.
    emma = (submitted(EMMA), *POOL[1:])
    first = given(*emma, proposed("age-18-39", 0))
    first.when(c.ConfirmOverride(rule="age-18-39")).leads_to(s.Stage.IN_POOL)
    history = (*emma, confirmed(first, "age-18-39"), proposed("international-exposure", 0))
    second = given(*history)
    second.when(c.ConfirmOverride(rule="international-exposure")).leads_to(s.Stage.BELOW_MARK)
    below = (*history, confirmed(second, "international-exposure"))
    state = load((*below, proposed("age-18-39", 30)))
    assert isinstance(state, s.BelowMark)
    assert (state.points, state.pass_mark) == (75, 80)
    back = given(*below, proposed("age-18-39", 30))
    back.when(c.ConfirmOverride(rule="age-18-39")).leads_to(s.Stage.IN_POOL)
    assert confirmed(back, "age-18-39").total == 105


def test_whoever_proposed_an_override_neither_confirms_nor_declines_it() -> None:
    case = given(*POOL, proposed(by="officer-1"))
    for command in (
        c.ConfirmOverride(rule="resident-relative"),
        c.DeclineOverride(rule="resident-relative"),
    ):
        case.when(command).refused(
            SecondOfficerNeeded, "officer-1 proposed the override of resident-relative; somebody"
        )
        assert case.by("officer-2").when(command).refusal is None


def test_a_second_officer_declines_and_the_score_stays() -> None:
    case = given(*POOL, proposed())
    declined = o.OverrideDeclined(
        rule="resident-relative",
        proposed_by="officer-2",
        declined_by="officer-1",
        personal=o.OverrideRemarks(text="The certificate is of another family"),
    )
    said = " The certificate is of another family "
    case.when(c.DeclineOverride(rule="resident-relative", reason=said)).then(declined)
    case.when(c.DeclineOverride(rule="resident-relative")).then(replace(declined, personal=None))
    after, before = load((*POOL, proposed(), declined)), load(POOL)
    assert isinstance(after, s.InPool)
    assert isinstance(before, s.InPool)
    # Nothing differs but who has acted on the matter.
    assert replace(after, filed=replace(after.filed, acted=frozenset())) == before
    assert after.filed.actors("override:resident-relative") == {"officer-1", "officer-2"}


def test_whoever_declined_before_is_no_second_officer_of_the_same_rule() -> None:
    declined = o.OverrideDeclined(
        rule="resident-relative", proposed_by="officer-2", declined_by="officer-1", personal=None
    )
    case = given(*POOL, proposed(), declined, proposed(by="officer-3"))
    for earlier in ("officer-1", "officer-2", "officer-3"):
        case.by(earlier).when(c.ConfirmOverride(rule="resident-relative")).refused(
            SecondOfficerNeeded, "somebody else has to decide"
        )
    case.by("officer-4").when(c.ConfirmOverride(rule="resident-relative")).leads_to(s.Stage.IN_POOL)
    # Declined, it may be proposed again.
    again = given(*POOL, proposed(), declined).when(propose("resident-relative", 5))
    assert again.refusal is None


def test_of_one_rule_one_proposal_at_a_time_is_open() -> None:
    case = given(*POOL, proposed())
    case.when(propose("resident-relative", 5)).refused(
        AwaitsSecondOfficer, "resident-relative is proposed already; it awaits a second officer"
    )
    assert case.when(propose("renowned-institution", 0)).refusal is None


def test_an_application_is_not_refused_while_an_override_awaits_a_second_officer() -> None:
    refuse = c.ProposeRefusal()
    given(*BELOW, proposed()).when(refuse).refused(AwaitsSecondOfficer, "confirmed or declined")
    declined = o.OverrideDeclined(
        rule="resident-relative", proposed_by="officer-2", declined_by="officer-1", personal=None
    )
    given(*BELOW, proposed(), declined).once_confirmed(refuse).leads_to(s.Stage.REFUSED)
    given(*BELOW, proposed()).when(c.WithdrawApplication()).leads_to(s.Stage.WITHDRAWN)


def test_a_rule_without_an_open_proposal_is_neither_confirmed_nor_declined() -> None:
    case = given(*POOL, proposed())
    case.when(c.ConfirmOverride(rule="charm")).refused(
        NoSuchProposal, "no override of 'charm' awaits a second officer; those that do: resident-"
    )
    given(*POOL).when(c.DeclineOverride(rule="charm")).refused(NoSuchProposal, "that do: none")


def test_one_confirmation_leaves_other_proposals_open() -> None:
    case = given(*POOL, proposed(), proposed("spouse-with-degree"))
    score = confirmed(case, "resident-relative")
    after = load(
        (
            *POOL,
            proposed(),
            proposed("spouse-with-degree"),
            confirmation("resident-relative", 0, 5),
            score,
        )
    )
    assert [each.rule for each in s.proposals_of(after)] == ["spouse-with-degree"]


def test_proposals_lapse_before_the_committee_and_overrides_stand() -> None:
    score = confirmed(given(*POOL, proposed()), "resident-relative")
    shortlisted = load((*POOL, score, proposed("spouse-with-degree"), SHORTLISTED))
    back = load((*POOL, score, proposed("spouse-with-degree"), SHORTLISTED, NOT_SELECTED))
    assert s.proposals_of(shortlisted) == s.proposals_of(back) == ()
    assert isinstance(back, s.InPool)
    assert back.points == 180
    assert back.score is not None
    assert back.score.overrides == (stands("resident-relative", 0, 5),)
    assert replace(given(), state=back).when(propose()).refusal is None


def test_a_second_override_of_a_rule_takes_the_place_of_the_first() -> None:
    first = confirmed(given(*POOL, proposed("dependent-children", 5)), "dependent-children")
    case = given(*POOL, first, proposed("dependent-children", 10))
    second = confirmed(case, "dependent-children")
    assert (first.total, second.total) == (180, 185)
    assert second.overrides == (stands("dependent-children", 0, 10),)


def test_the_computed_points_end_an_override() -> None:
    first = confirmed(given(*POOL, proposed("dependent-children", 5)), "dependent-children")
    back = propose("dependent-children", 0)
    assert given(*POOL, first).when(back).refusal is None
    last = confirmed(given(*POOL, first, proposed("dependent-children", 0)), "dependent-children")
    assert last.overrides == ()
    assert last.total == 175
    plain = given(*HISTORIES[s.PrerequisitesMet]).when(c.ScoreApplication())
    assert plain.facts == (last,)


def test_points_that_the_rule_gives_already_are_not_proposed() -> None:
    given(*POOL).when(propose(points=30)).refused(AlreadyGiven, "gives 30 already")
    first = confirmed(given(*POOL, proposed("dependent-children", 5)), "dependent-children")
    again = propose("dependent-children", 5)
    given(*POOL, first).when(again).refused(AlreadyGiven, "gives 5 already")


def test_points_that_the_rule_cannot_give_are_refused() -> None:
    case = given(*POOL)
    case.when(propose(points=29)).refused(PointsImpossible, "gives 0 or 30 points, not 29")
    case.when(propose("charm", 5)).refused(NoSuchRule, "gpt-2018 has no rule 'charm'")


@pytest.mark.parametrize(
    "missing", [{"reason": " "}, {"evidence": ()}, {"evidence": ("", " ")}], ids=str
)
def test_an_override_needs_its_grounds(missing: Mapping[str, Any]) -> None:
    given(*POOL).when(propose(**missing)).refused(GroundsMissing, "where the evidence is found")


def test_nothing_is_counted_anew_of_a_person_who_was_erased() -> None:
    erased = (submitted(None), *POOL[1:], proposed())
    given(*erased).when(propose()).refused(PersonErased)
    given(*erased).when(c.ConfirmOverride(rule="resident-relative")).refused(PersonErased)
    # What is only declined needs nothing of the person.
    declined = given(*erased).when(c.DeclineOverride(rule="resident-relative"))
    assert declined.refusal is None


def test_a_score_under_rules_that_are_not_loaded_is_not_counted_anew() -> None:
    other = replace(scored(), digest="sha256:aa")
    case = given(*POOL[:-1], other)
    case.when(propose()).refused(UnknownRuleset, "sha256:aa")


@pytest.mark.parametrize("state", [each for each in HISTORIES if each not in SCORED])
def test_points_are_decided_only_between_the_score_and_the_committee(
    state: type[s.CaseState],
) -> None:
    case = given(*HISTORIES[state])
    for command in (
        propose(),
        c.ConfirmOverride(rule="resident-relative"),
        c.DeclineOverride(rule="resident-relative"),
    ):
        case.when(command).refused(NotAllowedNow, f"while the case is {s.STAGES[state]}")


def test_a_criterion_is_decided_as_a_rule_is() -> None:
    ruleset = named(real_rulebook(), "gptq-2024")
    met = assess(ruleset, JOHN, date(2024, 12, 2))
    assert "C12" not in [each.id for each in met.criteria if each.met]
    scored_so = application_scored(met)
    case = given(*POOL[:-1], scored_so)
    case.when(propose("C12", 1)).then(
        o.OverrideProposed(
            rule="C12",
            factor=None,
            computed=0,
            decided=1,
            code=CODE,
            proposed_by="officer-1",
            personal=GROUNDS,
        )
    )
    case.when(propose("C12", 2)).refused(PointsImpossible, "gives 0 or 1 points, not 2")
    awaiting = given(*POOL[:-1], scored_so, replace(proposed("C12", 1), factor=None))
    score = confirmed(awaiting, "C12")
    assert (score.total, score.computed_total) == (met.total + 1, met.total)
    assert score.criteria[11] == e.CriterionResult(id="C12", met=True)
    assert score.overrides == (stands("C12", 0, 1),)
