"""Why somebody looks at a case, in their own words: sealed, and recorded with the look itself.

Law: the words are kept only as long as the key of the case is, by which alone they can be read.
"""

from collections.abc import Sequence
from typing import Any, Final

from domain.looks import Look
from services.store import seen
from services.store.sealing import CaseKeys

# Between the sealing and this the key may have gone: then that something was said is all that is
# kept. No value is in this text but by its name.
STREAMS: Final = f"""
WITH found AS MATERIALIZED ({seen.FOUND}), noted AS ({seen.NOTED_ONE} RETURNING read_id),
held AS (
    SELECT wrapped FROM case_keys
    WHERE reference = %(reference)s::text AND wrapped = %(wrapped)s::bytea
), stated AS (
    INSERT INTO read_purposes (read_id, sealed, tokens)
    SELECT noted.read_id, CASE WHEN held.wrapped IS NOT NULL THEN %(sealed)s::bytea END,
        CASE WHEN held.wrapped IS NOT NULL THEN %(tokens)s::bytea[] ELSE '{{}}'::bytea[] END
    FROM noted LEFT JOIN held ON true
)
SELECT * FROM found
"""  # noqa: S608 - as said above


def given(
    keys: CaseKeys,
    look: Look,
    held: Sequence[tuple[Any, ...]],
    tokens: Sequence[bytes],
) -> dict[str, Any]:
    """Return what `STREAMS` takes of what was said, beside what every look gives.

    `held` has the case with its wrapped key, or nothing where there is no such case.
    """
    reference, wrapped = held[0] if held else ("", None)
    sealed = None
    if wrapped is not None:
        key = keys.unwrap(reference, bytes(wrapped))
        sealed = key.seal_bytes(look.stated.encode(), _place(reference))
    return {"wrapped": wrapped, "sealed": sealed, "tokens": sorted(set(tokens))}


def opened(keys: CaseKeys, reference: str, wrapped: bytes | None, sealed: bytes | None) -> str:
    """Return what was said; nothing where the key of the case is gone or there was none."""
    if wrapped is None or sealed is None:
        return ""
    key = keys.unwrap(reference, bytes(wrapped))
    return key.open_bytes(bytes(sealed), _place(reference)).decode()


def _place(reference: str) -> bytes:
    return f"purpose of a look at {reference}".encode()
