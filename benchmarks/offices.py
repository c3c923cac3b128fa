"""An office on a database of the run's own, opened as a worker opens it."""

import base64
from pathlib import Path

from benchmarks.contenders import MASTER_KEY
from services.settings import Settings
from services.wiring import Office, open_office


def office_of(url: str, home: Path, *, owner_url: str | None = None) -> Office:
    """The office on the database of a libpq URL, whose pokes reach nobody."""
    told = {
        "QMAS_DATABASE_URL": url,
        "QMAS_OWNER_DATABASE_URL": owner_url or url,
        "QMAS_BROKER_URL": "redis://localhost:1/0",
        "QMAS_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
        "QMAS_BLIND_INDEX_KEY": base64.b64encode(bytes(range(160, 192))).decode(),
    }
    return open_office(Settings.load(told, home))
