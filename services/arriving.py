"""Requests as they arrive: only what is there in whole gets one of the few threads.

The server hands over a request once its header is there. Its body is awaited here, beside all the
others and without a thread, however slowly it comes. Law: a body that does not come in time, or
that would take more room than there is, costs nobody else more than that.
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import structlog

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIApplication

LARGEST: Final = 33 * 1024 * 1024
"""Bytes of a body that are taken in; the API and the pages each say where they stop before."""

THREADS: Final = 16
"""Threads of a process, each of which answers one request."""

_ROOM: Final = 128 * 1024 * 1024  # bytes of all bodies that arrive in a process
_MOST: Final = 1000  # bodies that arrive at once in a process

Headers = list[tuple[str, str]]


class BodyTooSlow(Exception):
    """The body did not arrive in time."""


class Scope(Protocol):
    """What the server knows of a request once its header is there."""

    method: str
    path: str
    query_string: str
    scheme: str
    http_version: str
    server: str
    client: str
    headers: Any


class Exchange(Protocol):
    """The server's end of one request."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Send the whole answer."""


class _Body:
    """A body that arrives, in pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.is_given_up = False
        self.is_cut_off = False


class _Missing(io.RawIOBase):
    """Stands for a body that did not come: whoever reads it meets `BodyTooSlow`."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: "WriteableBuffer") -> NoReturn:
        raise BodyTooSlow("send it again, all at once or over a faster line")


class Served:
    """A WSGI application as granian calls it, by its own interface RSGI.

    `seconds` tells how long a body may take.
    """

    def __init__(self, app: "WSGIApplication", seconds: Callable[[], float]) -> None:
        self._app = app
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._arriving: dict[_Body, asyncio.Timeout] = {}
        self._size = 0

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        environ, body = _environ(scope), _Body()
        loop = asyncio.get_running_loop()
        try:
            if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
                environ["wsgi.input"] = await self._taken_in(body, environ, exchange)
            answer = await loop.run_in_executor(self._threads, _answer, self._app, environ)
        finally:
            # What has arrived takes room until it was answered, which may be long after.
            self._size -= body.size
        exchange.response_bytes(*answer)

    async def _taken_in(
        self, body: _Body, environ: dict[str, Any], exchange: Exchange
    ) -> io.RawIOBase | io.BytesIO:
        """Return the body, as far as it is taken in; what is announced as larger is not read.

        One that was cut off is none: whoever sent half a form has asked for nothing.
        """
        said = environ.get("CONTENT_LENGTH", "")
        if said and int(said) > LARGEST:
            return io.BytesIO()
        try:
            async with asyncio.timeout(self._seconds()) as until:
                if len(self._arriving) >= _MOST:
                    self._give_up(next(iter(self._arriving)))
                self._arriving[body] = until
                await self._receive(body, exchange)
        except TimeoutError:
            self._drop(body)
        finally:
            self._arriving.pop(body, None)
        if body.is_given_up or body.is_cut_off or (said and body.size != int(said)):
            return _Missing()
        whole = io.BytesIO(b"".join(body.pieces))
        body.pieces = []
        return whole

    async def _receive(self, body: _Body, exchange: Exchange) -> None:
        is_over = False
        async for piece in exchange:
            # The server ends every body by an empty piece, and says of one that broke off, or that
            # has trailers, only this: another empty one before.
            body.is_cut_off = is_over
            is_over = is_over or not piece
            if not body.is_given_up:
                body.pieces.append(piece)
                body.size += len(piece)
                self._size += len(piece)
                if self._size > _ROOM:
                    self._give_up(max(self._arriving, key=lambda each: each.size))
            if body.is_given_up:
                raise TimeoutError
            if body.size > LARGEST:
                return

    def _give_up(self, body: _Body) -> None:
        """That body is awaited no longer, and takes no room."""
        until = self._arriving.pop(body)
        # Whose time is over already is told so, though it was not its turn yet.
        if not until.expired():
            until.reschedule(0.0)
        self._drop(body)

    def _drop(self, body: _Body) -> None:
        self._size -= body.size
        body.pieces, body.size, body.is_given_up = [], 0, True


class _Started:
    """What an application says of its answer before its body."""

    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: Headers = []  # noqa: RUF012 - replaced as a whole, never changed

    def __call__(self, status: str, headers: Headers, _fault: object = None) -> Callable[..., Any]:
        self.status, self.headers = int(status.partition(" ")[0]), headers
        return _unwritable


def _unwritable(_data: bytes) -> NoReturn:
    # The older way to answer in WSGI, which nothing here uses.
    raise RuntimeError("an answer is returned, not written")


def _answer(app: "WSGIApplication", environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
    """Return the whole answer of an application; a bare 500 where it has none."""
    started = _Started()
    try:
        parts: Iterable[bytes] = app(environ, started)
        try:
            return started.status, started.headers, b"".join(parts)
        finally:
            if close := getattr(parts, "close", None):
                close()
    except Exception:  # noqa: BLE001 - as a server does: logged, and the others are served
        structlog.get_logger(__name__).exception("request-unanswered")
        return int(HTTPStatus.INTERNAL_SERVER_ERROR), [], b""


def _environ(scope: Scope) -> dict[str, Any]:
    """Return what WSGI has of a request; nothing of this process's own environment is in it."""
    name, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": name.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    names: list[str] = scope.headers.keys()
    for header in names:
        # It would be taken for the one with hyphens, which a proxy writes and is believed by.
        if "_" in header:
            continue
        key = header.upper().replace("-", "_")
        joint = "; " if key == "COOKIE" else ","
        whole = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        environ[whole] = joint.join(scope.headers.get_all(header))
    return environ
