"""An applicant's question: where an application stands, for whoever knows its two facts.

An unknown reference, another date of birth, an erased person and too many tries get one and the
same answer, after the same work.
"""

import hmac
from datetime import date
from typing import Final

from domain.projections.status import StatusRow
from services.projections import queries
from services.wiring import Office

_NEVER: Final = date(1, 1, 1)


def status_for(office: Office, reference: str, born: date) -> StatusRow | None:
    """Return the application of that reference if its applicant was born on that day."""
    subject = office.blind.token("enquiry", reference).hex()
    admitted = office.guesses.admit(subject)
    row = queries.status(office.models, reference)
    kept = row.date_of_birth if row else None
    same = hmac.compare_digest((kept or _NEVER).isoformat(), born.isoformat())
    if row is None or kept is None or not same or not admitted:
        return None
    office.guesses.forget(subject)
    return row
