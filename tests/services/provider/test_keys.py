"""The keys that a provider publishes: which of them opens a token, and which none."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, RSAKey

from services.api.app import create_api
from services.wiring import Office
from tests.services.api.calling import V1
from tests.services.issuing import AUDIENCE, Issuer, Passing, signing_key, timed

EC = ECKey.generate_key("P-256", {"kid": "key-0"})


def _public(key: Key, **other: Any) -> dict[str, Any]:
    said = {**key.as_dict(private=False), **other}
    return {name: value for name, value in said.items() if value is not None}


def _status(office: Office, issuer: Issuer, key: Key, **header: Any) -> int:
    """Return what becomes of a token that this key signs, where nobody asked for keys before."""
    claims = {"iss": issuer.url, "sub": "chan-17", "aud": AUDIENCE, "groups": ["officers"]}
    claims["exp"] = int(office.clock().timestamp()) + 300
    said = {"alg": "RS256", "kid": key.kid, **header}
    told = {name: value for name, value in said.items() if value is not None}
    token = jwt.encode(told, claims, key, algorithms=[told["alg"]])
    sent = {"Authorization": f"Bearer {token}"}
    client = create_api(timed(office, Passing())).test_client()
    return client.get(f"{V1}/cases", headers=sent).status_code


def test_of_two_keys_of_one_name_each_opens_what_it_signed(office: Office, issuer: Issuer) -> None:
    rsa = signing_key()
    for keys in ([rsa, EC], [EC, rsa]):
        issuer.keys = [_public(each) for each in keys]
        assert _status(office, issuer, rsa) == 200
        assert _status(office, issuer, EC, alg="ES256") == 200


def test_of_two_keys_without_a_name_none_is_taken_for_the_only_one(
    office: Office, issuer: Issuer
) -> None:
    one, two = (signing_key(number) for number in range(2))
    issuer.keys = [_public(one, kid=None), _public(two, kid=None)]
    for each in (one, two):
        assert _status(office, issuer, each, kid=None) == 401
    issuer.keys = [_public(one, kid=None)]
    assert _status(office, issuer, one, kid=None) == 200


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({}, 200),
        ({"alg": "RS256", "use": "sig", "key_ops": ["verify"]}, 200),
        ({"alg": "RS512"}, 401),
        ({"alg": "RSA-OAEP"}, 401),
        ({"key_ops": ["encrypt"]}, 401),
        ({"use": "enc"}, 503),
        ({"use": "tls"}, 503),
    ],
)
def test_a_key_opens_what_it_is_for(
    office: Office, issuer: Issuer, other: dict[str, Any], status: int
) -> None:
    issuer.keys = [_public(signing_key(), **other)]
    assert _status(office, issuer, signing_key()) == status


def test_a_key_that_is_too_short_opens_nothing_beside_one_that_is_not(
    office: Office, issuer: Issuer
) -> None:
    with pytest.warns(SecurityWarning, match="2048"):
        short = RSAKey.generate_key(1024, {"kid": "short"})
    issuer.keys = [_public(short), _public(signing_key())]
    assert _status(office, issuer, short) == 401
    assert _status(office, issuer, signing_key()) == 200
    issuer.keys = [_public(short)]
    assert _status(office, issuer, short) == 503


def test_what_cannot_be_a_key_is_passed_over(office: Office, issuer: Issuer) -> None:
    broken = [None, "key", {"kty": "RSA"}, {"kty": ["EC"]}, {"kty": "EC", "crv": "P-256", "x": "A"}]
    issuer.keys = [*broken, _public(signing_key(), n=5), _public(signing_key())]
    assert _status(office, issuer, signing_key()) == 200
