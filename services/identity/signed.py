"""Tokens that the identity provider signed: each is held against all that it must say.

Law: the algorithm is one of ours, all of them asymmetric, and never what the token asks for. What
is not said is refused like what is said wrongly.
"""

import hmac
import json
import math
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError

from services.identity.discovery import Discovery
from services.identity.faults import TokenRefused
from services.oidc import Oidc

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
SKEW_SECONDS: Final = 30
_LARGEST: Final = 16 * 1024
_END_OF_TIME: Final = 2**53
_OF_SIGN_INS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events"})
"""Claims of ID tokens, and of those that tell of a sign-out."""

_SORTS_OF_SIGN_INS: Final = frozenset({"id", "logout", "refresh", "offline"})
"""What some providers write as the claim `typ` of tokens that are no leave to call anything."""

_ACCESS_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})


def id_token(
    token: object, keys: Discovery, oidc: Oidc, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """Return what the ID token of this sign-in says; `TokenRefused` for any other."""
    claims = _opened(token, keys, frozenset({"jwt"}), oidc.issuer)
    client = oidc.client_id
    _refuse_wrong(claims, now, oidc.issuer, client)
    if "iat" not in claims:
        raise TokenRefused("the token does not say when it was made")
    if not _same(claims.get("nonce"), nonce):
        raise TokenRefused("the token is of another sign-in")
    audience = claims["aud"]
    party = claims.get("azp", client if audience in (client, [client]) else None)
    if party != client:
        raise TokenRefused("the token was made for another client")
    return claims


def access_token(token: str, keys: Discovery, oidc: Oidc, now: datetime) -> Mapping[str, Any]:
    """Return what a token for the API says; `TokenRefused` for any other."""
    if oidc.audience is None:
        raise TokenRefused("no token of the identity provider is taken here")
    claims = _opened(token, keys, _ACCESS_TYPES, oidc.issuer)
    _refuse_wrong(claims, now, oidc.issuer, oidc.audience)
    # Who may sign in may hold an ID token, whose audience a provider can make this API's as well.
    if _OF_SIGN_INS & claims.keys() or str(claims.get("typ")).lower() in _SORTS_OF_SIGN_INS:
        raise TokenRefused("the token is one of a sign-in")
    if "cnf" in claims:
        # It was made to be worth nothing to a thief, and would be worth all without the proof.
        raise TokenRefused("the token is bound to a key, of which no proof is asked here")
    return claims


def expiry(claims: Mapping[str, Any]) -> float:
    """Return the instant after which claims that were found right are so no longer."""
    return float(claims["exp"]) + SKEW_SECONDS


def _opened(
    token: object, keys: Discovery, types: frozenset[str], issuer: str
) -> Mapping[str, Any]:
    if not isinstance(token, str) or len(token) > _LARGEST or not token.isascii():
        raise TokenRefused("the token is none that can be read")
    header, claimed = _unproven(token)
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("the token is not signed in a way that is taken here")
    if str(header.get("typ", "JWT")).lower() not in types:
        raise TokenRefused("the token is of another sort")
    # Nobody is asked for the keys of what says itself that it is not of the issuer.
    if not _same(claimed.get("iss"), issuer):
        raise TokenRefused("the token is of another issuer")
    kid = header.get("kid")
    key = keys.key(kid, header["alg"]) if kid is None or isinstance(kid, str) else None
    if key is None:
        raise TokenRefused("the token is signed by no key of the issuer's")
    try:
        return jwt.decode(token, key, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenRefused("the token is not signed as it says") from None


def _unproven(token: str) -> Sequence[Mapping[str, Any]]:
    """What a token says of itself, header and claims, before anybody knows who wrote it.

    Used to find its key, and to refuse it.
    """
    try:
        head, body, signature = token.split(".")
        urlsafe_b64decode(_padded(signature))
        found = [json.loads(urlsafe_b64decode(_padded(part))) for part in (head, body)]
    except (ValueError, RecursionError):
        found = [None]
    if not all(isinstance(each, dict) for each in found):
        raise TokenRefused("the token is none that can be read")
    return found


def _padded(part: str) -> str:
    return part + "=" * (-len(part) % 4)


def _refuse_wrong(claims: Mapping[str, Any], now: datetime, issuer: str, audience: str) -> None:
    at = now.timestamp()
    if not _same(claims.get("iss"), issuer):
        raise TokenRefused("the token is of another issuer")
    said = claims.get("aud")
    if audience not in (said if isinstance(said, list) else [said]):
        raise TokenRefused("the token is for another audience")
    if "exp" not in claims:
        raise TokenRefused("the token does not say when it expires")
    if at >= _instant(claims, "exp", -math.inf) + SKEW_SECONDS:
        raise TokenRefused("the token has expired")
    if at < _instant(claims, "nbf", -math.inf) - SKEW_SECONDS:
        raise TokenRefused("the token is not valid yet")
    if at < _instant(claims, "iat", -math.inf) - SKEW_SECONDS:
        raise TokenRefused("the token was made in the future")


def _instant(claims: Mapping[str, Any], name: str, otherwise: float) -> float:
    found = claims.get(name, otherwise)
    if type(found) not in (int, float) or (name in claims and not abs(found) < _END_OF_TIME):
        raise TokenRefused(f"the token has a {name} that is no instant")
    return float(found)


def _same(said: object, expected: str) -> bool:
    # JSON can name half of a surrogate pair, which is no text that could be written otherwise.
    return isinstance(said, str) and hmac.compare_digest(
        said.encode("utf-8", "surrogatepass"), expected.encode()
    )
