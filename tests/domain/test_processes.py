"""Which events call for something to be done, for whom, under which permanent name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest

from domain import events as e
from domain import particulars as p
from domain import stages as s
from domain import work_events as w
from domain.deadlines import Deadline, DeadlineApproaching, DeadlinePassed, StillInQueue
from domain.decisions import DecisionDeclined, DecisionProposed, Matter
from domain.happenings import happenings
from domain.interruptions import CaseHeld, HoldLifted, OfficerRecused
from domain.particulars import RepresentativeAppointed, RepresentativeRemoved
from domain.processes import EFFECTS, OUTSIDE, Party, called_for, effects, may_be_heard, recipients
from domain.record import Recorded
from domain.rules.terms import AfterNoPlace
from tests.domain.deciding import NOON, REFERENCE
from tests.domain.histories import (
    ACKNOWLEDGED,
    ACTIVATE_BY,
    ACTIVATED,
    APPLICATION_FEE,
    CANCELLED,
    DUE_ON,
    HISTORIES,
    MAIN_PATH,
    NOT_SELECTED,
    ORIGINALS_BY,
    PAY_BY,
    RECONSIDER_BY,
    SHORTLISTED,
    document,
    prerequisites,
    requested,
    scored,
    submitted,
)
from tests.domain.test_publishing import published

SPOKEN_FOR = RepresentativeAppointed(
    personal=p.Representative(name="May Ng", organisation="", email="may@example.com")
)
PROPOSED = DecisionProposed(matter=Matter.ERASURE, proposed_by="officer-1", personal=None)
SUPERVISORS = ("supervisor-1", "supervisor-2")


def told(
    case: Sequence[e.CaseEvent],
    work: Sequence[w.WorkEvent] = (),
    *,
    at: Any = None,
    by: str = "officer-1",
    supervisors: Sequence[str] = SUPERVISORS,
) -> set[tuple[str, str]]:
    """Return what `at`, or else the last event of the case, calls for: effects with recipients.

    The work comes after the case in the log, unless `at` is of the case.
    """
    streams = [(f"case-{REFERENCE}", each) for each in case]
    streams += [(f"work-{REFERENCE}", each) for each in work]
    if at is None or at in case:
        streams = [*streams[len(case) :], *streams[: len(case)]]
    records = [
        recorded(event, stream, position, by)
        for position, (stream, event) in enumerate(streams, start=1)
    ]
    wanted = case[-1] if at is None else at
    subject = next(each for each in records if each.event is wanted)
    of_case = [each for each in records if each.stream.startswith("case-")]
    of_work = [each for each in records if each.stream.startswith("work-")]
    happened = happenings(of_case, of_work)[subject.position or 0]
    return {
        (effect.name, recipient.name)
        for effect in effects(happened)
        for recipient in recipients(effect, happened, supervisors)
    }


def recorded(event: e.Event, stream: str, position: int, by: str) -> Recorded[e.Event]:
    return Recorded(
        event_id=f"event-{position}",
        stream=stream,
        version=position,
        event=event,
        effective_at=NOON + timedelta(minutes=position),
        recorded_at=NOON,
        actor=by,
        role="officer",
        command="Test",
        command_id="command",
        causation_id="cause",
        correlation_id="correlation",
        position=position,
    )


def heard(*case: e.CaseEvent) -> list[type[e.Event]]:
    """Return the events of a case of which its applicant may hear."""
    records = [
        recorded(event, f"case-{REFERENCE}", position, "officer-1")
        for position, event in enumerate(case, start=1)
    ]
    found = happenings(records, ()).values()
    return [type(each.event) for each in found if may_be_heard(each.event, each)]


ASSESSED = (submitted(), ACKNOWLEDGED, prerequisites(), scored())


def test_an_acknowledged_application_is_confirmed_to_its_applicant() -> None:
    assert told([submitted(), ACKNOWLEDGED]) == {("acknowledgement", "applicant")}


def test_an_applicant_on_the_way_to_a_visa_is_told_of_every_step_that_concerns_them() -> None:
    names = [
        name
        for number in range(1, len(MAIN_PATH) + 1)
        for name, recipient in sorted(told(MAIN_PATH[:number]))
        if recipient == "applicant"
    ]
    assert names == [
        "acknowledgement",
        "waiting-for-selection",
        "shortlisted",
        "selected",
        "approved-in-principle",
        "approved",
        "visa-fee-received",
        "visa-issued",
        "visa-activated",
    ]


def test_an_applicant_may_hear_of_what_a_letter_tells_them_and_of_no_more() -> None:
    silent = {e.ApplicationSubmitted, e.PrerequisitesAssessed, e.OriginalsVerified}
    assert heard(*MAIN_PATH) == [type(each) for each in MAIN_PATH if type(each) not in silent]
    assert heard(submitted(fee=APPLICATION_FEE)) == [e.ApplicationSubmitted]
    assert heard(*ASSESSED, scored(180)) == heard(*ASSESSED)
    assert heard(submitted(), CaseHeld(personal=None), PROPOSED) == []


def test_anybody_may_hear_of_results_and_of_nothing_else_that_is_no_letter() -> None:
    assert may_be_heard(published((), committee=(110, 12), selected=(73, 10)), None)
    assert not may_be_heard(CaseHeld(personal=None), None)


def test_a_fee_is_asked_for_only_where_one_is_due() -> None:
    assert told([submitted()]) == set()
    due = told([submitted(fee=APPLICATION_FEE)])
    assert due == {("application-fee-due", "applicant")}


def test_a_case_that_is_scored_again_in_the_pool_is_not_told_twice_that_it_waits() -> None:
    again = scored(180)
    assert told(ASSESSED) == {("waiting-for-selection", "applicant")}
    assert told([*ASSESSED, again], at=again) == set()


def test_whoever_gets_no_place_is_told_what_becomes_of_the_application() -> None:
    refused = replace(NOT_SELECTED, then=AfterNoPlace.IS_REFUSED)  # type: ignore[type-var]
    before = [*ASSESSED, SHORTLISTED]
    assert told([*before, NOT_SELECTED]) == {("not-selected-waits-on", "applicant")}
    assert told([*before, refused]) == {("not-selected", "applicant")}


def test_an_application_filed_anew_is_told_so_and_a_withdrawn_one_that_it_ended() -> None:
    ended = e.ApplicationWithdrawn(personal=None)
    anew = e.ApplicationWithdrawn(personal=None, refiled_as="QM-22222-22222")
    assert told([submitted(), ended]) == {("withdrawn", "applicant")}
    assert told([submitted(), anew]) == {("filed-anew", "applicant")}


def over(deadline: Deadline, due_on: date) -> DeadlinePassed:
    return DeadlinePassed(deadline=deadline, due_on=due_on, opened=1)


@pytest.mark.parametrize(
    ("stage", "fact"),
    [
        (s.InPrinciple, over(Deadline.ORIGINALS, ORIGINALS_BY)),
        (s.Approved, over(Deadline.VISA_FEE, PAY_BY)),
        (s.Issued, over(Deadline.ACTIVATION, ACTIVATE_BY)),
        (s.Active, over(Deadline.EXTENSION, ACTIVATED.stay_until)),
        (s.Active, over(Deadline.STAY, ACTIVATED.stay_until)),
    ],
)
def test_a_day_that_passed_is_told_to_the_applicant_and_whoever_has_the_case(
    stage: type[s.CaseState], fact: DeadlinePassed
) -> None:
    taken = w.CaseTaken(officer="officer-1")
    found = told(HISTORIES[stage], [taken, fact], at=fact, by="system")
    assert found == {
        ("day-is-over", "applicant"),
        ("day-is-over-for-officer", "officer:officer-1"),
    }
    assert told(HISTORIES[stage], [fact], at=fact) == {("day-is-over", "applicant")}


def test_a_day_that_is_long_over_is_news_to_whoever_has_the_case_alone() -> None:
    taken = w.CaseTaken(officer="officer-1")
    late = replace(over(Deadline.VISA_FEE, PAY_BY), belated=True)
    found = told(HISTORIES[s.Approved], [taken, late], at=late, by="system")
    assert found == {("day-is-over-for-officer", "officer:officer-1")}


def test_a_reminder_of_what_was_done_meanwhile_is_sent_to_nobody() -> None:
    case = [*ASSESSED, requested()]
    near = DeadlineApproaching(deadline=Deadline.DOCUMENTS, due_on=DUE_ON, opened=5, days=3)
    assert told(case, [near], at=near) == {("day-is-near", "applicant")}
    assert told([*case, CANCELLED], [near], at=near) == set()
    other = replace(near, due_on=DUE_ON + timedelta(days=1))
    assert told(case, [other], at=other) == set()
    for stage in (s.VisaPaid, s.Active, s.Refused):
        late = over(Deadline.VISA_FEE, PAY_BY)
        assert told(HISTORIES[stage], [late], at=late) == set()
    seen = over(Deadline.ORIGINALS, ORIGINALS_BY)
    assert told(HISTORIES[s.Verified], [seen], at=seen) == set()


def test_a_refusal_can_still_be_looked_at_again() -> None:
    near = DeadlineApproaching(
        deadline=Deadline.RECONSIDERATION, due_on=RECONSIDER_BY, opened=5, days=14
    )
    assert told(HISTORIES[s.Refused], [near], at=near) == {("day-is-near", "applicant")}
    assert told(HISTORIES[s.UnderReconsideration], [near], at=near) == set()


def test_who_waits_for_the_office_is_told_so_and_nobody_else() -> None:
    still = StillInQueue(since=NOON)
    assert told(ASSESSED, [still], at=still) == {("still-in-queue", "applicant")}
    assert told([*ASSESSED, requested()], [still], at=still) == set()
    assert told(HISTORIES[s.Approved], [still], at=still) == set()


def test_an_investigation_is_told_to_nobody() -> None:
    held = [submitted(), ACKNOWLEDGED, CaseHeld(personal=None)]
    assert told(held) == told([*held, HoldLifted(personal=None)]) == set()


def test_a_representative_is_told_beside_the_applicant_and_never_instead() -> None:
    case = [submitted(), SPOKEN_FOR, ACKNOWLEDGED]
    assert told(case) == {
        ("acknowledgement", "applicant"),
        ("acknowledgement", "representative"),
    }


def test_a_change_of_representative_is_told_to_all_three() -> None:
    other = replace(
        SPOKEN_FOR, personal=p.Representative(name="Li", organisation="", email="li@example.com")
    )
    assert told([submitted(), SPOKEN_FOR]) == {
        ("representative-appointed", "applicant"),
        ("representation-begun", "representative"),
    }
    assert told([submitted(), SPOKEN_FOR, other]) == {
        ("representative-appointed", "applicant"),
        ("representation-begun", "representative"),
        ("representation-ended", "former-representative"),
    }
    assert told([submitted(), SPOKEN_FOR, RepresentativeRemoved()]) == {
        ("representative-removed", "applicant"),
        ("representation-ended", "former-representative"),
    }


def test_whoever_was_dismissed_hears_nothing_further() -> None:
    case = [submitted(), SPOKEN_FOR, RepresentativeRemoved(), ACKNOWLEDGED]
    assert told(case) == {("acknowledgement", "applicant")}


TAKEN = w.CaseTaken(officer="officer-1")


def test_an_officer_is_told_of_documents_for_a_case_that_they_have() -> None:
    came = document()
    case = [submitted(), ACKNOWLEDGED, came]
    assert told(case, [TAKEN], by="applicant") == {("document-for-officer", "officer:officer-1")}
    assert told(case, by="applicant") == set(), "nobody has the case"
    assert told(case, [TAKEN]) == set(), "they brought it in themselves"


def test_one_document_of_several_that_were_asked_for_is_no_news_yet() -> None:
    came = document()
    case = [submitted(), ACKNOWLEDGED, requested(), came]
    assert told(case, [TAKEN], by="applicant") == set()


def test_an_officer_is_told_of_a_case_that_comes_to_them_unless_they_took_it() -> None:
    case = [submitted()]
    given = w.CaseAssigned(officer="officer-2", before="officer-1")
    handed = w.CaseHandedOver(officer="officer-2", before="officer-1")
    back = w.CaseReturned(officer="officer-1", before="officer-2", personal=None)
    assert told(case, [TAKEN], at=TAKEN) == set()
    assert told(case, [TAKEN, given], at=given, by="supervisor-1") == {
        ("case-assigned", "officer:officer-2"),
        ("case-assigned-elsewhere", "former-officer:officer-1"),
    }
    assert told(case, [TAKEN, given], at=given, by="officer-1") == {
        ("case-assigned", "officer:officer-2")
    }
    assert told(case, [TAKEN, handed], at=handed) == {("case-handed-over", "officer:officer-2")}
    assert told(case, [TAKEN, handed, back], at=back, by="officer-2") == {
        ("case-returned", "officer:officer-1")
    }


def test_what_awaits_a_second_officer_is_told_to_the_supervisors_who_may_decide_it() -> None:
    case = [submitted(), ACKNOWLEDGED, prerequisites(age_met=False), PROPOSED]
    assert told(case) == {
        ("decision-awaits-second", "supervisor:supervisor-1"),
        ("decision-awaits-second", "supervisor:supervisor-2"),
    }
    assert told(case, by="supervisor-1") == {("decision-awaits-second", "supervisor:supervisor-2")}
    recused = OfficerRecused(officer="supervisor-2", personal=None)
    assert told([*case[:-1], recused, PROPOSED]) == {
        ("decision-awaits-second", "supervisor:supervisor-1")
    }


@pytest.mark.parametrize("matter", list(Matter))
def test_supervisors_are_not_buried_under_what_is_proposed_every_day(matter: Matter) -> None:
    daily = {Matter.APPROVAL_IN_PRINCIPLE, Matter.APPROVAL, Matter.REFUSAL}
    case = [submitted(), ACKNOWLEDGED, replace(PROPOSED, matter=matter)]
    assert bool(told(case)) == (matter not in daily)


def test_an_office_that_does_not_know_its_supervisors_says_so_in_one_row() -> None:
    case = [submitted(), ACKNOWLEDGED, prerequisites(age_met=False), PROPOSED]
    assert told(case, supervisors=()) == {("decision-awaits-second", "supervisor")}


def test_whoever_proposed_what_is_declined_is_told() -> None:
    declined = DecisionDeclined(
        matter=Matter.ERASURE, proposed_by="officer-1", declined_by="supervisor-1", personal=None
    )
    case = [submitted(), ACKNOWLEDGED, prerequisites(age_met=False), PROPOSED, declined]
    assert told(case, by="supervisor-1") == {("proposal-declined", "proposer:officer-1")}


def test_a_duplicate_is_told_to_the_applicant_whose_application_is_live() -> None:
    twice = w.DuplicateRefused(channel=e.Channel.ONLINE)
    assert told([submitted()], [twice], at=twice) == {("duplicate-refused", "applicant")}


def test_an_effect_of_one_name_is_the_same_wherever_it_is_called_for() -> None:
    known = [effect for each in EFFECTS.values() for effect in each]
    assert len({each.name for each in known}) == len(set(known))


def test_an_effect_is_for_people_outside_the_office_or_within_it_but_never_for_both() -> None:
    for effect in (effect for each in EFFECTS.values() for effect in each):
        assert {party in OUTSIDE for party in effect.to} in ({True}, {False})
        if Party.REPRESENTATIVE in effect.to and effect.name != "representation-begun":
            assert Party.APPLICANT in effect.to


def test_effects_belong_to_events_of_cases_and_of_work_on_them() -> None:
    assert set(EFFECTS) <= {*get_args(e.CaseEvent), *get_args(w.WorkEvent)}
    assert called_for(ACKNOWLEDGED)
    assert not called_for(CaseHeld(personal=None))


@pytest.mark.parametrize("name", sorted({f.name for each in EFFECTS.values() for f in each}))
def test_an_effect_has_a_name_that_can_be_kept(name: str) -> None:
    assert name == name.lower()
    assert name.replace("-", "").isalpha()
