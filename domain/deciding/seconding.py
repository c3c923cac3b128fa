"""Deciding together: one officer proposes a decision, and a second one confirms or declines it.

Law: the second officer differs from everybody who acted on the matter since it was opened, in
whatever role they act; the database holds the same. A proposal changes nothing and lapses when the
case moves on, or its proposer steps aside; a confirmation takes effect as the case and the rules
are then.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, assert_never

from domain import commands as c
from domain import decisions as d
from domain import following
from domain import stages as s
from domain.deciding import ending, granting, particulars, reconsidering, residing
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.errors import (
    AwaitsSecondOfficer,
    NothingProposed,
    PreviewOutdated,
    SecondOfficerNeeded,
)
from domain.filed import Filed

MATTER_OF: Final[Mapping[type[c.Proposal], d.Matter]] = MappingProxyType(
    {
        c.ProposeApprovalInPrinciple: d.Matter.APPROVAL_IN_PRINCIPLE,
        c.ProposeApproval: d.Matter.APPROVAL,
        c.ProposeRefusal: d.Matter.REFUSAL,
        c.ProposeReopening: d.Matter.REOPENING,
        c.ProposeUpholding: d.Matter.UPHOLDING,
        c.ProposeExtension: d.Matter.EXTENSION,
        c.ProposeVoiding: d.Matter.VOIDING,
        c.ProposeErasure: d.Matter.ERASURE,
        c.ProposeContactChange: d.Matter.CONTACT_CHANGE,
    }
)
"""What each proposal is about."""


def propose(state: s.CaseState, command: c.Proposal, given: Circumstances) -> Facts:
    """Return the fact that a decision was proposed, if it could be taken as the case is now."""
    if isinstance(state, s.Draft) or type(command) not in following.NEXT[type(state)]:
        raise not_now(state, command)
    if (open_decision := state.filed.decision) is not None:
        raise AwaitsSecondOfficer(
            f"{open_decision.matter} was proposed by {open_decision.proposed_by} and awaits a "
            "second officer, who confirms or declines it first"
        )
    texts = _texts(command)
    proposal = d.DecisionProposed(
        matter=MATTER_OF[type(command)],
        proposed_by=given.actor,
        voiding=command.code if isinstance(command, c.ProposeVoiding) else None,
        personal=d.DecisionWords(texts=texts, email=_email(command)) if texts else None,
    )
    _outcome(state, command, proposal, given)  # what could not be confirmed is not proposed either
    return (proposal,)


def confirm(state: s.CaseState, command: c.ConfirmDecision, given: Circumstances) -> Facts:
    """Return the facts that the decision is confirmed and what it makes of the case."""
    filed, proposal = _awaiting(state, command)
    demand_second(filed, proposal.matter, given.actor)
    if proposal.matter is d.Matter.ERASURE:
        _demand_preview(command, given)
    confirmed = d.DecisionConfirmed(
        matter=proposal.matter, proposed_by=proposal.proposed_by, confirmed_by=given.actor
    )
    return (confirmed, *_outcome(state, command, proposal, given))


def decline(state: s.CaseState, command: c.DeclineDecision, given: Circumstances) -> Facts:
    """Return the fact that the decision is not to be; the case is as it was before."""
    filed, proposal = _awaiting(state, command)
    demand_second(filed, proposal.matter, given.actor)
    said = command.reason.strip()
    return (
        d.DecisionDeclined(
            matter=proposal.matter,
            proposed_by=proposal.proposed_by,
            declined_by=given.actor,
            personal=d.DecisionRemarks(text=said) if said else None,
        ),
    )


def _demand_preview(command: c.ConfirmDecision, given: Circumstances) -> None:
    """Pass where what is erased is what the second officer looked at, else refuse."""
    # Of a case that does not open there is nothing that could have been looked at.
    if not given.preview or command.preview == given.preview:
        return
    if not command.preview:
        raise PreviewOutdated("look at the preview of the erasure first, and name its digest")
    raise PreviewOutdated(
        "something was recorded or filed since the preview that you looked at, or it was of "
        "another case; look at it again, then decide"
    )


def demand_second(filed: Filed, matter: str, actor: str) -> None:
    """Pass where `actor` has not acted on the matter yet, else refuse."""
    if actor in filed.actors(matter):
        raise SecondOfficerNeeded(
            f"{actor} has proposed or declined in this matter ({matter}); somebody else has to "
            "decide on it"
        )


def _awaiting(
    state: s.CaseState, command: c.ConfirmDecision | c.DeclineDecision
) -> tuple[Filed, d.DecisionProposed]:
    if isinstance(state, s.Draft):
        raise not_now(state, command)
    proposal = state.filed.decision
    if proposal is None or proposal.matter is not command.matter:
        what = f"only {proposal.matter}" if proposal else "nothing"
        raise NothingProposed(f"no {command.matter} was proposed; {what} awaits a second officer")
    return state.filed, proposal


def _outcome(  # noqa: PLR0911 - one arm per matter
    state: s.CaseState,
    command: c.CaseCommand,
    proposal: d.DecisionProposed,
    given: Circumstances,
) -> Facts:
    """Return what the decision makes of the case, as it is now."""
    texts = proposal.personal.texts if proposal.personal else ()
    match proposal.matter:
        case d.Matter.APPROVAL_IN_PRINCIPLE:
            return granting.approval_in_principle(state, command, given)
        case d.Matter.APPROVAL:
            return granting.approval(state, command, given)
        case d.Matter.REFUSAL:
            return ending.refusal(state, command, texts, given)
        case d.Matter.REOPENING:
            return reconsidering.reopening(state, command)
        case d.Matter.UPHOLDING:
            return reconsidering.upholding(state, command, texts, given)
        case d.Matter.EXTENSION:
            return residing.extension(state, command, given)
        case d.Matter.VOIDING:
            return ending.voiding(state, command, proposal.voiding, texts)
        case d.Matter.ERASURE:
            return ending.erasure(state, command)
        case d.Matter.CONTACT_CHANGE:
            return particulars.contact_change(state, command, proposal)
        case _:
            assert_never(proposal.matter)


def _email(command: c.Proposal) -> str | None:
    return command.email if isinstance(command, c.ProposeContactChange) else None


def _texts(command: c.Proposal) -> tuple[str, ...]:
    match command:
        case c.ProposeRefusal() | c.ProposeUpholding() | c.ProposeVoiding():
            return tuple(text.strip() for text in command.reasons if text.strip())
        case c.ProposeContactChange():
            return (particulars.in_words(command.evidence),)
        case _:
            return ()
