"""Legal holds: what is held on a person is kept at every stage until somebody else lifts it."""

from typing import cast

import pytest

from domain import commands as c
from domain import legal_holds as l
from domain.case import load
from domain.decisions import DecisionProposed, Matter
from domain.errors import (
    KeptByLaw,
    NoSuchLegalHold,
    PersonErased,
    ReasonsMissing,
    SecondOfficerNeeded,
)
from domain.events import ApplicationWithdrawn, CaseEvent
from domain.following import next_of
from domain.particulars import ErasureDecided
from domain.stages import Active
from tests.domain.deciding import given
from tests.domain.histories import HISTORIES, submitted

WITHDRAWN = ApplicationWithdrawn(personal=None)
PLACE = l.PlaceLegalHold(authority=l.Authority.OMBUDSMAN, reason="Complaint 12")
ERASING = DecisionProposed(matter=Matter.ERASURE, proposed_by="officer-1", personal=None)


def placed(number: int = 1, by: str = "officer-1") -> l.LegalHoldPlaced:
    return l.LegalHoldPlaced(
        hold=number,
        authority=l.Authority.OMBUDSMAN,
        placed_by=by,
        personal=l.HoldWords(text="Complaint 12"),
    )


def lifted(number: int = 1) -> l.LegalHoldLifted:
    return l.LegalHoldLifted(
        hold=number, lifted_by="officer-2", personal=l.HoldWords(text="Answered")
    )


@pytest.mark.parametrize("history", [each for each in HISTORIES.values() if each])
def test_a_hold_is_placed_at_every_stage(history: tuple[object, ...]) -> None:
    given(*history).when(PLACE).then(placed())


def test_holds_count_on_and_stand_beside_each_other() -> None:
    given(submitted(), placed(), lifted(), placed(2)).when(PLACE).then(placed(3))


def test_while_a_hold_stands_no_erasure_is_proposed_and_none_confirmed() -> None:
    held = given(submitted(), WITHDRAWN, placed(), placed(2), lifted(1))
    held.when(c.ProposeErasure()).refused(KeptByLaw, "ombudsman (hold 2)")
    meanwhile = given(submitted(), WITHDRAWN, ERASING, placed(by="officer-3"))
    confirm = c.ConfirmDecision(matter=Matter.ERASURE)
    meanwhile.by("officer-2").when(confirm).refused(KeptByLaw, "has to be kept")


def test_what_an_investigation_holds_can_be_kept_and_let_go() -> None:
    case = given(submitted(), WITHDRAWN, placed(), lifted())
    case.when(c.ProposeErasure()).then(ERASING)


def test_another_lifts_it_than_who_placed_it() -> None:
    lift = l.LiftLegalHold(hold=1, reason="Answered")
    given(submitted(), placed()).by("officer-1").when(lift).refused(SecondOfficerNeeded, "another")
    given(submitted(), placed()).by("officer-2").when(lift).then(lifted())
    given(submitted(), placed(), lifted()).by("officer-2").when(lift).refused(
        NoSuchLegalHold, "no legal hold 1 stands; there is none"
    )


def test_a_hold_says_which_matter_it_is_about() -> None:
    silent = l.PlaceLegalHold(authority=l.Authority.COURT, reason=" ")
    given(submitted()).when(silent).refused(ReasonsMissing, "which matter")


def test_of_an_erased_person_nothing_can_be_kept() -> None:
    given(submitted(), WITHDRAWN, ErasureDecided()).when(PLACE).refused(PersonErased, "nothing")


def test_what_is_possible_says_what_a_hold_stands_in_the_way_of() -> None:
    voiding = DecisionProposed(matter=Matter.VOIDING, proposed_by="officer-1", personal=None)
    erasure = {c.ProposeErasure, c.ConfirmDecision, c.DeclineDecision}
    holds = {l.PlaceLegalHold, l.LiftLegalHold}
    ended = (submitted(), WITHDRAWN)
    expected = (
        ((*ended,), {c.ProposeErasure, l.PlaceLegalHold}),
        ((*ended, ERASING), {*erasure, l.PlaceLegalHold} - {c.ProposeErasure}),
        ((*ended, placed()), holds),
        ((*ended, ERASING, placed()), {*holds, c.DeclineDecision}),
        ((*ended, ErasureDecided()), set()),
        ((*HISTORIES[Active], voiding, placed()), {*holds, c.ConfirmDecision, c.DeclineDecision}),
    )
    for history, possible in expected:
        now = set(next_of(load(cast("tuple[CaseEvent, ...]", history))))
        assert now & {*erasure, *holds} == possible, history
