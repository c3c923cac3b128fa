"""The API and the pages together, behind the server that carries them in production."""

import http.client
import json
import socket
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest

from services.identity import logins
from services.settings import Settings
from tests.services.api.calling import OFFICER, RECEIVED, filed_by
from tests.serving import a_web_server


@pytest.fixture
def port(settings: Settings, tmp_path: Path) -> Iterator[int]:
    """The port of two web processes that share the figures they count."""
    with a_web_server(settings, tmp_path, "--workers", "2") as number:
        yield number


def _asked(
    port: int, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, dict):
        body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
    chunked = body is not None and not isinstance(body, bytes)
    link.request(method, path, body=body, headers=sent, encode_chunked=chunked)  # type: ignore[arg-type]  # bytes or chunks of them
    answer = link.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    link.close()
    return found


def _chunks(size: int) -> Iterator[bytes]:
    yield b'{"reason": "'
    for _ in range(size // 65_536):
        yield b"a" * 65_536
    yield b'"}'


def test_the_api_and_the_pages_are_served_together(port: int, settings: Settings) -> None:
    token = next(each.token for each in logins(settings) if each.name == OFFICER)
    known = {"Authorization": f"Bearer {token}", "Idempotency_Key": str(uuid4())}
    body = {"application": filed_by("john"), "received_at": RECEIVED}
    status, headers, data = _asked(port, "POST", "/api/v1/applications", body, **known)
    assert status == 201
    reference = json.loads(data)["reference"]
    assert headers["location"] == f"/api/v1/cases/{reference}"

    status, headers, data = _asked(port, "GET", headers["location"], **known)
    assert (status, headers["etag"], json.loads(data)["version"]) == (200, '"1"', 1)
    status, _, data = _asked(
        port, "GET", f"/api/v1/cases/{reference}", **known, If_None_Match='"1"'
    )
    assert (status, data) == (304, b"")
    status, _, data = _asked(port, "HEAD", f"/api/v1/cases/{reference}", **known)
    assert (status, data) == (200, b"")

    status, headers, data = _asked(port, "GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    status, headers, _ = _asked(port, "GET", "/readyz")
    assert (status, headers["content-type"]) == (200, "application/json")


def test_a_body_without_a_length_is_read_and_bounded(port: int, settings: Settings) -> None:
    token = next(each.token for each in logins(settings) if each.name == OFFICER)
    known = {
        "Authorization": f"Bearer {token}",
        "Idempotency_Key": str(uuid4()),
        "If_Match": '"1"',
        "Content_Type": "application/json",
        "Transfer_Encoding": "chunked",
    }
    path = "/api/v1/cases/QM-4K7RT-9XWPR/withdraw"
    status, _, data = _asked(port, "POST", path, _chunks(65_536), **known)
    assert (status, json.loads(data)["type"]) == (404, "/problems/no-such-case")
    status, _, data = _asked(port, "POST", path, _chunks(2 * 1024 * 1024), **known)
    assert (status, json.loads(data)["type"]) == (413, "/problems/body-too-large")


def test_the_figures_are_those_of_all_web_processes(port: int) -> None:
    for _ in range(20):
        assert _asked(port, "GET", "/api/v1/counts")[0] == 401
    line = (
        b'qmas_http_requests_total{method="GET",part="api",'
        b'route="/api/v1/counts",status="401"} 20.0'
    )
    assert line in _asked(port, "GET", "/metrics")[2].splitlines()


def test_the_figures_count_pages_by_their_route(port: int) -> None:
    for reference in ("QM-4K7RT-9XWPR", "QM-M8YV2-Y5HXE"):
        assert _asked(port, "GET", f"/staff/cases/{reference}")[0] in {302, 303}
    figures = _asked(port, "GET", "/metrics")[2].decode()
    counted = [
        line for line in figures.splitlines() if 'part="pages",route="/staff/cases/<' in line
    ]
    assert sum(float(each.split()[-1]) for each in counted if "requests_total" in each) == 2
    assert sum(float(each.split()[-1]) for each in counted if "seconds_count" in each) == 2
    assert "QM-" not in figures


def test_an_address_whose_query_was_typed_in_chinese_is_answered(port: int) -> None:
    asked = ("\u9999\u6e2f".encode(), 200), (b"\xc3\xa9", 200), (b"\xff", 400)
    for (typed, status), led in product(asked, (b"", b"Sec-Fetch-Site: cross-site\r\n")):
        with socket.create_connection(("127.0.0.1", port)) as link:
            head = b"Host: localhost\r\nConnection: close\r\n" + led
            link.sendall(b"GET /?lang=" + typed + b" HTTP/1.1\r\n" + head + b"\r\n")
            answer = http.client.HTTPResponse(link)
            answer.begin()
            assert (typed, answer.status) == (typed, status)
