"""What two officers decide: one proposes, another confirms or declines, and nobody is both."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final, get_args

import pytest

from domain import commands as c
from domain import decisions as d
from domain import events as e
from domain import overrides as o
from domain import stages as s
from domain.case import load
from domain.deciding.seconding import MATTER_OF
from domain.decisions import Matter, VoidingCode
from domain.errors import (
    AwaitsSecondOfficer,
    NotAllowedNow,
    NothingProposed,
    ReasonsMissing,
    SecondOfficerNeeded,
)
from domain.particulars import (
    ContactChanged,
    DependantAdded,
    DependantRemoved,
    ErasureDecided,
    NewContact,
    Relation,
)
from domain.reconsidering import CaseReopened, RefusalUpheld
from domain.residence import ExtensionRefused, Settlement, StayExtended, VisaVoided
from tests.domain.deciding import given
from tests.domain.histories import (
    HISTORIES,
    IN_PRINCIPLE,
    JOHN,
    PAY_BY,
    PROPOSER,
    RECONSIDER_BY,
    VISA_FEE,
    confirmed,
    decided_on,
    document,
    proposed,
)

SAID: Final = "The claims were not borne out"
WORDS: Final = d.DecisionWords(texts=(SAID,))
SELECTION: Final = e.ApplicationRefused(
    reason_class=e.RefusalClass.SELECTION,
    rules=(),
    personal=e.RefusalReasons(texts=(SAID,)),
    reconsider_by=RECONSIDER_BY,
)
REFUSE: Final = c.ProposeRefusal(reasons=(f" {SAID} ", ""))
UPHOLD: Final = c.ProposeUpholding(reasons=(SAID,))
VOID: Final = c.ProposeVoiding(code=VoidingCode.COURT, reasons=(SAID,))
VOIDED: Final = VisaVoided(code=VoidingCode.COURT, personal=WORDS)
APPROVED: Final = e.ApplicationApproved(
    stay_years=(2, 3, 3), visa_fee_hkd=VISA_FEE, pay_by=PAY_BY, persons=1
)
EXTENDED: Final = StayExtended(
    settlement=Settlement.EMPLOYED, years=3, stay_until=date(2024, 9, 30), stays_left=(3,)
)
GRANTED: Final = get_args(s.Granted)
ERASABLE: Final = (s.Settled, s.Refused, s.Withdrawn, s.Lapsed, s.Voided)

MOVE_MAIL: Final = c.ProposeContactChange(email="j@new.example", evidence=" Passport seen ")
MOVED_MAIL: Final = ContactChanged(
    personal=NewContact(
        email="j@new.example", former=JOHN.applicant.email, evidence="Passport seen"
    )
)

Decision = tuple[type[s.CaseState], c.Proposal, e.CaseEvent]
DECISIONS: Final[tuple[Decision, ...]] = (
    (s.Selected, c.ProposeApprovalInPrinciple(), IN_PRINCIPLE),
    (s.Verified, c.ProposeApproval(), APPROVED),
    *((stage, REFUSE, SELECTION) for stage in (s.Shortlisted, s.Selected, s.InPrinciple)),
    (s.Verified, REFUSE, SELECTION),
    (s.Extending, REFUSE, ExtensionRefused(personal=WORDS)),
    (s.Extending, c.ProposeExtension(), EXTENDED),
    (s.UnderReconsideration, c.ProposeReopening(), CaseReopened()),
    (s.UnderReconsideration, UPHOLD, RefusalUpheld(personal=WORDS, reconsider_by=RECONSIDER_BY)),
    *((stage, VOID, VOIDED) for stage in GRANTED),
    *((stage, c.ProposeErasure(), ErasureDecided()) for stage in ERASABLE),
    *((stage, MOVE_MAIL, MOVED_MAIL) for stage in (s.FeeAwaited, s.InPool, s.Refused, s.Lapsed)),
)
"""Where each decision can be proposed, and what it makes of the case; refusals for what was found
are in the file on refusals."""
MATTERS: Final = tuple({MATTER_OF[type(each[1])]: each for each in DECISIONS}.values())
"""One decision of each matter."""


_NEW_MAIL: Final = d.DecisionWords(texts=("Passport seen",), email="j@new.example")


def proposal_of(command: c.Proposal, by: str = "officer-1") -> d.DecisionProposed:
    """Return the fact that the command leads to."""
    said = isinstance(command, c.ProposeRefusal | c.ProposeUpholding | c.ProposeVoiding)
    return d.DecisionProposed(
        matter=MATTER_OF[type(command)],
        proposed_by=by,
        voiding=command.code if isinstance(command, c.ProposeVoiding) else None,
        personal=_NEW_MAIL
        if isinstance(command, c.ProposeContactChange)
        else (WORDS if said else None),
    )


def declined(matter: Matter, by: str = "officer-1") -> d.DecisionDeclined:
    """Return the fact that an officer declined what the usual proposer had proposed."""
    return d.DecisionDeclined(matter=matter, proposed_by=PROPOSER, declined_by=by, personal=None)


def named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


def test_every_matter_is_decided_somewhere() -> None:
    assert {MATTER_OF[type(command)] for _, command, _ in DECISIONS} == set(Matter)
    assert set(MATTER_OF) == set(get_args(c.Proposal))


@pytest.mark.parametrize(("stage", "command"), [each[:2] for each in DECISIONS], ids=named)
def test_a_proposal_changes_nothing_but_that_it_is_open(
    stage: type[s.CaseState], command: c.Proposal
) -> None:
    case = given(*HISTORIES[stage])
    case.when(command).then(proposal_of(command))
    case.when(command).leads_to(s.STAGES[stage])
    after = load((*HISTORIES[stage], proposal_of(command)))
    assert not isinstance(after, s.Draft)
    assert s.decision_of(after) == proposal_of(command)
    assert after.filed.actors(MATTER_OF[type(command)]) == {"officer-1"}
    before = replace(after.filed, decision=None, acted=frozenset())
    assert replace(after, filed=before) == case.state


@pytest.mark.parametrize(("stage", "command", "outcome"), DECISIONS, ids=named)
def test_a_second_officer_confirms_and_it_takes_effect_at_once(
    stage: type[s.CaseState], command: c.Proposal, outcome: e.CaseEvent
) -> None:
    matter = MATTER_OF[type(command)]
    case = given(*HISTORIES[stage], proposal_of(command))
    told = d.DecisionConfirmed(matter=matter, proposed_by="officer-1", confirmed_by="officer-2")
    case.by("officer-2").when(c.ConfirmDecision(matter=matter)).then(told, outcome)
    case.when(c.ConfirmDecision(matter=matter)).refused(
        SecondOfficerNeeded,
        f"officer-1 has proposed or declined in this matter ({matter}); somebody else has to "
        "decide on it",
    )


@pytest.mark.parametrize(("stage", "command"), [each[:2] for each in DECISIONS], ids=named)
def test_a_second_officer_declines_and_the_case_is_as_it_was(
    stage: type[s.CaseState], command: c.Proposal
) -> None:
    matter = MATTER_OF[type(command)]
    case = given(*HISTORIES[stage], proposal_of(command))
    told = d.DecisionDeclined(
        matter=matter,
        proposed_by="officer-1",
        declined_by="officer-2",
        personal=d.DecisionRemarks(text="Ask the employer first"),
    )
    declining = c.DeclineDecision(matter=matter, reason=" Ask the employer first\n")
    case.by("officer-2").when(declining).then(told)
    case.by("officer-2").when(c.DeclineDecision(matter=matter, reason=" ")).then(
        replace(told, personal=None)
    )
    case.when(declining).refused(SecondOfficerNeeded, "officer-1 has proposed or declined")
    after = load((*HISTORIES[stage], proposal_of(command), told))
    assert not isinstance(after, s.Draft)
    assert after.filed.decision is None
    assert after.filed.actors(matter) == {"officer-1", "officer-2"}
    assert (
        replace(after, filed=replace(after.filed, acted=frozenset()))
        == given(*HISTORIES[stage]).state
    )
    # It may be proposed again, by anybody.
    given(*HISTORIES[stage], proposal_of(command), told).by("officer-3").when(command).then(
        proposal_of(command, "officer-3")
    )


@pytest.mark.parametrize(("stage", "command", "outcome"), MATTERS, ids=named)
def test_whoever_declined_or_proposed_before_is_no_second_officer(
    stage: type[s.CaseState], command: c.Proposal, outcome: e.CaseEvent
) -> None:
    matter = MATTER_OF[type(command)]
    first = proposal_of(command, PROPOSER)
    again = proposal_of(command, "officer-3")
    case = given(*HISTORIES[stage], first, declined(matter, "officer-1"), again)
    for decide in (c.ConfirmDecision(matter=matter), c.DeclineDecision(matter=matter)):
        for actor in (PROPOSER, "officer-1", "officer-3"):
            case.by(actor).when(decide).refused(SecondOfficerNeeded, actor)
        assert case.by("officer-4").when(decide).refusal is None
    told = d.DecisionConfirmed(matter=matter, proposed_by="officer-3", confirmed_by="officer-4")
    case.by("officer-4").when(c.ConfirmDecision(matter=matter)).then(told, outcome)


def test_the_same_person_twice_over_proposes_again_but_never_confirms() -> None:
    history = (*HISTORIES[s.Verified], decided_on(Matter.REFUSAL), declined(Matter.REFUSAL))
    given(*history).by(PROPOSER).when(REFUSE).then(proposal_of(REFUSE, PROPOSER))
    given(*history).when(REFUSE).then(proposal_of(REFUSE, "officer-1"))
    again = given(*history, proposal_of(REFUSE, "officer-1"))
    confirm = c.ConfirmDecision(matter=Matter.REFUSAL)
    again.by(PROPOSER).when(confirm).refused(SecondOfficerNeeded, PROPOSER)


def test_who_acted_on_one_matter_may_decide_on_another() -> None:
    refused = (decided_on(Matter.REFUSAL), declined(Matter.REFUSAL))
    approval = decided_on(Matter.APPROVAL, "officer-3")
    case = given(*HISTORIES[s.Verified], *refused, approval)
    for actor in (PROPOSER, "officer-1"):
        decided = case.by(actor).when(c.ConfirmDecision(matter=Matter.APPROVAL))
        decided.leads_to(s.Stage.APPROVED)


def test_a_confirmation_closes_the_matter_and_the_next_one_is_open_to_all() -> None:
    refusal = (decided_on(Matter.REFUSAL), confirmed(Matter.REFUSAL))
    extending = HISTORIES[s.Extending]
    case = given(
        *extending, *refusal, ExtensionRefused(personal=WORDS), extending[-1], proposal_of(REFUSE)
    )
    # Officer 2 proposed and officer 1 confirmed the first; now it is the other way round.
    told = d.DecisionConfirmed(
        matter=Matter.REFUSAL, proposed_by="officer-1", confirmed_by="officer-2"
    )
    confirm = c.ConfirmDecision(matter=Matter.REFUSAL)
    case.by("officer-2").when(confirm).then(told, ExtensionRefused(personal=WORDS))
    case.when(confirm).refused(SecondOfficerNeeded, "officer-1")


def test_a_matter_that_lapsed_keeps_who_acted_on_it() -> None:
    history = (*HISTORIES[s.Selected], decided_on(Matter.REFUSAL), e.ApprovedInPrinciple())
    state = load(history)
    assert s.decision_of(state) is None
    again = given(*history, proposal_of(REFUSE, "officer-3"))
    confirm = c.ConfirmDecision(matter=Matter.REFUSAL)
    again.by(PROPOSER).when(confirm).refused(SecondOfficerNeeded, PROPOSER)


def test_overrides_and_decisions_are_matters_of_their_own() -> None:
    declined_override = o.OverrideDeclined(
        rule="resident-relative", proposed_by=PROPOSER, declined_by="officer-1", personal=None
    )
    below = (*HISTORIES[s.BelowMark], proposed(), declined_override)
    confirm = c.ConfirmDecision(matter=Matter.REFUSAL)
    refusal = given(*below, decided_on(Matter.REFUSAL)).when(confirm)
    refusal.leads_to(s.Stage.REFUSED)
    other = given(*below, proposed("spouse-with-degree", by="officer-3"))
    assert other.when(c.ConfirmOverride(rule="spouse-with-degree")).refusal is None
    same = given(*below, proposed(by="officer-3"))
    for actor in (PROPOSER, "officer-1"):
        same.by(actor).when(c.ConfirmOverride(rule="resident-relative")).refused(
            SecondOfficerNeeded, f"{actor} has proposed or declined an override of resident"
        )
        same.by(actor).when(c.DeclineOverride(rule="resident-relative")).refused(
            SecondOfficerNeeded, "somebody else has to decide on it"
        )


def test_a_confirmed_override_closes_its_matter() -> None:
    case = given(*HISTORIES[s.InPool], proposed("dependent-children", 5))
    first = case.when(c.ConfirmOverride(rule="dependent-children"))
    again = given(
        *HISTORIES[s.InPool],
        proposed("dependent-children", 5),
        *first.facts,
        proposed("dependent-children", 10, by="officer-1"),
    )
    confirmation = again.by(PROPOSER).when(c.ConfirmOverride(rule="dependent-children"))
    confirmation.leads_to(s.Stage.IN_POOL)


@pytest.mark.parametrize(("stage", "command"), [each[:2] for each in DECISIONS], ids=named)
def test_one_decision_at_a_time_awaits_a_second_officer(
    stage: type[s.CaseState], command: c.Proposal
) -> None:
    matter = Matter.ERASURE if stage in get_args(s.Ended) else Matter.VOIDING
    case = given(*HISTORIES[stage], decided_on(matter))
    case.when(command).refused(
        AwaitsSecondOfficer,
        f"{matter} was proposed by officer-2 and awaits a second officer, who confirms or "
        "declines it first",
    )


def test_only_what_was_proposed_is_confirmed_or_declined() -> None:
    nothing = given(*HISTORIES[s.Verified])
    other = given(*HISTORIES[s.Verified], decided_on(Matter.APPROVAL))
    for decide in (
        c.ConfirmDecision(matter=Matter.REFUSAL),
        c.DeclineDecision(matter=Matter.REFUSAL),
    ):
        nothing.when(decide).refused(
            NothingProposed, "no refusal was proposed; nothing awaits a second officer"
        )
        other.when(decide).refused(
            NothingProposed, "no refusal was proposed; only approval awaits a second officer"
        )


@pytest.mark.parametrize(
    "stage", [s.Draft, s.FeeAwaited, s.Acknowledged, s.PrerequisitesMet, s.InPool], ids=named
)
def test_where_nothing_is_decided_nothing_is_proposed(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage])
    confirm = c.ConfirmDecision(matter=Matter.REFUSAL)
    if stage is s.Draft:
        case.when(confirm).refused(NotAllowedNow, "while the case is draft")
    else:  # an address may be changed at any other stage
        case.when(confirm).refused(NothingProposed, "nothing awaits a second officer")
    for command in (REFUSE, c.ProposeApproval(), VOID):
        case.when(command).refused(NotAllowedNow, f"while the case is {s.STAGES[stage]}")


@pytest.mark.parametrize("texts", [(), ("",), (" ", "\n")])
@pytest.mark.parametrize(
    ("stage", "command"),
    [
        (s.Shortlisted, REFUSE),
        (s.Extending, REFUSE),
        (s.UnderReconsideration, UPHOLD),
        (s.Settled, VOID),
    ],
    ids=named,
)
def test_what_could_not_be_confirmed_is_not_proposed(
    stage: type[s.CaseState], command: c.ProposeRefusal, texts: tuple[str, ...]
) -> None:
    given(*HISTORIES[stage]).when(replace(command, reasons=texts)).refused(
        ReasonsMissing, "give at least one reason that the person can act on"
    )


def test_a_confirmation_takes_effect_as_the_case_is_then() -> None:
    later = datetime(2019, 12, 31, 4, tzinfo=UTC)
    spouse = DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=None)
    child = DependantAdded(dependant=2, relation=Relation.CHILD, personal=None)
    verified = (*HISTORIES[s.Verified], decided_on(Matter.APPROVAL))
    confirm = c.ConfirmDecision(matter=Matter.APPROVAL)
    for people, persons in (
        ((), 1),
        ((spouse,), 2),
        ((spouse, child), 3),
        ((spouse, child, DependantRemoved(dependant=1)), 2),
    ):
        given(*verified, *people).at(later).when(confirm).then(
            confirmed(Matter.APPROVAL),
            replace(
                APPROVED,
                persons=persons,
                visa_fee_hkd=persons * VISA_FEE,
                pay_by=date(2020, 6, 30),
            ),
        )


def test_a_refusal_waits_for_the_override_that_was_proposed_after_it() -> None:
    case = given(*HISTORIES[s.BelowMark], decided_on(Matter.REFUSAL), proposed())
    case.when(c.ConfirmDecision(matter=Matter.REFUSAL)).refused(
        AwaitsSecondOfficer, "an override of resident-relative is proposed and awaits"
    )
    assert case.when(c.DeclineDecision(matter=Matter.REFUSAL)).refusal is None


def test_documents_and_people_leave_a_proposal_open() -> None:
    spouse = DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=None)
    history = (*HISTORIES[s.Verified], decided_on(Matter.APPROVAL), document(), spouse)
    decided = given(*history).when(c.ConfirmDecision(matter=Matter.APPROVAL))
    decided.leads_to(s.Stage.APPROVED)


def test_another_stage_proposes_and_confirms_nothing_whatever_awaits() -> None:
    case = given(*HISTORIES[s.Verified], decided_on(Matter.APPROVAL))
    case.when(c.ProposeExtension()).refused(NotAllowedNow, "while the case is originals-verified")
    # Only a history that no command made has such a proposal.
    for matter in set(Matter) - {Matter.CONTACT_CHANGE}:  # which is for every stage
        for stage in (s.Shortlisted, s.VisaPaid, s.Refused):
            wrong = given(*HISTORIES[stage], decided_on(matter))
            confirmed_so = wrong.when(c.ConfirmDecision(matter=matter))
            here = any(
                each is stage and MATTER_OF[type(said)] is matter for each, said, _ in DECISIONS
            )
            assert (confirmed_so.refusal is None) == here
            assert here or isinstance(confirmed_so.refusal, NotAllowedNow)
