"""The event store: append, read, number.

Law: a sequence in a database is no log. Transactions commit in another order than they drew their
numbers, so a reader that asks for "everything after the last number" misses events. Here nothing
is read in log order before the sequencer (`sequence_commits` in the database) gave it a position,
and whoever reads the log sequences first, so that no single process is needed for progress.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from psycopg import errors

from domain.events import Event
from domain.looks import Look
from domain.record import Recorded
from services import tracing
from services.store import queries, seen, stating
from services.store.appending import Answer, parameters, refuse, repeat, short, statement_for
from services.store.arrays import Integers, Texts
from services.store.codec import Codec, KeyOf, Opening, StoredEvent, comes_sealed, reference_of
from services.store.commit import Appended, Commit
from services.store.connections import ConnectionLost, Connections, Session
from services.store.constraints import refused_by_database
from services.store.encoding import Encoding
from services.store.errors import KeyDestroyed, LogCorrupt, StoreFault, StoreUnreachable
from services.store.evidence import Evidence
from services.store.looks import Looks, Taken
from services.store.reading import by_stream, contiguous, present
from services.store.sameness import Sameness
from services.store.sealing import CaseKeys
from services.store.shards import Shard, Stretch
from services.store.together import Bodies, Since, Together, once, since_of

_ATTEMPTS: Final = 10
_STRIDE: Final = 100_000

_Row = tuple[Any, ...]
_T = TypeVar("_T")


class Store:
    """One event store, safe to share between threads and to carry through a fork."""

    def __init__(self, connections: Connections, keys: CaseKeys, codec: Codec) -> None:
        self._connections = connections
        self._keys = keys
        self._codec = codec
        self._encoding = Encoding(keys, codec)
        self.evidence = Evidence(self._rows, self.sequence)
        self.looks = Looks(self._read, self._rows, self.sequence)
        # Each of these holds a connection while its work, or whoever it waits for, needs others.
        self._whole = threading.BoundedSemaphore(max(1, connections.size // 2))

    @classmethod
    def connect(
        cls, url: str, keys: CaseKeys, *, pool_size: int = 8, same: Sameness | None = None
    ) -> "Store":
        """A store on the database of a libpq URL; nothing is opened before it is needed."""
        return cls(Connections(url, pool_size, same=same), keys, Codec())

    def dispose(self) -> None:
        """No connection is open; the next use opens new ones."""
        self._connections.dispose()

    def append(self, commit: Commit) -> Appended:
        """The commit is stored whole, or was before; or nothing is written and it raises.

        In this order: `CommandReused`, `Conflict`, `Reserved`, `KeyDestroyed`; `Unwritable` when
        an event is not fit to be stored; `StoreUnreachable` when the database stayed away. A
        broken connection is tried once more, which is safe because commands are idempotent.
        """

        def once() -> Appended | None:
            try:
                return self._retried(lambda connection: self._try(connection, commit))
            except errors.DeadlockDetected:
                return None

        return tracing.recorded(commit, lambda: self._settled(once, commit))

    def together(self, work: Callable[[Together], _T]) -> _T:
        """What the work answers, once all that it appended is visible at once; or it raises.

        Then nothing of it was ever there. The work is done over from its start when the connection
        broke, or when it and another writer waited for each other: so it first asks `recall`
        whether its command was carried out, and keeps nothing from one time to the next. Half of
        the connections are never held by these, so that the work can read and others go on.
        """
        with self._whole:
            return self._repeated(work)

    def _repeated(self, work: Callable[[Together], _T]) -> _T:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._together(work)
            except errors.DeadlockDetected:
                continue
            except ConnectionLost:
                self._connections.dispose()
        try:
            return self._together(work)
        except (errors.DeadlockDetected, ConnectionLost) as fault:
            raise StoreUnreachable(f"the transaction could not be completed: {fault}") from fault

    def recall(self, command_id: UUID, fingerprint: bytes) -> Appended | None:
        """What the command was answered with before, or None; `CommandReused` as in `append`.

        Asked before deciding, for a command that was carried out is often no longer allowed.
        """

        def look(connection: Session) -> _Row | None:
            cursor = connection.cursor(binary=True)
            return cursor.execute(queries.EARLIER, (command_id,), prepare=True).fetchone()

        row = self._retried(look)
        return None if row is None else repeat(command_id, fingerprint, Answer(*row))

    def read_stream(
        self, stream: str, *, after: int = 0, personal: bool = True
    ) -> tuple[Recorded[Event], ...]:
        """The events of a stream above version `after`, in order; `()` if there is none.

        Without `personal` sealed members are left closed and read as None, which is faster.
        """
        return self._read(queries.STREAM, (stream, after), personal=personal)

    def read_streams(
        self, streams: Sequence[str], *, personal: bool | Opening = True
    ) -> dict[str, tuple[Recorded[Event], ...]]:
        """The events of each stream, in order; `()` for one that does not exist.

        `personal` may name the types of events whose sealed members are opened.
        """
        given = (list(streams),)
        return by_stream(streams, self._read(queries.STREAMS, given, personal=personal))

    def read_seen(  # noqa: PLR0913 - what is told of a look, most of it by its name
        self,
        look: Look,
        reference: str,
        streams: Sequence[str],
        *,
        personal: bool | Opening = True,
        words: Sequence[bytes] = (),
        asked: Mapping[str, Any] = seen.ALL,
    ) -> dict[str, tuple[Recorded[Event], ...]]:
        """What a person sees of a case: as `read_streams`, and the look is recorded with it.

        It is so where nothing is found too. `MigrationFault` or `StoreUnreachable` where it could
        not be, and nothing is read. It states `words`, as blind tokens, and says what was `asked`.
        """
        told = {**seen.given(look, asked), "reference": reference, "streams": list(streams)}
        if not look.stated:
            return by_stream(streams, self._read(seen.STREAMS, told, personal=personal))
        told |= stating.given(self._keys, look, self._rows(queries.KEYS, ([reference],)), words)
        return by_stream(streams, self._read(stating.STREAMS, told, personal=personal))

    def read_firsts(self, streams: Sequence[str]) -> tuple[Recorded[Event], ...]:
        """The first event of each stream that exists, opened, in any order, without positions."""
        return self._read(queries.FIRSTS, (list(streams),), personal=True)

    def read_log(
        self, *, after: int, limit: int, personal: bool | Opening = True
    ) -> tuple[Recorded[Event], ...]:
        """At most `limit` events that follow position `after`, contiguous, after sequencing.

        `personal` may name the types of events whose sealed members are opened.
        Raises `LogCorrupt` at a gap.
        """
        self.sequence()
        given = {"after": after, "limit": limit, "opened": self._codec.names(personal)}
        return contiguous(after, self._read(queries.LOG, given, personal=personal))

    def read_log_seen(self, look: Look, *, after: int, limit: int) -> tuple[Recorded[Event], ...]:
        """What a person sees of the log: as `read_log` without anything personal.

        The look at every case that is named there is recorded with it, as in `read_seen`.
        """
        self.sequence()
        told = {**seen.given(look), "after": after, "limit": limit, "opened": []}
        return contiguous(after, self._read(seen.LOG, told, personal=False))

    def read_shard(
        self, shard: Shard, *, after: int, limit: int, personal: bool | Opening = True
    ) -> Stretch:
        """The events of a shard among the `limit` positions that follow `after`, in order.

        Raises `LogCorrupt` at a gap, whosever it is.
        """
        self.sequence()
        given: dict[str, Any] = {
            "after": after,
            "limit": limit,
            "of": shard.of,
            "number": shard.number,
        }
        ((count, last, sequenced_at),) = self._rows(queries.RANGE, given)
        if last is None:
            return Stretch(last=after, sequenced_at=None, events=())
        if count != last - after:
            self.read_log(after=after, limit=limit, personal=False)
        given |= {"last": last, "opened": self._codec.names(personal)}
        read = self._read(queries.SHARD, given, personal=personal)
        return Stretch(last=last, sequenced_at=sequenced_at, events=read)

    def sequence(self) -> int:
        """Everything committed before the call has a position; returns the log's last one."""
        return int(self._value("SELECT sequence_commits()", ()))

    def head(self) -> int:
        """The last position of the log as it is; 0 when it is empty."""
        return int(self._value(queries.HEAD, ()))

    def rulesets_applied(self) -> dict[tuple[str, str], int]:
        """How many events of the log name each ruleset, by its id and digest."""
        counts: Counter[tuple[str, str]] = Counter()
        for after in range(0, self.sequence(), _STRIDE):
            given = {"after": after, "limit": _STRIDE}
            for ruleset, digest, events in self._rows(queries.RULESETS, given):
                counts[ruleset, digest] += events
        return dict(counts)

    def graders(self, exercise: str) -> frozenset[str]:
        """Return who graded a case for the exercise, whatever became of the case."""
        rows = self._rows(queries.GRADERS, {"exercise": exercise})
        return frozenset(str(name) for (name,) in rows)

    def readable(self, references: Sequence[str]) -> tuple[str, ...]:
        """Return which of these cases exist with a key, so that what is personal can be read."""
        rows = self._rows(queries.READABLE, {"wanted": list(references)})
        return tuple(str(reference) for (reference,) in rows)

    def erased(self) -> tuple[str, ...]:
        """Return the cases whose key was destroyed."""
        return tuple(str(reference) for (reference,) in self._rows(queries.ERASED, {}))

    def stream_version(self, stream: str) -> int:
        """The version of the stream's last event; 0 when it does not exist."""
        return int(self._value(queries.VERSION, (stream,)))

    def _together(self, work: Callable[[Together], _T]) -> _T:
        untold: list[Callable[[], None]] = []

        def append(connection: Session, commit: Commit, bodies: Bodies | None) -> Appended:
            def each() -> Appended | None:
                return once(connection, lambda: self._try(connection, commit, bodies))

            return tracing.recorded(commit, lambda: self._settled(each, commit), untold.append)

        with self._connections.borrow() as connection, connection.transaction():
            answer = work(Together(connection, append=append))
        for tell in untold:
            tell()
        return answer

    def encoded(self, commit: Commit) -> Bodies | None:
        """The events of a commit as `Together.append` stores them; None where any is sealed.

        Raises `Unwritable`. It asks the database nothing, so that it can be done ahead.
        """
        return self._encoding.ahead(commit)

    def _settled(self, attempt: Callable[[], Appended | None], commit: Commit) -> Appended:
        """The answer of an attempt that found nothing to look at again, or its refusal."""
        for _ in range(_ATTEMPTS):
            try:
                appended = attempt()
            except errors.UniqueViolation as fault:
                self._refuse_erased(fault, commit)
                continue
            except (errors.IntegrityError, errors.DataError, errors.ProgramLimitExceeded) as fault:
                refusal = refused_by_database(fault)
            else:
                if appended is not None:
                    return appended
                continue
            # Raised out here, so that no traceback shows the database's own text: it quotes rows.
            raise refusal
        raise StoreUnreachable(f"command {commit.command_id} met too many others: try it again")

    def read_since(self, versions: Mapping[str, int]) -> dict[str, Since]:
        """What each stream holds after its version, which is that of an event in it, unopened."""
        given = {"streams": Texts(versions), "versions": Integers(versions.values())}

        def read(connection: Session) -> list[_Row]:
            cursor = connection.cursor(binary=True)
            return cursor.execute(queries.SINCE, given, prepare=True).fetchall()

        return since_of(self._retried(read), self._codec.decode_event)

    def _try(
        self, connection: Session, commit: Commit, ahead: Bodies | None = None
    ) -> Appended | None:
        """The answer to one execution; None when it must be looked at again."""
        cursor = connection.kept
        try:
            sealing = self._encoding.sealing(cursor, commit)
        except StoreFault:
            row = cursor.execute(queries.EARLIER, (commit.command_id,), prepare=True).fetchone()
            if row is not None and (
                earlier := repeat(commit.command_id, commit.fingerprint, Answer(*row))
            ):
                return earlier
            raise
        bodies = self._encoding.bodies(commit, sealing) if ahead is None else ahead
        if (one := short(commit, bodies, sealing)) and (
            row := cursor.execute(*one, prepare=True).fetchone()
        ):
            return Appended(commit_id=row[0], result=commit.result, repeated=False)
        given = parameters(commit, bodies, sealing)
        query = statement_for(commit, sealing)
        row = cursor.execute(query, given, prepare=True).fetchone()
        answer = Answer(*present(row))
        if earlier := repeat(commit.command_id, commit.fingerprint, answer):
            return earlier
        refuse(commit, answer)
        gone = (*answer.unkeyed, *commit.destroy)
        self._encoding.forget(gone, destroyed=bool(commit.destroy))
        if answer.commit_id is None:
            return None
        return Appended(commit_id=answer.commit_id, result=commit.result, repeated=False)

    def _refuse_erased(self, fault: errors.UniqueViolation, commit: Commit) -> None:
        """Raises `KeyDestroyed` if the commit begins a case whose key was destroyed before."""
        if fault.diag.constraint_name != "case_keys_pkey":
            return
        new = [write.stream[5:] for write in commit.writes if write.stream.startswith("case-")]
        rows = self._retried(lambda connection: connection.execute(queries.KEYS, (new,)).fetchall())
        for reference, wrapped in rows:
            if wrapped is None:
                raise KeyDestroyed(reference) from fault

    def _read(
        self,
        query: str,
        given: Mapping[str, Any] | Sequence[Any],
        taken: Taken = list,
        *,
        personal: bool | Opening = False,
    ) -> tuple[Recorded[Event], ...]:
        def read(connection: Session) -> tuple[list[_Row], KeyOf]:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(query, given, prepare=True).fetchall()
            # The keys are asked for after the events, so that an erasure in between is noticed.
            if not personal:
                return rows, self._keys.unwrapped({})
            sealed = {row[4] for row in rows if row[0] is not None and comes_sealed(row[0])}
            references = {reference for each in sealed if (reference := reference_of(each))}
            return rows, self._unwrapped(connection, tuple(references))

        rows, key_of = self._retried(read)
        only = None if isinstance(personal, bool) else personal
        return tuple(self._recorded(row, key_of, only) for row in taken(rows))

    def _recorded(self, row: _Row, key_of: KeyOf, only: Opening | None) -> Recorded[Event]:
        stored = StoredEvent(*row[:4])
        if stored.body is None:
            raise LogCorrupt(stored.position)
        return self._codec.decode(stored, key_of, only)

    def _unwrapped(self, connection: Session, references: Sequence[str]) -> KeyOf:
        if not references:
            return self._keys.unwrapped({})
        cursor = connection.cursor(binary=True)
        rows = cursor.execute(queries.KEYS, (list(references),), prepare=True).fetchall()
        return self._keys.unwrapped(
            {reference: wrapped for reference, wrapped in rows if wrapped is not None}
        )

    def _value(self, query: str, given: Sequence[Any]) -> Any:
        return self._retried(
            lambda connection: present(
                connection.kept.execute(query, given, prepare=True).fetchone()
            )
        )[0]

    def _rows(self, query: str, given: Mapping[str, Any] | Sequence[Any]) -> list[_Row]:
        return self._retried(lambda connection: connection.execute(query, given).fetchall())

    def _retried(self, work: Callable[[Session], _T]) -> _T:
        """The work's answer, with a second connection if the first one broke."""
        try:
            with self._connections.borrow() as connection:
                return work(connection)
        except ConnectionLost:
            # The others of the pool are most likely as dead as this one.
            self._connections.dispose()
        try:
            with self._connections.borrow() as connection:
                return work(connection)
        except ConnectionLost as fault:
            raise StoreUnreachable(str(fault)) from fault
