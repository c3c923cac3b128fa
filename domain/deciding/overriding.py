"""Overriding: one officer proposes other points for a rule, and a second one confirms them.

Law: nobody is both officers, in whatever role they act. A proposal changes nothing; a confirmation
counts the whole score anew, under the ruleset of the score and with every override that stands.
Open proposals lapse when the case goes before the committee or begins anew. A move ends the
overrides too, for they are about the rules of the ruleset that the case leaves; nothing else but
another confirmation ends one, though a score under another edition counts none. A
proposal also lapses with its proposer's stepping aside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain import commands as c
from domain import following
from domain import overrides as o
from domain import stages as s
from domain.application import Application
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.errors import (
    AlreadyGiven,
    AwaitsSecondOfficer,
    GroundsMissing,
    NoSuchProposal,
    PersonErased,
    SecondOfficerNeeded,
)
from domain.findings import application_scored
from domain.rules.assess import assess
from domain.rules.choose import recorded
from domain.rules.overriding import factor_of
from domain.rules.types import Assessment, Ruleset
from domain.strata import stratum_of


def propose(state: s.CaseState, command: c.ProposeOverride, given: Circumstances) -> Facts:
    """Return the fact that other points were proposed for a rule."""
    scored = _scored(state, command, given)
    if any(each.rule == command.rule for each in scored.proposals):
        raise AwaitsSecondOfficer(
            f"an override of {command.rule} is proposed already; it awaits a second officer, who "
            "confirms or declines it first"
        )
    computed = _computed(scored, command.rule, command.points)
    standing = scored.decided.get(command.rule, computed)
    # An override that its test agrees with by now makes no difference, and is taken back all the
    # same: it would again where the test came to depart from it.
    taken_back = command.rule in scored.decided and computed == command.points
    if standing == command.points and not taken_back:
        raise AlreadyGiven(f"{command.rule} gives {standing} already; propose other points")
    return (
        o.OverrideProposed(
            rule=command.rule,
            factor=factor_of(scored.ruleset, command.rule),
            computed=computed,
            decided=command.points,
            code=command.code,
            proposed_by=given.actor,
            personal=_grounds(command),
        ),
    )


def confirm(state: s.CaseState, command: c.ConfirmOverride, given: Circumstances) -> Facts:
    """Return the facts that the override stands and what the whole score is with it."""
    scored = _scored(state, command, given)
    proposal = _open(scored.proposals, command.rule)
    demand_second(state, proposal, given.actor)
    found = _assessed(scored, {**scored.decided, proposal.rule: proposal.decided})
    applied = {each.rule: each for each in scored.score.overrides}
    if any(each.rule == proposal.rule for each in found.overrides):
        applied[proposal.rule] = o.OverrideApplied(**_said(proposal), confirmed_by=given.actor)
    else:
        # To decide what the rule's own test gives is to take back what was decided before.
        applied.pop(proposal.rule, None)
    return (
        o.OverrideConfirmed(**_said(proposal), confirmed_by=given.actor),
        application_scored(
            found,
            o.standing_in(found, applied.values()),
            stratum=stratum_of(scored.application, found.reference_date),
        ),
    )


def decline(state: s.CaseState, command: c.DeclineOverride, given: Circumstances) -> Facts:
    """Return the fact that the override is not to be; the score stays as it is."""
    if c.DeclineOverride not in following.NEXT[type(state)]:
        raise not_now(state, command)
    proposal = _open(s.proposals_of(state), command.rule)
    demand_second(state, proposal, given.actor)
    said = command.reason.strip()
    return (
        o.OverrideDeclined(
            rule=proposal.rule,
            proposed_by=proposal.proposed_by,
            declined_by=given.actor,
            personal=o.OverrideRemarks(text=said) if said else None,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """A scored case with all that its score is counted from."""

    application: Application
    score: s.Score
    ruleset: Ruleset
    proposals: tuple[o.OverrideProposed, ...]

    @property
    def decided(self) -> Mapping[str, int]:
        """The points decided by the overrides that stand, by rule."""
        return {each.rule: each.decided for each in self.score.overrides}


def _scored(
    state: s.CaseState, command: c.ProposeOverride | c.ConfirmOverride, given: Circumstances
) -> _Scored:
    match state:
        case s.BelowMark(score=s.Score() as score) | s.InPool(score=s.Score() as score):
            application = state.filed.application
        case _:
            raise not_now(state, command)
    if application is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be scored anew")
    return _Scored(
        application=application,
        score=score,
        ruleset=recorded(given.rulebook, score.ruleset, score.digest, known_on=given.today),
        proposals=state.proposals,
    )


def _assessed(scored: _Scored, overrides: Mapping[str, int]) -> Assessment:
    return assess(scored.ruleset, scored.application, scored.score.reference_date, overrides)


def _computed(scored: _Scored, rule: str, points: int) -> int:
    """Return what the rule's own test gives, or the refusal of points that the rule cannot give."""
    found = _assessed(scored, {rule: points})
    return next((each.computed for each in found.overrides), points)


def _open(proposals: tuple[o.OverrideProposed, ...], rule: str) -> o.OverrideProposed:
    for each in proposals:
        if each.rule == rule:
            return each
    known = ", ".join(each.rule for each in proposals) or "none"
    raise NoSuchProposal(f"no override of {rule!r} awaits a second officer; those that do: {known}")


def _said(proposal: o.OverrideProposed) -> dict[str, Any]:
    """Return what is said of an override whoever confirms it."""
    return {
        "rule": proposal.rule,
        "computed": proposal.computed,
        "decided": proposal.decided,
        "code": proposal.code,
        "proposed_by": proposal.proposed_by,
    }


def demand_second(state: s.CaseState, proposal: o.OverrideProposed, actor: str) -> None:
    """Pass where `actor` has not acted on the override of this rule yet, else refuse."""
    acted = () if isinstance(state, s.Draft) else state.filed.actors(o.matter_of(proposal.rule))
    if actor == proposal.proposed_by:
        raise SecondOfficerNeeded(
            f"{actor} proposed the override of {proposal.rule}; somebody else has to decide on it"
        )
    if actor in acted:
        raise SecondOfficerNeeded(
            f"{actor} has proposed or declined an override of {proposal.rule} before; somebody "
            "else has to decide on it"
        )


def _grounds(command: c.ProposeOverride) -> o.OverrideGrounds:
    text = command.reason.strip()
    evidence = tuple(each.strip() for each in command.evidence if each.strip())
    if not text or not evidence:
        raise GroundsMissing("say why other points are right and where the evidence is found")
    return o.OverrideGrounds(text=text, evidence=evidence)
