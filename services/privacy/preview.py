"""What an erasure would make unreadable, what stays, and what is in its way.

Law: it tells numbers and kinds, and nothing of the person. What is sealed can be counted again
after the erasure, when nobody can open any of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain import stages as s
from domain.days import hong_kong_date, written_out
from domain.events import ApplicationRefused
from domain.looks import Look
from services.cases import CaseAt
from services.looking import case_seen
from services.notifications.kept import letters_kept
from services.notifications.statements import OPEN
from services.privacy.kept import Kept, kept, preview_digest, streams_of
from services.wiring import Office
from services.work import work_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An erasure as it would be now.

    `stays` counts the events that anybody can still read but for what is sealed in them. What is
    `refused` has the erasure refused; of what is `open` somebody should know before. Whoever
    confirms names the `digest`, which is another as soon as something is recorded or filed.
    """

    reference: str
    version: int
    stage: str
    kept: Kept
    stays: Mapping[str, int]
    refused: tuple[str, ...]
    open: tuple[str, ...]
    digest: str


def preview(office: Office, look: Look, reference: str) -> Preview:
    """Return what the erasure of a case's person would do; raises as `case_seen`."""
    return preview_of(office, case_seen(office, look, reference))


def preview_of(office: Office, case: CaseAt) -> Preview:
    """Return the same of a case that somebody has in hand, of the same look."""
    # What comes in from here on makes it another, so that nothing is under it that is not shown.
    digest = preview_digest(office, case.reference)
    return Preview(
        reference=case.reference,
        version=case.version,
        stage=case.stage,
        kept=kept(office, case.reference),
        stays=office.store.evidence.types_of(streams_of(case.reference)),
        refused=tuple(_refused(case)),
        open=tuple(_open(office, case)),
        digest=digest,
    )


def _refused(case: CaseAt) -> Iterator[str]:
    if isinstance(case.state, s.Draft):
        return
    if not isinstance(case.state, s.Ended | s.Settled):
        yield f"the case is {case.stage}: only the person of one that has ended can be erased"
    for each in case.state.filed.legal_holds:
        yield f"legal hold {each.number} ({each.authority}) stands: what is held has to be kept"
    if case.state.filed.erased:
        yield "the person was erased already"


def _open(office: Office, case: CaseAt) -> Iterator[str]:
    today = hong_kong_date(office.clock())
    if (asked := work_at(office, case.reference).access) is not None:
        due = written_out(asked.due_on)
        yield f"a request for data awaits its answer until {due}: the erasure would end it"
    refusals = (each.event for each in reversed(case.events))
    refused = next((each for each in refusals if isinstance(each, ApplicationRefused)), None)
    until = refused.reconsider_by if refused and isinstance(case.state, s.Refused) else None
    if until is not None and until >= today:
        yield f"until {written_out(until)} the refusal can be asked to be looked at again"
    letters = letters_kept(office.ledger, case.reference)
    if waiting := sum(letters.get(state, 0) for state in OPEN):
        yield f"letters that are not sent yet, and never would be: {waiting}"
