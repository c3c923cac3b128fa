"""An event with the case around it, and what can be asked of it: the conditions of effects.

Law: the first line of a condition's docstring completes "only", as the table of who is told what
prints it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from domain import events as e
from domain import stages as s
from domain.case import evolve
from domain.data_access import Access
from domain.deadlines import Deadline, DeadlineApproaching, DeadlinePassed
from domain.decisions import DecisionProposed, Matter
from domain.particulars import ErasureDecided
from domain.projections.status import AWAITED
from domain.projections.status import Party as AwaitedOf
from domain.record import Recorded
from domain.rules.terms import AfterNoPlace
from domain.work import Unheld, WorkState, holder_of
from domain.work import evolve as evolve_work

_MANY: Final = frozenset({Matter.APPROVAL_IN_PRINCIPLE, Matter.APPROVAL, Matter.REFUSAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event of a case or of the work on it, with the case around it.

    `before` and `after` are the case without it and with it; `holder` has the case after it, None
    where nobody does, and `access` is what is open of requests for data; `actor` did it.
    """

    event: e.Event
    actor: str
    before: s.CaseState
    after: s.CaseState
    holder: str | None
    access: Access


Condition = Callable[[Happening], bool]
"""Says whether an effect is called for; the first line of its docstring completes "only"."""


def always(happening: Happening) -> bool:
    """Whenever it happens."""
    del happening
    return True


def fee_is_due(happening: Happening) -> bool:
    """Where a fee is due on filing."""
    return isinstance(happening.after, s.FeeAwaited)


def begins_to_wait(happening: Happening) -> bool:
    """When the case comes to wait for an exercise, not when it is scored again there."""
    waits = isinstance(happening.after, s.InPool)
    return waits and not isinstance(happening.before, s.InPool)


def rolls_over(happening: Happening) -> bool:
    """Where the case waits for the next exercise."""
    event = happening.event
    return isinstance(event, e.CaseNotSelected) and event.then is AfterNoPlace.ROLLS_OVER


def is_to_be_refused(happening: Happening) -> bool:
    """Where nobody rolls over and a refusal is to be decided."""
    return not rolls_over(happening)


def filed_anew(happening: Happening) -> bool:
    """Where another application was filed in its place."""
    event = happening.event
    return isinstance(event, e.ApplicationWithdrawn) and event.refiled_as is not None


def ended_by_it(happening: Happening) -> bool:
    """Where nothing was filed in its place."""
    return not filed_anew(happening)


def nothing_was_asked_for(happening: Happening) -> bool:
    """Where no request for documents is open."""
    before = happening.before
    return isinstance(before, s.Draft) or before.filed.papers.requested is None


def is_rare(happening: Happening) -> bool:
    """For what is rare: approvals and refusals are so many that letters would bury the rest."""
    event = happening.event
    return isinstance(event, DecisionProposed) and event.matter not in _MANY


def is_still_due(happening: Happening) -> bool:
    """Where it is still due as the case stands."""
    event, case = happening.event, happening.before
    if not isinstance(event, DeadlineApproaching | DeadlinePassed):
        return False
    match event.deadline, case:
        case (
            (Deadline.ORIGINALS, s.InPrinciple(originals_by=last))
            | (Deadline.VISA_FEE, s.Approved(pay_by=last))
            | (Deadline.ACTIVATION, s.Issued(activate_by=last))
            | (Deadline.EXTENSION | Deadline.STAY, s.Active(stay_until=last))
        ):
            return event.due_on == last
        case Deadline.RECONSIDERATION, s.Refused():
            return True
        case Deadline.DOCUMENTS, _ if not isinstance(case, s.Draft):
            asked = case.filed.papers.requested
            return asked is not None and asked.due_on == event.due_on
        case _:
            return False


def is_news(happening: Happening) -> bool:
    """Where it is still due as the case stands, and was not over for months already."""
    event = happening.event
    return isinstance(event, DeadlinePassed) and not event.belated and is_still_due(happening)


def awaits_its_answer(happening: Happening) -> bool:
    """Where it is a request for data that awaits its answer."""
    asked = happening.access.open
    match happening.event:
        case (
            DeadlineApproaching(deadline=Deadline.DATA_ACCESS, due_on=day)
            | DeadlinePassed(deadline=Deadline.DATA_ACCESS, due_on=day)
        ):
            return asked is not None and asked.due_on == day
        case _:
            return False


def a_copy_was_made(happening: Happening) -> bool:
    """Where a copy of all data was made for a request: somebody has the former value."""
    return happening.access.exports > 0


def no_copy_was_made(happening: Happening) -> bool:
    """Where no copy of the data was made for a request."""
    return not a_copy_was_made(happening)


def office_is_awaited(happening: Happening) -> bool:
    """Where the case still waits for the office."""
    awaited = AWAITED[s.stage_of(happening.before)].party
    return awaited is AwaitedOf.OFFICE and nothing_was_asked_for(happening)


def is_past(happening: Happening, when: Condition, latest: Happening) -> bool:
    """Say whether an event reminds of what was done since, by the `latest` event of its case."""
    if not isinstance(happening.event, DeadlineApproaching | DeadlinePassed):
        return False
    now = replace(happening, before=latest.after, after=latest.after, access=latest.access)
    return not when(now)


def happenings(
    case: Sequence[Recorded[Any]], work: Sequence[Recorded[Any]]
) -> Mapping[int, Happening]:
    """Return every event of a case and of the work on it, by its position, with the case around it.

    Those that have no position yet come after all others, and are left out.
    """
    numbered = [each for each in (*case, *work) if each.position is not None]
    of_case = {each.position for each in case}
    state: s.CaseState = s.Draft()
    done: WorkState = Unheld()
    found: dict[int, Happening] = {}
    for each in sorted(numbered, key=lambda recorded: recorded.position or 0):
        before = state
        if each.position in of_case:
            state = evolve(state, each.event)
        if each.position not in of_case or isinstance(each.event, ErasureDecided):
            done = evolve_work(done, each.event)
        found[each.position or 0] = Happening(
            event=each.event,
            actor=each.actor,
            before=before,
            after=state,
            holder=holder_of(done),
            access=done.access,
        )
    return found
