"""What a person is shown of one case: each look is recorded by the statement that reads it.

Law: an edge has a case in its hands only through a look. So what further belongs to it (the work on
it, a file of it) asks for the case and is of the same look, which is recorded once.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.application import Correspondence
from domain.errors import PurposeNeeded
from domain.looks import Look, must_say_why
from domain.projections.stage_after import CASE_STREAM, WORK_STREAM
from domain.projections.status import StatusRow
from domain.sight import as_seen_by
from services import work
from services.cases import CaseAt, canonical, case_at, case_of, known_of, within_sight
from services.projections import looks, queries
from services.store.looks import Noted
from services.tracing import step
from services.wiring import Office

AT_ONCE: Final = 1_000


@step("load")
def case_seen(  # noqa: PLR0913 - what is asked for, most of it by its name
    office: Office,
    look: Look,
    reference: str,
    *,
    as_of: datetime | None = None,
    believed_at: datetime | None = None,
    document: int | None = None,
) -> CaseAt:
    """Return the case as it stood at `as_of`, as far as the log said so at `believed_at`.

    Without either it is the case now. `document` is the number of the one that is wanted of it.
    The look is on record with all of these, also where nothing was found and
    `NoSuchCase` is raised; what is no reference at all is no look at any case and is kept nowhere.
    Whoever sees cases at some stages alone sees one that is at such a stage now and was so then,
    and nothing, whenever it was, of one that they stepped aside from.
    Raises `PurposeNeeded` where whoever audits did not say why they look, lately or now.
    """
    own = canonical(reference)
    words = _said_why(office, look, own)
    if believed_at is not None:
        office.store.sequence()
    stream = f"{CASE_STREAM}{own}"
    asked = {"as_of": as_of, "believed_at": believed_at, "document": document}
    read = office.store.read_seen(look, own, (stream,), words=words, asked=asked)
    known = as_seen_by(look.person, own, known_of(own, read[stream], None, None))
    within_sight(look.person, now := case_of(known))
    if as_of is None and believed_at is None:
        return now
    return within_sight(look.person, case_of(known_of(own, known, as_of, believed_at)))


@step("load")
def work_seen(office: Office, look: Look, reference: str) -> work.WorkAt:
    """Return the work on a case as it is now, the look on record; raises as `case_seen`."""
    own = canonical(reference)
    words, streams = _said_why(office, look, own), work.streams_of(own)
    read = office.store.read_seen(look, own, streams, personal=work.OF_WORK, words=words)
    return work.work_of(own, read)


def _said_why(office: Office, look: Look, reference: str) -> tuple[bytes, ...]:
    """Return the words of what a look states, blind, or raise where it has to state something."""
    if must_say_why(look) and not looks.stated_lately(office.models, look.person, reference):
        raise PurposeNeeded(reference)
    return looks.words_of(office.blind, look.stated)


def named(office: Office, of: Look | Noted, references: Iterable[str]) -> None:
    """The look at the cases that an answer names is on record; only then may it be given.

    For what is worked out from many rows. Where the statement that read them recorded the look, the
    cases stand in rows of their own that refer to it, and where none is named there is nothing to
    add. Of many cases it is several rows, none longer than whoever reads the record can take in.
    """
    cases = sorted(set(references))
    rows = range(0, len(cases) if isinstance(of, Noted) else max(len(cases), 1), AT_ONCE)
    for first in rows:
        office.store.looks.named(of, cases[first : first + AT_ONCE])


def case_beside(office: Office, row: StatusRow) -> CaseAt:
    """Return the case of an applicant who looks at their own status, of the same look."""
    return case_at(office, row.reference)


def tongue_of(office: Office, reference: str) -> Correspondence | None:
    """Return the language that an applicant asked for, which tells nothing else of their case."""
    return row.language if (row := queries.status(office.models, reference)) else None


def work_beside(office: Office, case: CaseAt) -> work.WorkAt:
    """Return the work on a case that somebody looks at, of the same look."""
    events = office.store.read_stream(f"{WORK_STREAM}{case.reference}")
    streams = zip(work.streams_of(case.reference), (case.events, events), strict=True)
    return work.work_of(case.reference, dict(streams))


def work_history_beside(
    office: Office,
    case: CaseAt,
    *,
    as_of: datetime | None = None,
    believed_at: datetime | None = None,
) -> work.History:
    """Return the events of the work on such a case in order, restricted as in `case_seen`."""
    return work.history(office, case.reference, as_of=as_of, believed_at=believed_at)
