"""A score that is counted again: which overrides still stand, and what has to be decided first."""

from dataclasses import replace
from typing import Final

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.case import load
from domain.errors import AwaitsSecondOfficer
from domain.overrides import OverrideApplied, OverrideCode
from domain.particulars import ApplicationCorrected, Correction
from tests.domain.deciding import given
from tests.domain.histories import EMMA, HISTORIES, JOHN, MOVED, prerequisites, proposed, scored

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


def test_an_override_goes_with_its_ruleset() -> None:
    other = replace(DECIDED, digest="sha256:aa")
    score = score_after(*BEFORE, other)
    assert score.digest != other.digest
    assert (score.overrides, score.total, score.computed_total) == ((), 175, None)


def test_an_override_goes_when_the_case_is_moved_or_begins_anew() -> None:
    correction = ApplicationCorrected(
        fields=("family",),
        assessed_anew=True,
        personal=Correction(application=JOHN, reason="A slip of the pen"),
    )
    for event in (MOVED, correction):
        score = score_after(*BEFORE, DECIDED, event, prerequisites())
        assert score.overrides == ()


def test_what_the_test_itself_gives_by_now_is_no_override_any_more() -> None:
    # Emma's spouse has a degree, which gives her five points by the test itself.
    correction = ApplicationCorrected(
        fields=("family",),
        assessed_anew=False,
        personal=Correction(application=EMMA, reason="A slip of the pen"),
    )
    about_the_spouse = replace(STANDS, rule="spouse-with-degree")
    decided = replace(DECIDED, overrides=(STANDS, about_the_spouse))
    score = score_after(*BEFORE, decided, correction)
    assert [each.rule for each in score.overrides] == ["resident-relative"]


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
