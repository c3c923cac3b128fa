"""Why an open fence has to be closed: one judgement for who would send and who only asks."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from services.notifications.another_log import PLANNED
from services.notifications.marks import MarksAway, Remembered, no_number

_COPY: Final = "this database is a copy of the one that sent notifications"
_OLDER: Final = "this database is older than the last notifications that it sent"
_UNKNOWN: Final = "what this database last sent is remembered nowhere, so it may be an old one"


def tripped(row: Row[Any], found: Remembered) -> str | None:
    """Return why the open fence has to be closed, None where it has not; raises `MarksAway`.

    The row is the fence's, with the database that is `here` and whether the plan is of `elsewhere`.
    """
    if row.ledger is not None and row.database != row.here:
        return _COPY
    if found.highest is not None and found.highest > row.handed:
        return _OLDER
    if row.elsewhere:
        return PLANNED
    if found.highest is not None or not (row.handed or found.broken or found.are_all_away):
        return None  # before anything was sent there is nothing to forget
    if found.away:
        raise MarksAway(found.broken, found.away)
    because = f"{no_number(found.broken)}, and no other is kept, so this database"
    return f"{because} may be an old one" if found.broken else _UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What stops whoever is about to send, in words; `trips` where that is why the fence closes."""

    says: str
    trips: bool


def stopped(row: Row[Any], found: Remembered) -> Stop | None:
    """Return what stops whoever is about to send; None where nothing does."""
    try:
        why = tripped(row, found)
    except MarksAway as fault:
        return Stop(says=str(fault), trips=False)
    return None if why is None else Stop(says=f"{why}: nothing is sent", trips=True)
