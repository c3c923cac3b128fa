"""A webhook goes over https to an address of the public network, or nowhere."""

import socket

import pytest

from services.notifications.destinations import UnusableDestination, addresses, destination

_INSIDE = (
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1",  # noqa: S104 - nothing listens
    "198.18.0.1", "240.0.0.1", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]",
    "[ff02::1]", "[2001:db8::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]",
    "[fec0::1]", "[2002:7f00:1::1]", "[2001:0:7f00:1::1]",
)  # fmt: skip
_PUBLIC = ("93.184.216.34", "8.8.8.8", "[2606:2800:220:1:248:1893:25c8:1946]", "[::ffff:8.8.8.8]")


@pytest.mark.parametrize("host", _INSIDE)
def test_no_webhook_goes_inside(host: str) -> None:
    with pytest.raises(UnusableDestination, match="no address of the public network"):
        destination(f"https://{host}/hook", inside=False)
    assert destination(f"http://{host}/hook", inside=True).host == host.strip("[]")


@pytest.mark.parametrize("host", _PUBLIC)
def test_a_public_address_will_do(host: str) -> None:
    assert destination(f"https://{host}/hook", inside=False).port == 443


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("http://hooks.example/", "must begin with https://"),
        ("ftp://hooks.example/", "must begin with https://"),
        ("hooks.example", "must begin with https://"),
        ("https:///hook", "names no host"),
        ("https://me@hooks.example/", "no user or password"),
        ("https://me:secret@hooks.example/", "no user or password"),
        ("https://hooks.example/#part", "must not hold a #"),
        ("https://hooks.example/a b", "printable ASCII"),
        ("https://hooks.example/\r\nHost: other", "printable ASCII"),
        ("https://hooks.example:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://hooks.example/" + "a" * 2000, "at most 2000"),
    ],
)
def test_what_is_no_destination_is_told_why(url: str, because: str) -> None:
    with pytest.raises(UnusableDestination, match=because):
        destination(url, inside=False)


def test_path_query_and_port_are_kept() -> None:
    to = destination("https://hooks.example:8443/a/b?c=d", inside=False)
    assert (to.secure, to.host, to.port, to.target) == (True, "hooks.example", 8443, "/a/b?c=d")


def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up() -> None:
    to = destination("https://localhost/", inside=False)
    with pytest.raises(UnusableDestination, match="leads to no public address"):
        addresses(to, inside=False)
    assert "127.0.0.1" in addresses(to, inside=True)


def test_one_address_inside_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(UnusableDestination, match="leads to no public address"):
        addresses(destination("https://hooks.example/", inside=False), inside=False)
