"""Signing in with an identity provider: what is taken, and all that is not."""

import hmac
import json
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from string import ascii_letters
from typing import Any
from urllib.parse import quote_plus

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from services.guesses import Limit
from services.identity import colleagues
from services.identity.people import recorded_as
from services.pages import signing_in
from services.settings import Settings
from services.wiring import Office, open_office
from tests.services.issuing import (
    CLIENT,
    SECRET,
    Guest,
    Issuer,
    challenge_of,
    provided,
    refused,
    signing_key,
)
from tests.services.visiting import later, pages_of


def test_a_browser_is_sent_away_with_all_that_the_flow_asks_for(guest: Guest) -> None:
    answer = guest.begin()
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{guest.issuer.url}/authorize?")
    assert {name: guest.asked[name] for name in guest.asked.keys() - {"state", "nonce"}} == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{guest.office.settings.public_url}/sign-in/return",
        "scope": "openid profile",
        "code_challenge": guest.asked["code_challenge"],
        "code_challenge_method": "S256",
    }
    first = dict(guest.asked)
    guest.begin()
    for name in ("state", "nonce", "code_challenge"):
        assert len(guest.asked[name]) >= 43
        assert guest.asked[name] != first[name]


def test_another_site_that_leads_to_the_door_signs_nobody_out(guest: Guest) -> None:
    guest.sign_in()
    # The session's cookie does not come with what another site began.
    stranger = pages_of(guest.office).test_client()
    sent = stranger.get("/sign-in/begin").headers.getlist("Set-Cookie")
    assert [each.partition("=")[0] for each in sent] == ["qmas-sign-in"]
    assert guest.is_in()


def test_whoever_the_provider_knows_is_signed_in_with_their_role(guest: Guest) -> None:
    answer = guest.sign_in(groups=["officers", "supervisors", "choir"])
    assert answer.status_code == 200
    page = guest.client.get("/staff/sessions").get_data(as_text=True)
    assert "chan-17" in page
    (session,) = guest.office.sessions.listed(guest.office.clock())
    assert (session.person.name, session.person.role) == ("chan-17", "supervisor")


def test_the_code_is_given_with_the_proof_key_and_the_clients_secret(guest: Guest) -> None:
    guest.sign_in()
    (form,) = guest.issuer.forms
    assert form["grant_type"] == "authorization_code"
    assert (form["code"], form["redirect_uri"]) == ("a-code", guest.asked["redirect_uri"])
    challenge = urlsafe_b64encode(challenge_of(form["code_verifier"])).rstrip(b"=").decode()
    assert challenge == guest.asked["code_challenge"]
    assert guest.issuer.credentials == [f"{CLIENT}:{quote_plus(SECRET)}"]
    assert SECRET not in form.values()


def test_the_last_step_is_a_page_so_that_the_strict_cookie_is_sent_by_ours(guest: Guest) -> None:
    sent = guest.begin(area="staff", then="/staff/exercises").headers.getlist("Set-Cookie")
    (attempt,) = [each for each in sent if each.startswith("qmas-sign-in=")]
    assert "HttpOnly" in attempt
    assert "SameSite=Lax" in attempt
    answer = guest.bring(guest.issuer.signed(guest.claims()))
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/staff/exercises">' in answer.text
    cookies = answer.headers.getlist("Set-Cookie")
    assert [("SameSite=Strict" in each) for each in cookies if each.startswith("qmas=")] == [True]
    assert any(each.startswith("qmas-sign-in=;") for each in cookies)


def test_under_https_both_cookies_are_of_this_host_alone(
    settings: Settings, issuer: Issuer
) -> None:
    told = provided(settings, issuer, QMAS_PUBLIC_URL="https://cases.example")
    opened = open_office(told)
    client = pages_of(opened).test_client()
    sent = client.get("/sign-in/begin", base_url="https://cases.example").headers["Set-Cookie"]
    assert sent.startswith("__Host-qmas-sign-in=")
    assert "Secure" in sent
    assert "Path=/" in sent
    assert "Domain" not in sent
    opened.close()


@pytest.mark.parametrize("then", ["https://evil.example", "//evil.example", "/\\evil", "/", ""])
def test_signing_in_leads_to_no_other_site(guest: Guest, then: str) -> None:
    guest.begin(area="audit", then=then)
    answer = guest.bring(guest.issuer.signed(guest.claims()))
    assert 'content="0; url=/audit"' in answer.text


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"nonce": "of-another"}, "of another sign-in"),
        ({"nonce": None}, "of another sign-in"),
        ({"iss": "https://evil.example"}, "of another issuer"),
        ({"iss": None}, "of another issuer"),
        ({"aud": "another-client"}, "for another audience"),
        ({"aud": ["another-client"]}, "for another audience"),
        ({"aud": {CLIENT: True}}, "for another audience"),
        ({"aud": None}, "for another audience"),
        ({"aud": [CLIENT, "another"]}, "made for another client"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "made for another client"),
        ({"azp": "another"}, "made for another client"),
        ({"exp": 1}, "has expired"),
        ({"exp": None}, "does not say when it expires"),
        ({"exp": 10**400}, "no instant"),
        ({"exp": "tomorrow"}, "no instant"),
        ({"exp": True}, "no instant"),
        ({"exp": float("inf")}, "no instant"),
        ({"nbf": 2**40}, "not valid yet"),
        ({"iat": 2**40}, "made in the future"),
        ({"iat": None}, "does not say when"),
        ({"sub": None}, "no name"),
        ({"sub": ""}, "no name"),
        ({"sub": 17}, "no name"),
        ({"sub": "cli.root"}, "no name"),
        ({"sub": "system"}, "no name"),
        ({"sub": "token.intake"}, "no name"),
        ({"sub": "erasures"}, "no name"),
        ({"sub": "QM-4K7RT-9XWPR"}, "no name"),
        ({"nonce": "\ud800"}, "of another sign-in"),
        ({"sub": "chan\n17"}, "no name"),
        ({"sub": "x" * 129}, "no name"),
    ],
)
def test_an_id_token_that_says_something_wrong_isrefused(
    guest: Guest, other: dict[str, Any], says: str
) -> None:
    guest.begin()
    refused(guest.bring(guest.issuer.signed(guest.claims(**other))), 400, says)
    assert not guest.is_in()


@pytest.mark.parametrize("other", [{"aud": [CLIENT]}, {"aud": [CLIENT, "a"], "azp": CLIENT}])
def test_several_audiences_are_right_where_this_client_is_the_party(
    guest: Guest, other: dict[str, Any]
) -> None:
    assert guest.sign_in(**other).status_code == 200


def _part(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().strip("=")


def _unsigned(guest: Guest) -> str:
    parts = ({"alg": "none"}, guest.claims())
    return ".".join(_part(json.dumps(each).encode()) for each in parts) + "."


def _by_public_key(guest: Guest) -> str:
    said = {"alg": "HS256", "kid": guest.issuer.key.kid}
    text = ".".join(_part(json.dumps(each).encode()) for each in (said, guest.claims()))
    public = guest.issuer.key.as_pem(private=False)
    return f"{text}.{_part(hmac.digest(public, text.encode(), 'sha256'))}"


def _by_another_key(guest: Guest) -> str:
    said = {"alg": "RS256", "kid": guest.issuer.key.kid}
    return jwt.encode(said, guest.claims(), signing_key(1))


def _by_an_unknown_key(guest: Guest) -> str:
    return jwt.encode({"alg": "RS256", "kid": "key-1"}, guest.claims(), signing_key(1))


def _of_another_kind_of_key(guest: Guest) -> str:
    key = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256", "kid": guest.issuer.key.kid}, guest.claims(), key)


def _altered(guest: Guest) -> str:
    head, body, seal = guest.issuer.signed(guest.claims()).split(".")
    claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    other = _part(json.dumps({**claims, "groups": ["supervisors"]}).encode())
    return f"{head}.{other}.{seal}"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_unsigned, "not signed in a way that is taken"),
        (_by_public_key, "not signed in a way that is taken"),
        (_by_another_key, "not signed as it says"),
        (_by_an_unknown_key, "no key of the issuer"),
        (_of_another_kind_of_key, "no key of the issuer"),
        (_altered, "not signed as it says"),
        (lambda g: g.issuer.signed(g.claims(), kid=None), "no key of the issuer"),
        (lambda g: g.issuer.signed(g.claims(), typ="logout+jwt"), "of another sort"),
        (lambda g: g.issuer.signed(g.claims(), typ="at+jwt"), "of another sort"),
        (lambda g: g.issuer.signed(g.claims()) + "x" * 20_000, "none that can be read"),
        (lambda _: "é.é.é", "none that can be read"),
        (lambda _: "W10.e30.x", "none that can be read"),
        (lambda _: "", "none that can be read"),
        (lambda _: None, "none that can be read"),
        (lambda _: {"alg": "RS256"}, "none that can be read"),
    ],
)
def test_an_id_token_that_is_not_signed_as_it_must_be_isrefused(
    guest: Guest, make: Any, says: str
) -> None:
    guest.issuer.keys.append({"kty": "oct", "k": "AAAA", "kid": "shared"})
    guest.issuer.keys.append(signing_key(0).as_dict(private=False) | {"kid": "spare"})
    guest.begin()
    refused(guest.bring(make(guest)), 400, says)
    assert not guest.is_in()


@pytest.mark.parametrize(
    ("brought", "says"),
    [
        ({"state": "of-another"}, "answer to another sign-in"),
        ({"state": None}, "answer to another sign-in"),
        ({"state": "é"}, "answer to another sign-in"),
        ({"iss": "https://evil.example"}, "another identity provider"),
        ({"code": None}, "without a code"),
        ({"error": "access_denied"}, "did not sign you in (access_denied)"),
        ({"error": "<b>evil</b>"}, "did not sign you in"),
    ],
)
def test_what_comes_back_wrong_signs_nobody_in(
    guest: Guest, brought: dict[str, str | None], says: str
) -> None:
    guest.begin()
    answer = guest.bring(guest.issuer.signed(guest.claims()), **brought)
    refused(answer, 400, says)
    assert "evil" not in answer.text
    assert guest.issuer.asked["/token"] == 0
    assert not guest.is_in()


def test_a_parameter_that_comes_twice_counts_as_none(guest: Guest) -> None:
    guest.begin()
    state = guest.asked["state"]
    refused(guest.client.get(f"/sign-in/return?code=a&state={state}&state=b"), 400, "another sign")


def test_a_link_on_another_site_signs_nobody_out(guest: Guest) -> None:
    led = {"Sec-Fetch-Site": "cross-site"}
    guest.begin()
    guest.issuer.answer = (200, {"id_token": guest.issuer.signed(guest.claims())})
    brought = {"code": "a-code", "state": guest.asked["state"]}
    assert guest.client.get("/sign-in/return", query_string=brought, headers=led).status_code == 200
    assert guest.is_in()
    # The cookie of the session is strict: such a request comes without it.
    stranger = pages_of(guest.office).test_client()
    wanted = {"area": "audit", "then": "/audit/looks"}
    answer = stranger.get("/sign-in/begin", query_string=wanted, headers=led)
    assert answer.headers["Location"] == "/audit/sign-in?then=/audit/looks"
    assert "Set-Cookie" not in answer.headers


def test_a_provider_that_names_itself_must_do_so(guest: Guest) -> None:
    guest.issuer.document["authorization_response_iss_parameter_supported"] = True
    guest.begin()
    token = guest.issuer.signed(guest.claims())
    refused(guest.bring(token), 400, "another identity provider")
    guest.begin()
    token = guest.issuer.signed(guest.claims())
    assert guest.bring(token, iss=guest.issuer.url).status_code == 200


def test_what_comes_back_counts_once_and_only_in_the_browser_that_was_sent(guest: Guest) -> None:
    guest.begin()
    token = guest.issuer.signed(guest.claims())
    other = Guest(guest.office, guest.issuer)
    other.asked = guest.asked
    refused(other.bring(token), 400, "began no sign-in")
    assert guest.bring(token).status_code == 200
    refused(guest.bring(token), 400, "began no sign-in")


@pytest.mark.parametrize("brought", [{}, {"state": "of-another"}, {"code": None}])
def test_a_copy_of_the_cookie_has_the_provider_asked_once(
    guest: Guest, brought: dict[str, str | None]
) -> None:
    guest.begin()
    cookie = guest.client.get_cookie("qmas-sign-in")
    assert cookie is not None
    guest.issuer.is_away = True
    guest.come_back(**brought)
    assert guest.client.get_cookie("qmas-sign-in") is None
    asked = guest.issuer.asked["/token"]
    for _ in range(3):
        guest.client.set_cookie("qmas-sign-in", cookie.value)
        refused(guest.come_back(), 400, "used before")
    assert guest.issuer.asked["/token"] == asked


def test_one_network_does_not_come_back_without_end(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "OF_CLIENT", Limit(name="return-client", most=1))
    assert guest.sign_in().status_code == 200
    refused(guest.sign_in(), 400, "Too many sign-ins")
    assert guest.issuer.asked["/token"] == 1


@pytest.mark.parametrize(("length", "leads_to"), [(1_900, "wanted"), (3_000, "home")])
def test_a_browser_keeps_the_cookie_of_a_sign_in_however_long_the_way_back(
    guest: Guest, length: int, leads_to: str
) -> None:
    drawn = random.Random(1)  # noqa: S311 - it guards nothing
    then = "/staff?" + "".join(drawn.choices(ascii_letters, k=length))
    answer = guest.begin(then=then)
    (kept,) = [each for each in answer.headers.getlist("Set-Cookie") if "sign-in=" in each]
    assert len(kept) < 4_096
    page = guest.bring(guest.issuer.signed(guest.claims()))
    assert (f"url={then}" in page.text) == (leads_to == "wanted")


def test_a_sign_in_is_over_after_ten_minutes(guest: Guest, issuer: Issuer) -> None:
    guest.begin()
    late = Guest(later(guest.office, timedelta(minutes=10, seconds=2)), issuer)
    cookie = guest.client.get_cookie("qmas-sign-in")
    assert cookie is not None
    late.asked = guest.asked
    late.client.set_cookie("qmas-sign-in", cookie.value)
    refused(late.bring(issuer.signed(late.claims())), 400, "more than ten minutes ago")
    late.client.set_cookie("qmas-sign-in", cookie.value[:-2])
    refused(late.come_back(), 400, "began no sign-in")


@pytest.mark.parametrize("groups", [["choir"], [], None, "OFFICERS", {"officers": 1}])
def test_whoever_has_no_role_here_is_told_so(guest: Guest, groups: Any) -> None:
    refused(guest.sign_in(groups=groups), 403, "your account has no role in this system")
    assert not guest.is_in()


def test_an_account_may_be_named_by_another_claim(settings: Settings, issuer: Issuer) -> None:
    opened = open_office(provided(settings, issuer, QMAS_OIDC_ACCOUNT="preferred_username"))
    guest = Guest(opened, issuer)
    refused(guest.sign_in(), 400, "its preferred_username is no name")
    assert guest.sign_in(preferred_username="chan").status_code == 200
    (session,) = opened.sessions.listed(opened.clock())
    assert session.person.name == "chan"
    opened.close()


def test_a_name_that_people_type_is_one_person_however_it_is_typed(
    settings: Settings, issuer: Issuer
) -> None:
    colleague = """
[[staff]]
account = "Chan.Tai-Man"
role = "officer"
email = "chan@example.com"
"""
    told = provided(settings, issuer, QMAS_OIDC_ACCOUNT="preferred_username", QMAS_STAFF=colleague)
    opened = open_office(told)
    for typed in ("chan.tai-man", "CHAN.Tai-Man", "\uff23han.tai-man"):
        Guest(opened, issuer).sign_in(preferred_username=typed)
    names = {each.person.name for each in opened.sessions.listed(opened.clock())}
    assert names == {"chan.tai-man"} == {each.account for each in colleagues(told)}
    assert recorded_as(told, "Chan.Tai-Man") == "chan.tai-man"
    assert recorded_as(told, "QM-4K7RT-9XWPR") == "QM-4K7RT-9XWPR"
    assert recorded_as(told, "cli.Jane") == "cli.Jane"
    opened.close()


def test_a_sub_is_somebody_as_it_is_written(office: Office, issuer: Issuer) -> None:
    for sub in ("Chan-17", "chan-17"):
        Guest(office, issuer).sign_in(sub=sub)
    names = {each.person.name for each in office.sessions.listed(office.clock())}
    assert names == {"Chan-17", "chan-17"}


def test_a_client_that_is_known_by_its_form_sends_no_header(guest: Guest) -> None:
    guest.issuer.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    guest.sign_in()
    (form,) = guest.issuer.forms
    assert (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
    assert guest.issuer.credentials == [""]
