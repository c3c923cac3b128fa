"""A cluster beside the suite's own, and what is dumped from one and restored into another."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from services.stack.binaries import postgres_programs
from services.stack.postgres import ADMIN, PostgresServer, start_postgres, stop_postgres
from services.stack.tuning import Tuning

_TUNING: Final = Tuning(durable=False, shared_buffers="64MB", max_connections=100)


@contextmanager
def server_of_its_own() -> Iterator[Callable[[], PostgresServer]]:
    """Starts a cluster in a data folder of its own, or finds or starts it again."""
    home = Path(tempfile.mkdtemp(prefix="qmas-second-"))
    home.chmod(0o711)
    try:
        yield lambda: start_postgres(home, tuning=_TUNING)
    finally:
        stop_postgres(home)
        shutil.rmtree(home)


def new_database(server: PostgresServer) -> None:
    """An empty database "copy" is there."""
    with psycopg.connect(server.url(ADMIN, ADMIN), autocommit=True) as admin:
        admin.execute("CREATE DATABASE copy OWNER qmas_owner")


def dump(url: str, into: Path) -> None:
    """The file holds all of the database."""
    programs = postgres_programs()
    subprocess.run([programs.path("pg_dump"), "-Fc", "-f", into, "-d", url], check=True)


def restore(file: Path, url: str, *options: str) -> None:
    """The database holds what the file does."""
    programs = postgres_programs()
    command = [programs.path("pg_restore"), "--exit-on-error", *options, "-d", url, file]
    subprocess.run(command, check=True, capture_output=True)
