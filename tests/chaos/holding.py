"""What must hold of an arena once it is left in peace."""

import time
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import create_engine, make_url, select, text

from domain.days import hong_kong_date
from domain.reminding import schedule
from services.notifications import planning
from services.notifications.tables import notifications
from services.projections.catalogue import PROJECTIONS
from services.projections.deadlines import due_cases
from services.projections.verify import verify
from tests.chaos.arena import Arena
from tests.chaos.writing import Written

_PATIENCE: Final = 120.0
_LOOKS: Final = 3
# What was abandoned in the middle of being sent, or put off, is due: so much time has passed.
_LATER: Final = """
UPDATE notifications SET next_attempt_at = now()
WHERE settled_at IS NULL AND next_attempt_at > now();
UPDATE webhook_subscriptions SET rests_until = now() WHERE rests_until > now();
UPDATE mail_server SET rests_until = now() WHERE rests_until > now()
"""
# The database is only looked at: what nobody has done yet is not done by asking for it.
_OPEN: Final = """
WITH head AS (SELECT coalesce(max(position), 0) AS position FROM log)
SELECT 'commits without a position', count(*) FROM pending
UNION ALL SELECT 'events not folded into ' || name, head.position - coalesce((
    SELECT min(position) FROM projection_checkpoints WHERE projection = name
), 0) FROM head, unnest(%s) AS name
UNION ALL SELECT 'events not planned for', head.position - (
    SELECT position FROM notifications_checkpoint
) FROM head
UNION ALL SELECT 'notifications not settled', count(*)
FROM notifications WHERE settled_at IS NULL
"""


# The store keeps it out by the id of the command: nobody says again what was said.
_TOLD_AGAIN: Final = """
SELECT count(*) || ' times in ' || stream || ': ' || (body ->> 'payload') FROM events
WHERE body ->> 'command' = 'TellOfDeadlines'
GROUP BY stream, body ->> 'payload' HAVING count(*) > 1
"""


def unsettled(arena: Arena) -> list[str]:
    """Return what is still to be done."""
    names = "ARRAY[" + ", ".join(f"'{name}'" for name in PROJECTIONS) + "]"
    return [f"{count} {what}" for what, count in arena.asked(_OPEN.replace("%s", names)) if count]


def untold(arena: Arena) -> list[str]:
    """Return the cases in which something is due of which nobody was told."""
    now = arena.now()
    told_when = schedule(arena.office.rulebook, hong_kong_date(now))
    found = due_cases(arena.office.models, now, told_when, after="", limit=1_000)
    return [f"something is due in {reference}" for reference in found]


def settle(arena: Arena) -> list[str]:
    """Wait until nothing is left to be done, and return what still was when patience ended.

    Whoever is told takes everything from now on, and a person has what was refused sent again.
    """
    arena.mail.to_message.clear()
    arena.calls.answers.clear()
    left = _wait(arena)
    arena.office.ledger.dispose()
    arena.office.ledger.retry("test")
    return left or _wait(arena)


def _wait(arena: Arena) -> list[str]:
    until = time.monotonic() + _PATIENCE
    while left := unsettled(arena) or untold(arena):
        if time.monotonic() > until:
            return left
        arena.hire()  # as whoever runs containers starts one again that ended
        if "due" in left[0]:
            arena.tell_of_days()
        arena.asked(_LATER)
        time.sleep(0.1)
    return []


def amiss(arena: Arena, written: Written) -> list[str]:
    """Wait for peace, and return everything that is not as it must be.

    Workers write too, when a day has come, and may do so while this looks. So it looks again: what
    is wrong stays wrong.
    """
    for held in (arena.book, arena.office):
        held.close()  # what is left in their pools may be dead
    for _ in range(_LOOKS):
        if left := settle(arena):
            return left
        if not (found := list(_wrong(arena, written))):
            break
    return found


def _wrong(arena: Arena, written: Written) -> Iterator[str]:
    yield from _wrong_in_the_log(arena, written)
    for name in PROJECTIONS:
        for each in verify(arena.book.store, arena.book.models, name):
            yield f"{name}: {each}"
    yield from _wrong_in_the_ledger(arena)
    yield from _wrong_in_what_came(arena)


def _wrong_in_the_log(arena: Arena, written: Written) -> Iterator[str]:
    yield from map(repr, written.faults)
    ((events, numbered, first, last),) = arena.asked(
        "SELECT (SELECT count(*) FROM events), count(*), min(position), max(position) FROM log"
    )
    if (numbered, first, last) != (events, 1, events):
        yield f"{events} events, of which {numbered} have the positions {first} to {last}"
    yield from (said for (said,) in arena.asked(_TOLD_AGAIN))
    stored = dict(arena.asked("SELECT stream, max(version) FROM events GROUP BY stream"))
    promised = {stream: stored.get(stream) for stream in written.versions}
    if promised != written.versions:
        difference = promised.items() ^ written.versions.items()
        yield f"other events are stored than were promised: {difference}"


def _wrong_in_the_ledger(arena: Arena) -> Iterator[str]:
    """Compare it with what one planner, alone, makes of the same log."""
    made = arena.asked("SELECT event_id, effect, party FROM notifications")
    if len(made) != len(set(made)):
        yield f"{len(made) - len(set(made))} effects are in the ledger more than once"
    if difference := set(made) ^ due(arena):
        yield f"effects made and not due, or due and not made: {difference}"


def due(arena: Arena) -> set[tuple[Any, ...]]:
    """Return every effect that the log calls for, planned anew in a transaction that is undone."""
    engine = create_engine(make_url(arena.postgres.admin_url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            # In this order, which is that of who plans: the checkpoint, then what is planned.
            connection.execute(text("UPDATE notifications_checkpoint SET position = 0"))
            connection.execute(text("TRUNCATE notifications CASCADE"))
            after, ended = 0, False
            while not ended:
                step = planning._step(arena.office, connection, after, planning.BATCH)
                assert step.stopped is None, step.stopped
                planning._enter(arena.office, connection, after, step)
                after, ended = after + step.planned, step.ended
            columns = (notifications.c.event_id, notifications.c.effect, notifications.c.party)
            found = {tuple(row) for row in connection.execute(select(*columns))}
            connection.rollback()
    finally:
        engine.dispose()
    return found


def _wrong_in_what_came(arena: Arena) -> Iterator[str]:
    """Say what never came, or came and cannot be told from another by its id."""
    contents: dict[str, str | bytes] = {}
    for message_id, content in arena.came():
        if contents.setdefault(message_id, content) != content:
            yield f"two messages are called {message_id} and are not the same"
    rows = arena.asked("SELECT message_id FROM notifications WHERE state = 'sent'")
    sent = {message_id for (message_id,) in rows}
    if lost := sent - contents.keys():
        yield f"messages are called sent and never came: {lost}"
    if strangers := contents.keys() - sent:
        yield f"messages came that are not called sent: {strangers}"
