"""A real OpenID provider, run by Node, and a browser that walks through its pages."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, build_opener

import pytest
from joserfc.jwk import Key

FOLDER = Path(__file__).parent / "oidc"
CLIENT = "qmas"
PROGRAM = "reports"
SECRET = "9f2c1d7be04a6835b1c7de92"  # noqa: S105 - of clients that the tests alone know
AUDIENCE = "urn:cases:api"
PEOPLE = {
    "chan": ["officers"],
    "wong": ["officers", "supervisors"],
    "nobody": ["choir"],
    PROGRAM: ["auditors"],
}
_STEPS = 12
_LEADS_AWAY = frozenset({302, 303})


@dataclass(frozen=True, slots=True, kw_only=True)
class RealProvider:
    """A provider that runs, at `url`."""

    url: str
    process: "subprocess.Popen[str]"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def token(self, seconds: int = 10) -> str:
        """Return a token for the API, issued to a program by its own secret."""
        form = {"grant_type": "client_credentials", "resource": AUDIENCE}
        form |= {"client_id": PROGRAM, "client_secret": SECRET}
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{self.url}/token", urlencode(form).encode(), timeout=seconds) as answer:
            said: dict[str, str] = json.load(answer)
            return said["access_token"]


@contextmanager
def a_real_provider(
    public_url: str, key: Key, *, port: int = 0, seconds: int = 300
) -> Iterator[RealProvider]:
    """Yield a provider whose people are PEOPLE; the test is skipped where it cannot run."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("the provider of tests/integration/oidc is not installed: `make env` says why")
    process = subprocess.Popen(
        [node, str(FOLDER / "provider.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        json.dump(_told(public_url, key, port, seconds), process.stdin)
        process.stdin.close()
        # What it warns of first is in colour and in many words.
        lines = iter(process.stdout.readline, "")
        url = next(line.strip() for line in lines if line.startswith("http://127.0.0.1:"))
        yield RealProvider(url=url, process=process)
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def _told(public_url: str, key: Key, port: int, seconds: int) -> dict[str, Any]:
    office = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{public_url}/sign-in/return"],
        "post_logout_redirect_uris": [f"{public_url}/staff/sign-in?left=1"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    program = {
        "client_id": PROGRAM,
        "client_secret": SECRET,
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
    }
    signing = {**key.as_dict(private=True), "use": "sig", "alg": "RS256"}
    return {
        "port": port,
        "seconds": seconds,
        "clients": [office, program],
        "keys": [signing],
        "people": PEOPLE,
        "cookieKeys": ["of the tests alone"],
    }


class _Stopping(HTTPRedirectHandler):
    """Follows where a provider leads, and stops where it leads away from itself."""

    def __init__(self, within: str) -> None:
        self.within = within

    def redirect_request(self, *given: Any) -> Any:
        newurl = given[-1]
        if not newurl.startswith(self.within):
            return None
        return super().redirect_request(*given)


class Walker:
    """A browser at the provider's pages, with cookies of its own."""

    def __init__(self, provider: RealProvider) -> None:
        stopping = _Stopping(provider.url)
        jar = HTTPCookieProcessor(CookieJar())
        self._opener = build_opener(ProxyHandler({}), jar, stopping)

    def walk(self, url: str, **typed: str) -> str:
        """Fill in every form that comes, and return where the provider leads in the end."""
        page, here, away = self._load(url, None)
        for _ in range(_STEPS):
            if away is not None:
                return away
            action, form = _form(page)
            page, here, away = self._load(urljoin(here, action), {**form, **typed})
        raise AssertionError(f"the provider leads nowhere: {page}")

    def _load(self, url: str, form: dict[str, str] | None) -> tuple[str, str, str | None]:
        sent = None if form is None else urlencode(form).encode()
        try:
            with self._opener.open(url, sent, timeout=20) as answer:
                return answer.read().decode(), answer.url, None
        except HTTPError as stopped:
            with stopped:
                if stopped.code not in _LEADS_AWAY:
                    raise AssertionError(stopped.read().decode()) from stopped
                return "", url, stopped.headers["Location"]


def _form(page: str) -> tuple[str, dict[str, str]]:
    """Return where the form of a page is sent, and what it holds that nobody types."""
    found = re.search(r"<form[^>]*\baction=\"([^\"]+)\"", page)
    assert found, page
    hidden = re.findall(r"<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\"", page)
    return unescape(found[1]), {name: unescape(value) for name, value in hidden}
