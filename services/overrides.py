"""Overrides in words for staff and auditors: what was computed, what was decided, why and by whom.

Nothing here is for applicants, for it names officers.
"""

from collections.abc import Iterable, Iterator, Mapping

from domain import events as e
from domain import overrides as o
from domain.case import evolve
from domain.record import Recorded
from domain.stages import CaseState, Draft, proposals_of


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


def lapsed(events: Iterable[Recorded[e.CaseEvent]]) -> Mapping[int, tuple[o.OverrideProposed, ...]]:
    """Return the proposals that lapsed undecided, by the version of the event they lapsed with."""
    return {version: gone for version, gone in _lapses(events) if gone}


def _lapses(
    events: Iterable[Recorded[e.CaseEvent]],
) -> Iterator[tuple[int, tuple[o.OverrideProposed, ...]]]:
    state: CaseState = Draft()
    for each in events:
        before, state = proposals_of(state), evolve(state, each.event)
        decided = isinstance(each.event, o.OverrideConfirmed | o.OverrideDeclined)
        left = proposals_of(state)
        yield each.version, () if decided else tuple(one for one in before if one not in left)


def _why(code: o.OverrideCode) -> str:
    return code.replace("-", " ")
