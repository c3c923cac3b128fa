"""Letters that wait for an applicant whose e-mail address was changed: they go to the new one.

What is said in a letter stays as it was composed; only where it goes is another. What had come back
or was given up is sent once more, and is then no longer among the letters to be printed.
"""

from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, select, update

from domain.processes import Party
from services.notifications.entries import Identity, Means, State
from services.notifications.letters import Letter
from services.notifications.tables import case_keys, notifications
from services.store import CaseKeys

_ROW: Final = notifications.c
_AGAIN: Final[dict[str, Any]] = {
    "state": State.PLANNED,
    "attempts": 0,
    "next_attempt_at": func.now(),
    "settled_at": None,
    "last_error": None,
}


def readdress(connection: Connection, keys: CaseKeys, reference: str, email: str) -> int:
    """What is planned for the applicant of a case, or failed, is due at `email`; return how much.

    Nothing changes where nothing can be sent to that address, nor of what is being sent now.
    """
    if not email:
        return 0
    query = (
        select(notifications, case_keys.c.wrapped)
        .join(case_keys, case_keys.c.reference == _ROW.reference)
        .where(
            _ROW.reference == reference,
            _ROW.party == Party.APPLICANT,
            _ROW.means == Means.EMAIL,
            _ROW.state.in_((State.PLANNED, State.FAILED)),
            _ROW.sealed.is_not(None),
            case_keys.c.wrapped.is_not(None),
        )
        .with_for_update(of=notifications)
    )
    found = connection.execute(query).mappings().all()
    for row in found:
        named = {name: str(row[name]) for name in Identity.__dataclass_fields__}
        place = Identity(**named).place()
        key = keys.unwrap(reference, row["wrapped"])
        letter = msgspec.json.decode(key.open(row["sealed"], place), type=Letter)
        sealed = key.seal(msgspec.json.encode(replace(letter, recipient=email)), place)
        again = _AGAIN if row["state"] == State.FAILED else {}
        connection.execute(
            update(notifications).where(_ROW.id == row["id"]).values(sealed=sealed, **again)
        )
    return len(found)
