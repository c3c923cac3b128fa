"""The embedded Redis server: the broker, and nothing that must not be lost.

It runs as ourselves and listens only on a Unix socket in a folder closed to others. It keeps
nothing on disk: messages are mere pokes, and the schedule pokes again.
"""

import signal
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from services.stack import processes
from services.stack.binaries import redis_program
from services.stack.errors import StackFault
from services.stack.places import Places, locked, make_private, settle

_READY_SECONDS = 15.0
_STOP_SECONDS = 10.0
_ANSWER_SECONDS = 1.0
_PEER = "3i"  # the process, user and group at the other end of a socket


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A running server and how to reach it."""

    places: Places
    process: processes.Running

    @property
    def url(self) -> str:
        """The URL redis-py takes."""
        return f"unix://{quote(str(redis_socket(self.places)))}?db=0"

    @property
    def broker_url(self) -> str:
        """The URL Celery takes."""
        return broker_url(self.places)


def broker_url(places: Places) -> str:
    """Return Celery's URL of this home's Redis."""
    return f"redis+socket://{quote(str(redis_socket(places)))}?virtual_host=0"


def redis_socket(places: Places) -> Path:
    """Return the socket of this home's Redis."""
    return places.redis_sockets / "redis.sock"


def start_redis(home: Path) -> RedisServer:
    """Return the Redis of `home`, running and answering; StackFault with the log's end if not."""
    places = settle(home)
    with locked(places, "redis"):
        make_private(places.redis_sockets, None)
        process = running_redis(places)
        if process is None:
            process = processes.spawn(
                _command(places),
                log=places.log / "redis.log",
                environ={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
                folder=places.home / "redis",
            )
        processes.remember(_process_file(places), process)
        _await_answer(places, process)
    return RedisServer(places=places, process=process)


def stop_redis(home: Path) -> bool:
    """Stop the Redis of `home`; false when none was running."""
    places = settle(home)
    with locked(places, "redis"):
        process = running_redis(places)
        if process is None:
            return False
        processes.stop(process, grace=_STOP_SECONDS, first=signal.SIGTERM)
        _process_file(places).unlink(missing_ok=True)
        return True


def running_redis(places: Places) -> processes.Running | None:
    """Return the Redis of this home, or None.

    One whose starter was killed before it wrote the process file is found by its socket.
    """
    return processes.recall(_process_file(places)) or _listening(places)


def _command(places: Places) -> list[str]:
    return [
        str(redis_program()),
        "--port", "0",
        "--unixsocket", str(redis_socket(places)),
        "--unixsocketperm", "700",
        "--dir", str(places.home / "redis"),
        "--save", "",
        "--appendonly", "no",
        "--daemonize", "no",
        "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def _await_answer(places: Places, process: processes.Running) -> None:
    def settled() -> bool:
        return answers(redis_socket(places)) or not processes.is_alive(process)

    in_time = processes.wait_until(settled, _READY_SECONDS)
    if in_time and processes.is_alive(process):
        return
    log = places.log / "redis.log"
    what = "died at its start" if in_time else f"did not answer within {_READY_SECONDS:.0f} s"
    raise StackFault(f"Redis {what}; the end of {log}:\n{processes.tail(log)}")


def answers(path: Path) -> bool:
    """True when a Redis server answers a PING on that socket within a second."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_ANSWER_SECONDS)
        try:
            link.connect(str(path))
            link.sendall(b"PING\r\n")
            return link.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def _listening(places: Places) -> processes.Running | None:
    """Return the process that listens on this home's socket, since whenever that is."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_ANSWER_SECONDS)
        try:
            link.connect(str(redis_socket(places)))
        except OSError:
            return None
        size = struct.calcsize(_PEER)
        peer = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, _, _ = struct.unpack(_PEER, peer)
    return processes.known_by(pid, since=datetime.now(UTC).replace(microsecond=0))


def _process_file(places: Places) -> Path:
    return places.run / "redis.json"
