"""Bodies arrive beside each other: one that is too much is given up for the others."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from services import arriving
from services.arriving import BodyTooSlow, Headers, Served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(slots=True)
class Request:
    """A request whose body comes in pieces, each when the test lets it, and what was answered."""

    pieces: int
    sent: dict[str, list[str]] = field(default_factory=dict)
    path: str = "/"
    method: str = "POST"
    query_string: str = "a=%ff"
    scheme: str = "http"
    http_version: str = "1.1"
    server: str = "[::1]:8600"
    client: str = "127.0.0.1:40000"
    is_let: asyncio.Event = field(default_factory=asyncio.Event)
    answer: tuple[int, Headers, bytes] = (0, [], b"")

    @property
    def headers(self) -> SimpleNamespace:
        """The headers as the server has them."""
        told = {"content-type": ["text/plain"], "transfer-encoding": ["chunked"], **self.sent}
        return SimpleNamespace(keys=lambda: [*told], get_all=told.__getitem__)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            yield b"x" * 1000
            await asyncio.sleep(0)
        await self.is_let.wait()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.answer = (status, headers, body)


def counting(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    """Say how many bytes came."""
    try:
        said = str(len(environ["wsgi.input"].read()))
    except BodyTooSlow:
        said = "slow"
    start("200 OK", [("X-A", "b")])
    return [said.encode()]


def served(*requests: Request, app: Any = counting, seconds: float = 5.0) -> list[bytes]:
    """Return the bodies of the answers to requests that arrive at once."""

    async def together() -> None:
        server = Served(app, lambda: seconds)
        async with asyncio.TaskGroup() as group:
            for each in requests:
                group.create_task(server.__rsgi__(each, each))
            for _ in range(50):
                await asyncio.sleep(0)
            for each in requests:
                each.is_let.set()

    asyncio.run(together())
    return [each.answer[2] for each in requests]


def test_bodies_that_fit_are_taken_whole() -> None:
    assert served(Request(1), Request(20), Request(0)) == [b"1000", b"20000", b"0"]


def test_where_there_is_no_room_the_largest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "_ROOM", 12_000)
    assert served(Request(1), Request(20), Request(3)) == [b"1000", b"slow", b"3000"]


def test_where_too_many_come_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "_MOST", 2)
    assert served(Request(0), Request(0), Request(0)) == [b"slow", b"0", b"0"]


def test_where_too_many_come_whoever_sends_is_not_given_up_for_one_who_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arriving, "_MOST", 2)
    assert served(Request(0), Request(1), Request(0)) == [b"slow", b"1000", b"0"]


def test_a_body_that_is_shorter_than_was_said_is_none() -> None:
    said = {"content-length": ["2000"]}
    assert served(Request(1, sent=said), Request(2, sent=said)) == [b"slow", b"2000"]


def test_a_body_that_broke_off_as_the_server_tells_it_is_none() -> None:
    class Ending(Request):
        empty = 1

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for each in Request.__aiter__(self):
                yield each
            for _ in range(self.empty):
                yield b""

    class Broken(Ending):
        empty = 2

    assert served(Ending(2), Broken(2), Ending(0), Broken(0)) == [b"2000", b"slow", b"0", b"slow"]


def test_what_has_arrived_takes_room_until_it_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "_ROOM", 12_000)
    is_there, may_end = threading.Event(), threading.Event()

    class Late(Request):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            await asyncio.to_thread(is_there.wait, 30)
            async for each in Request.__aiter__(self):
                yield each

    def holding(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if "HTTP_X_FIRST" in environ:
            is_there.set()
            assert may_end.wait(30)
        else:
            may_end.set()
        return counting(environ, start)

    first = Request(10, sent={"x-first": ["yes"]})
    assert served(first, Late(5), app=holding) == [b"10000", b"slow"]


def test_what_was_given_up_takes_no_room_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "_ROOM", 12_000)
    assert served(Request(20), Request(11), Request(1))[1:] == [b"11000", b"1000"]


def test_a_body_that_does_not_come_is_given_up() -> None:
    class Never(Request):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.Event().wait()

    assert served(Never(0), Request(1), seconds=0.01)[0] == b"slow"


def test_an_application_is_told_what_wsgi_has() -> None:
    seen: dict[str, Any] = {}

    def looking(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        seen.update(environ)
        start("204 No Content", [])
        return []

    sent = {"cookie": ["a=1", "b=2"], "x-forwarded-for": ["1.2.3.4", "5.6.7.8"]}
    sent |= {"x_forwarded_for": ["6.6.6.6"], "content_length": ["9"]}
    request = Request(0, path="/\u4f60", query_string="q=\u4f60", sent=sent)
    served(request, app=looking)
    assert request.answer == (204, [], b"")
    assert seen["PATH_INFO"] == "/\u4f60".encode().decode("latin-1")
    assert seen["QUERY_STRING"] == "q=\u4f60".encode().decode("latin-1")
    assert (seen["SERVER_NAME"], seen["REMOTE_ADDR"]) == ("::1", "127.0.0.1")
    assert (seen["HTTP_COOKIE"], seen["CONTENT_TYPE"]) == ("a=1; b=2", "text/plain")
    assert seen["HTTP_X_FORWARDED_FOR"] == "1.2.3.4,5.6.7.8"
    assert "CONTENT_LENGTH" not in seen
    assert not {"PATH", "HOME"} & set(seen)


def test_an_application_that_fails_is_answered_for_and_its_answer_closed() -> None:
    closed = []

    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            raise ValueError("broken")

        def close(self) -> None:
            closed.append(True)

    def failing(_environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        start("200 OK", [])
        return Broken()

    request = Request(0)
    served(request, app=failing)
    assert (request.answer, closed) == ((500, [], b""), [True])
