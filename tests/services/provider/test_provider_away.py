"""A provider that is away, slow to tell of its keys, or wrong of itself; and leaving it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.identity import asking, logins
from services.identity.discovery import AFTER_FAILURE
from services.identity.faults import ProviderAway
from services.identity.provider import AT_ONCE
from services.settings import Settings, SettingsFault
from services.stack.doctor import examine
from services.wiring import Office, open_office
from tests.services.issuing import (
    CLIENT,
    SECRET,
    Guest,
    Issuer,
    Passing,
    provided,
    refused,
    signing_key,
    timed,
)
from tests.services.visiting import Visitor, pages_of

DAY = 24 * 60 * 60


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        ((400, {"error": "invalid_grant"}), 400, "takes this no more (invalid_grant)"),
        ((401, {"error": "invalid_client", "error_description": SECRET}), 503, "does not answer"),
        ((500, "broken"), 503, "does not answer"),
        ((200, "<html>"), 503, "does not answer"),
        ((200, ["a"]), 503, "does not answer"),
        ((302, "moved"), 503, "does not answer"),
        ((200, {}), 503, "does not answer"),
        ((200, {"access_token": "a"}), 400, "none that can be read"),
        ((200, "x" * 600_000), 503, "does not answer"),
    ],
)
def test_a_provider_that_gives_no_tokens_is_told_as_it_is(
    guest: Guest, answer: tuple[int, Any], status: int, says: str
) -> None:
    guest.begin()
    guest.issuer.answer = answer
    told = guest.come_back()
    refused(told, status, says)
    assert SECRET not in told.text
    assert guest.issuer.asked["/elsewhere"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 3},
        {"end_session_endpoint": "http://192.0.2.1/out"},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_asked(
    guest: Guest, wrong: dict[str, Any]
) -> None:
    guest.issuer.document |= wrong
    answer = guest.begin()
    refused(answer, 503, "sign-in service does not answer")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_provider_that_is_away_is_a_page_and_is_not_asked_by_every_visitor(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    guest = Guest(timed(office, passing), issuer)
    issuer.is_away = True
    for _ in range(5):
        refused(guest.begin(), 503, "sign-in service does not answer")
    assert issuer.asked.total() == 1
    issuer.is_away = False
    passing.seconds += AFTER_FAILURE
    assert guest.sign_in().status_code == 200


def test_one_visitor_waits_for_a_provider_that_hangs_and_no_other(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    office = timed(office, passing)
    issuer.answers.clear()
    with ThreadPoolExecutor(1) as aside:
        first = aside.submit(Guest(office, issuer).begin)
        while not issuer.asked:
            assert not first.done()
        for _ in range(5):
            refused(Guest(office, issuer).begin(), 503, "sign-in service does not answer")
        assert not first.done()
        # It is given up long after it was asked, and has its rest from then on.
        passing.seconds += 2 * AFTER_FAILURE
        issuer.is_away = True
        issuer.answers.set()
        assert first.result().status_code == 503
    passing.seconds += AFTER_FAILURE - 1
    assert Guest(office, issuer).begin().status_code == 503
    assert issuer.asked.total() == 1
    passing.seconds += 1
    assert Guest(office, issuer).begin().status_code == 503
    assert issuer.asked.total() == 2
    passing.seconds += 2 * AFTER_FAILURE - 1
    assert Guest(office, issuer).begin().status_code == 503
    assert issuer.asked.total() == 2


def test_while_a_provider_hangs_all_others_have_what_it_said(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    office = timed(office, passing)
    assert Guest(office, issuer).begin().status_code == 303
    passing.seconds += 600
    issuer.answers.clear()
    with ThreadPoolExecutor(1) as aside:
        first = aside.submit(Guest(office, issuer).begin)
        while issuer.asked.total() == 1:
            assert not first.done()
        assert Guest(office, issuer).begin().status_code == 303
        assert not first.done()
        issuer.answers.set()


def test_few_sign_ins_wait_for_tokens_at_once(office: Office, issuer: Issuer) -> None:
    guests = [Guest(office, issuer) for _ in range(AT_ONCE + 1)]
    for guest in guests:
        guest.begin()
    issuer.answers.clear()
    with ThreadPoolExecutor(AT_ONCE) as aside:
        waiting = [aside.submit(guest.come_back) for guest in guests[1:]]
        while issuer.asked["/token"] < AT_ONCE:
            assert not any(each.done() for each in waiting)
        refused(guests[0].come_back(), 503, "sign-in service does not answer")
        assert issuer.asked["/token"] == AT_ONCE
        issuer.answers.set()


def test_nothing_listens_where_the_provider_should_be(settings: Settings, issuer: Issuer) -> None:
    told = provided(settings, issuer, QMAS_OIDC_ISSUER="http://127.0.0.1:9")
    opened = open_office(told)
    refused(pages_of(opened).test_client().get("/sign-in/begin"), 503, "does not answer")
    assert pages_of(opened).test_client().get("/staff/sign-in").status_code == 200
    opened.close()


class _Dripping(BaseRequestHandler):
    """Answers for half a minute, and is still at its header then."""

    def handle(self) -> None:
        self.request.recv(65_536)
        with suppress(OSError):  # whoever asked has hung up, as they must
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(600):
                self.request.sendall(b"a")
                time.sleep(0.05)


def test_a_provider_that_answers_byte_by_byte_is_given_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.3)
    assert office.settings.oidc is not None
    with ThreadingTCPServer(("127.0.0.1", 0), _Dripping) as server, ThreadPoolExecutor(1) as aside:
        aside.submit(server.serve_forever, 0.01)
        began = time.monotonic()
        with pytest.raises(ProviderAway):
            asking.ask(office.settings.oidc, f"http://127.0.0.1:{server.server_address[1]}/")
        assert time.monotonic() - began < 15
        server.shutdown()


def test_what_the_provider_said_holds_for_an_hour_while_it_is_away(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    guest = Guest(timed(office, passing), issuer)
    assert guest.sign_in().status_code == 200
    issuer.is_away = True
    passing.seconds = 3600
    assert guest.begin().status_code == 303
    passing.seconds = 3600 + AFTER_FAILURE
    assert guest.begin().status_code == 503


def test_a_new_key_is_asked_for_and_no_more_than_once_a_minute(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    guest = Guest(timed(office, passing), issuer)
    assert guest.sign_in().status_code == 200
    assert issuer.asked["/keys"] == 1
    issuer.key = signing_key(1)
    issuer.keys.append(issuer.key.as_dict(private=False))
    passing.seconds = 59
    assert guest.sign_in().status_code == 400
    passing.seconds = 60
    assert guest.sign_in().status_code == 200
    assert issuer.asked["/keys"] == 2
    for number in range(20):
        guest.begin()
        assert (
            guest.bring(issuer.signed(guest.claims(), kid=f"made-up-{number}")).status_code == 400
        )
    assert issuer.asked["/keys"] == 2


def test_a_key_that_the_provider_withdrew_signs_nothing_any_more(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    guest = Guest(timed(office, passing), issuer)
    assert guest.sign_in().status_code == 200
    issuer.keys = [signing_key(1).as_dict(private=False)]
    passing.seconds = 600
    assert guest.sign_in().status_code == 400


def test_signing_out_leads_to_where_the_provider_signs_out_too(guest: Guest) -> None:
    guest.issuer.document["end_session_endpoint"] = f"{guest.issuer.url}/out"
    guest.sign_in()
    visitor = Visitor(guest.office)
    visitor.client = guest.client
    page = visitor.send(visitor.get("/staff/sessions"), "/sign-out")
    assert (page.status, page.heading) == (200, "Signed out here")
    where = urlsplit(page.root.one("main").one("a").given["href"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{guest.issuer.url}/out"
    assert parse_qs(where.query) == {
        "client_id": [CLIENT],
        "post_logout_redirect_uri": [f"{guest.office.settings.public_url}/staff/sign-in?left=1"],
    }
    assert not guest.is_in()


def test_signing_out_works_while_the_provider_is_away(office: Office, issuer: Issuer) -> None:
    passing = Passing()
    guest = Guest(timed(office, passing), issuer)
    guest.sign_in()
    issuer.is_away = True
    passing.seconds = DAY
    visitor = Visitor(guest.office)
    visitor.client = guest.client
    page = visitor.send(visitor.get("/staff/sessions"), "/sign-out")
    assert "You are signed out." in page.text
    assert not guest.is_in()


def test_the_doctor_says_whether_the_provider_answers(office: Office, issuer: Issuer) -> None:
    for is_away, says in ((False, "the identity provider answers"), (True, "does not answer")):
        issuer.is_away = is_away
        (found,) = [each for each in examine(office.settings) if each.subject == "people"]
        assert found.is_well is not is_away
        assert says in found.says


def test_signing_in_anew_ends_the_session_before(guest: Guest) -> None:
    guest.sign_in()
    guest.sign_in(sub="lee-18")
    listed = guest.office.sessions.listed(guest.office.clock())
    assert [each.person.name for each in listed] == ["lee-18"]


def test_where_a_provider_knows_the_people_no_password_opens(
    settings: Settings, office: Office
) -> None:
    (chan, *_) = logins(settings)
    visitor = Visitor(office)
    door = visitor.get("/staff")
    assert door.heading == "Sign in to the office"
    assert door.actions == []
    csrf = visitor.get("/").form("/")["csrf"]
    page = visitor.post(
        "/staff/sign-in", {"csrf": csrf, "name": chan.name, "password": chan.password}
    )
    assert page.heading == "Sign in to the office"
    assert visitor.get("/staff").path.startswith("/staff/sign-in")
    with pytest.raises(SettingsFault):
        logins(office.settings)
