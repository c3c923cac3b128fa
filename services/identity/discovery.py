"""What the identity provider says of itself: its addresses, and the keys by which it signs.

Law: nobody who asks for anything here can make us ask a provider that failed more than once in
`AFTER_FAILURE`, nor any more than once in `UNKNOWN_KEY` for a key that it may have made since,
counted from when it answered or was given up. One alone waits for its answer: others have what it
said last, which holds for `_STALE` and no longer, or hear at once that it is away.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

from services.addresses import is_loopback
from services.identity.asking import ask
from services.identity.faults import ProviderAway
from services.oidc import Oidc, host_of

UNKNOWN_KEY: Final = 60.0
AFTER_FAILURE: Final = 30.0
_LONGEST_PAUSE: Final = 60.0
_FRESH: Final = 600.0
_STALE: Final = 3600.0
_NEVER: Final = float("-inf")
_LEAST_RSA: Final = 342  # characters of base64 that 2,048 bits take

_log = structlog.get_logger(__name__)
_Said = TypeVar("_Said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the provider is asked for what, and how it wants to be asked.

    One that `names_by_client` has another `sub` for the same person at each of its clients.
    """

    authorization: str
    token: str
    keys: str
    end_session: str | None
    names_itself: bool
    takes_basic: bool
    names_by_client: bool


class Remembered(Generic[_Said]):
    """Something that the provider said, asked again when it is old by one thread at a time."""

    def __init__(self, ask: Callable[[], _Said], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = Lock()
        self._said: _Said | None = None
        self._said_at = self._ended_at = _NEVER
        self._failures = 0
        self._is_asked = False

    def said(self, *, oldest: float = _FRESH, between: float = 0.0) -> _Said:
        """Return it, no older than `oldest` if the provider answers; else raise `ProviderAway`."""
        if self._is_mine_to_ask(oldest, between):
            self._answered()
        with self._lock:
            if self._said is None or self._clock() - self._said_at > _STALE:
                raise ProviderAway("the identity provider does not answer as it must")
            return self._said

    def _is_mine_to_ask(self, oldest: float, between: float) -> bool:
        with self._lock:
            now = self._clock()
            pause = max(between, min(self._failures * AFTER_FAILURE, _LONGEST_PAUSE))
            rests = now - self._ended_at < pause or now - self._said_at < oldest
            if self._is_asked or rests:
                return False
            self._is_asked = True
            return True

    def _answered(self) -> None:
        """Ask, and hold no lock meanwhile: a provider may take as long as it is given."""
        said = None
        try:
            said = self._ask()
        except ProviderAway as fault:
            _log.warning("provider_away", reason=str(fault))
        finally:
            with self._lock:
                self._is_asked = False
                self._ended_at = self._clock()
                if said is None:
                    self._failures += 1
                else:
                    self._said, self._said_at, self._failures = said, self._ended_at, 0


class Discovery:
    """What one provider says of itself, over HTTP."""

    def __init__(self, oidc: Oidc, clock: Callable[[], float] = time.monotonic) -> None:
        self._oidc = oidc
        self._addresses = Remembered(self._ask_addresses, clock)
        self._keys = Remembered(self._ask_keys, clock)

    def addresses(self) -> Addresses:
        """Return where the provider is asked for what; raises `ProviderAway`."""
        return self._addresses.said()

    def key(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key of that name, or the only one where none is named; None for no such.

        Of several keys of one name it is the one that signs by the algorithm.
        """
        # Not by whoever asks for the keys: while another asks this, their failure is no failure.
        self.addresses()
        found = _chosen(self._keys.said(), kid, algorithm)
        if found is None:
            keys = self._keys.said(oldest=UNKNOWN_KEY, between=UNKNOWN_KEY)
            found = _chosen(keys, kid, algorithm)
        return found

    def _ask_addresses(self) -> Addresses:
        said = self._read(f"{self._oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self._oidc.issuer:
            raise ProviderAway("it names another issuer than QMAS_OIDC_ISSUER")
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        farewell = said.get("end_session_endpoint")
        subjects = said.get("subject_types_supported", ["public"])
        return Addresses(
            authorization=self._address(said, "authorization_endpoint"),
            token=self._address(said, "token_endpoint"),
            keys=self._address(said, "jwks_uri"),
            end_session=self._address(said, "end_session_endpoint") if farewell else None,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            takes_basic=isinstance(methods, list) and "client_secret_basic" in methods,
            names_by_client=isinstance(subjects, list) and "public" not in subjects,
        )

    def _ask_keys(self) -> tuple[Key, ...]:
        told = self._read(self.addresses().keys).get("keys")
        found: list[Key] = []
        for each in told if isinstance(told, list) else ():
            if isinstance(each, dict) and _could_sign(each):
                try:
                    found.append(JWKRegistry.import_key(each))
                except (JoseError, ValueError, TypeError, KeyError):
                    # A key of a sort that is not known here signs nothing that is taken here.
                    _log.info("provider_key_unknown", sort=str(each.get("kty")))
        if not found:
            raise ProviderAway("it publishes no key by which it could sign")
        return tuple(found)

    def _address(self, said: Mapping[str, Any], name: str) -> str:
        url = said.get(name)
        if isinstance(url, str) and host_of(url):
            if url.startswith("https://"):
                return url
            if self._oidc.is_plain and url.startswith("http://") and is_loopback(host_of(url)):
                return url
        raise ProviderAway(f"its {name} is none that can be asked")

    def _read(self, url: str) -> Mapping[str, Any]:
        said = ask(self._oidc, url)
        if not said.is_well:
            raise ProviderAway(f"{url} says nothing that can be read ({said.status})")
        return said.told


def _chosen(keys: Sequence[Key], kid: str | None, algorithm: str) -> Key | None:
    named = [
        each
        for each in keys
        if kid in (None, each.kid) and JWSRegistry.filter_algorithms(each, [algorithm])
    ]
    return named[-1] if len(named) == 1 or (named and kid is not None) else None


def _could_sign(told: Mapping[str, Any]) -> bool:
    """Say whether it is a key to sign by, and an RSA key as long as RFC 7518 asks."""
    short = told.get("kty") == "RSA" and len(str(told.get("n"))) < _LEAST_RSA
    if short:
        _log.warning("provider_key_short", kid=str(told.get("kid")))
    return not short and told.get("kty") != "oct" and told.get("use") != "enc"
