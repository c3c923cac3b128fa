"""Signing in and out with a real OpenID provider, and calling the API with its tokens."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from services.api.app import create_api
from services.identity.provider import IdentityProvider
from services.identity.sessions import IDLE
from services.settings import Settings
from services.wiring import Office, open_office
from tests.integration.providing import (
    AUDIENCE,
    CLIENT,
    SECRET,
    RealProvider,
    Walker,
    a_real_provider,
)
from tests.services.issuing import ROLES, Passing, signing_key
from tests.services.visiting import Page, Visitor, later


class Person(Visitor):
    """Somebody with one browser, which looks at our pages and at the provider's."""

    def __init__(self, office: Office, provider: RealProvider) -> None:
        super().__init__(office)
        self.walker = Walker(provider)

    def sign_in(self, name: str, then: str = "/staff") -> Page:
        """Go to a page, by the provider, and return it or what is said instead."""
        away = self.client.get("/sign-in/begin", query_string={"then": then}).headers["Location"]
        back = self.walker.walk(away, login=name, password="whatever it is")  # noqa: S106 - it takes any
        parts = urlsplit(back)
        page = self.get(f"{parts.path}?{parts.query}")
        return self.get(then) if page.heading == "Signed in" else page


@pytest.fixture
def provider(settings: Settings) -> Iterator[RealProvider]:
    with a_real_provider(settings.public_url, signing_key()) as running:
        yield running


@pytest.fixture
def office(settings: Settings, provider: RealProvider) -> Iterator[Office]:
    told = {
        "QMAS_OIDC_ISSUER": provider.url,
        "QMAS_OIDC_CLIENT_ID": CLIENT,
        "QMAS_OIDC_CLIENT_SECRET": SECRET,
        "QMAS_OIDC_ROLES": ROLES,
        "QMAS_API_AUDIENCE": AUDIENCE,
    }
    opened = open_office(Settings.load({**settings.environ, **told}, settings.home))
    yield opened
    opened.close()


@pytest.fixture
def api(office: Office) -> Flask:
    return create_api(office)


def _status(api: Flask, token: str) -> int:
    sent = {"Authorization": f"Bearer {token}"}
    return api.test_client().get("/api/v1/cases", headers=sent).status_code


def test_an_officer_signs_in_and_out(office: Office, provider: RealProvider) -> None:
    chan = Person(office, provider)
    page = chan.sign_in("chan")
    assert (page.status, page.path) == (200, "/staff")
    (session,) = office.sessions.listed(office.clock())
    assert (session.person.name, session.person.role) == ("chan", "officer")
    page = chan.send(page, "/sign-out")
    assert page.heading == "Signed out here"
    farewell = page.root.one("main").one("a").given["href"]
    back = chan.walker.walk(farewell, logout="yes")
    assert back == f"{office.settings.public_url}/staff/sign-in?left=1"
    assert chan.get("/staff").heading == "Sign in to the office"


def test_of_several_roles_the_mapping_says_which(office: Office, provider: RealProvider) -> None:
    Person(office, provider).sign_in("wong")
    (session,) = office.sessions.listed(office.clock())
    assert session.person.role == "supervisor"


def test_somebody_without_a_role_does_not_get_in(office: Office, provider: RealProvider) -> None:
    nobody = Person(office, provider)
    page = nobody.sign_in("nobody")
    assert (page.status, page.heading) == (403, "You have no role here")
    assert nobody.get("/staff").heading == "Sign in to the office"


def test_whoever_turns_back_at_the_provider_is_told_so(
    office: Office, provider: RealProvider
) -> None:
    client = Person(office, provider).client
    away = client.get("/sign-in/begin").headers["Location"]
    parts = urlsplit(Walker(provider).walk(f"{away}&prompt=none"))
    answer = client.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 400
    assert "did not sign you in (login_required)" in answer.text


def test_a_code_is_worth_nothing_in_another_browser_or_a_second_time(
    office: Office, provider: RealProvider
) -> None:
    chan, thief = (Person(office, provider) for _ in range(2))
    away = chan.client.get("/sign-in/begin").headers["Location"]
    thief.client.get("/sign-in/begin")
    back = urlsplit(chan.walker.walk(away, login="chan", password="x"))  # noqa: S106 - it takes any
    path = f"{back.path}?{back.query}"
    kept = chan.client.get_cookie("qmas-sign-in")
    assert kept is not None
    assert thief.client.get(path).status_code == 400
    assert chan.client.get(path).status_code == 200
    chan.client.set_cookie("qmas-sign-in", kept.value)
    answer = chan.client.get(path)
    assert answer.status_code == 400
    assert "was used before" in answer.text


def test_a_session_expires_though_the_provider_still_knows_the_person(
    office: Office, provider: RealProvider
) -> None:
    chan = Person(office, provider)
    chan.sign_in("chan")
    chan.reopen(later(office, IDLE + timedelta(seconds=2)))
    assert chan.get("/staff").heading == "Sign in to the office"


def test_somebody_signs_out_everywhere_from_a_second_browser(
    office: Office, provider: RealProvider
) -> None:
    first, second = (Person(office, provider) for _ in range(2))
    for browser in (first, second):
        browser.sign_in("chan")
    page = second.get("/staff/sessions")
    second.post("/staff/sessions/end", page.form("/sign-out"))
    for browser in (first, second):
        assert browser.get("/staff").heading == "Sign in to the office"


def test_a_program_calls_with_a_token_of_the_provider(
    office: Office, provider: RealProvider, api: Flask
) -> None:
    token = provider.token()
    assert _status(api, token) == 200
    gone = create_api(later(office, timedelta(seconds=300 + 31)))
    assert _status(gone, token) == 401
    assert _status(api, f"{token[:-4]}AAAA") == 401


def test_a_provider_that_signs_by_a_new_key_is_followed(
    settings: Settings, office: Office, provider: RealProvider
) -> None:
    passing, oidc = Passing(), office.settings.oidc
    assert oidc is not None
    asked = IdentityProvider(oidc, f"{settings.public_url}/sign-in/return", passing)
    api = create_api(replace(office, provider=lambda: asked))
    former = provider.token()
    assert _status(api, former) == 200
    provider.process.terminate()
    provider.process.wait(timeout=20)
    with a_real_provider(settings.public_url, signing_key(1), port=provider.port) as renewed:
        token = renewed.token()
        assert _status(api, token) == 401
        passing.seconds = 60
        assert _status(api, token) == 200
        late = create_api(replace(later(office, timedelta(minutes=2)), provider=lambda: asked))
        assert _status(late, former) == 401
