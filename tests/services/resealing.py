"""Letters of the ledger whose seal opens, and that say something else than was composed."""

from dataclasses import replace

import msgspec
import psycopg

from services.notifications.entries import Identity
from services.notifications.letters import Letter
from services.wiring import Office


def reseal_first(office: Office, owner_url: str, damaged: bytes = b"", **said: str) -> int:
    """The first letter of the ledger says this otherwise, or is damaged; return its number."""
    with psycopg.connect(owner_url) as owner:
        found = owner.execute(
            "SELECT n.id, event_id::text, effect, party, n.reference, sealed, wrapped"
            " FROM notifications n JOIN case_keys USING (reference) ORDER BY n.id LIMIT 1"
        ).fetchone()
        assert found is not None
        number, event_id, effect, party, reference, sealed, wrapped = found
        place = Identity(event_id=event_id, effect=effect, party=party).place()
        key = office.ledger.keys.unwrap(reference, wrapped)
        letter = msgspec.json.decode(key.open(sealed, place), type=Letter)
        made = damaged or msgspec.json.encode(replace(letter, **said))
        owner.execute(
            "UPDATE notifications SET sealed = %s WHERE id = %s", (key.seal(made, place), number)
        )
    return int(number)
