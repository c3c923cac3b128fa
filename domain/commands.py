"""What people ask for, in the imperative of the office.

A command holds only what its sender decides. Time, references and rules come from outside it,
as arguments of `decide`.
"""

from dataclasses import dataclass
from datetime import date

from domain.application import Application
from domain.events import Channel
from domain.moves import MoveCode
from domain.overrides import OverrideCode
from domain.papers import PaperCommand


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
    """Move the case to another ruleset of its route, to be assessed anew under it.

    `reason` says in words why, beyond the code.
    """

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
    """Allot the shortlisted case no place and return it to the pool."""

    exercise: str
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveInPrinciple:
    """Approve, subject to the originals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOriginals:
    """Record that the originals were seen and bear out what was claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveApplication:
    """Approve the application."""


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
class RefuseApplication:
    """Refuse the application.

    The reason class follows from the stage. `reasons` may be left empty where an assessment
    already says what was not met; a refusal after deliberation needs at least one.
    """

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApplication:
    """Withdraw the application, at any time before a decision."""

    reason: str = ""


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
    | ApproveInPrinciple
    | VerifyOriginals
    | ApproveApplication
    | PayVisaFee
    | IssueVisa
    | ActivateVisa
    | RefuseApplication
    | WithdrawApplication
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenExercise:
    """Open an exercise with so many places; the committee sees `shortlist_size` cases."""

    exercise: str
    title: str
    places: int
    shortlist_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawShortlist:
    """Draw the shortlist from the frozen pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeSelection:
    """Allot the places among the shortlist."""


ExerciseCommand = OpenExercise | DrawShortlist | MakeSelection
