"""A score that is counted again: which overrides still stand, and what has to be decided first."""

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application, Child
from domain.case import load
from domain.errors import AwaitsSecondOfficer
from domain.evolving import keeps_points
from domain.overrides import OverrideApplied, OverrideCode
from domain.particulars import ApplicationCorrected, Correction
from domain.reconsidering import CaseReopened, ReconsiderationRequested
from domain.rederivation import rederive
from domain.rules.overriding import NoSuchRule
from domain.standing import AssessmentSetAside
from tests.domain.deciding import NOON, given, real_rulebook
from tests.domain.histories import (
    EMMA,
    HISTORIES,
    JOHN,
    MOVED,
    SHORTLISTED,
    prerequisites,
    proposed,
    scored,
)

STANDS: Final = OverrideApplied(
    rule="resident-relative",
    computed=0,
    decided=5,
    code=OverrideCode.DOCUMENTS_SHOW_MORE,
    proposed_by="officer-2",
    confirmed_by="officer-1",
)
DECIDED: Final = replace(scored(180), overrides=(STANDS,), computed_total=175)
BEFORE: Final = HISTORIES[s.InPool][:-1]


def score_after(*events: e.CaseEvent) -> e.ApplicationScored:
    """Return the score that a case with these events is given today."""
    (score,) = given(*events).when(c.ScoreApplication()).facts
    assert isinstance(score, e.ApplicationScored)
    return score


def test_an_override_stands_as_long_as_its_ruleset_does() -> None:
    score = score_after(*BEFORE, DECIDED)
    assert (score.digest, score.overrides) == (DECIDED.digest, (STANDS,))
    assert (score.total, score.computed_total) == (180, 175)
    again = score_after(*BEFORE, DECIDED, score)
    assert again == score


def test_an_override_counts_under_its_own_edition_alone() -> None:
    other = replace(DECIDED, digest="sha256:aa")
    score = score_after(*BEFORE, other)
    assert score.digest != other.digest
    assert (score.overrides, score.total, score.computed_total) == ((), 175, None)
    # That score ends nothing: back under its edition it stands, as no second officer said no.
    other = replace(scored(), digest="sha256:aa")
    back = score_after(*BEFORE, DECIDED, corrected(EMMA), other, corrected(JOHN), prerequisites())
    assert (back.overrides, back.total, back.computed_total) == ((STANDS,), 180, 175)


def test_what_was_decided_is_told_of_the_edition_of_the_assessment() -> None:
    other = replace(scored(), digest="sha256:aa")

    def told(*events: e.CaseEvent) -> tuple[OverrideApplied, ...]:
        case = load((*BEFORE, DECIDED, *events))
        assert not isinstance(case, s.Draft)
        return case.filed.overrides

    assert told() == (STANDS,)
    assert told(other) == ()
    # Assessed under none, it may come under either.
    assert told(other, corrected(JOHN)) == (STANDS,)
    assert told(other, MOVED) == ()


def corrected(application: Application) -> ApplicationCorrected:
    said = Correction(application=application, reason="A slip of the pen")
    return ApplicationCorrected(fields=("family",), assessed_anew=True, personal=said)


@pytest.mark.parametrize("before", [DECIDED, replace(DECIDED, total=70)])
@pytest.mark.parametrize(
    "anew",
    [
        (corrected(JOHN),),
        (SHORTLISTED, AssessmentSetAside(personal=None)),
        (
            e.ApplicationRefused(reason_class=e.RefusalClass.POINTS, rules=(), personal=None),
            ReconsiderationRequested(request=1, personal=None),
            CaseReopened(),
        ),
        # What was looked at again and found unmet takes back nothing either.
        (corrected(JOHN), prerequisites(age_met=False), corrected(JOHN)),
    ],
)
def test_an_override_stands_where_the_case_begins_anew(
    before: e.ApplicationScored, anew: tuple[e.CaseEvent, ...]
) -> None:
    score = score_after(*BEFORE, before, *anew, prerequisites())
    assert (score.overrides, score.total, score.computed_total) == ((STANDS,), 180, 175)


def test_the_prerequisites_are_assessed_with_what_stands() -> None:
    (fact,) = given(*BEFORE, DECIDED, corrected(JOHN)).when(c.AssessPrerequisites()).facts
    assert isinstance(fact, e.PrerequisitesAssessed)
    assert fact.personal is not None
    assert (fact.personal.total, fact.personal.computed_total) == (180, 175)
    assert rederive(fact, JOHN, real_rulebook(), NOON.date()).identical


def test_an_override_goes_when_the_case_is_moved() -> None:
    back = replace(MOVED, ruleset="gpt-2018", digest=DECIDED.digest, before="gpt-2015")
    for moves in ((MOVED,), (MOVED, back), (corrected(JOHN), MOVED, back)):
        assert score_after(*BEFORE, DECIDED, *moves, prerequisites()).overrides == ()


def test_an_override_that_a_score_lacks_stands_no_more() -> None:
    # Corrections once ended overrides without a word, and the scores after them say so.
    anew = (corrected(JOHN), prerequisites())
    lacking = replace(scored(), digest=DECIDED.digest)
    assert score_after(*BEFORE, DECIDED, *anew, lacking, *anew).overrides == ()
    without = load((*BEFORE, DECIDED, *anew, lacking))
    assert isinstance(without, s.InPool)
    assert without.filed.decided == ()


def test_an_override_stands_where_the_test_itself_gives_as_much_by_now() -> None:
    # Emma's spouse has a degree, which gives her five points by the test itself.
    about_the_spouse = replace(STANDS, rule="spouse-with-degree")
    decided = replace(DECIDED, overrides=(about_the_spouse,))
    history = (*BEFORE, decided, corrected(EMMA), prerequisites())
    agreed = score_after(*history)
    assert agreed.overrides == (replace(about_the_spouse, computed=5),)
    assert agreed.computed_total is None
    assert rederive(agreed, EMMA, real_rulebook(), NOON.date()).identical
    # So one officer does not undo it by a correction and another one back.
    again = score_after(*history, agreed, corrected(JOHN), prerequisites())
    assert again.overrides == (about_the_spouse,)
    assert (again.total, again.computed_total) == (180, 175)


def test_an_override_that_its_test_agrees_with_is_taken_back_by_two() -> None:
    about_the_spouse = replace(STANDS, rule="spouse-with-degree")
    decided = replace(DECIDED, overrides=(about_the_spouse,))
    history = (*BEFORE, decided, corrected(EMMA), prerequisites())
    history = (*history, score_after(*history))
    command = c.ProposeOverride(
        rule="spouse-with-degree",
        points=5,
        code=OverrideCode.DOCUMENTS_SHOW_MORE,
        evidence=("document 7",),
        reason="The test shows as much",
    )
    (proposal,) = given(*history).when(command).facts
    confirm = c.ConfirmOverride(rule="spouse-with-degree")
    (confirmed, score) = given(*history, proposal).by("officer-9").when(confirm).facts
    assert isinstance(score, e.ApplicationScored)
    assert score.overrides == ()
    # The test alone decides from then on, whatever is corrected.
    later = (*history, proposal, confirmed, score, corrected(JOHN), prerequisites())
    assert score_after(*later).overrides == ()


def test_an_override_says_what_the_test_gives_by_now() -> None:
    child = Child(date_of_birth=date(2010, 1, 1), married=False, accompanying=True)
    application = replace(JOHN, family=replace(JOHN.family, children=(child,)))
    children = replace(STANDS, rule="dependent-children", decided=10)
    decided = replace(DECIDED, overrides=(children,))
    score = score_after(*BEFORE, decided, corrected(application), prerequisites())
    assert score.overrides == (replace(children, computed=5),)
    assert rederive(score, application, real_rulebook(), NOON.date()).identical


def test_an_override_of_no_rule_of_its_edition_is_refused_by_name() -> None:
    # No program writes one: the rules of an edition never change, nor what was decided of them.
    other = replace(DECIDED, overrides=(replace(STANDS, rule="no-such-rule"),))
    case = given(*BEFORE, other, corrected(JOHN), prerequisites())
    case.when(c.ScoreApplication()).refused(NoSuchRule, "gpt-2018 has no rule 'no-such-rule'")


def test_a_prerequisite_is_nothing_to_override() -> None:
    command = c.ProposeOverride(
        rule="support",
        points=1,
        code=OverrideCode.DOCUMENTS_SHOW_MORE,
        evidence=("document 7",),
        reason="Means were shown",
    )
    given(*BEFORE, scored()).when(command).refused(NoSuchRule, "has no rule 'support'")


def test_a_score_is_not_counted_again_while_an_override_awaits_a_second_officer() -> None:
    for stage in (s.InPool, s.BelowMark):
        case = given(*HISTORIES[stage], proposed())
        case.when(c.ScoreApplication()).refused(
            AwaitsSecondOfficer,
            "an override of resident-relative is proposed; have it confirmed or declined before "
            "the application is scored again",
        )


def test_a_score_counted_again_leads_over_the_mark_and_below_it() -> None:
    given(*HISTORIES[s.BelowMark]).when(c.ScoreApplication()).leads_to(s.Stage.IN_POOL)
    # None of the points of the first score are carried over.
    pool = load((*BEFORE, scored(80)))
    assert isinstance(pool, s.InPool)
    assert score_after(*BEFORE, scored(80)).total == 175


def test_a_case_keeps_its_points_by_a_score_of_as_many_while_it_has_them() -> None:
    in_pool, below = load((*BEFORE, scored(175))), load((*BEFORE, scored(60)))
    assert keeps_points(in_pool, scored(175))
    assert not keeps_points(in_pool, scored(176))
    assert keeps_points(below, scored(60))
    assert not keeps_points(below, scored(61))
    assert not keeps_points(load(BEFORE), scored(175))
