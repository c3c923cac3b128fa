"""A proposal is about the case as it was: what makes it lapse, and what leaves it open."""

from typing import Final

import pytest

from domain import commands as c
from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.case import load
from domain.decisions import Matter
from domain.errors import NoSuchProposal, NotAllowedNow, NothingProposed, SecondOfficerNeeded
from domain.interruptions import HoldLifted, OfficerRecused
from domain.particulars import (
    ApplicationCorrected,
    Correction,
    DependantAdded,
    DependantRemoved,
    Relation,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.residence import ExtensionRefused
from tests.domain.deciding import given
from tests.domain.histories import (
    ABODE,
    HELD,
    HISTORIES,
    IN_PRINCIPLE,
    ISSUED,
    JOHN,
    LAPSED,
    MOVED,
    NOT_SELECTED,
    PAID,
    SELECTED,
    SHORTLISTED,
    SOUGHT,
    VERIFIED,
    WITHDRAWN,
    checked,
    decided_on,
    document,
    prerequisites,
    proposed,
    requested,
    scored,
)

CORRECTED_ANEW: Final = ApplicationCorrected(
    fields=("family.children",),
    assessed_anew=True,
    personal=Correction(application=JOHN, reason="A child more"),
)
E_MAIL: Final = ApplicationCorrected(
    fields=("applicant.email",),
    assessed_anew=False,
    personal=Correction(application=JOHN, reason="A new address"),
)
MOVES_ON: Final = (
    (s.PrerequisitesUnmet, Matter.REFUSAL, prerequisites(age_met=False)),
    (s.PrerequisitesUnmet, Matter.REFUSAL, prerequisites()),
    (s.PrerequisitesUnmet, Matter.REFUSAL, MOVED),
    (s.PrerequisitesUnmet, Matter.REFUSAL, CORRECTED_ANEW),
    (s.BelowMark, Matter.REFUSAL, scored(79)),
    (s.BelowMark, Matter.REFUSAL, scored(175)),
    (s.BelowMark, Matter.REFUSAL, MOVED),
    (s.BelowMark, Matter.REFUSAL, CORRECTED_ANEW),
    (s.Shortlisted, Matter.REFUSAL, SELECTED),
    (s.Shortlisted, Matter.REFUSAL, NOT_SELECTED),
    (s.Shortlisted, Matter.REFUSAL, WITHDRAWN),
    (s.Selected, Matter.REFUSAL, WITHDRAWN),
    (s.Selected, Matter.REFUSAL, LAPSED),
    (s.InPrinciple, Matter.REFUSAL, VERIFIED),
    (s.Verified, Matter.APPROVAL, WITHDRAWN),
    (s.Approved, Matter.VOIDING, PAID),
    (s.VisaPaid, Matter.VOIDING, ISSUED),
    (s.Active, Matter.VOIDING, SOUGHT),
    (s.Active, Matter.VOIDING, ABODE),
    (s.Extending, Matter.VOIDING, ExtensionRefused(personal=None)),
)
"""What moves a case on while something about it awaits a second officer."""
AS_IT_WAS: Final[tuple[e.CaseEvent, ...]] = (
    document(),
    checked(1),
    requested(),
    p.RequestedDocumentsReceived(documents=(1,)),
    HELD,
    HoldLifted(personal=None),
    OfficerRecused(officer="officer-7", personal=None),
    E_MAIL,
    DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=None),
    DependantRemoved(dependant=1),
    RepresentativeAppointed(personal=None),
    RepresentativeRemoved(),
)
"""What happens around a case and leaves it where it is."""


def named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


@pytest.mark.parametrize(("stage", "matter", "event"), MOVES_ON, ids=named)
def test_a_proposal_lapses_when_the_case_moves_on(
    stage: type[s.CaseState], matter: Matter, event: e.CaseEvent
) -> None:
    case = given(*HISTORIES[stage], decided_on(matter), event)
    assert s.decision_of(case.state) is None
    for decide in (c.ConfirmDecision(matter=matter), c.DeclineDecision(matter=matter)):
        refusal = case.when(decide).refusal
        assert isinstance(refusal, NothingProposed | NotAllowedNow), refusal


@pytest.mark.parametrize("event", AS_IT_WAS, ids=named)
@pytest.mark.parametrize(
    ("stage", "matter"),
    [(s.Verified, Matter.APPROVAL), (s.BelowMark, Matter.REFUSAL), (s.Active, Matter.VOIDING)],
    ids=named,
)
def test_a_proposal_stays_open_while_the_case_is_as_it_was(
    stage: type[s.CaseState], matter: Matter, event: e.CaseEvent
) -> None:
    state = load((*HISTORIES[stage], decided_on(matter), event))
    assert s.decision_of(state) == decided_on(matter)


@pytest.mark.parametrize("event", [*AS_IT_WAS, decided_on(Matter.REFUSAL)], ids=named)
def test_an_override_stays_open_as_well(event: e.CaseEvent) -> None:
    state = load((*HISTORIES[s.BelowMark], proposed(), event))
    assert s.proposals_of(state) == (proposed(),)


@pytest.mark.parametrize("event", [MOVED, CORRECTED_ANEW, WITHDRAWN, SHORTLISTED], ids=named)
def test_an_override_lapses_when_its_score_no_longer_stands(event: e.CaseEvent) -> None:
    assert s.proposals_of(load((*HISTORIES[s.InPool], proposed(), event))) == ()


@pytest.mark.parametrize(
    ("stage", "matter", "again"),
    [
        (s.Verified, Matter.APPROVAL, c.ProposeApproval()),
        (s.Selected, Matter.REFUSAL, c.ProposeRefusal(reasons=("Not borne out",))),
        (s.Lapsed, Matter.ERASURE, c.ProposeErasure()),
    ],
    ids=named,
)
def test_a_proposal_lapses_when_its_proposer_steps_aside(
    stage: type[s.CaseState], matter: Matter, again: c.Proposal
) -> None:
    proposer = OfficerRecused(officer="officer-1", personal=None)
    case = given(*HISTORIES[stage], decided_on(matter, "officer-1"), proposer).by("officer-2")
    for decide in (c.ConfirmDecision(matter=matter), c.DeclineDecision(matter=matter)):
        case.when(decide).refused(NothingProposed, "nothing awaits a second officer")
    # The matter is open again, for anybody else to propose and a third to confirm.
    proposal = case.when(again)
    assert proposal.refusal is None
    anew = given(*HISTORIES[stage], decided_on(matter, "officer-1"), proposer, *proposal.facts)
    anew.by("officer-2").when(c.ConfirmDecision(matter=matter)).refused(SecondOfficerNeeded)
    assert anew.by("officer-3").when(c.ConfirmDecision(matter=matter)).refusal is None


@pytest.mark.parametrize("stage", [s.BelowMark, s.InPool], ids=named)
def test_an_override_lapses_when_its_proposer_steps_aside(stage: type[s.CaseState]) -> None:
    theirs, other = proposed(by="officer-1"), proposed(rule="dependent-children", by="officer-2")
    proposer = OfficerRecused(officer="officer-1", personal=None)
    case = given(*HISTORIES[stage], theirs, other, proposer)
    assert s.proposals_of(case.state) == (other,)
    confirm = c.ConfirmOverride(rule="resident-relative")
    case.by("officer-3").when(confirm).refused(NoSuchProposal, "that do: dependent-children")


def test_a_proposal_that_lapsed_is_made_anew() -> None:
    history = (*HISTORIES[s.Selected], decided_on(Matter.REFUSAL), IN_PRINCIPLE)
    again = given(*history).when(c.ProposeRefusal(reasons=("The claims were not borne out",)))
    again.then(decided_on(Matter.REFUSAL, "officer-1"))
