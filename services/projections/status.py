"""An application as its applicant sees it.

Law: what is shown, the look at it and how fresh it is are of one statement, and so of one moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from domain.looks import Look
from domain.projections.status import StatusRow
from services.projections.catalogue import CASE_STATUS
from services.projections.freshness import Freshness, freshness_of, reached
from services.projections.models import ReadModels
from services.projections.rows import made
from services.projections.sealed import opened
from services.store.reading import present
from services.store.seen import NOTED_ONE, given

_CLEAR: Final = CASE_STATUS.clear_columns
# No value is in these texts but by its name.
_FOUND: Final = f"""
    SELECT {", ".join(_CLEAR)}, sealed, wrapped
    FROM case_status LEFT JOIN case_keys USING (reference) WHERE reference = %(reference)s::text
"""  # noqa: S608 - as said above
_SEEN: Final = f"""
WITH found AS MATERIALIZED ({_FOUND}), noted AS ({NOTED_ONE})
SELECT fresh.*, found.*
FROM ({reached(CASE_STATUS.name, CASE_STATUS.version)}) AS fresh LEFT JOIN found ON true
"""  # noqa: S608 - as said above
_OF_FRESHNESS: Final = 4


class _Kept(NamedTuple):
    """What opens the personal member of a row."""

    reference: str
    sealed: str | None
    wrapped: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An application as its applicant sees it, None without one, and how fresh that is."""

    row: StatusRow | None
    freshness: Freshness


def status(models: ReadModels, reference: str) -> StatusRow | None:
    """Return what the applicant of that reference would see, for the program itself, if any."""
    found = models.first(_FOUND, {"reference": reference})
    return None if found is None else _row(models, found)


def status_seen(models: ReadModels, look: Look, reference: str) -> Seen:
    """Return the application of that reference as its applicant sees it.

    The look is on record, whether there is one or not.
    """
    found = present(models.first(_SEEN, {**given(look), "reference": reference}))
    fresh, shown = found[:_OF_FRESHNESS], found[_OF_FRESHNESS:]
    return Seen(
        row=None if shown[0] is None else _row(models, shown),
        freshness=freshness_of(CASE_STATUS, fresh),
    )


def _row(models: ReadModels, found: Sequence[Any]) -> StatusRow:
    *clear, sealed, wrapped = found
    fields = dict(zip(_CLEAR, clear, strict=True))
    kept = _Kept(fields["reference"], sealed, wrapped)
    row: StatusRow = made(
        CASE_STATUS, fields, {kept.reference: opened(models.keys, CASE_STATUS, kept)}
    )
    return row
