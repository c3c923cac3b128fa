"""The address that an applicant is reached at: two officers change it, and nobody corrects it."""

from dataclasses import replace

import pytest

from domain import commands as c
from domain import stages as s
from domain.case import load
from domain.decisions import DecisionProposed, DecisionWords, Matter
from domain.errors import (
    ContactNotCorrected,
    NotAllowedNow,
    NothingToCorrect,
    OnHold,
    PersonErased,
    ReasonsMissing,
    SecondOfficerNeeded,
)
from domain.events import ApplicationWithdrawn
from domain.following import next_of
from domain.interruptions import CaseHeld
from domain.particulars import ContactChanged, ErasureDecided, NewContact
from tests.domain.deciding import given
from tests.domain.histories import HISTORIES, JOHN, proposed, submitted

OLD, NEW = JOHN.applicant.email, "john@new.example"
CHANGE = c.ProposeContactChange(email=NEW, evidence=" Passport seen at the counter ")
PROPOSED = DecisionProposed(
    matter=Matter.CONTACT_CHANGE,
    proposed_by="officer-1",
    personal=DecisionWords(texts=("Passport seen at the counter",), email=NEW),
)
CHANGED = ContactChanged(
    personal=NewContact(email=NEW, former=OLD, evidence="Passport seen at the counter")
)
CONFIRM = c.ConfirmDecision(matter=Matter.CONTACT_CHANGE)
STAGES = [each for each in HISTORIES if each is not s.Draft]


def named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize("stage", STAGES, ids=named)
def test_it_is_changed_at_any_stage_and_nothing_else_is(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage])
    case.when(CHANGE).then(PROPOSED)
    case.once_confirmed(CHANGE).then(CHANGED)
    before, after = case.state, load((*HISTORIES[stage], CHANGED))
    assert not isinstance(before, s.Draft)
    assert not isinstance(after, s.Draft)
    assert after.filed.application is not None
    assert after.filed.application.applicant.email == NEW
    assert replace(after, filed=replace(after.filed, application=JOHN)) == before


def test_whoever_proposed_it_does_not_confirm_it() -> None:
    case = given(*HISTORIES[s.InPool], PROPOSED)
    case.when(CONFIRM).refused(SecondOfficerNeeded, "officer-1 has proposed")
    assert case.by("officer-2").when(CONFIRM).refusal is None


def test_an_override_that_awaits_somebody_keeps_no_address_waiting() -> None:
    case = given(*HISTORIES[s.BelowMark], PROPOSED, proposed()).by("officer-9")
    assert c.ConfirmDecision in next_of(case.state)
    assert case.when(CONFIRM).refusal is None


def test_it_says_how_it_was_verified_and_changes_something() -> None:
    case = given(*HISTORIES[s.InPool])
    case.when(replace(CHANGE, evidence=" ")).refused(ReasonsMissing, "say why")
    case.when(replace(CHANGE, email=OLD)).refused(NothingToCorrect, "exactly this address")


def test_a_correction_changes_no_address() -> None:
    case = given(*HISTORIES[s.InPool])
    moved = replace(JOHN, applicant=replace(JOHN.applicant, email=NEW, family_name="Lee"))
    case.when(c.CorrectApplication(application=moved, reason="Moved")).refused(
        ContactNotCorrected, "propose a change of address"
    )


def test_nothing_of_it_is_decided_while_an_investigation_holds_the_case() -> None:
    held = CaseHeld(personal=None)
    given(*HISTORIES[s.InPool], held).when(CHANGE).refused(OnHold, "lift the hold")
    open_case = given(*HISTORIES[s.InPool], PROPOSED, held).by("officer-2")
    open_case.when(CONFIRM).refused(OnHold, "lift the hold")


@pytest.mark.parametrize("words", [None, DecisionWords(texts=("Passport seen",))])
def test_a_proposal_that_no_longer_says_which_is_not_confirmed(words: DecisionWords | None) -> None:
    unread = replace(PROPOSED, personal=words)
    given(*HISTORIES[s.InPool], unread).by("officer-2").when(CONFIRM).refused(
        PersonErased, "nobody is written to"
    )


def test_what_cannot_be_read_any_more_leaves_no_application() -> None:
    for history in (
        (submitted(None), CHANGED),
        (submitted(), ContactChanged(personal=None)),
    ):
        state = load(history)
        assert not isinstance(state, s.Draft)
        assert state.filed.application is None


def test_a_case_that_another_took_the_place_of_has_no_address_to_change() -> None:
    withdrawn = ApplicationWithdrawn(personal=None)
    assert c.ProposeContactChange in next_of(given(submitted(), withdrawn).state)
    refiled = given(submitted(), replace(withdrawn, refiled_as="QM-B"))
    assert c.ProposeContactChange not in next_of(refiled.state)
    refiled.when(CHANGE).refused(NotAllowedNow, "while the case is withdrawn")


def test_a_change_that_was_proposed_before_that_was_refused_can_only_be_declined() -> None:
    refiled = ApplicationWithdrawn(refiled_as="QM-B", personal=None)
    case = given(submitted(), refiled, PROPOSED)
    assert c.DeclineDecision in next_of(case.state)
    assert c.ConfirmDecision not in next_of(case.state)
    case.by("officer-2").when(CONFIRM).refused(NotAllowedNow, "while the case is withdrawn")
    erasing = given(submitted(), refiled, replace(PROPOSED, matter=Matter.ERASURE))
    assert c.ConfirmDecision in next_of(erasing.state)


def test_an_erased_person_has_no_address() -> None:
    erased = given(*HISTORIES[s.Refused], ErasureDecided())
    assert c.ProposeContactChange not in next_of(erased.state)
    erased.when(CHANGE).refused(PersonErased, "nobody is written to")
