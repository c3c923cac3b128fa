"""Asking the identity provider over HTTP: by the settings alone, and never for long.

No proxy and no file of passwords of this account has a say, nothing leads on to another address,
and what is said is read no further than it can mean anything.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from services.identity.faults import ProviderAway
from services.oidc import Oidc

PATIENCE: Final = 5.0
"""How many seconds the provider is given for each thing; for all of an answer, twice as many."""

_LARGEST: Final = 512 * 1024
_AT_ONCE: Final = 64 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer: its status, and the object that it is; empty where it is no object."""

    status: int
    told: Mapping[str, Any]

    @property
    def is_well(self) -> bool:
        """Say whether it is what was asked for."""
        return self.status == HTTPStatus.OK and bool(self.told)


def ask(
    oidc: Oidc,
    url: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Said:
    """Return what is said at a URL, to a form if one is sent; raises `ProviderAway`."""
    sent = {"Accept": "application/json", **(headers or {})}
    if form is not None:
        sent["Content-Type"] = _FORM
    try:
        connection = _connection(oidc, url)
        try:
            where = urlsplit(url)._replace(scheme="", netloc="").geturl() or "/"
            method, body = ("GET", None) if form is None else ("POST", urlencode(form))
            connection.connect()
            until = time.monotonic() + 2 * PATIENCE
            with _hung_up_after(2 * PATIENCE, connection):
                connection.request(method, where, body, sent)
                response = connection.getresponse()
            return Said(status=response.status, told=_an_object(_read(response, until)))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise ProviderAway(f"{url}: {type(fault).__name__}") from fault


def _connection(oidc: Oidc, url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=PATIENCE)
    trusted = ssl.create_default_context(cafile=oidc.authorities)
    return http.client.HTTPSConnection(host, parts.port, timeout=PATIENCE, context=trusted)


@contextmanager
def _hung_up_after(seconds: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """The connection is broken off where this lasts longer.

    A header may come byte by byte, each of them in time, and is read as a whole.
    """
    late = threading.Timer(seconds, connection.sock.shutdown, (socket.SHUT_RDWR,))
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()


def _read(response: http.client.HTTPResponse, until: float) -> bytes:
    found = bytearray()
    while time.monotonic() < until:
        part = response.read1(_AT_ONCE)
        found += part
        if len(found) > _LARGEST:
            break
        if not part:
            return bytes(found)
    raise TimeoutError


def _an_object(text: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
