"""An example of every command and of every event of a case, as all tests try them."""

from datetime import date, timedelta

from domain import commands as c
from domain import events as e
from domain import legal_holds as l
from domain import papers as p
from domain.decisions import DecisionDeclined, Matter, VoidingCode
from domain.gradings import DepartureCode, Direction, Grade
from domain.interruptions import HoldLifted, OfficerRecused
from domain.moves import MoveCode
from domain.overrides import OverrideCode, OverrideConfirmed, OverrideDeclined
from domain.particulars import (
    ApplicationCorrected,
    ContactChanged,
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
from tests.domain.deciding import NOON
from tests.domain.histories import (
    ABODE,
    ACTIVATED,
    APPLICATION_FEE,
    CANCELLED,
    EMMA,
    EXERCISE,
    GRADED,
    HELD,
    JOHN,
    LAPSED,
    MAIN_PATH,
    MOVED,
    NOT_SELECTED,
    OUT_OF_RANK,
    RECONSIDERED,
    REFUSED,
    SOUGHT,
    TO_BE_REFUSED,
    VISA_FEE,
    VOIDED,
    WITHDRAWN,
    at_mailbox_of,
    checked,
    confirmed,
    decided_on,
    document,
    prerequisites,
    proposed,
    requested,
    scored,
    submitted,
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
    c.ProposeContactChange(email="john@elsewhere.example", evidence="Passport seen at the counter"),
    c.ConfirmDecision(matter=Matter.REFUSAL),
    c.DeclineDecision(matter=Matter.REFUSAL),
    c.HoldCase(reason="The diploma is being looked into"),
    c.LiftHold(),
    l.PlaceLegalHold(authority=l.Authority.OMBUDSMAN, reason="Complaint 12 of 2019"),
    l.LiftLegalHold(hold=1, reason="The complaint was answered"),
    c.RecuseOfficer(reason="The applicant is a cousin"),
    c.CorrectApplication(application=at_mailbox_of(JOHN, EMMA), reason="The wrong file was keyed"),
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
    ContactChanged(personal=None),
    ErasureDecided(),
    l.LegalHoldPlaced(
        hold=1, authority=l.Authority.OMBUDSMAN, placed_by="officer-1", personal=None
    ),
    l.LegalHoldLifted(hold=1, lifted_by="officer-2", personal=None),
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
ENTRY = ACTIVATED.entered_on
ENTERED = NOON.replace(month=ENTRY.month, day=ENTRY.day)
