"""The files of documents: sealed bytes in a table of their own, outside the log.

Law: a file is found only by the SHA-256 of its sealed bytes, which the log names, so that what is
read is what was recorded or is refused; and whatever the log names cannot be removed. Who has the
key of the case can read it; once that is destroyed, nobody can.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from domain.errors import NoSuchCase, PersonErased
from domain.looks import Look
from services.store import CaseKeys, StoreFault, seen
from services.store.connections import ConnectionLost, Connections
from services.store.errors import StoreUnreachable
from services.store.sameness import Sameness

_CONNECTIONS: Final = 4
_STRIDE: Final = 1_000
_PAGE: Final = 500

_KEY: Final = "SELECT wrapped FROM case_keys WHERE reference = %s"
_KEEP: Final = """
INSERT INTO document_files (reference, sealed) VALUES (%s, %s)
ON CONFLICT (reference, stored) DO NOTHING
"""
_READ: Final = "SELECT sealed FROM document_files WHERE reference = %s AND stored = %s"
_HELD: Final = """
SELECT
    substr(events.stream, 6) AS reference,
    (events.body -> 'payload' ->> 'document')::integer AS document,
    CASE
        WHEN file.sealed IS NULL THEN 'missing'
        WHEN encode(sha256(file.sealed), 'hex') <> events.body -> 'payload' ->> 'stored'
        THEN 'altered'
    END AS fault
FROM log
JOIN events USING (commit_id, ord)
LEFT JOIN document_files AS file
    ON file.reference = substr(events.stream, 6)
    AND file.stored = decode(events.body -> 'payload' ->> 'stored', 'hex')
WHERE log.position > %(after)s::bigint AND log.position <= %(after)s::bigint + %(limit)s::bigint
  AND events.type = 'document-received'
ORDER BY log.position
"""
_KEPT: Final = """
SELECT count(*), coalesce(sum(octet_length(sealed)), 0)::bigint
FROM document_files WHERE reference = %s AND file_is_named(reference, stored)
"""
_HEAD: Final = "SELECT sequence_commits()"
# What the log does not name a day after it was kept, it never will: the command ended long ago.
_UNNAMED: Final = """
SELECT reference, stored, kept_at, octet_length(sealed), file_is_named(reference, stored) AS named
FROM document_files
WHERE (reference, stored) > (%(reference)s::text, %(stored)s::bytea)
    AND kept_at < now() - interval '1 day'
ORDER BY reference, stored LIMIT %(limit)s::bigint
"""
_HELD_SEEN: Final = seen.where(_HELD, "fault IS NOT NULL")
_UNNAMED_SEEN: Final = seen.where(_UNNAMED, "NOT named")
_REMOVE: Final = "DELETE FROM document_files WHERE reference = %s AND stored = %s"

_Row = tuple[Any, ...]


class FileLost(StoreFault):
    """A document's file is missing or was altered: restore it from a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """The sealed bytes of a file; `stored` is their SHA-256, in hex, by which they are found."""

    reference: str
    sealed: bytes

    @property
    def stored(self) -> str:
        """The name that the log has for it."""
        return hashlib.sha256(self.sealed).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document that the log names; `fault` is `missing` or `altered`, None where all is well."""

    reference: str
    document: int
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnamed:
    """A file that no event names a day after it was kept: its command was never carried out."""

    reference: str
    stored: str
    kept_at: datetime
    size: int


class Files:
    """The files in one database; `StoreUnreachable` when that does not answer in time."""

    def __init__(self, connections: Connections, keys: CaseKeys) -> None:
        self._connections = connections
        self._keys = keys

    @classmethod
    def connect(cls, url: str, keys: CaseKeys, same: Sameness | None = None) -> Self:
        """Return the files at a libpq URL; connections are opened when first needed."""
        return cls(Connections(url, _CONNECTIONS, same=same), keys)

    def dispose(self) -> None:
        """Give every connection back."""
        self._connections.dispose()

    def seal(self, reference: str, content: bytes) -> SealedFile:
        """Return the content sealed by the key of its case; nothing is kept yet."""
        key = self._keys.unwrap(reference, self._wrapped(reference))
        return SealedFile(reference=reference, sealed=key.seal_bytes(content, _place(reference)))

    def keep(self, file: SealedFile) -> None:
        """The file is kept; it was perhaps before."""
        self._all(_KEEP, (file.reference, file.sealed))

    def open(self, reference: str, stored: str) -> bytes:
        """Return the content of a file; `FileLost` or `PersonErased` where there is none."""
        wrapped = self._wrapped(reference)
        rows = self._all(_READ, (reference, bytes.fromhex(stored)))
        if not rows:
            raise FileLost(f"the file {stored} of case {reference} is missing")
        sealed = bytes(rows[0][0])
        if hashlib.sha256(sealed).hexdigest() != stored:
            raise FileLost(f"the file {stored} of case {reference} was altered")
        return self._keys.unwrap(reference, wrapped).open_bytes(sealed, _place(reference))

    def kept_of(self, reference: str) -> tuple[int, int]:
        """Return how many files are kept of a case, and how many bytes they have sealed.

        One that no event names is no document, and may be gone tomorrow.
        """
        ((count, size),) = self._all(_KEPT, (reference,))
        return int(count), int(size)

    def held(self, look: Look) -> Iterator[Held]:
        """Yield every document that the log names, its file hashed anew.

        The look at the cases of those with a fault is recorded by the statement that finds it.
        """
        head, given = self._all(_HEAD, ())[0][0], seen.given(look)
        for after in range(0, head, _STRIDE):
            part = {**given, "after": after, "limit": _STRIDE}
            for reference, document, fault in self._all(_HELD_SEEN, part):
                yield Held(reference=reference, document=document, fault=fault)

    def unnamed(self, look: Look) -> Iterator[Unnamed]:
        """Yield every file that is older than a day and that no event names, the look on record."""
        given = {**seen.given(look), "limit": _PAGE}
        after: tuple[str, bytes] = ("", b"")
        while rows := self._all(
            _UNNAMED_SEEN, {**given, "reference": after[0], "stored": after[1]}
        ):
            for reference, stored, kept_at, size, named in rows:
                if not named:
                    hexed = bytes(stored).hex()
                    yield Unnamed(reference=reference, stored=hexed, kept_at=kept_at, size=size)
            after = (rows[-1][0], bytes(rows[-1][1]))

    def remove(self, file: Unnamed) -> None:
        """The file is gone; the database refuses it while an event names it."""
        self._all(_REMOVE, (file.reference, bytes.fromhex(file.stored)))

    def _wrapped(self, reference: str) -> bytes:
        rows = self._all(_KEY, (reference,))
        if not rows:
            raise NoSuchCase(f"no case has the reference {reference}")
        if rows[0][0] is None:
            raise PersonErased(f"the documents of case {reference} were erased with its person")
        return bytes(rows[0][0])

    def _all(self, query: str, given: tuple[Any, ...] | dict[str, Any]) -> list[_Row]:
        """Return the rows of a statement, with a second connection if the first one broke."""
        try:
            return self._once(query, given)
        except ConnectionLost:
            self._connections.dispose()
        try:
            return self._once(query, given)
        except ConnectionLost as fault:
            raise StoreUnreachable(str(fault)) from fault

    def _once(self, query: str, given: tuple[Any, ...] | dict[str, Any]) -> list[_Row]:
        with self._connections.borrow() as connection:
            cursor = connection.cursor(binary=True)
            cursor.execute(query, given)
            return cursor.fetchall() if cursor.description else []


def _place(reference: str) -> bytes:
    """Return what a file's seal is bound to: it opens as a document of its case alone."""
    return json.dumps(["document", reference], separators=(",", ":")).encode()
