"""What a correction says of days, read as of the day on which its case was submitted.

Law: whoever was born later is not in an application, whenever it is corrected; `cases.carry_out`
sees to it, and what is here has it told at the doors with every other fault at once. That day is
told to nobody from whom the case is hidden.
"""

from collections.abc import Iterator
from datetime import date

from domain import commands as c
from domain.days import hong_kong_date
from domain.errors import NoSuchCase
from domain.stages import Draft
from services.cases import answering_of, case_unopened, within_sight
from services.intake.application import impossible_days
from services.intake.faults import Fault
from services.requests import Request
from services.store import CommandReused
from services.wiring import Office


def reference_day(office: Office, reference: str, request: Request) -> date:
    """Return the day as of which a correction of a case is read.

    Today where the case is not there for whoever asks, and for a command that was carried out
    before: what answers these is behind the door.
    """
    today = hong_kong_date(office.clock())
    if _came_before(office, request):
        return today
    try:
        state = within_sight(request.person, case_unopened(office, reference)).state
    except NoSuchCase:
        return today
    return today if isinstance(state, Draft) else hong_kong_date(state.filed.submitted_at)


def impossible_in(
    office: Office, reference: str, request: Request, document: object
) -> Iterator[Fault]:
    """Yield the impossible days in a document that is to correct a case; a look, if there are."""
    faults = tuple(impossible_days(document, reference_day(office, reference, request)))
    if faults:
        answering_of(office, reference, c.CorrectApplication, request).seen()
    yield from faults


def _came_before(office: Office, request: Request) -> bool:
    try:
        return office.store.recall(request.command_id, b"") is not None
    except CommandReused:
        return True  # whatever it said: no fingerprint is empty
