"""An office on a database of the run's own, opened as a worker opens it."""

import base64
import hashlib
from pathlib import Path
from typing import Final

from benchmarks.contenders import MASTER_KEY
from services.settings import Settings
from services.wiring import Office, open_office

_INDEX_KEY: Final = hashlib.sha256(b"the key of a benchmark for its index").digest()
_NOBODY: Final = "redis://localhost:1/0"


def office_of(
    url: str, home: Path, *, owner_url: str | None = None, broker_url: str = _NOBODY
) -> Office:
    """The office on the database of a libpq URL, whose pokes reach nobody without a broker."""
    told = {
        "QMAS_DATABASE_URL": url,
        "QMAS_OWNER_DATABASE_URL": owner_url or url,
        "QMAS_BROKER_URL": broker_url,
        "QMAS_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
        "QMAS_BLIND_INDEX_KEY": base64.b64encode(_INDEX_KEY).decode(),
    }
    return open_office(Settings.load(told, home))
