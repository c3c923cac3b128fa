"""Many commits in one transaction: everything becomes visible at once, or nothing of it ever was.

One statement of tens of thousands of events never gets through beside other writers, for a write
to any one of its streams breaks all of it. Here they are commits of a thousand or so, each under a
savepoint of its own: one that meets a `Conflict` undoes itself alone, and is decided and appended
again while the others stand.

The law that a stream's order in the log is its order of versions holds as it does for a commit that
stands alone, because each of these is the same statement: it takes a snapshot, checks the versions
in it, and only then draws its id. READ COMMITTED gives each statement a snapshot of its own, so
whatever another writer put before it was committed, and drew its id, before. Nobody sees any of
these commits until all are there, and the sequencer passes over `pending` rows that it cannot see.

What it costs: whoever writes to one of these streams meanwhile waits until the transaction ends,
and then meets a `Conflict`. So decide beforehand what can be decided, and keep it to seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, TypeVar

from domain.events import Event
from services.store.commit import Appended, Commit
from services.store.connections import Session

_CLAIM: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

_T = TypeVar("_T")

Bodies = Sequence[bytes]
"""The events of a commit in their order, as they are stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What a stream holds after a version: its events, and when the last of all took effect.

    `erased` says that it is of a case whose key was destroyed, after that version or before.
    """

    events: tuple[Event, ...]
    last: datetime
    version: int
    erased: bool = False


class Together:
    """A transaction that is open, for as long as the work that was given it runs."""

    def __init__(
        self,
        connection: Session,
        *,
        append: Callable[[Session, Commit, Bodies | None], Appended],
    ) -> None:
        self._connection = connection
        self._append = append

    def claim(self, name: str) -> None:
        """Nobody else has claimed this name, and nobody does before the transaction ends.

        It waits for whoever has it. It is for transactions like this one, which would otherwise
        do all their work to find at its end that another had done it; it holds up nothing else.
        """
        self._connection.execute(_CLAIM, (name,))

    def append(self, commit: Commit, bodies: Bodies | None = None) -> Appended:
        """The commit is part of the transaction; or nothing of it is, and it raises as `append`.

        Whatever it raises, what was appended before stands, and the work may go on. `bodies` is
        what `Store.encoded` made of this commit, where somebody had it made ahead.
        """
        return self._append(self._connection, commit, bodies)


def once(connection: Session, work: Callable[[], _T]) -> _T:
    """The work's answer; what it did is undone alone if it raises."""
    with connection.transaction():
        return work()


def since_of(rows: Iterable[tuple[Any, ...]], event: Callable[[bytes], Event]) -> dict[str, Since]:
    """What rows of `queries.SINCE` tell, by stream."""
    found: dict[str, Since] = {}
    for stream, rest in groupby(rows, key=itemgetter(0)):
        rows_of_it = tuple(rest)
        _, version, last, _, erased = rows_of_it[-1]
        events = tuple(event(body) for *_, body, _ in rows_of_it if body is not None)
        found[stream] = Since(events=events, version=version, last=last, erased=erased)
    return found
