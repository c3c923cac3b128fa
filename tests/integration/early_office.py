"""A worker that opened its office, and used all of it, before its processes were forked.

What each process used, the parent first, is a line of the file `used` in its data folder: the
server's process of every connection to the database, and the number of that to Redis.
"""

import json
from typing import Any

from celery import signals
from sqlalchemy import text

from services.wiring import Office
from workers.app import app
from workers.office import office

__all__ = ["app"]

_BACKEND = "SELECT pg_backend_pid()"


def _used(opened: Office) -> list[str]:
    with opened.models.engine.connect() as models, opened.ledger.engine.connect() as ledger:
        pids = [each.execute(text(_BACKEND)).scalar_one() for each in (models, ledger)]
    for pool in (opened.store._connections, opened.files._connections):
        with pool.borrow() as connection:
            pids.append(connection.execute(_BACKEND).fetchone()[0])
    clients = [each.client_id() for each in (opened.pokes.flags, opened.guesses.shared) if each]
    return [f"backend {each}" for each in pids] + [f"client {each}" for each in clients]


@signals.worker_init.connect
@signals.worker_process_init.connect
def _use(**_: Any) -> None:
    opened = office()
    with (opened.settings.home / "used").open("a") as file:
        file.write(json.dumps(_used(opened)) + "\n")
