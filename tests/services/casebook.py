"""Cases and exercises written to a real store, for the tests of what follows the log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import psycopg

from domain import events as e
from domain import exercise_events as x
from domain.references import RANDOM_BYTES, make_reference
from services.projections.models import ReadModels
from services.store import BlindIndex, CaseKeys, Commit, NewEvent, Store, StreamWrite
from tests.domain.histories import JOHN, MAIN_PATH

START = datetime(2019, 5, 1, 1, 0, tzinfo=UTC)
MASTER_KEY = sha256(b"master").digest()
INDEX_KEY = sha256(b"index").digest()
_SECOND_PERSON = """
SELECT tgname FROM pg_trigger
WHERE tgrelid = 'events'::regclass AND NOT tgisinternal AND tgname <> 'events_append_only'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Casebook:
    """A store, its read models, and how to write into the one and look into the other."""

    store: Store
    models: ReadModels

    @classmethod
    def opened(cls, url: str, owner_url: str) -> "Casebook":
        """A book that takes any history at all.

        What follows the log is tried on histories that no two officers need to have made, so the
        triggers that ask for a second person are off in this database.
        """
        with psycopg.connect(owner_url, autocommit=True) as owner:
            for (trigger,) in owner.execute(_SECOND_PERSON).fetchall():
                owner.execute(f'ALTER TABLE events DISABLE TRIGGER "{trigger}"')
        keys = CaseKeys(MASTER_KEY)
        return cls(
            store=Store.connect(url, keys),
            models=ReadModels.connect(url, keys, BlindIndex(INDEX_KEY)),
        )

    def close(self) -> None:
        self.store.dispose()
        self.models.dispose()

    def write(
        self, stream: str, events: Iterable[e.Event], *, after: int = 0, at: datetime = START
    ) -> None:
        """Append the events to a stream, an hour after one another."""
        self.write_all([write_of(stream, events, after=after, at=at)])

    def write_all(self, writes: Sequence[StreamWrite]) -> None:
        """Append to many streams in one commit; a selection in another one, by somebody else."""
        parts = [_parts(each) for each in writes]
        self._write([first for first, _ in parts if first], "somebody")
        if later := [rest for _, rest in parts if rest]:
            self._write(later, "somebody else")

    def _write(self, writes: Sequence[StreamWrite], actor: str) -> None:
        command_id = uuid4()
        self.store.append(
            Commit(
                command_id=command_id,
                fingerprint=command_id.bytes,
                writes=tuple(writes),
                actor=actor,
                role="officer",
                command="Test",
                causation_id=str(command_id),
                correlation_id="test",
            )
        )


def _parts(write: StreamWrite) -> tuple[StreamWrite | None, StreamWrite | None]:
    """Return what is written before a selection, and from it on; None where there is nothing."""
    made = [isinstance(each.event, x.SelectionMade) for each in write.events]
    at = made.index(True) if any(made) else len(made)
    first = replace(write, events=write.events[:at]) if at else None
    if at == len(made):
        return first, None
    return first, replace(write, expected=write.expected + at, events=write.events[at:])


def write_of(
    stream: str, events: Iterable[e.Event], *, after: int = 0, at: datetime = START
) -> StreamWrite:
    """Return what to write to one stream, its events an hour after one another."""
    return StreamWrite(
        stream=stream,
        expected=after,
        events=tuple(
            NewEvent(event=event, effective_at=at + timedelta(hours=after + hours))
            for hours, event in enumerate(events)
        ),
    )


def reference(number: int) -> str:
    """Return the same valid reference for the same number."""
    return make_reference(sha256(str(number).encode()).digest()[:RANDOM_BYTES])


def history(number: int, events: Iterable[e.CaseEvent] = MAIN_PATH) -> tuple[e.CaseEvent, ...]:
    """Return a history as that of case `number`, filed so many minutes after the others."""
    return tuple(
        replace(
            event,
            reference=reference(number),
            submitted_at=START + timedelta(minutes=number),
            personal=event.personal
            and replace(JOHN, applicant=replace(JOHN.applicant, given_names=f"John N{number}")),
        )
        if isinstance(event, e.ApplicationSubmitted)
        else event
        for event in events
    )


def opened(exercise: str, position: int = 1) -> x.ExerciseOpened:
    """Return the opening of an exercise of ten places."""
    return x.ExerciseOpened(
        exercise=exercise,
        title=f"Exercise {exercise}",
        archetype=x.Archetype.RANK_TO_QUOTA,
        places=10,
        shortlist_size=20,
        pool_position=position,
        pool_size=30,
        pool_digest="sha256:00",
    )


DRAWN = x.ShortlistDrawn(achievement=2, general=18, departed=(), digest="sha256:01")
MADE = x.SelectionMade(
    achievement=2,
    general=7,
    passed_over=11,
    cut_off=140,
    tie_break=START,
    departed=(),
    digest="sha256:02",
)
