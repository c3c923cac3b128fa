"""Events inserted by hand, past every program, as each role there is."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from tests.conftest import TestDatabase

ROLES: Final = ("application", "owner", "superuser", "replica")

_KEY: Final = "INSERT INTO case_keys (reference, wrapped) VALUES (%s, 'x') ON CONFLICT DO NOTHING"
_WRITE: Final = """
WITH gone AS (
    UPDATE case_keys SET wrapped = NULL, erased_at = now()
    WHERE reference = %s AND wrapped IS NOT NULL
)
INSERT INTO events (commit_id, ord, body)
SELECT %s, ord - 1, body::json FROM unnest(%s::text[]) WITH ORDINALITY AS given (body, ord)
"""


@contextmanager
def connected(database: TestDatabase, role: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection as this role, in which every statement stands for itself."""
    url = {"application": database.app_url, "owner": database.owner_url}.get(
        role, database.admin_url
    )
    with psycopg.connect(url, autocommit=True) as opened:
        if role == "replica":
            opened.execute("SET session_replication_role = replica")
        yield opened


@dataclass(slots=True)
class Stream:
    """A stream that events are inserted into by hand, each on its own and at once."""

    connection: psycopg.Connection[Any]
    name: str = field(default_factory=lambda: f"case-{uuid4()}")
    version: int = 0

    def write(self, *events: Mapping[str, Any], keeping_key: bool = False) -> None:
        """All events are there, in one commit and one statement; or none is.

        With an erasure the same statement destroys the key of the case, as the store does, but not
        where that is `keeping_key`.
        """
        row = self.connection.execute("SELECT nextval('commit_ids')").fetchone()
        assert row is not None
        bodies = [
            json.dumps(
                {
                    "id": str(uuid4()),
                    "stream": self.name,
                    "version": self.version + place,
                    "type": each["type"],
                    "actor": each.get("by", "officer-9"),
                    "payload": {
                        name: said for name, said in each.items() if name not in {"type", "by"}
                    },
                }
            )
            for place, each in enumerate(events, start=1)
        ]
        erased = None
        if not keeping_key and any(each["type"] == "erasure-decided" for each in events):
            erased = self.name.removeprefix("case-")
            self.connection.execute(_KEY, (erased,))
        self.connection.execute(_WRITE, (erased, row[0], bodies))
        self.version += len(events)

    def refuses(self, constraint: str, *events: Mapping[str, Any]) -> None:
        """None of these events can be written, for this reason."""
        before = self.version
        with pytest.raises(errors.CheckViolation) as fault:
            self.write(*events)
        assert fault.value.diag.constraint_name == constraint, events
        assert self.version == before
