"""A small identity provider that can be wrong in every way that a real one never is.

It answers over HTTP on loopback; what it says of itself, its keys and its tokens are the test's.
"""

import json
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import Key, RSAKey
from werkzeug.test import TestResponse

from services.identity.provider import IdentityProvider
from services.settings import Settings
from services.wiring import Office
from tests.services.visiting import pages_of

CLIENT = "qmas"
SECRET = "a client's hidden word 123"  # noqa: S105 - of no client that there is
AUDIENCE = "https://cases.example/api"
ROLES = """
claim = "groups"
[[role]]
value = "supervisors"
role = "supervisor"
[[role]]
value = "officers"
role = "officer"
[[role]]
value = "auditors"
role = "auditor"
"""
_KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{number}"}) for number in range(2)]
_STEP = timedelta(minutes=5)


def signing_key(number: int = 0) -> Key:
    """Return a key that costs a test nothing to make."""
    return _KEYS[number]


@dataclass(slots=True)
class Issuer:
    """A provider: what it says, what it was asked, and the tokens that it signs."""

    url: str
    key: Key = field(default_factory=signing_key)
    document: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[int, Any] = (200, {})
    asked: Counter[str] = field(default_factory=Counter)
    forms: list[dict[str, str]] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    is_away: bool = False
    answers: threading.Event = field(default_factory=threading.Event)
    """Not set while it takes what is asked and says nothing."""

    def __post_init__(self) -> None:
        self.answers.set()
        self.keys = [self.key.as_dict(private=False)]
        self.document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """Return claims signed as the header says, by this provider's key."""
        told = {"alg": "RS256", "kid": self.key.kid, "typ": "JWT", **header}
        said = {name: value for name, value in told.items() if value is not None}
        # Not by `jwt.encode`, which knows no token without a type, and none that is no text.
        body = json.dumps(claims).encode()
        return jws.serialize_compact(said, body, self.key, algorithms=[said["alg"]])

    def told(self) -> dict[str, str]:
        """Return the settings of an installation whose people this provider knows."""
        return {
            "QMAS_OIDC_ISSUER": self.url,
            "QMAS_OIDC_CLIENT_ID": CLIENT,
            "QMAS_OIDC_CLIENT_SECRET": SECRET,
            "QMAS_OIDC_ROLES": ROLES,
            "QMAS_API_AUDIENCE": AUDIENCE,
        }

    def _welcome(self, asked: dict[str, str]) -> str:
        """A page that leads back with a code, for which there is a token of an officer's."""
        now = int(time.time())
        right = {"iss": self.url, "aud": CLIENT, "sub": "chan-17", "iat": now, "exp": now + 300}
        token = self.signed({**right, "nonce": asked["nonce"], "groups": ["officers"]})
        self.answer = (200, {"access_token": "a", "token_type": "Bearer", "id_token": token})
        back = f"{asked['redirect_uri']}?{urlencode({'code': 'a-code', 'state': asked['state']})}"
        return f"<!doctype html><title>Issuer</title><h1>Issuer</h1><a href='{escape(back)}'>On</a>"

    def said(self, path: str, form: dict[str, str], credentials: str) -> tuple[int, Any]:
        self.asked[path] += 1
        self.answers.wait()
        if self.is_away:
            return 503, "away"
        if path.startswith("/authorize?"):
            return 200, self._welcome(dict(parse_qsl(path.partition("?")[2])))
        if path == "/token":
            self.forms.append(form)
            self.credentials.append(b64decode(credentials.partition(" ")[2]).decode())
            return self.answer
        if path == "/keys":
            return 200, {"keys": self.keys}
        return 200, self.document


@contextmanager
def an_issuer(host: str = "127.0.0.1") -> Iterator[Issuer]:
    """Yield a provider that answers on a loopback port of its own, under that name."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.daemon_threads = True
    made = Issuer(f"http://{host}:{server.server_address[1]}")
    server.issuer = made
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._say({})

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say({name: values[0] for name, values in parse_qs(sent).items()})

    def _say(self, form: dict[str, str]) -> None:
        issuer: Issuer = self.server.issuer
        status, said = issuer.said(self.path, form, self.headers.get("Authorization", ""))
        body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{issuer.url}/elsewhere")
        self.send_header("Content-Type", "text/html" if isinstance(said, str) else "text/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its parent's signature
        """Say nothing."""


def provided(settings: Settings, issuer: Issuer, **more: str) -> Settings:
    """Return the settings with people whom the provider knows."""
    return Settings.load({**settings.environ, **issuer.told(), **more}, settings.home)


@dataclass(slots=True)
class Passing:
    """The seconds by which the provider's answers grow old, as the test has them pass."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def timed(office: Office, passing: Passing) -> Office:
    """Return the office with a provider whose answers grow old as `passing` says."""
    oidc = office.settings.oidc
    assert oidc is not None
    made = IdentityProvider(oidc, f"{office.settings.public_url}/sign-in/return", passing)
    return replace(office, provider=lambda: made)


class Guest:
    """A browser that is sent to the provider and comes back with what the test has it bring."""

    def __init__(self, office: Office, issuer: Issuer) -> None:
        self.office = office
        self.issuer = issuer
        self.client = pages_of(office).test_client()
        self.asked: dict[str, str] = {}

    def begin(self, **wanted: str) -> TestResponse:
        """Set out to sign in; what the provider is asked is in `asked`."""
        answer = self.client.get("/sign-in/begin", query_string=wanted)
        where = urlsplit(answer.headers.get("Location", ""))
        self.asked = {name: value for name, (value,) in parse_qs(where.query).items()}
        return answer

    def claims(self, **other: Any) -> dict[str, Any]:
        """Return what a right ID token says; None leaves a claim away."""
        now = int(self.office.clock().timestamp())
        right = {
            "iss": self.issuer.url,
            "sub": "chan-17",
            "aud": CLIENT,
            "nonce": self.asked.get("nonce"),
            "iat": now,
            "exp": now + 300,
            "groups": ["officers"],
        }
        return {name: value for name, value in (right | other).items() if value is not None}

    def bring(self, token: object, **other: str | None) -> TestResponse:
        """Come back from the provider, which gives this ID token for the code."""
        self.issuer.answer = (200, {"access_token": "a", "token_type": "Bearer", "id_token": token})
        return self.come_back(**other)

    def come_back(self, **other: str | None) -> TestResponse:
        brought = {"code": "a-code", "state": self.asked.get("state"), **other}
        said = {name: value for name, value in brought.items() if value is not None}
        return self.client.get("/sign-in/return", query_string=said)

    def sign_in(self, **claims: Any) -> TestResponse:
        """Sign in from the door to the page that leads on."""
        self.begin()
        return self.bring(self.issuer.signed(self.claims(**claims)))

    def is_in(self) -> bool:
        """Say whether somebody is signed in here."""
        return self.client.get("/staff/sessions").status_code == 200


def challenge_of(verifier: str) -> bytes:
    """Return what a proof key is challenged by."""
    return sha256(verifier.encode()).digest()


def refused(answer: TestResponse, status: int, says: str) -> None:
    """Assert that a page says what is wrong, and nothing of the program."""
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    assert says in " ".join(text.split())
    assert "Traceback" not in text
