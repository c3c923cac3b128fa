"""What people ask for, in the imperative of the office.

A command holds only what its sender decides. Time, references and rules are told to `decide`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.application import Application, Channel, CountryCode, EmailAddress
from domain.decisions import Matter, VoidingCode
from domain.gradings import DepartureCode, Direction, Grade
from domain.legal_holds import LegalHoldCommand
from domain.moves import MoveCode
from domain.overrides import OverrideCode
from domain.papers import PaperCommand
from domain.particulars import Relation
from domain.residence import Settlement
from domain.rules.terms import AfterNoPlace
from domain.standing import StandingCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitApplication:
    """File an application."""

    application: Application
    channel: Channel = Channel.ONLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class PayApplicationFee:
    """Record that the application fee, in whole Hong Kong dollars, was paid."""

    amount_hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeApplication:
    """Tell the applicant that the application arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessPrerequisites:
    """Assess the prerequisites under the ruleset that holds for the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreApplication:
    """Score the application under the ruleset that holds for the case.

    Where a prerequisite is not met under that ruleset, it is not scored.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToRuleset:
    """Move the case to another ruleset of its route, to be assessed anew; `reason` is in words."""

    ruleset: str
    code: MoveCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeOverride:
    """Propose other points for one rule of the score, for a second officer to confirm.

    `points` are the whole of what the rule is to give, 1 or 0 for a criterion; those that its own
    test gave end an override that stands. `evidence` says where the evidence is found.
    """

    rule: str
    points: int
    code: OverrideCode
    evidence: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOverride:
    """Confirm the points that another officer proposed for a rule, and count the score anew."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineOverride:
    """Decline the points that another officer proposed for a rule."""

    rule: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortlistCase:
    """Put the case before the committee in an exercise; `rank` is None for achievement cases."""

    exercise: str
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectCase:
    """Allot the case a place of the exercise's quota."""

    exercise: str
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOverCase:
    """Allot the shortlisted case no place; `then` says what becomes of it."""

    exercise: str
    rank: int | None = None
    then: AfterNoPlace = AfterNoPlace.ROLLS_OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCase:
    """Grade the shortlisted case for the exercise that it is before the committee in.

    A general case is given one of the four grades, an achievement case is judged exceptional or
    not. Grading again stands in place of what was said before.
    """

    exercise: str
    grade: Grade
    remarks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOutOfRank:
    """Depart from the rank of the shortlisted case, as its exercise decides."""

    exercise: str
    direction: Direction
    code: DepartureCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeApprovalInPrinciple:
    """Propose to approve subject to the originals, for a second officer to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOriginals:
    """Record that the originals were seen and bear out what was claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeApproval:
    """Propose to approve the application, for a second officer to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayVisaFee:
    """Record that the fee for issuing the visa, in whole Hong Kong dollars, was paid."""

    amount_hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueVisa:
    """Issue the visa with its conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateVisa:
    """Record that the holder entered on the visa."""

    entered_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeRefusal:
    """Propose to refuse what the applicant asks for, for a second officer to confirm.

    That is the application, or the extension of a stay. The reason class follows from the stage.
    `reasons` may be left empty where an assessment already says what was not met.
    """

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDecision:
    """Confirm what another proposed, an erasure by its `preview`; it takes effect at once."""

    matter: Matter
    preview: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineDecision:
    """Decline the decision that another officer proposed."""

    matter: Matter
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApplication:
    """Withdraw the application, at any time before a decision."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCase:
    """Hold the case for an investigation: nothing is decided on it until the hold is lifted."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftHold:
    """Lift the hold, so that the case goes on where it was."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseCase:
    """Take no further action on a case that has let a day pass by which something was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecuseOfficer:
    """Declare a conflict of interest of one's own and take no further part in the case."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectApplication:
    """Correct what was filed; `application` is the whole of what it says from now on."""

    application: Application
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDependant:
    """Record that a spouse, or an unmarried child under 18, comes along [S18][S75]."""

    relation: Relation
    family_name: str
    given_names: str
    date_of_birth: date
    nationality: CountryCode
    married: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDependant:
    """Record that a dependant does not come along any more; they count from 1."""

    dependant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointRepresentative:
    """Record who speaks for the applicant from now on."""

    name: str
    organisation: str
    email: EmailAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRepresentative:
    """Record that the applicant speaks for themselves again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReconsideration:
    """Ask for a refusal to be looked at again; `material` says what is new since [S81]."""

    material: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeReopening:
    """Propose that the refusal no longer stands, for a second officer to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeUpholding:
    """Propose that the refusal stands, with reasons, for a second officer to confirm."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeekExtension:
    """Ask for the next period of stay, showing how the holder has settled [S47][S73].

    `amount_hkd` is the fee that is paid with it, 0 where there is none.
    """

    settlement: Settlement
    evidence: str
    amount_hkd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeExtension:
    """Propose to extend the stay by its pattern, for a second officer to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRightOfAbode:
    """Record that the holder has lived here for as long as the right of abode asks [S18]."""

    reached_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeVoiding:
    """Propose to make the visa and all that followed void, for a second officer to confirm."""

    code: VoidingCode
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeErasure:
    """Propose to erase what is held on the person of an ended case; a second officer confirms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeContactChange:
    """Propose another e-mail address for the applicant, for a second officer to confirm.

    `evidence` says how it was verified that the applicant asks for it.
    """

    email: EmailAddress
    evidence: str


Proposal = (
    ProposeApprovalInPrinciple
    | ProposeApproval
    | ProposeRefusal
    | ProposeReopening
    | ProposeUpholding
    | ProposeExtension
    | ProposeVoiding
    | ProposeErasure
    | ProposeContactChange
)
"""What one officer proposes and a second one confirms or declines."""

CaseCommand = (
    SubmitApplication
    | PayApplicationFee
    | AcknowledgeApplication
    | AssessPrerequisites
    | ScoreApplication
    | MoveToRuleset
    | ProposeOverride
    | ConfirmOverride
    | DeclineOverride
    | PaperCommand
    | ShortlistCase
    | SelectCase
    | PassOverCase
    | GradeCase
    | TakeOutOfRank
    | StandingCommand
    | VerifyOriginals
    | PayVisaFee
    | IssueVisa
    | ActivateVisa
    | Proposal
    | ConfirmDecision
    | DeclineDecision
    | WithdrawApplication
    | HoldCase
    | LiftHold
    | LapseCase
    | RecuseOfficer
    | CorrectApplication
    | AddDependant
    | RemoveDependant
    | AppointRepresentative
    | RemoveRepresentative
    | RequestReconsideration
    | SeekExtension
    | RecordRightOfAbode
    | LegalHoldCommand
)

BY_EXERCISE: Final = (ShortlistCase, TakeOutOfRank, SelectCase, PassOverCase)
"""What an exercise gives its cases, each with an event of the exercise's own, and nobody else."""
