"""Moving a case to another ruleset: which one holds for it, and what may replace that."""

from domain import commands as c
from domain import stages as s
from domain.days import written_out
from domain.deciding.circumstances import Circumstances, Facts, filing_of, not_now
from domain.errors import PersonErased, ReasonsMissing, SameRuleset
from domain.filed import Filed
from domain.moves import CaseMovedToRuleset, MoveReason
from domain.rules.assess import require_route
from domain.rules.choose import NoRuleset, choose, known, named
from domain.rules.types import Ruleset


def move(state: s.CaseState, command: c.MoveToRuleset, given: Circumstances) -> Facts:
    """Return the fact that the case is to be assessed anew under another ruleset."""
    if not isinstance(state, s.Movable):
        raise not_now(state, command)
    filed, said = state.filed, command.reason.strip()
    ruleset = _known(command.ruleset, given)
    require_route(ruleset, filed.route)
    if ruleset.digest == _present_digest(filed, given):
        raise SameRuleset(f"the case is under {ruleset.id} already; name another ruleset")
    if not said:
        raise ReasonsMissing("say why the case is moved to another ruleset")
    if filed.application is None:
        raise PersonErased("what the applicant filed was erased, so it cannot be assessed anew")
    before = filed.assessed.ruleset if filed.assessed else filed.ruleset
    return (
        CaseMovedToRuleset(
            ruleset=ruleset.id,
            digest=ruleset.digest,
            before=before,
            code=command.code,
            personal=MoveReason(text=said),
        ),
    )


def ruleset_of(filed: Filed, given: Circumstances) -> Ruleset:
    """Return the ruleset that an assessment today is made under, as it is known today.

    It is the one that the case was moved to, else the one that catches it.
    """
    if filed.ruleset is not None:
        return _known(filed.ruleset, given)
    return choose(given.rulebook, filing_of(filed, given), known_on=given.today)


def _known(ruleset_id: str, given: Circumstances) -> Ruleset:
    named(given.rulebook, ruleset_id)
    for each in known(given.rulebook, given.today):
        if each.id == ruleset_id:
            return each
    raise NoRuleset(f"{ruleset_id} was not known yet on {written_out(given.today)}")


def _present_digest(filed: Filed, given: Circumstances) -> str | None:
    """Return the digest of what the case is under; None where no rule that is loaded catches it."""
    if filed.assessed is not None:
        return filed.assessed.digest
    try:
        return ruleset_of(filed, given).digest
    except NoRuleset:
        return None
