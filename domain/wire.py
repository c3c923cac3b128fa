"""The permanent wire name of every event, and the version of its shape.

Law: a name is never reused and never changed; stored events are found by it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.data_access import (
    DataAccessAnswered,
    DataAccessDelayed,
    DataAccessRequested,
    DataExported,
)
from domain.deadlines import DeadlineApproaching, DeadlinePassed, StillInQueue
from domain.decisions import DecisionConfirmed, DecisionDeclined, DecisionProposed
from domain.events import (
    ApplicationAcknowledged,
    ApplicationApproved,
    ApplicationFeePaid,
    ApplicationRefused,
    ApplicationScored,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    ApprovedInPrinciple,
    CaseNotSelected,
    CaseSelected,
    CaseShortlisted,
    Event,
    OriginalsVerified,
    PrerequisitesAssessed,
    VisaActivated,
    VisaFeePaid,
    VisaIssued,
)
from domain.exercise_events import (
    ExerciseOpened,
    RankDepartureMade,
    ResultPublished,
    SelectionMade,
    SelectionProposed,
    ShortlistDrawn,
)
from domain.gradings import CaseGraded, CaseTakenOutOfRank
from domain.interruptions import CaseHeld, CaseLapsed, HoldLifted, OfficerRecused
from domain.legal_holds import LegalHoldLifted, LegalHoldPlaced
from domain.moves import CaseMovedToRuleset
from domain.overrides import OverrideConfirmed, OverrideDeclined, OverrideProposed
from domain.papers import (
    DocumentChecked,
    DocumentReceived,
    DocumentRequestCancelled,
    DocumentsRequested,
    DocumentVerified,
    RequestedDocumentsReceived,
)
from domain.particulars import (
    ApplicationCorrected,
    ContactChanged,
    DependantAdded,
    DependantRemoved,
    ErasureDecided,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.reconsidering import CaseReopened, ReconsiderationRequested, RefusalUpheld
from domain.record import Wire
from domain.residence import (
    ExtensionRefused,
    ExtensionSought,
    RightOfAbodeReached,
    StayExtended,
    VisaVoided,
)
from domain.standing import AssessmentSetAside, AssessmentUpheld
from domain.work_events import (
    CaseAssigned,
    CaseHandedOver,
    CaseReleased,
    CaseReturned,
    CaseTaken,
    CorrectionRefused,
    DuplicateRefused,
    LetterPosted,
    NoteAdded,
    NoteSuperseded,
)

WIRE: Final[Mapping[type[Event], Wire]] = MappingProxyType(
    {
        ApplicationSubmitted: Wire(name="application-submitted"),
        ApplicationFeePaid: Wire(name="application-fee-paid"),
        ApplicationAcknowledged: Wire(name="application-acknowledged"),
        PrerequisitesAssessed: Wire(name="prerequisites-assessed", version=2),
        ApplicationScored: Wire(name="application-scored", version=2),
        CaseMovedToRuleset: Wire(name="case-moved-to-ruleset"),
        OverrideProposed: Wire(name="override-proposed"),
        OverrideConfirmed: Wire(name="override-confirmed"),
        OverrideDeclined: Wire(name="override-declined"),
        DocumentReceived: Wire(name="document-received"),
        DocumentChecked: Wire(name="document-checked"),
        DocumentVerified: Wire(name="document-verified"),
        DocumentsRequested: Wire(name="documents-requested"),
        RequestedDocumentsReceived: Wire(name="requested-documents-received"),
        DocumentRequestCancelled: Wire(name="document-request-cancelled"),
        CaseShortlisted: Wire(name="case-shortlisted"),
        CaseGraded: Wire(name="case-graded"),
        CaseTakenOutOfRank: Wire(name="case-taken-out-of-rank"),
        CaseSelected: Wire(name="case-selected"),
        CaseNotSelected: Wire(name="case-not-selected"),
        ApprovedInPrinciple: Wire(name="approved-in-principle"),
        OriginalsVerified: Wire(name="originals-verified"),
        ApplicationApproved: Wire(name="application-approved"),
        VisaFeePaid: Wire(name="visa-fee-paid"),
        VisaIssued: Wire(name="visa-issued"),
        VisaActivated: Wire(name="visa-activated"),
        ApplicationRefused: Wire(name="application-refused"),
        ApplicationWithdrawn: Wire(name="application-withdrawn"),
        DecisionProposed: Wire(name="decision-proposed"),
        DecisionConfirmed: Wire(name="decision-confirmed"),
        DecisionDeclined: Wire(name="decision-declined"),
        CaseHeld: Wire(name="case-held"),
        HoldLifted: Wire(name="hold-lifted"),
        CaseLapsed: Wire(name="case-lapsed"),
        OfficerRecused: Wire(name="officer-recused"),
        ApplicationCorrected: Wire(name="application-corrected"),
        DependantAdded: Wire(name="dependant-added"),
        DependantRemoved: Wire(name="dependant-removed"),
        RepresentativeAppointed: Wire(name="representative-appointed"),
        RepresentativeRemoved: Wire(name="representative-removed"),
        ContactChanged: Wire(name="contact-changed"),
        LegalHoldPlaced: Wire(name="legal-hold-placed"),
        LegalHoldLifted: Wire(name="legal-hold-lifted"),
        ErasureDecided: Wire(name="erasure-decided"),
        ReconsiderationRequested: Wire(name="reconsideration-requested"),
        CaseReopened: Wire(name="case-reopened"),
        RefusalUpheld: Wire(name="refusal-upheld"),
        AssessmentUpheld: Wire(name="assessment-upheld"),
        AssessmentSetAside: Wire(name="assessment-set-aside"),
        ExtensionSought: Wire(name="extension-sought"),
        StayExtended: Wire(name="stay-extended"),
        ExtensionRefused: Wire(name="extension-refused"),
        RightOfAbodeReached: Wire(name="right-of-abode-reached"),
        VisaVoided: Wire(name="visa-voided"),
        ExerciseOpened: Wire(name="exercise-opened", version=2),
        ShortlistDrawn: Wire(name="shortlist-drawn"),
        RankDepartureMade: Wire(name="rank-departure-made"),
        SelectionProposed: Wire(name="selection-proposed"),
        SelectionMade: Wire(name="selection-made"),
        ResultPublished: Wire(name="result-published"),
        CaseAssigned: Wire(name="case-assigned"),
        CaseTaken: Wire(name="case-taken"),
        CaseReleased: Wire(name="case-released"),
        CaseHandedOver: Wire(name="case-handed-over"),
        CaseReturned: Wire(name="case-returned"),
        NoteAdded: Wire(name="note-added"),
        NoteSuperseded: Wire(name="note-superseded"),
        DuplicateRefused: Wire(name="duplicate-refused"),
        CorrectionRefused: Wire(name="correction-refused"),
        DeadlineApproaching: Wire(name="deadline-approaching"),
        DeadlinePassed: Wire(name="deadline-passed"),
        StillInQueue: Wire(name="still-in-queue"),
        LetterPosted: Wire(name="letter-posted"),
        DataAccessRequested: Wire(name="data-access-requested"),
        DataAccessDelayed: Wire(name="data-access-delayed"),
        DataAccessAnswered: Wire(name="data-access-answered"),
        DataExported: Wire(name="data-exported"),
    }
)
