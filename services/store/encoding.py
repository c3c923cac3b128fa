"""A commit's events as the bytes that are stored, each sealed with the key of its case."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import psycopg

from services.store import queries
from services.store.appending import Sealing
from services.store.codec import Codec, is_personal, reference_of
from services.store.commit import Commit, StreamWrite
from services.store.errors import Conflict, KeyDestroyed, Unwritable
from services.store.sealing import CaseKeys

_REMEMBERED: Final = 50_000
_UNSEALED: Final = Sealing(new={}, held={})


class Encoding:
    """Encodes commits; remembers the wrapped keys that the database held, safe between threads."""

    def __init__(self, keys: CaseKeys, codec: Codec) -> None:
        self._keys = keys
        self._codec = codec
        self._wrapped: dict[str, bytes] = {}

    def ahead(self, commit: Commit) -> list[bytes] | None:
        """The bodies of a commit in which nothing is sealed; None where a key has to be had."""
        if any(_begins(write) or _is_personal(write) for write in commit.writes):
            return None
        return self.bodies(commit, _UNSEALED)

    def bodies(self, commit: Commit, sealing: Sealing) -> list[bytes]:
        """The bodies in the order of the events; raises `Unwritable`."""
        wrapped = {**sealing.held, **sealing.new}
        keys = {
            reference: self._keys.unwrap(reference, each) for reference, each in wrapped.items()
        }
        return [
            self._codec.encode(commit, (write.stream, version), new, keys.get)
            for write in commit.writes
            for version, new in enumerate(write.events, start=write.expected + 1)
        ]

    def sealing(self, cursor: psycopg.Cursor, commit: Commit) -> Sealing:
        """A new key for each new case, and the stored key of each other one that needs it.

        Raises `KeyDestroyed`, and `Conflict` or `Unwritable` where there is no such case.
        """
        new: dict[str, bytes] = {}
        needed: dict[str, StreamWrite] = {}
        for write in commit.writes:
            reference = reference_of(write.stream)
            if reference is None:
                continue
            if _begins(write):
                new[reference] = self._keys.mint(reference)
            elif _is_personal(write):
                needed[reference] = write
        held = {
            reference: self._held(cursor, reference, write)
            for reference, write in needed.items()
            if reference not in new
        }
        return Sealing(new=new, held=held)

    def forget(self, references: Iterable[str], *, destroyed: bool) -> None:
        """Nothing is remembered of these keys, and of no key at all once one is destroyed."""
        for reference in references:
            self._wrapped.pop(reference, None)
        if destroyed:
            self._keys.forget()

    def _held(self, cursor: psycopg.Cursor, reference: str, write: StreamWrite) -> bytes:
        known = self._wrapped.get(reference)
        if known is not None:
            return known
        row = cursor.execute(queries.KEYS, ([reference],), prepare=True).fetchone()
        if row is None:
            version = _version(cursor.execute(queries.VERSION, (write.stream,)).fetchall())
            if version != write.expected:
                raise Conflict(write.stream, write.expected, version)
            raise Unwritable(f"{write.stream} is personal, but case-{reference} does not exist")
        if row[1] is None:
            raise KeyDestroyed(reference)
        if len(self._wrapped) >= _REMEMBERED:
            self._wrapped.clear()
        wrapped = bytes(row[1])
        self._wrapped[reference] = wrapped
        return wrapped


def _begins(write: StreamWrite) -> bool:
    """True for the first events of a case, which comes with a key of its own."""
    return write.expected == 0 and write.stream.startswith("case-")


def _is_personal(write: StreamWrite) -> bool:
    return any(is_personal(each.event) for each in write.events)


def _version(rows: Sequence[tuple[Any, ...]]) -> int:
    ((version,),) = rows
    return int(version)
