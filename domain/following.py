"""What may follow each stage of a case, and what stands in the way at the moment.

Law: `decide` refuses every command that is not named here for the case as it is. A command that is
named may still be refused for what it says, for the day, or for who gives it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

from domain import commands as c
from domain import papers as p
from domain import stages as s
from domain.decisions import DecisionProposed, Matter
from domain.filed import Filed
from domain.legal_holds import LegalHoldCommand, LiftLegalHold
from domain.standing import StandingCommand

Commands = tuple[type[c.CaseCommand], ...]

_PROPOSALS: Final = frozenset(get_args(c.Proposal))
_SECOND: Final = (c.ConfirmDecision, c.DeclineDecision)
_OVERRIDE_SECOND: Final = (c.ConfirmOverride, c.DeclineOverride)

_CARE: Final = (
    c.CorrectApplication,
    c.ProposeContactChange,
    *_SECOND,
    c.AppointRepresentative,
    c.RemoveRepresentative,
    c.RecuseOfficer,
    c.HoldCase,
    c.LiftHold,
)
_FAMILY: Final = (c.AddDependant, c.RemoveDependant)
_PAPERS: Final = (p.ReceiveDocument, p.CheckDocument, p.VerifyDocument)
_ASKING: Final = (p.RequestDocuments, p.CancelDocumentRequest)
_OPEN: Final = (
    *_ASKING,
    *_PAPERS,
    c.WithdrawApplication,
    c.LapseCase,
    *_FAMILY,
    *_CARE,
)
_MOVE: Final = (c.MoveToRuleset, *_OPEN)
_OVERRIDE: Final = (c.ProposeOverride, *_OVERRIDE_SECOND)
_STALE: Final = get_args(StandingCommand)
_REFUSE: Final = (c.ProposeRefusal, *_SECOND)
_VOID: Final = (c.ProposeVoiding, *_SECOND)
_REVIEW: Final = (c.ProposeReopening, c.ProposeUpholding, *_SECOND)
_ERASE: Final = (c.ProposeErasure, c.ProposeContactChange, *_SECOND)
# Who comes later than the approval has no visa by it, and applies with a form of their own.
_GRANTED: Final = (*_VOID, *_PAPERS, c.RemoveDependant, *_CARE)

_LAW: Final = get_args(LegalHoldCommand)

_NEXT: Final[Mapping[type[s.CaseState], Commands]] = MappingProxyType(
    {
        s.Draft: (c.SubmitApplication,),
        s.FeeAwaited: (c.PayApplicationFee, *_OPEN),
        s.Submitted: (c.AcknowledgeApplication, *_OPEN),
        s.Acknowledged: (c.AssessPrerequisites, *_MOVE),
        s.PrerequisitesMet: (c.ScoreApplication, *_MOVE),
        s.PrerequisitesUnmet: (*_REFUSE, c.AssessPrerequisites, *_MOVE),
        s.BelowMark: (*_REFUSE, c.ScoreApplication, *_OVERRIDE, *_MOVE),
        s.InPool: (c.ShortlistCase, c.ScoreApplication, *_OVERRIDE, *_MOVE),
        s.Shortlisted: (
            c.SelectCase,
            c.PassOverCase,
            c.GradeCase,
            c.TakeOutOfRank,
            *_STALE,
            *_REFUSE,
            *_OPEN,
        ),
        s.NotSelected: (*_STALE, *_REFUSE, *_OPEN),
        s.Selected: (c.ProposeApprovalInPrinciple, *_STALE, *_REFUSE, *_OPEN),
        s.InPrinciple: (c.VerifyOriginals, c.ProposeApproval, *_STALE, *_REFUSE, *_OPEN),
        s.Verified: (c.ProposeApproval, *_STALE, *_REFUSE, *_OPEN),
        s.Approved: (c.PayVisaFee, c.LapseCase, *_GRANTED),
        s.VisaPaid: (c.IssueVisa, *_GRANTED),
        s.Issued: (c.ActivateVisa, c.LapseCase, *_GRANTED),
        s.Active: (c.SeekExtension, c.RecordRightOfAbode, c.LapseCase, *_GRANTED),
        s.Extending: (c.ProposeExtension, c.ProposeRefusal, *_ASKING, *_GRANTED),
        s.Settled: (*_VOID, c.ProposeErasure, *_CARE),
        s.Refused: (c.RequestReconsideration, *_ERASE, *_CARE),
        s.UnderReconsideration: (*_REVIEW, *_ASKING, *_PAPERS, *_CARE),
        s.Withdrawn: _ERASE,
        s.Lapsed: _ERASE,
        s.Voided: _ERASE,
    }
)
NEXT: Final[Mapping[type[s.CaseState], Commands]] = MappingProxyType(
    {
        # What several groups of a stage have in common is named once.
        stage: tuple(dict.fromkeys((*commands, *(() if stage is s.Draft else _LAW))))
        for stage, commands in _NEXT.items()
    }
)
"""Which commands each stage allows at all. What has to be kept by law asks for no stage."""

WHILE_HELD: Final = frozenset(
    {
        c.LiftHold,
        c.PassOverCase,
        c.PayApplicationFee,
        c.PayVisaFee,
        c.ActivateVisa,
        c.WithdrawApplication,
        c.CorrectApplication,
        c.AppointRepresentative,
        c.RemoveRepresentative,
        c.AddDependant,
        c.RemoveDependant,
        c.RecuseOfficer,
        *_LAW,
        *_PAPERS,
        c.ProposeVoiding,
        c.ConfirmDecision,
        c.DeclineDecision,
    }
)
"""What is not the office's decision goes on while a case is held: what happens in the world is
recorded, an exercise passes over it, and an investigation may end in a voiding."""


def next_of(state: s.CaseState) -> Commands:
    """Return the commands that the case allows as it is, whoever gives them and whenever."""
    without = _without(state)
    return tuple(each for each in NEXT[type(state)] if each not in without)


def possible(state: s.CaseState) -> tuple[str, ...]:
    """Return the names of the commands that the case allows as it is."""
    return tuple(command.__name__ for command in next_of(state))


def _without(state: s.CaseState) -> frozenset[type[c.CaseCommand]]:
    """Return what the stage allows and something in the way of the case does not."""
    if isinstance(state, s.Draft):
        return frozenset()
    filed, proposals, decision = state.filed, s.proposals_of(state), state.filed.decision
    without: set[type[c.CaseCommand]] = set()
    if filed.held:
        without |= set(NEXT[type(state)]) - WHILE_HELD
    without.add(c.HoldCase if filed.held else c.LiftHold)
    if filed.application is None:
        without |= {c.ProposeErasure, c.ProposeContactChange}
    if filed.refiled_as is not None:
        without |= _of_address(decision)
    if not filed.represented:
        without.add(c.RemoveRepresentative)
    if not filed.dependants:
        without.add(c.RemoveDependant)
    without |= _by_papers(state, filed.papers)
    # One decision at a time; and what officers may still decide on points is decided first.
    without |= _PROPOSALS if decision else set(_SECOND)
    without |= {c.ProposeRefusal, c.ScoreApplication} if proposals else set(_OVERRIDE_SECOND)
    if proposals and decision and decision.matter is not Matter.CONTACT_CHANGE:
        without.add(c.ConfirmDecision)
    if filed.held and decision and decision.matter is not Matter.VOIDING:
        without.add(c.ConfirmDecision)
    without |= _by_assessment(filed, decision)
    without |= _by_law(filed, decision)
    # Only who was graded is taken out of rank.
    if isinstance(state, s.Shortlisted) and state.grade is None:
        without.add(c.TakeOutOfRank)
    return frozenset(without)


def _by_law(filed: Filed, decision: DecisionProposed | None) -> frozenset[type[c.CaseCommand]]:
    """Return what a legal hold stands in the way of, or what asks for one that stands."""
    if not filed.legal_holds:
        erased = filed.application is None
        return frozenset(_LAW if erased else (LiftLegalHold,))
    erasing = decision is not None and decision.matter is Matter.ERASURE
    return frozenset({c.ProposeErasure, *((c.ConfirmDecision,) if erasing else ())})


def _of_address(decision: DecisionProposed | None) -> frozenset[type[c.CaseCommand]]:
    """Return what changes the address of a case; a change that is open can still be declined."""
    without: set[type[c.CaseCommand]] = {c.ProposeContactChange}
    if decision is not None and decision.matter is Matter.CONTACT_CHANGE:
        without.add(c.ConfirmDecision)
    return frozenset(without)


def _by_papers(state: s.CaseState, papers: p.Papers) -> frozenset[type[c.CaseCommand]]:
    """Return what takes a document that came in, or a request that is open, and has none."""
    without: set[type[c.CaseCommand]] = set()
    if not papers.received:
        without |= {p.CheckDocument, p.VerifyDocument}
    if papers.requested is None:
        without.add(p.CancelDocumentRequest)
        if isinstance(state, s.Undecided):
            without.add(c.LapseCase)
    return frozenset(without)


def _by_assessment(
    filed: Filed, decision: DecisionProposed | None
) -> frozenset[type[c.CaseCommand]]:
    """Return what a stale assessment stands in the way of, or one that is not."""
    if not filed.stale:
        return frozenset(_STALE)
    grants = {c.SelectCase, c.ProposeApprovalInPrinciple, c.ProposeApproval}
    if decision and decision.matter in {Matter.APPROVAL_IN_PRINCIPLE, Matter.APPROVAL}:
        grants.add(c.ConfirmDecision)
    return frozenset(grants)
