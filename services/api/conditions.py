"""What the headers of a request say: which command, on which version, under which id."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote
from uuid import UUID

import flask

from services.api.faults import (
    IdempotencyKeyInvalid,
    IdempotencyKeyMissing,
    IfMatchInvalid,
    IfMatchMissing,
)
from services.store import Conflict
from services.tracing import trace_named

# A name, a date or a number of a passport has another form; and what is kept here is so for ever.
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_VERSION: Final = -1
"""Stands for If-Match where there is none. No stream is ever at it, so a command that was not
carried out before is refused, and one that was still gets its first answer."""

_VERSION: Final = re.compile(r'"(0|[1-9][0-9]{0,17})"')
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WAIT: Final = re.compile(r"\bwait=([0-9]{1,4})\b")


def correlation_id() -> str:
    """The id that the caller gave in X-Request-ID if it is a random one, else of their trace.

    Random is what reads like a UUID, with or without hyphens. Without either it is a new one.
    """
    given = flask.request.headers.get("X-Request-ID", "").lower()
    if _REQUEST_ID.fullmatch(given):
        return given
    return trace_named(flask.request.headers.get("traceparent", "")) or secrets.token_hex(16)


def command_id() -> UUID:
    """The UUID in Idempotency-Key, under which a command is carried out once."""
    given = flask.request.headers.get("Idempotency-Key", "").strip()
    if not given:
        raise IdempotencyKeyMissing(
            "send a UUID of your own in Idempotency-Key, and the same one when you try again"
        )
    if not _UUID.fullmatch(given):
        raise IdempotencyKeyInvalid(
            "it reads like 0190a5b2-6f2e-7c31-9d52-3f0c8f1f7a10; make a new one for each command"
        )
    return UUID(given)


def stated_purpose() -> str:
    """Why whoever calls looks at a case, as the header says; empty without one.

    What is no text comes as what cannot be printed, and is refused as that.
    """
    return unquote(flask.request.headers.get("Look-Purpose", ""), errors="surrogateescape")


def expected_version() -> int:
    """The version that If-Match names, or one that no stream is at without it.

    A list, a weak tag or `*` names no single version, and a change on any version is what the
    header is to prevent: they are refused.
    """
    given = flask.request.headers.get("If-Match")
    if given is None:
        return _NO_VERSION
    named = _VERSION.fullmatch(given.strip())
    if named is None:
        raise IfMatchInvalid('it holds one version in quotes as the ETag had it, such as "3"')
    return int(named[1])


@contextmanager
def if_match_needed() -> Iterator[None]:
    """Within it a command on no version in particular is told that If-Match is missing."""
    try:
        yield
    except Conflict as stale:
        if stale.expected == _NO_VERSION:
            raise IfMatchMissing(stale.actual) from stale
        raise


def already_has(version: int) -> bool:
    """True when If-None-Match says that the caller has this version."""
    return flask.request.if_none_match.contains_weak(str(version))


def preferred_wait() -> int | None:
    """The seconds that `Prefer: wait=N` allows, None without it."""
    found = _WAIT.search(flask.request.headers.get("Prefer", ""))
    return int(found[1]) if found else None
