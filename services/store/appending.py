"""The one statement that appends a commit, its parameters and what its answer means."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from psycopg import pq
from psycopg.adapt import Dumper

from services.store.commit import Appended, Commit
from services.store.errors import CommandReused, Conflict, Reserved

# Each part runs only if the one before let it. The order in which rows are written, and so waited
# for, is the same in every commit: reservations, case keys, the commit, events by stream. The id
# is drawn after the reservations are had, so that it is higher than that of the commit which
# released them, and after the snapshot that checked the versions, so that it is higher than those
# of the commits which made them.
APPEND: Final = """
WITH earlier AS MATERIALIZED (
    SELECT commit_id, fingerprint, result FROM commits WHERE command_id = %(command_id)s
), target AS MATERIALIZED (
    SELECT given.place, given.expected, coalesce(last.version, 0) AS actual
    FROM unnest(%(streams)s::text[], %(expected)s::integer[])
        WITH ORDINALITY AS given (stream, expected, place)
    LEFT JOIN LATERAL (
        SELECT version FROM events WHERE stream = given.stream ORDER BY version DESC LIMIT 1
    ) AS last ON true
), held AS MATERIALIZED (
    SELECT key FROM reservations
    WHERE key = ANY (%(reserve)s::text[]) AND NOT key = ANY (%(release)s::text[])
), unkeyed AS MATERIALIZED (
    SELECT given.reference
    FROM unnest(%(key_references)s::text[], %(keys)s::bytea[]) AS given (reference, wrapped)
    LEFT JOIN case_keys USING (reference)
    WHERE case_keys.wrapped IS DISTINCT FROM given.wrapped
), admitted AS MATERIALIZED (
    SELECT WHERE NOT EXISTS (SELECT FROM earlier)
        AND NOT EXISTS (SELECT FROM target WHERE expected <> actual)
        AND NOT EXISTS (SELECT FROM held) AND NOT EXISTS (SELECT FROM unkeyed)
), released AS (
    DELETE FROM reservations
    WHERE key = ANY (%(release)s::text[]) AND EXISTS (SELECT FROM admitted)
    RETURNING key
), reserved AS (
    INSERT INTO reservations (key)
    SELECT given.key
    FROM admitted, (SELECT count(*) FROM released) AS after,
        unnest(%(reserve)s::text[]) AS given (key)
    ORDER BY given.key
    RETURNING key
), keyed AS (
    INSERT INTO case_keys (reference, wrapped)
    SELECT given.reference, given.wrapped
    FROM admitted, (SELECT count(*) FROM reserved) AS after,
        unnest(%(new_references)s::text[], %(new_keys)s::bytea[]) AS given (reference, wrapped)
    ORDER BY given.reference
    RETURNING reference
), drawn AS MATERIALIZED (
    SELECT nextval('commit_ids') AS commit_id
    FROM admitted, (SELECT count(*) FROM reserved) AS after,
        (SELECT count(*) FROM keyed) AS also_after
), committed AS (
    INSERT INTO commits (commit_id, command_id, fingerprint, result)
    SELECT commit_id, %(command_id)s, %(fingerprint)s, %(result)s FROM drawn
    RETURNING commit_id
), stored AS (
    INSERT INTO events (commit_id, ord, body)
    SELECT committed.commit_id, given.ord, given.body
    FROM committed, unnest(%(ords)s::integer[], %(bodies)s::json[]) AS given (ord, body)
), queued AS (
    INSERT INTO pending (commit_id) SELECT commit_id FROM committed
)
SELECT
    (SELECT commit_id FROM committed), earlier.commit_id, earlier.fingerprint,
    json_send(earlier.result), ARRAY(SELECT actual FROM target ORDER BY place),
    ARRAY(SELECT key FROM held), ARRAY(SELECT reference FROM unkeyed)
FROM (VALUES (0)) AS one LEFT JOIN earlier ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The wrapped keys a commit is sealed with, by reference: those it adds, those it relies on."""

    new: Mapping[str, bytes]
    held: Mapping[str, bytes]


class Documents(tuple[bytes, ...]):
    """JSON texts that PostgreSQL takes as one `json[]`."""

    __slots__ = ()


class DocumentsDumper(Dumper):
    """Writes `Documents` in the array format of the wire protocol, in one go."""

    format = pq.Format.BINARY
    oid = 199  # json[], fixed in PostgreSQL's catalogue

    def dump(self, obj: Documents) -> bytes:
        """The array: dimensions, flags, element type, length, lower bound; then the elements."""
        parts = [struct.pack("!iiIii", 1, 0, 114, len(obj), 1)]
        for body in obj:
            parts += (len(body).to_bytes(4, "big"), body)
        return b"".join(parts)


class Answer(NamedTuple):
    """What the statement found; without a commit id nothing was written."""

    commit_id: int | None
    earlier_id: int | None
    earlier_fingerprint: bytes | None
    earlier_result: bytes | None
    versions: list[int]
    held: list[str]
    unkeyed: list[str]


def parameters(commit: Commit, bodies: Sequence[bytes], sealing: Sealing) -> dict[str, Any]:
    """What `APPEND` is executed with; the bodies stand in the order of the commit's events."""
    streams = [write.stream for write in commit.writes for _ in write.events]
    # Two commits over the same streams wait for each other's rows in one order, not crosswise.
    ords = sorted(range(len(bodies)), key=streams.__getitem__)
    return {
        "command_id": commit.command_id,
        "fingerprint": commit.fingerprint,
        "result": msgspec.json.encode(commit.result).decode(),
        "streams": [write.stream for write in commit.writes],
        "expected": [write.expected for write in commit.writes],
        "ords": ords,
        "bodies": Documents(bodies[ord_] for ord_ in ords),
        "reserve": list(commit.reserve),
        "release": list(commit.release),
        "new_references": list(sealing.new),
        "new_keys": list(sealing.new.values()),
        "key_references": list(sealing.held),
        "keys": list(sealing.held.values()),
    }


def repeat(command_id: UUID, fingerprint: bytes, answer: Answer) -> Appended | None:
    """The first result, if the command was carried out before; raises `CommandReused`."""
    if answer.earlier_id is None:
        return None
    if answer.earlier_fingerprint != fingerprint:
        raise CommandReused(str(command_id))
    result = msgspec.json.decode(answer.earlier_result or b"{}")
    return Appended(commit_id=answer.earlier_id, result=result, repeated=True)


def refuse(commit: Commit, answer: Answer) -> None:
    """Raises `Conflict` or `Reserved` if that is why nothing was written."""
    for write, actual in zip(commit.writes, answer.versions, strict=True):
        if write.expected != actual:
            raise Conflict(write.stream, write.expected, actual)
    if answer.held:
        raise Reserved(tuple(sorted(answer.held)))
