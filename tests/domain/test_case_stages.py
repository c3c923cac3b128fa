"""Every command in every stage, and every event from every stage."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain import commands as c
from domain import events as e
from domain import papers as p
from domain import stages as s
from domain.case import evolve, load
from domain.deciding.standing import RESTING
from domain.decisions import DecisionDeclined, Matter, VoidingCode
from domain.errors import NotAllowedNow, NothingOverdue, Refusal, TooEarly
from domain.following import NEXT, next_of, possible
from domain.gradings import DepartureCode, Direction, Grade
from domain.interruptions import HoldLifted, OfficerRecused
from domain.moves import MoveCode
from domain.overrides import OverrideCode, OverrideConfirmed, OverrideDeclined
from domain.particulars import (
    ApplicationCorrected,
    Correction,
    DependantAdded,
    DependantRemoved,
    ErasureDecided,
    Relation,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.reconsidering import CaseReopened, RefusalUpheld
from domain.residence import ExtensionRefused, Settlement, StayExtended
from domain.standing import (
    AssessmentSetAside,
    AssessmentUpheld,
    SetAssessmentAside,
    UpholdAssessment,
)
from tests.domain.deciding import NOON, given
from tests.domain.histories import (
    ABODE,
    ACTIVATED,
    APPLICATION_FEE,
    CANCELLED,
    EMMA,
    EXERCISE,
    GRADED,
    HELD,
    HISTORIES,
    JOHN,
    LAPSED,
    MAIN_PATH,
    MOVED,
    NOT_SELECTED,
    OUT_OF_RANK,
    RECONSIDERED,
    REFUSED,
    SHORTLISTED,
    SOUGHT,
    TO_BE_REFUSED,
    VISA_FEE,
    VOIDED,
    WITHDRAWN,
    checked,
    confirmed,
    criteria_met,
    decided_on,
    document,
    prerequisites,
    proposed,
    requested,
    scored,
    submitted,
    until,
)

COMMANDS: tuple[c.CaseCommand, ...] = (
    c.SubmitApplication(application=JOHN),
    c.PayApplicationFee(amount_hkd=APPLICATION_FEE),
    c.AcknowledgeApplication(),
    c.AssessPrerequisites(),
    c.ScoreApplication(),
    c.MoveToRuleset(ruleset="gpt-2015", code=MoveCode.RELIEF, reason="As announced"),
    c.ProposeOverride(
        rule="spouse-with-degree",
        points=5,
        code=OverrideCode.DOCUMENTS_SHOW_MORE,
        evidence=("a marriage certificate",),
        reason="The spouse comes too and has a degree",
    ),
    c.ConfirmOverride(rule="resident-relative"),
    c.DeclineOverride(rule="resident-relative"),
    p.ReceiveDocument(
        kind=p.DocumentKind.WORK,
        name="reference letter.pdf",
        media_type=p.MediaType.PDF,
        size=70_000,
        sha256=f"{101:064x}",
    ),
    p.CheckDocument(document=1, outcome=p.CheckOutcome.SUFFICIENT),
    p.VerifyDocument(document=1, form=p.DocumentForm.COPY, finding=p.Finding.GENUINE),
    p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=ACTIVATED.entered_on + timedelta(7)),
    p.CancelDocumentRequest(reason="The work is proven already"),
    c.ShortlistCase(exercise=EXERCISE),
    c.SelectCase(exercise=EXERCISE),
    c.PassOverCase(exercise=EXERCISE),
    c.ProposeApprovalInPrinciple(),
    c.GradeCase(exercise=EXERCISE, grade=Grade.OUTSTANDING),
    c.TakeOutOfRank(
        exercise=EXERCISE,
        direction=Direction.PLACE,
        code=DepartureCode.NEEDS,
        reason="Nobody else has this trade",
    ),
    UpholdAssessment(reason="As before"),
    SetAssessmentAside(reason="Not as before"),
    c.VerifyOriginals(),
    c.ProposeApproval(),
    c.PayVisaFee(amount_hkd=VISA_FEE),
    c.IssueVisa(),
    c.ActivateVisa(entered_on=ACTIVATED.entered_on),
    c.ProposeRefusal(reasons=("The claims were not borne out",)),
    c.WithdrawApplication(),
    c.ProposeReopening(),
    c.ProposeUpholding(reasons=("The letter says nothing new",)),
    c.ProposeExtension(),
    c.ProposeVoiding(code=VoidingCode.FALSE_DOCUMENT, reasons=("The diploma is forged",)),
    c.ProposeErasure(),
    c.ConfirmDecision(matter=Matter.REFUSAL),
    c.DeclineDecision(matter=Matter.REFUSAL),
    c.HoldCase(reason="The diploma is being looked into"),
    c.LiftHold(),
    c.RecuseOfficer(reason="The applicant is a cousin"),
    c.CorrectApplication(application=EMMA, reason="The wrong file was keyed"),
    c.AddDependant(
        relation=Relation.CHILD,
        family_name="Carter",
        given_names="Ann",
        date_of_birth=date(2015, 5, 1),
        nationality="GBR",
    ),
    c.RemoveDependant(dependant=1),
    c.AppointRepresentative(name="A. Lee", organisation="Lee & Co", email="lee@example.com"),
    c.RemoveRepresentative(),
    c.RequestReconsideration(material="The employer has written"),
    # On the day of the entry none of these is due yet; that is tested by itself.
    c.LapseCase(),
    c.SeekExtension(settlement=Settlement.EMPLOYED, evidence="document 12"),
    c.RecordRightOfAbode(reached_on=date(2019, 10, 1)),
)
BY_THE_DAY = (c.LapseCase, c.SeekExtension, c.RecordRightOfAbode)
"""Commands that are also about the day: their stage allows them, and not on each day."""
STALE = ApplicationCorrected(
    fields=("talent_list_profession",),
    assessed_anew=False,
    assessment_stale=True,
    personal=Correction(application=JOHN, reason="A slip of the pen"),
)
ADDED = DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=None)
APPOINTED = RepresentativeAppointed(personal=None)
EVENTS: tuple[e.CaseEvent, ...] = (
    *MAIN_PATH,
    submitted(fee=APPLICATION_FEE),
    e.ApplicationFeePaid(amount_hkd=APPLICATION_FEE),
    prerequisites(age_met=False),
    scored(0),
    MOVED,
    proposed(),
    OverrideConfirmed(
        rule="resident-relative",
        computed=0,
        decided=5,
        code=OverrideCode.DOCUMENTS_SHOW_MORE,
        proposed_by="officer-2",
        confirmed_by="officer-1",
    ),
    OverrideDeclined(
        rule="resident-relative", proposed_by="officer-2", declined_by="officer-1", personal=None
    ),
    document(),
    checked(1),
    p.DocumentVerified(
        document=1,
        form=p.DocumentForm.COPY,
        finding=p.Finding.GENUINE,
        verified_by="officer-1",
    ),
    requested(),
    p.RequestedDocumentsReceived(documents=(1,)),
    CANCELLED,
    GRADED,
    OUT_OF_RANK,
    NOT_SELECTED,
    TO_BE_REFUSED,
    REFUSED,
    WITHDRAWN,
    decided_on(Matter.REFUSAL),
    confirmed(Matter.REFUSAL),
    DecisionDeclined(
        matter=Matter.REFUSAL, proposed_by="officer-2", declined_by="officer-1", personal=None
    ),
    HELD,
    HoldLifted(personal=None),
    LAPSED,
    OfficerRecused(officer="officer-3", personal=None),
    ApplicationCorrected(fields=("applicant.email",), assessed_anew=False, personal=None),
    ADDED,
    DependantRemoved(dependant=1),
    APPOINTED,
    RepresentativeRemoved(),
    ErasureDecided(),
    RECONSIDERED,
    CaseReopened(),
    RefusalUpheld(personal=None),
    SOUGHT,
    StayExtended(
        settlement=Settlement.EMPLOYED, years=3, stay_until=date(2024, 9, 30), stays_left=(3,)
    ),
    ExtensionRefused(personal=None),
    ABODE,
    VOIDED,
    AssessmentUpheld(total=175, personal=None),
    AssessmentSetAside(personal=None),
)
CASES = (
    *((stage, history) for stage, history in HISTORIES.items()),
    *((stage, (*HISTORIES[stage], proposed())) for stage in (s.BelowMark, s.InPool)),
    *((stage, (*HISTORIES[stage], document())) for stage in HISTORIES if stage is not s.Draft),
    *(
        (stage, (*history, decided_on(Matter.REFUSAL)))
        for stage, history in HISTORIES.items()
        if c.ProposeRefusal in NEXT[stage]
    ),
    (s.BelowMark, (*HISTORIES[s.BelowMark], decided_on(Matter.REFUSAL), proposed())),
    *((stage, (*history, HELD)) for stage, history in HISTORIES.items() if history),
    *((stage, (*history, ADDED, APPOINTED)) for stage, history in HISTORIES.items() if history),
    (s.Shortlisted, (*HISTORIES[s.Shortlisted], GRADED)),
    *((stage, (*HISTORIES[stage], STALE)) for stage in get_args(RESTING)),
)
"""Every stage; also with a document, with an override or a decision that awaits a second officer,
graded, held by an investigation, with a stale assessment, and with people of its own, where it can
be."""
LATER_EVENTS = [each for each in EVENTS if not isinstance(each, e.ApplicationSubmitted)]
ENTRY = ACTIVATED.entered_on
ENTERED = NOON.replace(month=ENTRY.month, day=ENTRY.day)


def named(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)}-events"
    return (value if isinstance(value, type) else type(value)).__name__


def test_every_stage_has_a_history_that_ends_there() -> None:
    assert set(HISTORIES) == set(get_args(s.CaseState))
    assert {stage: type(load(history)) for stage, history in HISTORIES.items()} == {
        stage: stage for stage in HISTORIES
    }


def test_every_command_and_every_event_is_tried() -> None:
    assert {type(each) for each in COMMANDS} == set(get_args(c.CaseCommand))
    assert {type(each) for each in EVENTS} == set(get_args(e.CaseEvent))


@pytest.mark.parametrize(("stage", "history"), CASES, ids=named)
def test_a_command_is_allowed_at_exactly_the_stages_that_name_it(
    stage: type[s.CaseState], history: tuple[e.CaseEvent, ...]
) -> None:
    allowed = next_of(load(history))
    assert set(allowed) <= set(NEXT[stage])
    for command in COMMANDS:
        # At the time of the entry, which is recorded only once it is past.
        decided = given(*history).at(ENTERED).when(command)
        if isinstance(command, BY_THE_DAY) and type(command) in allowed:
            assert isinstance(decided.refusal, NothingOverdue | TooEarly), decided.refusal
        elif stage is s.InPrinciple and isinstance(command, c.ProposeApproval):
            # In 2019 an approval waits for the originals.
            assert decided.refusal is not None
        else:
            assert (decided.refusal is None) == (type(command) in allowed), decided.refusal
        assert bool(decided.facts) == (decided.refusal is None)


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
def test_a_refusal_names_what_is_possible_instead(stage: type[s.CaseState]) -> None:
    state = load(HISTORIES[stage])
    refusals = [
        given(*HISTORIES[stage]).when(command).refusal
        for command in COMMANDS
        if type(command) not in NEXT[stage]
    ]
    told = [each for each in refusals if isinstance(each, NotAllowedNow)]
    assert told
    assert {each.allowed for each in told} == {possible(state)}
    assert {each.stage for each in told} == {s.stage_of(state)}


def test_possible_names_the_commands_of_the_stage() -> None:
    assert possible(load(HISTORIES[s.Shortlisted]))[:5] == (
        "SelectCase",
        "PassOverCase",
        "GradeCase",
        "ProposeRefusal",
        "RequestDocuments",
    )
    assert possible(load(HISTORIES[s.Withdrawn])) == ("ProposeErasure",)


def test_a_second_officer_is_asked_for_only_where_something_awaits_one() -> None:
    seconds = {"ConfirmOverride", "DeclineOverride", "ConfirmDecision", "DeclineDecision"}
    below = HISTORIES[s.BelowMark]
    assert not seconds & {*possible(load(below))}
    refusal = possible(load((*below, decided_on(Matter.REFUSAL))))
    assert seconds & {*refusal} == {"ConfirmDecision", "DeclineDecision"}
    assert "ProposeRefusal" not in refusal
    override = possible(load((*below, proposed())))
    assert seconds & {*override} == {"ConfirmOverride", "DeclineOverride"}
    assert not {"ProposeRefusal", "ScoreApplication"} & {*override}
    both = possible(load((*below, decided_on(Matter.REFUSAL), proposed())))
    assert "ConfirmDecision" not in both


def test_every_stage_has_a_name_of_its_own() -> None:
    assert set(s.STAGES) == set(get_args(s.CaseState)) == set(NEXT)
    assert sorted(s.STAGES.values()) == sorted(s.Stage)


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each is not s.Draft], ids=named)
@pytest.mark.parametrize("event", EVENTS, ids=named)
def test_every_event_leads_somewhere_from_every_stage(
    stage: type[s.CaseState], event: e.CaseEvent
) -> None:
    after = evolve(load(HISTORIES[stage]), event)
    assert type(after) in NEXT
    assert not isinstance(after, s.Draft)


@pytest.mark.parametrize("event", LATER_EVENTS, ids=named)
def test_no_history_begins_with_anything_but_a_submission(event: e.CaseEvent) -> None:
    with pytest.raises(TypeError, match=f"cannot begin with {named(event)}"):
        load([event])


def test_criteria_met_lead_to_the_pool_and_to_no_rank() -> None:
    met = (*until(prerequisites()), criteria_met(8))
    waiting = load(met)
    assert isinstance(waiting, s.InPool)
    assert (waiting.points, waiting.by_criteria) == (8, True)
    assert possible(waiting) == possible(load(HISTORIES[s.InPool]))
    shortlisting = given(*met).when(c.ShortlistCase(exercise=EXERCISE, rank=1))
    assert shortlisting.facts == (e.CaseShortlisted(exercise=EXERCISE, rank=None),)


def test_a_case_that_rolls_over_is_in_the_pool_by_the_measure_it_was_there_by() -> None:
    met = (*until(prerequisites()), criteria_met(8), SHORTLISTED, NOT_SELECTED)
    waiting = load(met)
    assert isinstance(waiting, s.InPool)
    assert (waiting.points, waiting.by_criteria) == (8, True)


def test_too_few_criteria_are_below_the_mark() -> None:
    below = load((*until(prerequisites()), criteria_met(5)))
    assert isinstance(below, s.BelowMark)
    assert (below.points, below.pass_mark, below.by_criteria) == (5, 6, True)


def test_a_refused_command_changes_nothing() -> None:
    history = HISTORIES[s.InPool]
    before = load(history)
    decided = given(*history).when(c.IssueVisa())
    assert isinstance(decided.refusal, Refusal)
    assert load(history) == before


@given_any(st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from("AB")), max_size=40))
def test_any_sequence_of_commands_is_decided_or_refused(
    commands: list[tuple[c.CaseCommand, str]],
) -> None:
    state: s.CaseState = s.Draft()
    facts: tuple[e.CaseEvent, ...] = ()
    for command, actor in commands:
        decided = replace(given(), state=state).at(ENTERED).by(actor).when(command)
        done = decided.refusal is None
        # What a command says, the day and who gives it are refused as well, and tested elsewhere.
        assert not done or type(command) in next_of(state)
        assert (
            done
            or not isinstance(decided.refusal, NotAllowedNow)
            or (type(command) not in next_of(state))
        )
        facts += decided.facts
        state = load(facts)
    # Of all commands only a confirmation and what completes a request record two facts.
    assert len(facts) <= 2 * len(commands)
