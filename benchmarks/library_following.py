"""The peer of a read model that follows the log: a library's runner of projections.

Like ours it keeps a row for each stream, and where it is, in one transaction; it only counts the
events of each stream. The runner hands its projection one event at a time, each with a tracking
record of its own, so that exactly once is a transaction for each event: there is no batch to set.
Everything else is as the library has it.
"""

import time
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from benchmarks.server import Database

# So few that one save is less than a socket takes at once: of a larger one the library's pipeline
# may wait for answers to what it has not sent yet, for ever.
_AT_ONCE = 100
_SCHEMA = "follower"


class Case(Aggregate):
    """A stream with a text as long as a sealed application."""

    def __init__(self, text: str) -> None:
        self.text = text


class Cases(Application[UUID]):
    """What is followed."""


class Counted(PostgresTrackingRecorder):
    """A row for each stream."""

    def __init__(self, datastore: PostgresDatastore, **given: Any) -> None:
        super().__init__(datastore, **given)
        table = Identifier(datastore.schema, "counted")
        create = SQL("CREATE TABLE IF NOT EXISTS {} (stream uuid PRIMARY KEY, events bigint)")
        self.sql_create_statements.append(create.format(table))
        self._counting = SQL(
            "INSERT INTO {} AS counted VALUES (%s, 1) ON CONFLICT (stream)"
            " DO UPDATE SET events = counted.events + 1"
        ).format(table)

    def count(self, stream: UUID, tracking: Tracking) -> None:
        """The stream has one event more, and the projection is that far."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(self._counting, (stream,), prepare=True)
            self._insert_tracking(cursor, tracking)


class Counting(Projection[Counted]):
    """Counts events by stream."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One more event is counted."""
        self.view.count(domain_event.originator_id, tracking)


def caught_up(database: Database, events: int) -> float:
    """Events a second by which the runner follows what was there when it began."""
    environ = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": database.name,
        "POSTGRES_HOST": str(database.sockets),
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": database.admin_password,
        "POSTGRES_SCHEMA": _SCHEMA,
    }
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {_SCHEMA}")
    app = Cases(env=environ)
    for start in range(0, events, _AT_ONCE):
        app.save(*(Case("x" * 640) for _ in range(start, min(start + _AT_ONCE, events))))
    app.close()
    begun = time.monotonic()
    with ProjectionRunner(
        application_class=Cases, projection_class=Counting, view_class=Counted, env=environ
    ) as following:
        following.wait(events, timeout=600)
        return events / (time.monotonic() - begun)
