"""What is due in one case: what, until which day, and of whom, folded from its own two streams.

Law: it is the fold of the read model of deadlines, so that the page of a case and the list of all
cases never say two things.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from domain.deadlines import Deadline
from domain.projections import deadlines
from domain.projections.deadlines import DeadlineRow, OpenDay, open_days
from domain.projections.status import Party
from domain.record import Recorded, in_order

DUE_OF: Final[Mapping[Deadline, Party]] = MappingProxyType(
    {
        Deadline.DOCUMENTS: Party.APPLICANT,
        Deadline.ORIGINALS: Party.APPLICANT,
        Deadline.VISA_FEE: Party.APPLICANT,
        Deadline.ACTIVATION: Party.APPLICANT,
        Deadline.EXTENSION: Party.APPLICANT,
        Deadline.STAY: Party.APPLICANT,
        Deadline.RECONSIDERATION: Party.APPLICANT,
        Deadline.DATA_ACCESS: Party.OFFICE,
    }
)
"""Who has to do what is due, or may."""


def outstanding(
    case: Sequence[Recorded[Any]], work: Sequence[Recorded[Any]], today: date
) -> tuple[OpenDay, ...]:
    """Return the days that are open in a case, the next first; a window that closed is not."""
    row: DeadlineRow | None = None
    for each in in_order((*case, *work)):
        row = deadlines.fold(row, each._replace(position=each.position or 0))
    found = () if row is None else open_days(row)
    still = (
        each
        for each in found
        if each.deadline is not Deadline.RECONSIDERATION or each.due_on >= today
    )
    return tuple(sorted(still, key=lambda each: each.due_on))
