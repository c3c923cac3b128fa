"""The statement that appends a commit, its parameters and what its answer means.

Law: whatever a commit needs, one statement checks it and writes it, and draws its id meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.store.arrays import Document, Documents, Integers, Keys, Texts
from services.store.commit import Appended, Commit
from services.store.errors import CommandReused, Conflict, Reserved

# Each part runs only if the ones before let it. The order in which rows are written, and so waited
# for, is the same in every commit: reservations, case keys, the commit, events by stream. The id
# is drawn after the reservations are had, so that it is higher than that of the commit which
# released them, and after the snapshot that checked the versions, so that it is higher than those
# of the commits which made them.
_EARLIER: Final = """
WITH earlier AS MATERIALIZED (
    SELECT commit_id, fingerprint, result FROM commits WHERE command_id = %(command_id)s
), target AS MATERIALIZED (
    SELECT given.place, given.expected, coalesce(last.version, 0) AS actual
    FROM unnest(%(streams)s, %(expected)s) WITH ORDINALITY AS given (stream, expected, place)
    LEFT JOIN LATERAL (
        SELECT version FROM events WHERE stream = given.stream ORDER BY version DESC LIMIT 1
    ) AS last ON true
)"""
_HELD: Final = """, held AS MATERIALIZED (
    SELECT key FROM reservations WHERE key = ANY (%(reserve)s) AND NOT key = ANY (%(release)s)
)"""
_UNKEYED: Final = """, unkeyed AS MATERIALIZED (
    SELECT given.reference
    FROM unnest(%(key_references)s, %(keys)s) AS given (reference, wrapped)
    LEFT JOIN case_keys USING (reference)
    WHERE case_keys.wrapped IS DISTINCT FROM given.wrapped
)"""
_ADMITTED: Final = """, admitted AS MATERIALIZED (
    SELECT WHERE NOT EXISTS (SELECT FROM earlier)
        AND NOT EXISTS (SELECT FROM target WHERE expected <> actual)"""
_RESERVED: Final = """, released AS (
    DELETE FROM reservations
    WHERE {released} AND EXISTS (SELECT FROM admitted)
    RETURNING key
), reserved AS (
    INSERT INTO reservations (key, reference)
    SELECT given.key, %(reserved_by)s::text
    FROM admitted, (SELECT count(*) FROM released) AS after, unnest(%(reserve)s) AS given (key)
    ORDER BY given.key
    RETURNING key
), secured AS MATERIALIZED (
    SELECT FROM admitted, (SELECT count(*) FROM reserved) AS after
)"""
_RELEASED: Final = "key = ANY (%(release)s)"
# Whoever is erased reserves nothing any more, whatever of them can still be opened.
_RELEASED_OF: Final = "(key = ANY (%(release)s) OR reference = ANY (%(destroy)s))"
_KEYED: Final = """, keyed AS (
    INSERT INTO case_keys (reference, wrapped)
    SELECT given.reference, given.wrapped
    FROM {before}, unnest(%(new_references)s, %(new_keys)s) AS given (reference, wrapped)
    ORDER BY given.reference
    RETURNING reference
), ready AS MATERIALIZED (
    SELECT FROM {before}, (SELECT count(*) FROM keyed) AS after
)"""
_DESTROYED: Final = """, destroyed AS (
    UPDATE case_keys SET wrapped = NULL, erased_at = now()
    WHERE reference = ANY (%(destroy)s) AND wrapped IS NOT NULL AND EXISTS (SELECT FROM {before})
    RETURNING reference
), bared AS MATERIALIZED (
    SELECT FROM {before}, (SELECT count(*) FROM destroyed) AS after
)"""
_WRITTEN: Final = """, committed AS (
    INSERT INTO commits (commit_id, command_id, fingerprint, result)
    SELECT nextval('commit_ids'), %(command_id)s, %(fingerprint)s, %(result)s FROM {before}
    RETURNING commit_id
), stored AS (
    INSERT INTO events (commit_id, ord, body)
    SELECT committed.commit_id, given.ord, given.body
    FROM committed, unnest(%(ords)s, %(bodies)s) AS given (ord, body)
), queued AS (
    INSERT INTO pending (commit_id) SELECT commit_id FROM committed
)
SELECT
    (SELECT commit_id FROM committed), earlier.commit_id, earlier.fingerprint,
    json_send(earlier.result), ARRAY(SELECT actual FROM target ORDER BY place),
    {held}, {unkeyed}
FROM (VALUES (0)) AS one LEFT JOIN earlier ON true"""
_NONE: Final = "'{}'::text[]"

# The same for the commit of one event that most are, in which the server does a fifth less. Where
# it writes nothing it does not say why: then the whole statement is executed, which knows, or
# writes what can be written since. A version below the expected one is not looked for.
_ONE: Final = """
WITH committed AS (
    INSERT INTO commits (commit_id, command_id, fingerprint, result)
    SELECT nextval('commit_ids'), %(command_id)s, %(fingerprint)s, %(result)s
    WHERE NOT EXISTS (SELECT FROM commits WHERE command_id = %(command_id)s)
        AND %(expected)s::integer = coalesce((
            SELECT version FROM events WHERE stream = %(stream)s AND version >= %(expected)s
            ORDER BY version DESC LIMIT 1
        ), 0){keyed}
    RETURNING commit_id
), stored AS (
    INSERT INTO events (commit_id, ord, body) SELECT commit_id, 0, %(body)s FROM committed
), queued AS (
    INSERT INTO pending (commit_id) SELECT commit_id FROM committed
)
SELECT commit_id FROM committed"""
_ONE_UNSEALED: Final = _ONE.format(keyed="")
_ONE_SEALED: Final = _ONE.format(
    keyed="""
        AND EXISTS (
            SELECT FROM case_keys WHERE reference = %(key_reference)s AND wrapped = %(key)s
        )"""
)

FORGOTTEN: Final = b"\x00"
"""What stands for the fingerprint of a command on the case of somebody who was erased."""


@cache
def statement(*, reserves: bool, mints: bool, relies: bool, destroys: bool) -> str:
    """The append, with the parts that a commit needs: most need neither of the first two."""
    parts = [_EARLIER]
    admitted = _ADMITTED
    if reserves:
        parts.append(_HELD)
        admitted += "\n        AND NOT EXISTS (SELECT FROM held)"
    if relies:
        parts.append(_UNKEYED)
        admitted += "\n        AND NOT EXISTS (SELECT FROM unkeyed)"
    parts.append(f"{admitted}\n)")
    before = "admitted"
    if reserves:
        parts.append(_RESERVED.format(released=_RELEASED_OF if destroys else _RELEASED))
        before = "secured"
    if mints:
        parts.append(_KEYED.format(before=before))
        before = "ready"
    if destroys:
        parts.append(_DESTROYED.format(before=before))
        before = "bared"
    held = "ARRAY(SELECT key FROM held)" if reserves else _NONE
    unkeyed = "ARRAY(SELECT reference FROM unkeyed)" if relies else _NONE
    parts.append(_WRITTEN.format(before=before, held=held, unkeyed=unkeyed))
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The wrapped keys a commit is sealed with, by reference: those it adds, those it relies on."""

    new: Mapping[str, bytes]
    held: Mapping[str, bytes]


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
    """What the statement is executed with; the bodies stand in the order of the events."""
    streams = [write.stream for write in commit.writes for _ in write.events]
    # Two commits over the same streams wait for each other's rows in one order, not crosswise.
    ords = sorted(range(len(bodies)), key=streams.__getitem__)
    given = {
        "command_id": commit.command_id,
        "fingerprint": commit.fingerprint,
        "result": Document(msgspec.json.encode(commit.result)),
        "streams": Texts(write.stream for write in commit.writes),
        "expected": Integers(write.expected for write in commit.writes),
        "ords": Integers(ords),
        "bodies": Documents(bodies[ord_] for ord_ in ords),
    }
    if commit.reserve or commit.release or commit.destroy:
        given |= {"reserve": Texts(commit.reserve), "release": Texts(commit.release)}
        given["reserved_by"] = _case_of(commit)
    if commit.destroy:
        given["destroy"] = Texts(commit.destroy)
    if sealing.new:
        given |= {"new_references": Texts(sealing.new), "new_keys": Keys(sealing.new.values())}
    if sealing.held:
        given |= {"key_references": Texts(sealing.held), "keys": Keys(sealing.held.values())}
    return given


def short(
    commit: Commit, bodies: Sequence[bytes], sealing: Sealing
) -> tuple[str, dict[str, Any]] | None:
    """What appends a commit of one event and answers with its id, or writes nothing; else None.

    It is a statement and what that is executed with. There is none where a key is new.
    """
    if len(bodies) != 1 or sealing.new or commit.reserve or commit.release or commit.destroy:
        return None
    (write,) = commit.writes
    given = {
        "command_id": commit.command_id,
        "fingerprint": commit.fingerprint,
        "result": Document(msgspec.json.encode(commit.result)),
        "stream": write.stream,
        "expected": write.expected,
        "body": Document(bodies[0]),
    }
    if not sealing.held:
        return _ONE_UNSEALED, given
    ((reference, wrapped),) = sealing.held.items()
    return _ONE_SEALED, given | {"key_reference": reference, "key": wrapped}


def _case_of(commit: Commit) -> str | None:
    """The case that reserves: the last that is written to, for it takes the place of another."""
    cases = [each.stream[5:] for each in commit.writes if each.stream.startswith("case-")]
    return cases[-1] if cases else None


def statement_for(commit: Commit, sealing: Sealing) -> str:
    """The append with the parts that this commit needs."""
    return statement(
        reserves=bool(commit.reserve or commit.release or commit.destroy),
        mints=bool(sealing.new),
        relies=bool(sealing.held),
        destroys=bool(commit.destroy),
    )


def repeat(command_id: UUID, fingerprint: bytes, answer: Answer) -> Appended | None:
    """The first result, if the command was carried out before; raises `CommandReused`.

    Once its person is erased nothing here tells what it said: `services.fingerprints` looks at
    whose it was and at what it was answered with.
    """
    if answer.earlier_id is None:
        return None
    if answer.earlier_fingerprint not in {fingerprint, FORGOTTEN}:
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
