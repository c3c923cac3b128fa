"""People whom an identity provider knows: the authorization code flow of OpenID Connect, with PKCE.

Law: what leads a browser back here counts only in the browser that was sent away, once, for the
same sign-in, and from the same issuer; and a person is who the signed token says, in the one role
that its claim is mapped to. No secret, code or token is in an error or in a log.
"""

import hashlib
import hmac
import re
import secrets
import time
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from domain.access import Person
from domain.references import references_in
from services.identity import signed
from services.identity.asking import ask
from services.identity.discovery import Addresses, Discovery
from services.identity.faults import NoRole, ProviderAway, SignInRefused, TokenRefused
from services.oidc import OURS, Oidc

REMEMBERED: Final = timedelta(minutes=1)
"""How long a token that was found right is not looked at again."""

AT_ONCE: Final = 4
"""How many sign-ins may wait for the provider's tokens at once, of the threads that serve all."""

_MOST_REMEMBERED: Final = 1_024
_RANDOM_BYTES: Final = 32
_LONGEST_ACCOUNT: Final = 128
_NAMED_TWICE: Final = (
    "the identity provider has another sub for the same person at each client, so that the token "
    "does not say who they are on the pages; whoever runs this names people by oid or "
    "preferred_username (QMAS_OIDC_ACCOUNT)"
)
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_OF_THE_SIGN_IN: Final = frozenset({"invalid_grant", "access_denied"})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sign-in that was begun: what must come back, and what proves that we began it."""

    state: str
    nonce: str
    verifier: str


class IdentityProvider:
    """The provider of this installation; `ProviderAway` from whatever has to ask it in vain."""

    def __init__(
        self, oidc: Oidc, redirect_uri: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._oidc = oidc
        self._redirect_uri = redirect_uri
        self._discovery = Discovery(oidc, clock)
        self._verified: OrderedDict[bytes, tuple[Person, datetime]] = OrderedDict()
        self._lock = Lock()
        self._exchanging = BoundedSemaphore(AT_ONCE)

    def look(self) -> Addresses:
        """Return where the provider is asked for what."""
        return self._discovery.addresses()

    def names_twice(self) -> bool:
        """Say whether a person would have one name on the pages and another over the API.

        They could confirm with one what they proposed with the other, so no token is taken there.
        """
        told = self._oidc
        return told.audience is not None and told.account == "sub" and self.look().names_by_client

    def begin(self) -> tuple[str, Attempt]:
        """Return where to send a browser that wants to sign in, and what to remember of it."""
        attempt = Attempt(
            state=secrets.token_urlsafe(_RANDOM_BYTES),
            nonce=secrets.token_urlsafe(_RANDOM_BYTES),
            verifier=secrets.token_urlsafe(_RANDOM_BYTES),
        )
        addresses = self.look()
        url = prepare_grant_uri(
            addresses.authorization,
            client_id=self._oidc.client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope=self._oidc.scopes,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return url, attempt

    def finish(self, attempt: Attempt, told: Mapping[str, str], now: datetime) -> Person:
        """Return who signed in, by what the browser was sent back with; raises `SignInRefused`."""
        addresses = self.look()
        self._refuse_another(attempt, told, addresses)
        if "error" in told:
            raise SignInRefused(f"The identity provider did not sign you in{_why(told['error'])}")
        if not told.get("code"):
            raise SignInRefused("The identity provider sent you back without a code")
        token = self._exchanged(told["code"], attempt, addresses)
        try:
            claims = signed.id_token(token, self._discovery, self._oidc, attempt.nonce, now)
            return self._person(claims)
        except TokenRefused as fault:
            _log.warning("id_token_refused", reason=str(fault))
            raise SignInRefused(f"What the identity provider says is not taken: {fault}") from fault

    def person_of(self, token: str, now: datetime) -> Person:
        """Return whose token for the API this is; raises `TokenRefused` or `NoRole`.

        One that was found right is taken for `REMEMBERED` more, or until it expires.
        """
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            person, until = self._verified.get(digest, (None, now))
        if person is not None and now < until:
            return person
        claims = signed.access_token(token, self._discovery, self._oidc, now)
        if self.names_twice():
            raise TokenRefused(_NAMED_TWICE)
        person = self._person(claims)
        lasts = min(signed.expiry(claims) - now.timestamp(), REMEMBERED.total_seconds())
        with self._lock:
            self._verified[digest] = (person, now + timedelta(seconds=lasts))
            while len(self._verified) > _MOST_REMEMBERED:
                self._verified.popitem(last=False)
        return person

    def farewell(self, back_to: str) -> str | None:
        """Return where a browser signs out of the provider too; None where it has no such place."""
        where = self.look().end_session
        if where is None:
            return None
        asked = {"client_id": self._oidc.client_id, "post_logout_redirect_uri": back_to}
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def _refuse_another(
        self, attempt: Attempt, told: Mapping[str, str], addresses: Addresses
    ) -> None:
        if not hmac.compare_digest(told.get("state", "").encode(), attempt.state.encode()):
            raise SignInRefused("This is the answer to another sign-in, or was used before")
        # RFC 9207: a provider that says it names itself does so, and no other may.
        if addresses.names_itself or "iss" in told:
            named = told.get("iss", "").encode()
            if not hmac.compare_digest(named, self._oidc.issuer.encode()):
                raise SignInRefused("The answer comes from another identity provider")

    def _exchanged(self, code: str, attempt: Attempt, addresses: Addresses) -> object:
        """The ID token for a code; what the provider finds wrong with us is told to the log."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier,
        }
        if not self._exchanging.acquire(blocking=False):
            raise ProviderAway("the identity provider keeps others waiting for their tokens")
        try:
            said = ask(self._oidc, addresses.token, *self._proven(form, addresses))
        finally:
            self._exchanging.release()
        if said.is_well and "error" not in said.told:
            return said.told.get("id_token")
        why = _why(said.told.get("error"))
        if said.told.get("error") in _OF_THE_SIGN_IN:
            raise SignInRefused(f"The identity provider takes this no more{why}")
        _log.error("provider_gives_no_tokens", status=said.status, code=why.strip())
        raise ProviderAway("the identity provider gives this installation no tokens")

    def _proven(
        self, form: dict[str, str], addresses: Addresses
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The form and the headers by which the provider knows this client."""
        client, secret = self._oidc.client_id, self._oidc.client_secret
        if not addresses.takes_basic:
            return {**form, "client_id": client, "client_secret": secret}, {}
        # RFC 6749, 2.3.1: each is written as in a form before the two are joined.
        joined = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
        return form, {"Authorization": f"Basic {b64encode(joined).decode()}"}

    def _person(self, claims: Mapping[str, Any]) -> Person:
        account = claims.get(self._oidc.account)
        if not isinstance(account, str) or not _is_usable(self._oidc.spelled(account)):
            raise TokenRefused(f"its {self._oidc.account} is no name that the record can hold")
        name, role = self._oidc.spelled(account), self._oidc.roles.role_of(claims)
        if role is None:
            raise NoRole(name)
        return Person(name=name, role=role)


def _why(code: object) -> str:
    """An error of the protocol, where it is one: whoever leads a browser here chooses the text."""
    return f" ({code})" if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _is_usable(account: str) -> bool:
    """Say whether an account is a name that can be read, and that nobody of our own has.

    Applicants are named by the reference of their case, in its one written form: one in thirty-one
    names of ten letters would be taken for one that is written without its hyphens.
    """
    return (
        account == account.strip()
        and account.isprintable()
        and 0 < len(account) <= _LONGEST_ACCOUNT
        and not account.casefold().startswith(OURS)
        and not references_in(account.upper())
    )
