"""Signing in by way of another site, in a browser that keeps its cookies as strictly as it must.

The provider is another site than ours though both are on loopback: its host has another name.
"""

import socket
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from services.settings import Settings
from services.wiring import Office, open_office
from tests.browser.chromium import Chromium
from tests.browser.looking import HEADING
from tests.services.issuing import Issuer, an_issuer, provided
from tests.services.visiting import pages_of


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer("localhost") as made:
        made.document["end_session_endpoint"] = f"{made.url}/out"
        yield made


@pytest.fixture
def office(settings: Settings, issuer: Issuer) -> Iterator[Office]:
    """An office whose people the provider knows, at an address that is known beforehand."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    opened = open_office(provided(settings, issuer, QMAS_PUBLIC_URL=f"http://127.0.0.1:{port}"))
    yield opened
    opened.close()


@pytest.fixture
def served(office: Office) -> Iterator[str]:
    url = office.settings.public_url
    server = make_server("127.0.0.1", int(url.rpartition(":")[2]), pages_of(office), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_whoever_comes_back_from_the_provider_is_signed_in_at_once(
    browser: Chromium, served: str, issuer: Issuer
) -> None:
    browser.open(f"{served}/staff/sessions")
    assert browser.look(HEADING) == "Sign in to the office"
    browser.click("main a")
    assert browser.look(HEADING) == "Issuer"
    browser.click("a")
    browser.arrive(f"{served}/staff/sessions")
    assert browser.look(HEADING) == "Where you are signed in"
    browser.click(".corner button")
    browser.arrive(f"{issuer.url}/out")
    browser.open(f"{served}/staff")
    assert browser.look(HEADING) == "Sign in to the office"


def test_a_link_on_another_site_uses_nobodys_session(
    browser: Chromium, served: str, issuer: Issuer
) -> None:
    _sign_in(browser, served)
    _led_to(f"{served}/staff/sessions", browser, issuer)
    assert browser.look(HEADING) == "Sign in to the office"
    browser.open(f"{served}/staff/sessions")
    assert browser.look(HEADING) == "Where you are signed in"


def test_a_link_on_another_site_signs_nobody_out(
    browser: Chromium, served: str, issuer: Issuer
) -> None:
    _sign_in(browser, served)
    for path, shown in (("/sign-in/begin", "main a.button"), ("/", "main form")):
        _led_to(f"{served}{path}", browser, issuer)
        there = f"String(document.querySelector('{shown}') !== null)"
        assert browser.await_look(there, "true") == "true"
        browser.open(f"{served}/staff/sessions")
        assert browser.look(HEADING) == "Where you are signed in"


def test_whoever_another_site_leads_here_fills_in_the_form_at_once(
    browser: Chromium, served: str, issuer: Issuer
) -> None:
    _led_to(f"{served}/", browser, issuer)
    there = "String(document.querySelector('main button') !== null)"
    assert browser.await_look(there, "true") == "true"
    browser.click("main button")
    # Without the cookie of the form it would be said that the form has expired.
    assert browser.look(HEADING) == "Check where your application stands"


def _sign_in(browser: Chromium, served: str) -> None:
    browser.open(f"{served}/staff/sessions")
    browser.click("main a")
    browser.click("a")
    browser.arrive(f"{served}/staff/sessions")


def _led_to(url: str, browser: Chromium, issuer: Issuer) -> None:
    """Go to a page by a link of another site's."""
    browser.open(f"{issuer.url}/elsewhere")
    browser.look(f"document.body.innerHTML = '<a href=\"{url}\">Go</a>'")
    browser.click("a")
