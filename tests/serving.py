"""The web server itself, in processes of its own, as the stack starts it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.settings import Settings
from services.stack.programs import SERVED

_READY_SECONDS = 60.0
_PROJECT = Path(__file__).parents[1]


@contextmanager
def a_web_server(
    settings: Settings,
    folder: Path,
    *options: str,
    started_by: tuple[str, ...] = (),
    **told: str,
) -> Iterator[int]:
    """Yield the port of a web server with settings, whose log and figures are in `folder`.

    Later `options` win over those of the stack. `started_by` is a command that becomes the server.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (folder / "figures").mkdir()
    about = {"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(folder / "figures")}
    with (folder / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(*started_by, sys.executable, "-m", "granian", *SERVED),
                *("--host", "127.0.0.1"),
                # A worker told to stop while it starts may not hear it.
                *("--port", str(port), "--workers-kill-timeout", "5", *options),
                "services.web:server",
            ],
            env={**settings.child_environ(), **about, **told},
            cwd=_PROJECT,
            stdout=log,
            stderr=log,
        )
    try:
        _until_it_answers(port, server)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(30)
        finally:
            server.kill()
            server.wait()


def _until_it_answers(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _READY_SECONDS
    while not _is_live(port):
        assert server.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)


def _is_live(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request("GET", "/livez")
        return link.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        link.close()
