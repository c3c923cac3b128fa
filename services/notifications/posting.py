"""One webhook posted: to an address that was checked, in bounded time, reading no more than needed.

Law: whatever the receiver or the network does comes back as a `Reply`, whose reason holds numbers
and kinds of faults, and none of the receiver's words.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from services.notifications.destinations import (
    Destination,
    UnusableDestination,
    addresses,
    destination,
)
from services.notifications.leash import Leash
from services.notifications.replies import LONGEST_ASKED, Reply, Verdict

SECONDS: Final = 15.0
"""The longest that one attempt takes, from the first connection to the last header."""
_TO_CONNECT: Final = 5.0
_TAKEN: Final = range(200, 300)
_GONE: Final = 410
_LATER: Final = frozenset({408, 425, *range(500, 600)})
_BUSY: Final = frozenset({429, 502, 503, 504})
"""The receiver as a whole takes nothing now."""


class Poster:
    """Posts webhooks; with `inside`, plain http and addresses of one's own will do."""

    def __init__(self, clock: Callable[[], datetime], *, inside: bool) -> None:
        self._clock = clock
        self._inside = inside
        self._trusted = ssl.create_default_context()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return what the receiver made of the message; redirections are not followed."""
        try:
            to = destination(url, inside=self._inside)
            known = addresses(to, inside=self._inside)
        except UnusableDestination as fault:
            return Reply(verdict=Verdict.REFUSED, reason=str(fault)[:100])
        except (OSError, UnicodeError):
            return Reply(verdict=Verdict.UNREACHABLE, reason="no address known for its name")
        try:
            raw = _connected(known, to.port)
        except OSError as fault:
            return _unreachable("connection", fault)
        step = "connection"
        with Leash(raw, SECONDS) as leash, closing(raw):
            try:
                connection = self._secured(raw, to)
                step = "conversation"
                with closing(connection):
                    connection.request("POST", to.target, body, dict(headers))
                    reply = self._reply(connection.getresponse())
            except (OSError, http.client.HTTPException) as fault:
                return _unreachable(step, TimeoutError() if leash.ended else fault)
            # Where the line was cut the headers end too, so what was read then says nothing.
            return _unreachable(step, TimeoutError()) if leash.ended else reply

    def _secured(self, raw: socket.socket, to: Destination) -> http.client.HTTPConnection:
        """Return what speaks HTTP over a connection, which is encrypted if the URL says so."""
        connection = http.client.HTTPConnection(to.host, to.port)
        connection.default_port = 443 if to.secure else 80
        connection.sock = (
            self._trusted.wrap_socket(raw, server_hostname=to.host) if to.secure else raw
        )
        return connection

    def _reply(self, response: http.client.HTTPResponse) -> Reply:
        status, asked = response.status, response.getheader("Retry-After")
        if status in _TAKEN:
            return Reply(verdict=Verdict.TAKEN)
        verdict = Verdict.REFUSED
        if status == _GONE:
            verdict = Verdict.GONE
        elif status in _BUSY:
            verdict = Verdict.UNREACHABLE
        elif status in _LATER:
            verdict = Verdict.PUT_OFF
        wait = None if verdict is Verdict.REFUSED else asked_wait(asked, self._clock())
        return Reply(verdict=verdict, reason=f"http {status}", wait=wait)


def asked_wait(text: str | None, now: datetime) -> timedelta | None:
    """Return what `Retry-After` asks for, as seconds or as a date, within bounds; or None."""
    if text is None:
        return None
    try:
        if text.strip().isascii() and text.strip().isdigit():
            wait = timedelta(seconds=int(text.strip()[:9]))
        else:
            until = parsedate_to_datetime(text)
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_ASKED)


def _connected(known: tuple[str, ...], port: int) -> socket.socket:
    """Return a connection to the first of these addresses that answers; raises OSError."""
    failed: OSError = OSError()
    for address in known[:3]:
        try:
            made = socket.create_connection((address, port), _TO_CONNECT)
        except OSError as fault:
            failed = fault
        else:
            made.settimeout(SECONDS)
            return made
    raise failed


def _unreachable(step: str, fault: Exception) -> Reply:
    number = f" {fault.errno}" if isinstance(fault, OSError) and fault.errno else ""
    return Reply(verdict=Verdict.UNREACHABLE, reason=f"{step} {type(fault).__name__}{number}")
