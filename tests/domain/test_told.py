"""A case as people read it: decisions to their ends, the hold, its people, its links."""

from datetime import date

from domain import decisions as d
from domain import events as e
from domain import particulars as p
from domain.interruptions import (
    CaseHeld,
    CaseLapsed,
    HoldLifted,
    InterruptionReason,
    LapseCause,
    OfficerRecused,
)
from domain.projections import case_list, status
from domain.residence import ExtensionRefused, ExtensionSought, Settlement, VisaVoided
from domain.rules.reasons import as_written
from domain.told import (
    End,
    decisions_told,
    dependants_told,
    hold_told,
    links_told,
    recusals_told,
    representative_told,
)
from services.facts import lapsed
from tests.domain.histories import ACTIVATED, submitted, until
from tests.domain.test_projections import recorded, row_after

CHAN, LEE = "officer.chan", "officer.lee"
WORDS = d.DecisionWords(texts=("Not convincing",))
PROPOSED = d.DecisionProposed(matter=d.Matter.REFUSAL, proposed_by=CHAN, personal=WORDS)
CONFIRMED = d.DecisionConfirmed(matter=d.Matter.REFUSAL, proposed_by=CHAN, confirmed_by=LEE)
DECLINED = d.DecisionDeclined(
    matter=d.Matter.REFUSAL,
    proposed_by=CHAN,
    declined_by=LEE,
    personal=d.DecisionRemarks(text="Convincing"),
)
HELD = CaseHeld(personal=InterruptionReason(text="Forged?"))
VOIDED = VisaVoided(code=d.VoidingCode.FALSE_DOCUMENT, personal=WORDS)


def _told(*facts: e.CaseEvent) -> list[str | None]:
    return [each.end for each in decisions_told(recorded("case-QM-1", (submitted(), *facts)))]


def test_a_proposal_is_open_until_it_is_confirmed_or_declined() -> None:
    assert _told(PROPOSED) == [None]
    assert _told(PROPOSED, HELD) == [None]
    assert _told(PROPOSED, CONFIRMED) == [End.CONFIRMED]
    assert _told(PROPOSED, DECLINED, PROPOSED) == [End.DECLINED, None]


def test_a_proposal_lapses_when_the_case_moves_on_without_it() -> None:
    assert _told(PROPOSED, e.ApplicationWithdrawn(personal=None)) == [End.LAPSED]
    assert _told(PROPOSED, CONFIRMED, e.ApplicationWithdrawn(personal=None)) == [End.CONFIRMED]


def test_a_proposal_lapses_when_its_proposer_steps_aside_and_says_so() -> None:
    aside = OfficerRecused(officer=CHAN, personal=None)
    another = OfficerRecused(officer=LEE, personal=None)
    assert _told(PROPOSED, another) == [None]
    assert _told(PROPOSED, aside, PROPOSED) == [End.STEPPED_ASIDE, None]
    assert _told(PROPOSED, CONFIRMED, aside) == [End.CONFIRMED]
    history = recorded("case-QM-1", (submitted(), PROPOSED, another, aside))
    assert lapsed(history) == {4: ("refusal",)}


def test_a_decision_names_both_officers_and_what_they_said() -> None:
    (told,) = decisions_told(recorded("case-QM-1", (PROPOSED, DECLINED)))
    assert (told.proposed_by, told.texts, told.ended_by) == (CHAN, WORDS.texts, LEE)
    assert told.remark == "Convincing"


def test_a_hold_is_told_until_it_is_lifted() -> None:
    hold = hold_told(recorded("case-QM-1", (submitted(), HELD)))
    assert hold is not None
    assert (hold.held_by, hold.reason) == ("an officer", "Forged?")
    assert hold_told(recorded("case-QM-1", (HELD, HoldLifted(personal=None)))) is None
    assert hold_told(recorded("case-QM-1", (HELD, e.ApplicationWithdrawn(personal=None)))) is None
    assert hold_told(recorded("case-QM-1", (HELD, e.ApplicationAcknowledged()))) is not None


def test_dependants_and_representatives_are_told_as_they_come_and_go() -> None:
    spouse = p.DependantAdded(dependant=1, relation=p.Relation.SPOUSE, personal=None)
    child = p.DependantAdded(dependant=2, relation=p.Relation.CHILD, personal=None)
    events = recorded("case-QM-1", (spouse, child, p.DependantRemoved(dependant=1)))
    assert [(each.number, each.relation) for each in dependants_told(events)] == [(2, "child")]
    appointed = p.RepresentativeAppointed(personal=None)
    speaks = recorded("case-QM-1", (appointed,))
    assert representative_told(speaks) is not None
    gone = recorded("case-QM-1", (appointed, p.RepresentativeRemoved()))
    assert representative_told(gone) is None
    assert recusals_told(gone) == ()


def test_links_and_the_list_tell_which_case_took_the_place_of_which() -> None:
    ended = e.ApplicationWithdrawn(personal=None, refiled_as="QM-B")
    history = recorded("case-QM-1", (submitted(), ended))
    assert links_told(history) == (None, "QM-B")
    assert row_after(case_list, submitted(), ended).refiled_as == "QM-B"
    assert row_after(status, submitted(), ended).refiled_as == "QM-B"


def test_the_status_tells_why_a_visa_is_void_or_the_case_is_closed() -> None:
    row = row_after(status, *until(ACTIVATED), VOIDED)
    assert (row.voiding_code, row.stay_until) == (d.VoidingCode.FALSE_DOCUMENT, None)
    assert row.reasons == (as_written("Not convincing"),)
    lapsed = CaseLapsed(cause=LapseCause.STAY, due_on=date(2020, 1, 1))
    assert row_after(status, *until(ACTIVATED), lapsed).lapse_cause is LapseCause.STAY


def test_the_status_tells_the_reasons_of_a_refused_extension_until_the_next_one() -> None:
    sought = ExtensionSought(settlement=Settlement.EMPLOYED, personal=None)
    history = (*until(ACTIVATED), sought, ExtensionRefused(personal=WORDS))
    assert row_after(status, *history).reasons == (as_written("Not convincing"),)
    assert row_after(status, *history, sought).reasons == ()
