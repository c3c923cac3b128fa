"""A correction from the shortlist on: what a stale assessment forbids, and how that ends."""

from dataclasses import replace
from datetime import date
from typing import Any, Final, get_args

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application, Relative
from domain.case import load
from domain.deciding.standing import RESTING
from domain.decisions import Matter
from domain.errors import (
    AssessmentFallen,
    AssessmentStale,
    NotAllowedNow,
    PersonErased,
    ReasonsMissing,
)
from domain.following import next_of
from domain.interruptions import CaseLapsed, LapseCause
from domain.moves import still_standing
from domain.overrides import OverrideApplied, OverrideCode
from domain.particulars import ApplicationCorrected, Correction
from domain.projections import case_list
from domain.reconsidering import CaseReopened, ReconsiderationRequested
from domain.rules.choose import UnknownRuleset
from domain.rules.terms import AfterNoPlace
from domain.standing import (
    AssessmentSetAside,
    AssessmentUpheld,
    SetAssessmentAside,
    StandingReason,
    UpholdAssessment,
)
from domain.traces import trace_of
from tests.domain.deciding import given
from tests.domain.histories import (
    EXERCISE,
    HELD,
    HISTORIES,
    JOHN,
    REFUSED,
    SELECTED,
    SHORTLISTED,
    WITHDRAWN,
    decided_on,
    prerequisites,
    scored,
    submitted,
    until,
)
from tests.domain.test_projections import recorded, row_after

RESTS: Final[tuple[type[s.CaseState], ...]] = get_args(RESTING)
NOT_STALE: Final = [each for each in HISTORIES if each not in RESTS and each is not s.Draft]
WITH_A_SISTER: Final = replace(
    JOHN, family=replace(JOHN.family, permanent_resident_relative=Relative.SIBLING)
)
"""John with five points more than his 175."""
WHY: Final = StandingReason(text="As before")
UPHOLD: Final = UpholdAssessment(reason=" As before ")
SET_ASIDE: Final = SetAssessmentAside(reason=" As before ")


def with_applicant(**changes: Any) -> Application:
    """Return what John filed, were something about himself otherwise."""
    return replace(JOHN, applicant=replace(JOHN.applicant, **changes))


OLDER: Final = with_applicant(date_of_birth=date(1978, 1, 1))
"""John were he 41, with ten points less."""


def stale(application: Application = WITH_A_SISTER) -> ApplicationCorrected:
    """Return the correction that left an assessment stale."""
    said = Correction(application=application, reason="A slip of the pen")
    return ApplicationCorrected(
        fields=("family",), assessed_anew=False, assessment_stale=True, personal=said
    )


def named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


@pytest.mark.parametrize("stage", RESTS, ids=named)
def test_from_the_shortlist_on_a_correction_leaves_the_assessment_stale(
    stage: type[s.CaseState],
) -> None:
    correct = c.CorrectApplication(application=WITH_A_SISTER, reason="A slip of the pen")
    (fact,) = given(*HISTORIES[stage]).when(correct).facts
    assert isinstance(fact, ApplicationCorrected)
    assert (fact.assessed_anew, fact.assessment_stale) == (False, True)
    after = load((*HISTORIES[stage], fact))
    assert isinstance(after, stage)
    assert not isinstance(after, s.Draft)
    assert after.filed.stale
    # A new name afterwards changes nothing of that.
    name = c.CorrectApplication(
        application=replace(
            WITH_A_SISTER, applicant=replace(JOHN.applicant, family_name="Carter-Lee")
        ),
        reason="Married",
    )
    (moved,) = given(*HISTORIES[stage], fact).when(name).facts
    assert isinstance(moved, ApplicationCorrected)
    assert not moved.assessment_stale
    again = load((*HISTORIES[stage], fact, moved))
    assert not isinstance(again, s.Draft)
    assert again.filed.stale


@pytest.mark.parametrize("stage", RESTS, ids=named)
def test_what_no_assessment_rests_on_leaves_none_stale(stage: type[s.CaseState]) -> None:
    address = c.CorrectApplication(
        application=with_applicant(family_name="Carter-Lee"), reason="Married"
    )
    (fact,) = given(*HISTORIES[stage]).when(address).facts
    assert isinstance(fact, ApplicationCorrected)
    assert not fact.assessment_stale


@pytest.mark.parametrize("stage", NOT_STALE, ids=named)
def test_no_other_stage_has_a_stale_assessment(stage: type[s.CaseState]) -> None:
    correct = c.CorrectApplication(application=WITH_A_SISTER, reason="A slip of the pen")
    for fact in given(*HISTORIES[stage]).when(correct).facts:
        assert isinstance(fact, ApplicationCorrected)
        assert not fact.assessment_stale
    for command in (UPHOLD, SET_ASIDE):
        given(*HISTORIES[stage]).when(command).refused(NotAllowedNow)


def test_a_stale_case_is_not_selected() -> None:
    case = given(*HISTORIES[s.Shortlisted], stale())
    case.when(c.SelectCase(exercise=EXERCISE, rank=1)).refused(AssessmentStale, "a supervisor")


def test_a_stale_case_that_would_roll_over_is_assessed_anew_instead() -> None:
    case = given(*HISTORIES[s.Shortlisted], stale())
    passed = case.when(c.PassOverCase(exercise=EXERCISE, rank=1))
    passed.then(e.CaseNotSelected(exercise=EXERCISE, rank=1), AssessmentSetAside(personal=None))
    passed.leads_to(s.Stage.ACKNOWLEDGED)
    to_refuse = c.PassOverCase(exercise=EXERCISE, rank=1, then=AfterNoPlace.IS_REFUSED)
    case.when(to_refuse).leads_to(s.Stage.NOT_SELECTED)
    fresh = given(*HISTORIES[s.Shortlisted]).when(c.PassOverCase(exercise=EXERCISE, rank=1))
    fresh.then(e.CaseNotSelected(exercise=EXERCISE, rank=1))


@pytest.mark.parametrize(
    ("stage", "command", "matter"),
    [
        (s.Selected, c.ProposeApprovalInPrinciple(), Matter.APPROVAL_IN_PRINCIPLE),
        (s.Verified, c.ProposeApproval(), Matter.APPROVAL),
    ],
    ids=named,
)
def test_a_stale_case_is_not_approved(
    stage: type[s.CaseState], command: c.Proposal, matter: Matter
) -> None:
    confirm = c.ConfirmDecision(matter=matter)
    case = given(*HISTORIES[stage], stale())
    case.when(command).refused(AssessmentStale, "upholds the assessment or sets it aside")
    proposed = given(*HISTORIES[stage], decided_on(matter), stale())
    proposed.when(confirm).refused(AssessmentStale)
    assert c.ConfirmDecision not in next_of(proposed.state)
    # It is refused all the same, where that is right, and declined.
    assert proposed.when(c.DeclineDecision(matter=matter)).refusal is None
    refuse = c.ProposeRefusal(reasons=("The claims were not borne out",))
    assert case.when(refuse).refusal is None
    refusal = given(*HISTORIES[stage], decided_on(Matter.REFUSAL), stale())
    assert c.ConfirmDecision in next_of(refusal.state)
    assert refusal.when(c.ConfirmDecision(matter=Matter.REFUSAL)).refusal is None
    # Upheld, it goes on.
    upheld = given(*HISTORIES[stage], decided_on(matter), stale(), *case.when(UPHOLD).facts)
    assert upheld.when(confirm).refusal is None


def test_originals_are_seen_all_the_same() -> None:
    case = given(*HISTORIES[s.InPrinciple], stale())
    case.when(c.VerifyOriginals()).leads_to(s.Stage.VERIFIED)


@pytest.mark.parametrize("stage", RESTS, ids=named)
def test_an_assessment_stands_where_what_is_recorded_gives_no_less(
    stage: type[s.CaseState],
) -> None:
    case = given(*HISTORIES[stage], stale())
    case.when(UPHOLD).then(AssessmentUpheld(total=180, personal=WHY))
    upheld = load((*HISTORIES[stage], stale(), *case.when(UPHOLD).facts))
    assert isinstance(upheld, stage)
    assert not isinstance(upheld, s.Draft)
    assert not upheld.filed.stale
    given(*HISTORIES[stage], stale(JOHN)).when(UPHOLD).then(
        AssessmentUpheld(total=175, personal=WHY)
    )
    older = given(*HISTORIES[stage], stale(OLDER))
    older.when(UPHOLD).refused(
        AssessmentFallen, "gave 175, and what is recorded now gives 165, with every prerequisite"
    )
    minor = given(*HISTORIES[stage], stale(with_applicant(date_of_birth=date(2004, 1, 1))))
    minor.when(UPHOLD).refused(AssessmentFallen, "a prerequisite that is not met")
    erased = given(*HISTORIES[stage], replace(stale(), personal=None))
    erased.when(UPHOLD).refused(PersonErased)
    for command in (UPHOLD, SET_ASIDE):
        given(*HISTORIES[stage]).when(command).refused(NotAllowedNow)


def test_what_was_never_assessed_does_not_stand() -> None:
    given(submitted(), SHORTLISTED, stale()).when(UPHOLD).refused(PersonErased)


def test_an_assessment_below_the_mark_does_not_stand() -> None:
    low = (*until(prerequisites()), scored(0), *HISTORIES[s.Selected][4:])
    nobody = replace(JOHN, qualifications=JOHN.qualifications[-1:], employment=(), languages=())
    given(*low, stale(nobody)).when(UPHOLD).refused(AssessmentFallen)


def test_overrides_that_stand_are_counted_and_the_edition_is_that_of_the_assessment() -> None:
    applied = OverrideApplied(
        rule="dependent-children",
        computed=0,
        decided=10,
        code=OverrideCode.DOCUMENTS_SHOW_MORE,
        proposed_by="officer-2",
        confirmed_by="officer-1",
    )
    total = scored(185)
    assert isinstance(total, e.ApplicationScored)
    history = (*until(prerequisites()), replace(total, overrides=(applied,)))
    later = HISTORIES[s.Selected][4:]
    case = given(*history, *later, stale(JOHN))
    case.when(UPHOLD).then(AssessmentUpheld(total=185, personal=WHY))
    unknown = (*history[:-1], replace(total, digest="sha256:00"))
    given(*unknown, *later, stale()).when(UPHOLD).refused(UnknownRuleset)


@pytest.mark.parametrize("stage", RESTS, ids=named)
def test_set_aside_the_case_is_assessed_anew(stage: type[s.CaseState]) -> None:
    fact = AssessmentSetAside(personal=WHY)
    history = (*HISTORIES[stage], decided_on(Matter.REFUSAL), stale())
    case = given(*history)
    case.when(SET_ASIDE).then(fact)
    after = load((*history, fact))
    assert isinstance(after, s.Acknowledged)
    assert (after.filed.assessed, after.filed.stale, after.filed.decision) == (None, False, None)
    events = recorded("case-QM-1", (*history, fact))
    assert still_standing(events) == events[-1:]
    assert trace_of(fact).anew
    row = row_after(case_list, *history, fact)
    assert (row.stage, row.points, row.scored_at) == (s.Stage.ACKNOWLEDGED, None, None)


def test_both_say_why_and_wait_for_the_end_of_a_hold() -> None:
    for command in (UPHOLD, SET_ASIDE):
        silent: c.CaseCommand = replace(command, reason=" ")
        given(*HISTORIES[s.Selected], stale()).when(silent).refused(ReasonsMissing, "say why")
        held = given(*HISTORIES[s.Selected], stale(), HELD)
        assert type(command) not in next_of(held.state)
        assert held.when(command).refusal is not None


def test_what_may_follow_names_them_only_while_the_assessment_is_stale() -> None:
    both = {UpholdAssessment, SetAssessmentAside}
    case = next_of(load((*HISTORIES[s.Selected], stale())))
    assert both <= set(case)
    assert c.ProposeApprovalInPrinciple not in case
    assert not both & set(next_of(load(HISTORIES[s.Selected])))
    assert c.SelectCase not in next_of(load((*HISTORIES[s.Shortlisted], stale())))


def test_the_list_shows_a_stale_assessment_until_somebody_looked_or_the_case_ended() -> None:
    history = (*HISTORIES[s.Shortlisted], stale())
    assert row_after(case_list, *history).stale
    assert not row_after(case_list, *HISTORIES[s.Shortlisted]).stale
    upheld = AssessmentUpheld(total=175, personal=None)
    aside = AssessmentSetAside(personal=None)
    lapsed = CaseLapsed(cause=LapseCause.DOCUMENTS, due_on=date(2019, 9, 1))
    for event in (upheld, aside, REFUSED, WITHDRAWN, lapsed):
        assert not row_after(case_list, *history, event).stale
        after = load((*history, event))
        assert not isinstance(after, s.Draft)
        assert not after.filed.stale


def test_a_reopened_case_has_no_stale_assessment() -> None:
    asked = ReconsiderationRequested(request=1, personal=None)
    history = (*HISTORIES[s.Shortlisted], stale(), REFUSED, asked, CaseReopened())
    after = load(history)
    assert isinstance(after, s.Acknowledged)
    assert not after.filed.stale


def test_a_correction_recorded_before_there_was_this_rule_leaves_nothing_stale() -> None:
    after = load((*until(SELECTED), replace(stale(), assessment_stale=False)))
    assert isinstance(after, s.Selected)
    assert not after.filed.stale
