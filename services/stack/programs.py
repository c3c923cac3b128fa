"""The application's processes as data: what each is, where it listens, when it is ready."""

import hashlib
import http.client
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kombu import Connection
from kombu.exceptions import KombuError
from kombu.pidbox import Mailbox
from redis import RedisError

from services.settings import Settings
from services.tasks import WORKERS

SERVED: Final = (
    *("--interface", "rsgi", "--no-ws", "--http", "1", "--backpressure", "4000"),
    # What comes before a body is waited for without a thread, but neither for ever nor at length.
    *("--http1-header-read-timeout", "20000", "--http1-buffer-size", "65536"),
)
"""How the web server serves, wherever it is started."""

_PROJECT = Path(__file__).resolve().parents[2]
_ASK_SECONDS = 1.0
_ANSWER_SECONDS = 2.0  # of a broker, to each thing said to it
_CONTROL = "celery"  # the exchange on which Celery workers listen for questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process of the application.

    `port` is where it listens, with the setting that names it; `is_ready` asks it whether it
    works; `grace` is how many seconds it is given to finish what it is doing. `scratch` is a
    folder of its own, empty whenever it starts, that `scratch_setting` tells it of.
    """

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    port: int | None = None
    host: str = "127.0.0.1"
    setting: str = ""
    grace: float = 15.0
    folder: Path = _PROJECT
    scratch: Path | None = None
    scratch_setting: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """What its environment has besides the settings."""
        return {self.scratch_setting: str(self.scratch)} if self.scratch_setting else {}

    @property
    def address(self) -> str:
        """Where it is reached; empty when it is not."""
        return f"{self.host}:{self.port}" if self.port else ""


def programs(settings: Settings) -> tuple[Program, ...]:
    """Return the application's processes in the order they start."""
    every = every_program(settings)
    return every if settings.embedded_mail else tuple(each for each in every if each.name != "mail")


def every_program(settings: Settings) -> tuple[Program, ...]:
    """Return those that run with any settings, for whoever looks for what other ones started."""
    workers = (_worker(settings, name) for name in WORKERS)
    return (_mail(settings), *workers, _beat(settings), _web(settings), _keeper(settings))


def is_free(host: str, port: int) -> bool:
    """True when a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True


def reached(host: str) -> str:
    """Return where a server is asked: on the loopback, if it listens on every interface."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def worker_answers(settings: Settings, name: str, *, seconds: float = 3.0) -> bool:
    """True when this home's worker of that name answers over the broker within so many seconds.

    Asked on a connection of its own: Celery's pools keep dead ones when a broker was restarted.
    """
    with open_broker(settings) as link:
        ask = Mailbox(_CONTROL, type="fanout", connection=link, accept=["json"])
        try:
            link.ensure_connection(max_retries=1)
            told = ask.call([worker_name(settings, name)], "ping", timeout=seconds)
        except (KombuError, RedisError, OSError):
            return False
    return bool(told)


def open_broker(settings: Settings) -> Connection:
    """Return a connection, not yet made, that gives up soon when the broker does not answer.

    One that hangs is connected to all the same, by its kernel, and is waited for no longer either.
    """
    patience = {
        "socket_connect_timeout": _ASK_SECONDS,
        "socket_timeout": _ANSWER_SECONDS,
        "max_retries": 1,
        "interval_start": 0.1,
    }
    return Connection(settings.broker_url, transport_options=patience)


def worker_name(settings: Settings, name: str) -> str:
    """Return the name by which a worker of this home is asked, distinct on a shared broker."""
    return f"{name}@{hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:12]}"


def _mail(settings: Settings) -> Program:
    port = settings.smtp.port
    return Program(
        name="mail",
        command=(
            *(sys.executable, "-m", "services.stack.mailcatcher"),
            *(str(settings.home / "mail"), str(port)),
        ),
        is_ready=lambda: _greets("127.0.0.1", port),
        port=port,
        setting="QMAS_MAIL_PORT",
        grace=5.0,
    )


def _worker(settings: Settings, name: str) -> Program:
    return Program(
        name=name,
        command=(
            *(sys.executable, "-m", "celery", "--app", "workers.app", "worker"),
            *("--hostname", worker_name(settings, name), "--queues", ",".join(WORKERS[name])),
            *("--concurrency", str(settings.worker_processes)),
            *("--without-gossip", "--without-mingle", "--loglevel", "info"),
        ),
        is_ready=lambda: worker_answers(settings, name, seconds=0.3),
        grace=10.0,  # a task cut short is done again: it only looks at what is to be done
    )


def _beat(settings: Settings) -> Program:
    # What it remembers is when it last poked, every few seconds; a file that a killed beat left,
    # in whichever format this Python keeps it, is worth nothing and may be broken.
    scratch = settings.home / "run" / "beat"
    return Program(
        name="beat",
        command=(
            *(sys.executable, "-m", "celery", "--app", "workers.app", "beat"),
            *("--schedule", str(scratch / "schedule"), "--pidfile="),
            *("--loglevel", "info"),
        ),
        is_ready=lambda: any(scratch.glob("schedule*")),
        scratch=scratch,
    )


def _web(settings: Settings) -> Program:
    host, port = settings.web_host, settings.web_port
    return Program(
        name="web",
        command=(
            *(sys.executable, "-m", "granian", *SERVED),
            *("--host", host, "--port", str(port), "--workers", str(settings.web_processes)),
            "--respawn-failed-workers",
            # A worker that is told to stop while it starts may not hear it: it is killed then.
            *("--workers-kill-timeout", "10"),
            "services.web:server",
        ),
        is_ready=lambda: _is_live(host, port),
        port=port,
        host=host,
        setting="QMAS_WEB_PORT",
        scratch=settings.home / "run" / "metrics",
        scratch_setting="PROMETHEUS_MULTIPROC_DIR",  # its processes add up their figures there
    )


def _keeper(settings: Settings) -> Program:
    scratch = settings.home / "run" / "keeper"
    seen = scratch / "seen"
    return Program(
        name="keeper",
        command=(sys.executable, "-m", "services.stack.keeper", str(seen)),
        is_ready=seen.exists,
        grace=5.0,
        scratch=scratch,
    )


def _is_live(host: str, port: int) -> bool:
    """True when the web server answers that it lives."""
    asked = http.client.HTTPConnection(reached(host), port, timeout=_ASK_SECONDS)
    try:
        asked.request("GET", "/livez")
        return asked.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def _greets(host: str, port: int) -> bool:
    """True when a mail server greets there."""
    try:
        with socket.create_connection((host, port), timeout=_ASK_SECONDS) as link:
            return link.recv(4).startswith(b"220")
    except OSError:
        return False


ASKED: Final[Mapping[str, Callable[[str, int], bool]]] = MappingProxyType(
    {"mail": _greets, "web": _is_live}
)
"""How each program that listens is asked, at its host and port, whether it answers."""
