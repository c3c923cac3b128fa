"""By whose address tries are counted, and how little of it is believed."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from services.addresses import client_of
from services.settings import Settings, SettingsFault

PROXIES = (ip_network("10.0.0.5"), ip_network("10.1.0.0/16"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
        ("10.0.0.5", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.5", "192.0.2.1, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.5", "192.0.2.1, 198.51.100.9, 10.1.2.3", "198.51.100.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "10.1.2.3", "10.1.2.3"),
        ("10.0.0.5", "192.0.2.1, nonsense", "10.0.0.5"),
        ("10.0.0.5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("", "198.51.100.9", ""),
    ],
)
def test_a_proxy_that_is_named_is_believed_and_nobody_else(
    peer: str, forwarded: str, client: str
) -> None:
    assert client_of(peer, forwarded, PROXIES) == client


def test_without_proxies_the_peer_is_the_client() -> None:
    assert client_of("10.0.0.5", "198.51.100.9", ()) == "10.0.0.5"


def test_proxies_are_told_by_address_or_network(tmp_path: Path) -> None:
    told = {"QMAS_TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/16"}
    assert Settings.load(told, tmp_path / "home").trusted_proxies == PROXIES
    for wrong in ("proxy.example", "10.0.0.5/8"):
        with pytest.raises(SettingsFault, match="QMAS_TRUSTED_PROXIES"):
            Settings.load({"QMAS_TRUSTED_PROXIES": wrong}, tmp_path / "home")
