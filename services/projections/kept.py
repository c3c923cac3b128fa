"""What is counted over read models now and then and kept, as one document under a name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Text, cast, func, select, text

from services.projections.models import ReadModels
from services.projections.tables import figures

_KEEP: Final = text(
    """
    INSERT INTO figures (name, counted_at, position, body)
    VALUES (:name, :at, :position, CAST(:body AS json))
    ON CONFLICT (name) DO UPDATE
    SET counted_at = excluded.counted_at, position = excluded.position, body = excluded.body
    WHERE figures.counted_at <= excluded.counted_at OR figures.counted_at > statement_timestamp()
    """
)

_LOCKS: Final = 0x66696773  # "figs": a class of advisory locks of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was counted at an instant, as JSON."""

    at: datetime
    body: bytes


def keep(models: ReadModels, name: str, at: datetime, position: int, body: bytes) -> None:
    """What was counted is kept under the name, unless what is there is newer.

    What is there from a time to come was counted by a clock that was wrong, and is newer than none.
    """
    given = {"name": name, "at": at, "position": position, "body": body.decode()}
    with models.reads.connect() as connection:
        connection.execute(_KEEP, given)


@contextmanager
def alone(models: ReadModels, name: str) -> Iterator[bool]:
    """Yield whether nobody else is in such a block of that name; nobody comes in until it ends."""
    with models.engine.begin() as connection:
        # It stands still for as long as the block works, on connections of its own.
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        key = func.hashtext(name)
        yield bool(connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCKS, key))))


def kept(models: ReadModels, name: str) -> Kept | None:
    """Return what is kept under a name, None where there is nothing."""
    query = select(figures.c.counted_at, cast(figures.c.body, Text)).where(figures.c.name == name)
    with models.reads.connect() as connection:
        found = connection.execute(query).one_or_none()
    return None if found is None else Kept(at=found.counted_at, body=found[1].encode())
