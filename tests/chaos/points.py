"""Places in the work of the workers where they stand still when told to, and are harmed.

In each a trigger of the database waits, as a transaction is committed, for a lock that the test may
hold. The moment between two steps, which chance hits once in ten thousand schedules, is as long as
the test likes, and the code that is tried knows nothing of it.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import psycopg

from services.stack import processes
from tests.chaos.arena import Arena
from tests.chaos.harm import kill, pause

PATIENCE: Final = 60.0
_KIND: Final = 22
_MOMENT: Final = 0.1
_STANDING: Final = (
    "SELECT pid, objid::integer FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
)


class Point(StrEnum):
    """Where whoever comes there stands still: at the commit of what it did."""

    FOLDED = "rows of a read model and its checkpoint"
    BESIDE = "the same of one that stands beside the live one"
    PLANNED = "what events call for and the plan's checkpoint"
    TOLD = "that a day is near or over"
    SENT = "that a message was handed over"


_MOVED: Final = (
    "OLD.position <> NEW.position"
    " AND NEW.projection IN ('case-list', 'case-status', 'paths', 'deadlines')"
)
"""A checkpoint was moved of a read model that has a row of every case."""
_WHEN: Final[Mapping[Point, tuple[str, str]]] = MappingProxyType(
    {
        Point.FOLDED: ("UPDATE ON projection_checkpoints", _MOVED),
        Point.BESIDE: ("UPDATE ON projection_checkpoints", f"{_MOVED} AND NEW.generation > 1"),
        Point.PLANNED: ("UPDATE ON notifications_checkpoint", "OLD.position <> NEW.position"),
        Point.TOLD: ("INSERT ON events", "NEW.body ->> 'command' = 'TellOfDeadlines'"),
        Point.SENT: ("UPDATE ON notifications", "OLD.state <> 'sent' AND NEW.state = 'sent'"),
    }
)
_POINTS: Final = tuple(Point)


def mark_out(arena: Arena) -> None:
    """Workers can be made to stand still at every point; nobody does yet."""
    arena.asked(
        "CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock_shared({_KIND}, TG_ARGV[0]::integer); RETURN NEW; END $$"
    )
    for number, point in enumerate(_POINTS):
        what, when = _WHEN[point]
        arena.asked(
            f"CREATE CONSTRAINT TRIGGER z_point_{number} AFTER {what} "
            f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION stand_still({number})"
        )


class Halt:
    """Nobody gets past a point until this is lifted, or the server of the database ends.

    Whoever is past it already is waited for, for so many seconds.
    """

    def __init__(self, arena: Arena, point: Point, *, patience: float) -> None:
        self.arena = arena
        self._number = _POINTS.index(point)
        self._gate = psycopg.connect(
            arena.postgres.admin_url,
            autocommit=True,
            options=f"-c lock_timeout={round(1000 * patience)}",
        )
        try:
            self._gate.execute(f"SELECT pg_advisory_lock({_KIND}, {self._number})")
        except psycopg.OperationalError:
            self._gate.close()
            raise

    def standing(self) -> list[int]:
        """Return the sessions of the database that stand at the point."""
        return [pid for pid, number in self.arena.asked(_STANDING) if number == self._number]

    def lift(self) -> None:
        """Whoever stands there goes on; the same again is fine."""
        self._gate.close()

    def end_sessions(self) -> None:
        """What stands there is undone."""
        for pid in self.standing():
            self.arena.asked(f"SELECT pg_terminate_backend({pid})")


def lose_sessions(halt: Halt) -> None:
    """It is undone, and whoever did it is told."""
    halt.end_sessions()
    halt.lift()


def die_before(halt: Halt) -> None:
    """It is undone, and whoever did it is dead."""
    _kill_all(halt.arena)
    halt.end_sessions()
    halt.lift()


def die_after(halt: Halt) -> None:
    """It is done, and whoever did it died without a word of that."""
    _kill_all(halt.arena)
    halt.lift()


def sleep_through(halt: Halt) -> None:
    """It is done, and whoever did it hears of that later."""
    wakes = [pause(each) for each in halt.arena.children()]
    halt.lift()
    time.sleep(_MOMENT)
    for wake in wakes:
        wake()


def _kill_all(arena: Arena) -> None:
    for each in arena.children():
        kill(each)


HARMS: Final[Sequence[Callable[[Halt], None]]] = (
    die_before,
    lose_sessions,
    die_after,
    sleep_through,
)
"""What befalls whoever stands at a point; they go on, or are gone, afterwards."""


@contextlib.contextmanager
def halted(arena: Arena, point: Point) -> Iterator[Halt]:
    """Nobody gets past the point in the block."""
    halt = Halt(arena, point, patience=PATIENCE)
    try:
        yield halt
    finally:
        halt.lift()


def stands(halt: Halt, sessions: int = 1) -> bool:
    """Wait until so many sessions stand at the point; False when they never do."""
    return processes.wait_until(lambda: len(halt.standing()) >= sessions, PATIENCE)


def hurt_at_a_point(arena: Arena, luck: float) -> Callable[[], None] | None:
    """Whoever comes to one of the points stands there until what is returned is called, with harm.

    None where somebody who is past the point stands still.
    """
    choices = [(point, harm) for point in _POINTS for harm in HARMS]
    point, harm = choices[int(luck * len(choices))]
    try:
        halt = Halt(arena, point, patience=_MOMENT)
    except psycopg.OperationalError:
        return None
    return lambda: harm(halt)
