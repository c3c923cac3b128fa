"""Overrides in words for staff and auditors: what was computed, what was decided, why and by whom.

Nothing here is for applicants, for it names officers.
"""

from domain import events as e
from domain import overrides as o
from domain import stages as s
from domain.moves import still_standing
from services.cases import CaseAt


def to_count(found: CaseAt) -> tuple[o.OverrideApplied, ...]:
    """Return what officers decided of a case that has still to be scored, none of any other."""
    scored = (isinstance(each.event, e.ApplicationScored) for each in still_standing(found.events))
    if not isinstance(found.state, s.Movable) or any(scored):
        return ()
    return found.state.filed.overrides


def override_told(fact: object) -> str:
    """Return one line on an override at any point of its life; empty for any other fact."""
    match fact:
        case o.OverrideProposed(proposed_by=proposer):
            by = f"proposed by {proposer}, awaits a second officer"
            return f"{_values(fact, 'proposed')}; {_why(fact.code)}; {by}"
        case o.OverrideConfirmed() | o.OverrideApplied():
            by = f"by {fact.proposed_by}, confirmed by {fact.confirmed_by}"
            return f"{_values(fact, 'decided')}; {_why(fact.code)}; {by}"
        case o.OverrideDeclined(personal=said):
            by = f"proposed by {fact.proposed_by}, declined by {fact.declined_by}"
            return f"{fact.rule}: {by}{f': {said.text}' if said else ''}"
        case _:
            return ""


def _values(fact: o.OverrideProposed | o.OverrideConfirmed | o.OverrideApplied, done: str) -> str:
    return f"{fact.rule}: computed {fact.computed}, {done} {fact.decided}"


def _why(code: o.OverrideCode) -> str:
    return code.replace("-", " ")
