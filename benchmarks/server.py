"""A PostgreSQL of the run's own, durable as in production, and a fresh database for each round."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from services.stack.postgres import ADMIN, APP, OWNER, PostgresServer, start_postgres, stop_postgres
from services.store import migrate


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database as the application and as the administrator, and the server's programs."""

    name: str
    app_url: str
    admin_url: str
    sockets: Path
    admin_password: str
    programs: Path


@contextmanager
def throwaway_server() -> Iterator[PostgresServer]:
    """A server with the settings of an installation, stopped and removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="qmas-bench-"))
    home.chmod(0o711)  # the server's unprivileged user passes through it
    try:
        yield start_postgres(home / "home")
    finally:
        stop_postgres(home / "home")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database(server: PostgresServer) -> Iterator[Database]:
    """A migrated database, dropped afterwards."""
    name = f"bench_{secrets.token_hex(4)}"
    made = sql.Identifier(name)
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(made, sql.Identifier(OWNER))
        )
    migrate.upgrade(server.url(OWNER, name))
    try:
        yield Database(
            name=name,
            app_url=server.url(APP, name),
            admin_url=server.url(ADMIN, name),
            sockets=server.places.postgres_sockets,
            admin_password=server.passwords[ADMIN],
            programs=server.programs.bin,
        )
    finally:
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(made))
            # What one contender wrote is not flushed at the cost of the next.
            connection.execute("CHECKPOINT")
