"""Calling the API with tokens of the identity provider: what is taken, and all that is not."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from services.api.app import create_api
from services.identity import logins
from services.identity.provider import REMEMBERED
from services.settings import Settings
from services.stack.doctor import examine
from services.wiring import Office, open_office
from tests.services.api.calling import V1, is_problem
from tests.services.issuing import (
    AUDIENCE,
    CLIENT,
    Issuer,
    Passing,
    provided,
    signing_key,
    timed,
)
from tests.services.visiting import later, pages_of


@pytest.fixture
def api(office: Office) -> Flask:
    return create_api(office)


def _claims(office: Office, issuer: Issuer, **other: Any) -> dict[str, Any]:
    now = int(office.clock().timestamp())
    right = {
        "iss": issuer.url,
        "sub": "chan-17",
        "aud": AUDIENCE,
        "exp": now + 300,
        "groups": ["officers"],
    }
    return {name: value for name, value in (right | other).items() if value is not None}


def _call(app: Flask, token: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {token}"}
    return app.test_client().get(f"{V1}/cases", headers=sent)


def _refused(answer: TestResponse, says: str) -> None:
    body = is_problem(answer, 401, "sign-in-needed")
    assert says in body["detail"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="qmas", error="invalid_token"'


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "application/at+jwt", "AT+JWT", None])
def test_a_token_for_this_api_is_taken(
    office: Office, issuer: Issuer, api: Flask, typ: str | None
) -> None:
    assert _call(api, issuer.signed(_claims(office, issuer), typ=typ)).status_code == 200
    both = _claims(office, issuer, aud=["another", AUDIENCE])
    assert _call(api, issuer.signed(both, typ=typ)).status_code == 200


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"aud": CLIENT}, "for another audience"),
        ({"aud": None}, "for another audience"),
        ({"iss": "https://evil.example"}, "of another issuer"),
        ({"exp": 1}, "has expired"),
        ({"exp": None}, "does not say when it expires"),
        ({"exp": float("nan")}, "no instant"),
        ({"nbf": 2**40}, "not valid yet"),
        ({"sub": "cli.root"}, "no name"),
        ({"sub": "CLI.root"}, "no name"),
        ({"sub": "System"}, "no name"),
        ({"sub": "qm-4k7rt-9xwpr"}, "no name"),
        ({"aud": [CLIENT, AUDIENCE], "nonce": "a"}, "is one of a sign-in"),
        ({"at_hash": "a"}, "is one of a sign-in"),
        ({"c_hash": "a"}, "is one of a sign-in"),
        ({"typ": "ID"}, "is one of a sign-in"),
        ({"typ": "Refresh"}, "is one of a sign-in"),
        ({"typ": "Logout"}, "is one of a sign-in"),
        ({"events": {}}, "is one of a sign-in"),
        ({"cnf": {"jkt": "a"}}, "bound to a key"),
    ],
)
def test_a_token_that_says_something_wrong_is_refused(
    office: Office, issuer: Issuer, api: Flask, other: dict[str, Any], says: str
) -> None:
    _refused(_call(api, issuer.signed(_claims(office, issuer, **other))), says)


def test_half_a_character_in_what_a_token_says_is_no_fault_of_ours(
    office: Office, issuer: Issuer, api: Flask
) -> None:
    half = _claims(office, issuer, iss="\ud800")
    _refused(_call(api, issuer.signed(half)), "of another issuer")
    assert _call(api, issuer.signed(_claims(office, issuer, typ="\ud800"))).status_code == 200


@pytest.mark.parametrize("name", ["kathychanm", "QM-KATHY-CHANN"])
def test_a_name_of_ten_letters_is_no_reference(
    office: Office, issuer: Issuer, api: Flask, name: str
) -> None:
    assert _call(api, issuer.signed(_claims(office, issuer, sub=name))).status_code == 200


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"kid": "made-up"}, {"alg": "RS384"}])
def test_a_token_is_signed_by_a_known_key_and_of_the_right_sort(
    office: Office, issuer: Issuer, api: Flask, header: dict[str, str]
) -> None:
    answer = _call(api, issuer.signed(_claims(office, issuer), **header))
    if "alg" in header:
        assert answer.status_code == 200  # another asymmetric one, which the issuer chose
    else:
        _refused(answer, "the token is")


def test_nobody_asks_for_keys_for_what_is_no_token_of_the_issuer(
    office: Office, issuer: Issuer, api: Flask
) -> None:
    for wrong in (_claims(office, issuer, iss="https://evil.example"), _claims(office, issuer)):
        token = issuer.signed(wrong)
        cut = token if wrong["iss"] != issuer.url else f"{token.rpartition('.')[0]}.x"
        _refused(_call(api, cut), "the token is")
    assert issuer.asked.total() == 0


def test_a_token_of_somebody_without_a_role_is_known_and_forbidden(
    office: Office, issuer: Issuer, api: Flask
) -> None:
    token = issuer.signed(_claims(office, issuer, groups=["choir"]))
    is_problem(_call(api, token), 403, "forbidden")


def test_without_an_audience_no_token_is_taken(settings: Settings, issuer: Issuer) -> None:
    opened = open_office(provided(settings, issuer, QMAS_API_AUDIENCE=""))
    claims = _claims(opened, issuer, aud=CLIENT)
    _refused(_call(create_api(opened), issuer.signed(claims)), "no token of the identity provider")
    opened.close()


def test_where_a_person_has_another_sub_at_each_client_no_sub_is_a_name_over_the_api(
    settings: Settings, office: Office, issuer: Issuer, api: Flask
) -> None:
    issuer.document["subject_types_supported"] = ["pairwise"]
    token = issuer.signed(_claims(office, issuer, oid="7f3c"))
    _refused(_call(api, token), "another sub for the same person at each client")
    (found,) = [each for each in examine(office.settings) if each.subject == "people"]
    assert not found.is_well
    assert "QMAS_OIDC_ACCOUNT" in found.remedy
    for told, is_taken in (
        ({"QMAS_OIDC_ACCOUNT": "oid"}, True),
        ({"QMAS_OIDC_ACCOUNT": "preferred_username"}, False),  # the token names nobody by that
    ):
        opened = open_office(provided(settings, issuer, **told))
        assert (_call(create_api(opened), token).status_code == 200) is is_taken
        (found,) = [each for each in examine(opened.settings) if each.subject == "people"]
        assert found.is_well
        opened.close()


@pytest.mark.parametrize("types", [["public"], ["public", "pairwise"], "pairwise", None])
def test_a_provider_that_may_name_a_person_alike_is_taken_at_its_word(
    office: Office, issuer: Issuer, api: Flask, types: object
) -> None:
    issuer.document["subject_types_supported"] = types
    assert _call(api, issuer.signed(_claims(office, issuer))).status_code == 200


def test_local_tokens_are_no_use_where_a_provider_knows_the_people(
    settings: Settings, api: Flask
) -> None:
    for each in logins(settings):
        _refused(_call(api, each.token), "none that can be read")


def test_a_token_is_looked_at_again_after_a_minute_and_never_outlives_itself(
    office: Office, issuer: Issuer
) -> None:
    passing = Passing()
    office = timed(office, passing)
    token = issuer.signed(_claims(office, issuer))
    short = issuer.signed(_claims(office, issuer, exp=int(office.clock().timestamp()) + 5))
    for each in (token, short):
        assert _call(create_api(office), each).status_code == 200
    issuer.keys = [signing_key(1).as_dict(private=False)]
    passing.seconds = 3600
    soon = create_api(later(office, REMEMBERED - timedelta(seconds=5)))
    assert _call(soon, token).status_code == 200
    _refused(_call(soon, short), "no key of the issuer")
    gone = create_api(later(office, REMEMBERED + timedelta(seconds=1)))
    _refused(_call(gone, token), "no key of the issuer")


def test_while_the_provider_is_away_it_is_said_to_be(office: Office, issuer: Issuer) -> None:
    office = timed(office, Passing())
    issuer.is_away = True
    answer = _call(create_api(office), issuer.signed(_claims(office, issuer)))
    is_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


_ANYTHING = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60)
_PARTS = st.one_of(_ANYTHING, st.sampled_from(["e30", "W10", "bnVsbA", "eyJhbGciOiJSUzI1NiJ9"]))


@examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.one_of(_ANYTHING, st.lists(_PARTS, min_size=2, max_size=5).map(".".join)))
def test_whatever_is_sent_as_a_token_is_refused_in_good_order(api: Flask, token: str) -> None:
    answer = _call(api, token)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(
        st.sampled_from(["code", "state", "iss", "error", "error_description", "then", "area"]),
        st.text(max_size=40),
    ),
    path=st.sampled_from(["/sign-in/return", "/sign-in/begin", "/staff/sign-in"]),
    cookie=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=40),
)
def test_whatever_a_browser_brings_is_answered_in_good_order(
    office: Office, said: dict[str, str], path: str, cookie: str
) -> None:
    client = pages_of(office).test_client()
    client.set_cookie("qmas-sign-in", cookie)
    answer = client.get(path, query_string=said)
    assert answer.status_code in {200, 303, 400}
    assert "Traceback" not in answer.text
