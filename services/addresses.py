"""Whose request it is, by network address: what limits on tries count by.

Law: what a request says of itself is believed of proxies alone that the settings name. Without any
the address is the peer's, whatever X-Forwarded-For says.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address

_OF_ONE_LINE = 64  # bits of an IPv6 address; a subscriber has all that begin with them


def client_of(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return the address that a request comes from, as far as it can be believed.

    `forwarded` is X-Forwarded-For, to which each proxy adds at the end who spoke to it. Of an IPv6
    address it is the network of 64 bits, within which one client may choose any.
    """
    found = _parsed(peer)
    for before in reversed(forwarded.split(",")):
        if found is None or not any(found in each for each in trusted):
            break
        told = _parsed(before)
        if told is None:
            break
        found = told
    if found is None:
        return peer
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _OF_ONE_LINE), strict=False))
    return str(found)


def is_of(address: str, networks: Sequence[Network]) -> bool:
    """Say whether a text is an address of one of these networks."""
    found = _parsed(address)
    return found is not None and any(found in each for each in networks)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches a host of that name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parsed(text: str) -> _Address | None:
    try:
        found = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
