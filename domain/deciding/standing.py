"""Standing by an assessment: what a stale one forbids, and how it is upheld or set aside.

Law: no case is selected or granted on an assessment that rests on what has been corrected since.
"""

from typing import Final

from domain import following
from domain import stages as s
from domain import standing as t
from domain.days import hong_kong_date
from domain.deciding.circumstances import Circumstances, Facts, not_now
from domain.errors import AssessmentFallen, AssessmentStale, PersonErased, ReasonsMissing
from domain.filed import Filed
from domain.rules.assess import assess
from domain.rules.choose import recorded

RESTING: Final = s.Shortlisted | s.NotSelected | s.Selected | s.InPrinciple | s.Verified
"""Where a case rests on its assessment, and a correction does not begin it anew."""


def demand_standing(filed: Filed) -> None:
    """Pass where the assessment rests on what is recorded, else refuse."""
    if filed.stale:
        raise AssessmentStale(
            "what the assessment rests on was corrected since; a supervisor upholds the "
            "assessment or sets it aside first"
        )


def decide(state: s.CaseState, command: t.StandingCommand, given: Circumstances) -> Facts:
    """Return the fact that a stale assessment stands, or that it is made anew."""
    if isinstance(state, s.Draft) or type(command) not in following.next_of(state):
        raise not_now(state, command)
    if not (said := command.reason.strip()):
        raise ReasonsMissing("say why, in words")
    reason = t.StandingReason(text=said)
    match command:
        case t.UpholdAssessment():
            return (t.AssessmentUpheld(total=_total_now(state.filed, given), personal=reason),)
        case t.SetAssessmentAside():
            return (t.AssessmentSetAside(personal=reason),)


def _total_now(filed: Filed, given: Circumstances) -> int:
    """Return what is recorded now gives, under the edition and overrides of the assessment."""
    under = filed.assessed
    if filed.application is None or under is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be assessed")
    found = assess(
        recorded(given.rulebook, under.ruleset, under.digest, known_on=given.today),
        filed.application,
        hong_kong_date(filed.submitted_at),
        {each.rule: each.decided for each in under.overrides},
    )
    if not found.eligible or found.total < under.total:
        now = f"{found.total}, with every prerequisite met"
        if not all(each.met for each in found.prerequisites):
            now = "a prerequisite that is not met"
        raise AssessmentFallen(
            f"the assessment gave {under.total}, and what is recorded now gives {now}; set the "
            "assessment aside, and the case is assessed anew"
        )
    return found.total
