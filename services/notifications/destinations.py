"""Where a webhook may go: an https address of somebody on the public network.

Law: a URL that an operator typed reaches nothing inside: every address that its name has now is
looked at, and the one that is connected to is one of those that were.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from domain.errors import Reportable

_PORTS: Final = {"https": 443, "http": 80}
_LONGEST: Final = 2_000
# Addresses that stand for others: what they lead to is decided elsewhere.
_TRANSLATED: Final = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))


class UnusableDestination(Reportable):
    """No webhook can go to this URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A URL taken apart: whom to connect to, and what to ask for there."""

    secure: bool
    host: str
    port: int
    target: str


def destination(url: str, *, inside: bool) -> Destination:
    """Return where a URL leads; with `inside`, plain http and addresses of one's own will do."""
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise UnusableDestination(f"a URL has at most {_LONGEST} printable ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnusableDestination("this is not a URL") from None
    if parts.scheme not in (_PORTS if inside else ("https",)):
        raise UnusableDestination("the URL must begin with https://")
    if not parts.hostname:
        raise UnusableDestination("the URL names no host")
    if parts.username is not None or parts.password is not None:
        raise UnusableDestination("the URL must hold no user or password: the signature tells who")
    if parts.fragment:
        raise UnusableDestination("the URL must not hold a #")
    if not inside and _is_literal(parts.hostname) and not _is_public(parts.hostname):
        raise UnusableDestination(f"{parts.hostname} is no address of the public network")
    return Destination(
        secure=parts.scheme == "https",
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def addresses(to: Destination, *, inside: bool) -> tuple[str, ...]:
    """Return every address that the host has now; raises OSError where it has none.

    Raises `UnusableDestination` when one of them is not public, unless `inside` will do.
    """
    found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    known = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    if not inside and not all(map(_is_public, known)):
        raise UnusableDestination(f"{to.host[:60]} leads to no public address")
    return known


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(text: str) -> bool:
    """Say whether an address is somebody's on the public network, and its own."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.is_site_local:  # what networks had inside before fc00::/7, and some still have
            return False
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in each for each in _TRANSLATED) or address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
