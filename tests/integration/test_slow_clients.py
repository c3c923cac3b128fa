"""Whoever is slow, silent or sends without an end keeps nobody else from being served."""

import http.client
import socket
import threading
from collections.abc import Iterator
from typing import Final, Self
from uuid import uuid4

import pytest

from services.arriving import LARGEST, THREADS
from services.identity import logins
from tests.integration.walking import Walked
from tests.services.api.calling import V1
from tests.services.sample_files import pdf
from tests.serving import a_web_server

MANY: Final = 40
"""Clients that are slow at once, more than twice the threads of a process."""

PATIENCE: Final = 20.0
_HEAD: Final = b"POST /api/v1/assessments HTTP/1.1\r\nHost: localhost\r\n"
_JSON: Final = b"Content-Type: application/json\r\n"
FORM: Final = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nofficer.chan\r\n--b--\r\n'


@pytest.fixture(scope="module")
def port(walked: Walked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of one web process that waits for a body for three seconds at most."""
    told = {"QMAS_WEB_BODY_SECONDS": "3"}
    folder = tmp_path_factory.mktemp("web")
    with a_web_server(walked.office.settings, folder, "--workers", "1", **told) as number:
        yield number


class Dripping:
    """Connections on which a byte a second arrives, or nothing, until this ends."""

    def __init__(self, port: int, head: bytes, drip: bytes) -> None:
        self._drip = drip
        self._over = threading.Event()
        self._links = [socket.create_connection(("127.0.0.1", port)) for _ in range(MANY)]
        for link in self._links:
            link.sendall(head)
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for link in self._links:
            link.close()

    def answers(self) -> list[bytes]:
        """Return the status line that came on each connection, empty where none did."""
        for link in self._links:
            link.settimeout(PATIENCE)
        return [link.makefile("rb").readline() for link in self._links]

    def _go_on(self) -> None:
        while self._drip and not self._over.wait(1.0):
            for link in self._links:
                try:
                    link.sendall(self._drip)
                except OSError:
                    continue  # it was cut off


def asked(
    port: int, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    link.request(method, path, body=body or None, headers=headers)
    answer = link.getresponse()
    found = answer.status, answer.read()
    link.close()
    return found


SLOW: Final = {
    "a byte a second": (_HEAD + _JSON + b"Content-Length: 1000\r\n\r\n", b"x"),
    "chunks without end": (_HEAD + _JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "silence": (_HEAD + _JSON + b"Content-Length: 1000\r\n\r\n", b""),
    "a header without end": (_HEAD + b"X-Long: ", b"x"),
    "a form": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("way", SLOW)
def test_others_are_served_while_many_are_slow(port: int, way: str) -> None:
    assert MANY > 2 * THREADS
    with Dripping(port, *SLOW[way]):
        for _ in range(5):
            assert asked(port, "GET", "/")[0] == 200
            # This body is there at once, and is read to its end before it is refused.
            status, _ = asked(
                port, "POST", f"{V1}/assessments", b"{}", **{"Content-Type": "application/json"}
            )
            assert status == 422


def test_a_body_that_does_not_come_is_told_so(port: int) -> None:
    for way in ("silence", "chunks without end"):
        with Dripping(port, *SLOW[way]) as dripping:
            assert {each.split()[1] for each in dripping.answers()} == {b"408"}


def test_a_page_says_that_a_form_did_not_arrive(port: int) -> None:
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        link.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\n" + kind + b"Content-Length: 9\r\n\r\n"
        )
        answer = http.client.HTTPResponse(link)
        answer.begin()
        assert answer.status == 408
        assert b"What you sent did not arrive in time" in answer.read()


def sent_as(kind: str, *more: str) -> bytes:
    """Return headers of a body of a kind that comes in pieces, of a length that nobody said."""
    return "\r\n".join(
        (f"Content-Type: {kind}", "Transfer-Encoding: chunked", *more, "", "")
    ).encode()


def answered(
    port: int, method: bytes, head: bytes, body: bytes, *, ends: bool = False
) -> tuple[int, str, bytes]:
    """Return what is answered to whoever sends this, and `ends` there."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        link.sendall(method + b" HTTP/1.1\r\nHost: localhost\r\n" + head + body)
        if ends:
            link.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(link)
        answer.begin()
        return answer.status, answer.headers.get_content_type(), answer.read()


def pieces(*of: bytes) -> bytes:
    return b"".join(f"{len(each):x}\r\n".encode() + each + b"\r\n" for each in of)


# Each is all of a body that says something, without the word that it is all.
CUT: Final = {
    "after a piece": pieces,
    "in a piece": lambda whole: pieces(whole + b"more")[: -len(b"more\r\n")],
    "in the last word": lambda whole: pieces(whole) + b"0\r\n",
    "by what is no piece": lambda whole: pieces(whole) + b"zz\r\n\r\n",
}


@pytest.mark.parametrize("cut", CUT)
def test_a_body_in_pieces_that_was_cut_off_is_none(port: int, walked: Walked, cut: str) -> None:
    settings, case = walked.office.settings, walked.case
    stream = f"case-{case}"
    before = walked.office.store.read_stream(stream)
    token = next(each.token for each in logins(settings) if each.name == "officer.chan")
    known = f"Authorization: Bearer {token}", f'If-Match: "{len(before)}"'
    problem = "application/problem+json"
    add = f"POST {V1}/cases/{case}/documents?kind=work&name=a.pdf".encode()
    form = f"case={case}&born=1985".encode()
    for method, head, whole, told in (
        (f"POST {V1}/assessments".encode(), sent_as("application/json"), b"{}", problem),
        (add, sent_as("application/pdf", f"Idempotency-Key: {uuid4()}", *known), pdf(), problem),
        (b"POST /", sent_as("application/x-www-form-urlencoded"), form, "text/html"),
        (b"POST /staff/sign-in", sent_as("multipart/form-data; boundary=b"), FORM, "text/html"),
    ):
        status, kind, said = answered(port, method, head, CUT[cut](whole), ends=True)
        assert (status, kind) == (408, told), (method, said)
    assert walked.office.store.read_stream(stream) == before


def test_a_body_in_pieces_that_is_whole_is_read(port: int) -> None:
    method, head = f"POST {V1}/assessments".encode(), sent_as("application/json")
    for whole in (pieces(b"{", b"}") + b"0\r\n\r\n", b"2;a=b\r\n{}\r\n0\r\n\r\n"):
        status, _, said = answered(port, method, head, whole)
        assert status == 422, said


@pytest.mark.parametrize("path", ["/", f"{V1}/assessments"])
def test_a_body_without_end_is_refused_and_not_kept(port: int, path: str) -> None:
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        link.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n".encode())
        link.sendall(_JSON + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 4 * LARGEST:
                link.sendall(piece)
                sent += len(piece)
        except OSError:
            pass  # it was cut off, with or without a word
        assert sent < 4 * LARGEST
    assert asked(port, "GET", "/")[0] == 200


def test_a_body_that_is_announced_as_too_large_is_refused_unread(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        link.sendall(_HEAD + _JSON + b"Content-Length: 99999999999\r\n\r\n")
        assert b" 413 " in link.makefile("rb").readline()


@pytest.mark.parametrize("header", [b"X-A: " + b"a" * 1_000_000, b"X-A: a\r\n" * 200])
def test_a_header_that_is_too_long_is_refused(port: int, header: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + header)
        assert b" 431 " in link.makefile("rb").readline()
