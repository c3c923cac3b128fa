"""Who passes requests on and is not believed is told by the doctor, with what to set."""

from dataclasses import replace
from datetime import date
from ipaddress import ip_network

import pytest
from flask import Flask

from services.api.app import create_api
from services.forwarding import ELSEWHERE, passed_on_by
from services.settings import Settings
from services.stack.doors import proxies
from services.stack.finding import Finding
from services.wiring import Office
from tests.services.api.calling import V1
from tests.services.coming_in import ask_for_code
from tests.services.visiting import Visitor

EXAMPLE = "QM-4K7RT-9XWPR"
PASSED_ON = {"X-Forwarded-For": "198.51.100.9"}


def ask(app: Flask, peer: str, headers: dict[str, str]) -> None:
    """Ask for a code over the API, from that peer."""
    answer = app.test_client().post(
        f"{V1}/status-enquiries",
        json={"reference": EXAMPLE, "date_of_birth": "1988-04-12"},
        headers=headers,
        environ_base={"REMOTE_ADDR": peer},
    )
    assert answer.status_code == 202, answer.text


def trusting(settings: Settings, *named: str, public_url: str = "") -> Settings:
    networks = tuple(map(ip_network, named))
    url = public_url or settings.public_url
    return replace(settings, trusted_proxies=networks, public_url=url)


def found(settings: Settings) -> Finding:
    (only,) = proxies(settings)
    return only


def test_a_proxy_that_nobody_named_is_told_with_what_to_set(office: Office) -> None:
    ask(create_api(office), "10.0.0.5", PASSED_ON)
    told = found(office.settings)
    assert (told.is_well, told.warns) == (True, True)
    assert told.says.startswith("X-Forwarded-For came from 10.0.0.5 within a day")
    assert "add 10.0.0.5 to QMAS_TRUSTED_PROXIES" in told.remedy
    assert "198.51.100.9" not in told.says + told.remedy
    # Once it is named all is well, whatever was before.
    named = found(trusting(office.settings, "10.0.0.0/24"))
    assert (named.warns, named.says) == (False, "trusted: 10.0.0.0/24")


def test_pages_tell_of_it_as_the_api_does(office: Office) -> None:
    visitor = Visitor(office)
    visitor.client.environ_base |= {"REMOTE_ADDR": "10.0.0.6", "HTTP_X_FORWARDED_FOR": "8.8.8.8"}
    ask_for_code(visitor, EXAMPLE, date(1988, 4, 12))
    assert passed_on_by(office.settings) == "10.0.0.6"


@pytest.mark.parametrize(("peer", "headers"), [("10.0.0.7", PASSED_ON), ("10.9.9.9", {})])
def test_a_proxy_that_is_named_and_whoever_passes_nothing_on_are_not_told(
    office: Office, peer: str, headers: dict[str, str]
) -> None:
    believing = replace(office, settings=trusting(office.settings, "10.0.0.7"))
    ask(create_api(believing), "10.0.0.8", PASSED_ON)
    ask(create_api(believing), peer, headers)
    assert passed_on_by(believing.settings) == "10.0.0.8"


def test_nobody_on_the_internet_is_named(office: Office) -> None:
    ask(create_api(office), "8.8.4.4", PASSED_ON)
    assert passed_on_by(office.settings) == ELSEWHERE
    told = found(office.settings)
    assert "add its address to QMAS_TRUSTED_PROXIES" in told.remedy
    assert "8.8.4.4" not in told.says + told.remedy


def test_https_without_a_word_of_proxies_is_told(settings: Settings) -> None:
    nobody = replace(settings, broker_url="redis://127.0.0.1:1/0")
    behind = trusting(nobody, public_url="https://cases.example")
    told = found(behind)
    assert told.warns
    assert "set QMAS_TRUSTED_PROXIES" in told.remedy
    said = replace(behind, environ={**behind.environ, "QMAS_TRUSTED_PROXIES": "none"})
    assert [found(each).warns for each in (nobody, said)] == [False, False]
