"""What the whole suite shares: one embedded PostgreSQL, one Redis, a fresh database a test.

Processes of one pytest-xdist run share the servers: the first one in starts them, the last one out
stops them, and each that dies without a word is out as well, for its lock goes with it.
"""

import fcntl
import gc
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hypothesis
import psycopg
import pytest
import structlog
from psycopg import sql

from services.settings import Settings
from services.stack.postgres import (
    ADMIN,
    APP,
    OWNER,
    PostgresServer,
    start_postgres,
)
from services.stack.redis import RedisServer, start_redis
from services.stack.tuning import Tuning
from services.store import migrate
from services.wiring import Office, open_office
from tests.leftovers import SUITE, enter, is_last, remove, sweep
from tests.rewriting import modules, rewrite
from tests.shelter import take_shelter

_TEMPLATE = "qmas_template"
# No power cut happens in a test, and a killed server loses nothing without fsync. What tidies up by
# itself, at its own time, would hold up now and then a test that watches locks. Passwords are long
# and random: to make them hard to guess costs each of ten thousand connections two milliseconds.
_TUNING = Tuning(
    durable=False,
    shared_buffers="128MB",
    max_connections=300,
    more={"autovacuum": "off", "scram_iterations": "1"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDatabase:
    """A database of one test's own: as the application, as the schema's owner, as anybody."""

    __test__ = False

    app_url: str
    owner_url: str
    admin_url: str
    name: str


# A deadline would fail a test because the machine is busy, and never because anything is wrong.
hypothesis.settings.register_profile("qmas", deadline=None)
hypothesis.settings.load_profile("qmas")

# Before any folder's own modules import them: what they assert explains itself.
pytest.register_assert_rewrite("tests.domain.deciding", "tests.domain.desk")


def pytest_configure(config: pytest.Config) -> None:
    """Files are where they cost least, and what is logged in tests tells faults plainly.

    The default shows every variable of every frame, and a rulebook among them takes a minute.
    """
    take_shelter()
    if config.getoption("numprocesses", None) and not sys.dont_write_bytecode:
        rewrite(modules(), config)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--whole-pools` makes every member of the published pools instead of the near misses.

    `--examples-times` has state machines, and what asks the API whatever it describes, look further
    than one run of the suite needs to.
    `--chaos N` and `--outage SECONDS` try more of what may happen to workers, and for longer.
    """
    parser.addoption("--whole-pools", action="store_true", help="pools of rounds in full (minutes)")
    parser.addoption(
        "--examples-times",
        type=int,
        default=1,
        help="so many times the runs of state machines, and what the API is asked",
    )
    parser.addoption("--chaos", type=int, default=208, help="how many schedules of faults")
    parser.addoption("--outage", type=float, default=3.0, help="seconds that a broker is away")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """State machines make as many runs as `--examples-times` asks for."""
    times = config.getoption("--examples-times")
    for machine in {getattr(each, "cls", None) for each in items}:
        usual = getattr(machine, "settings", None)
        if machine is not None and isinstance(usual, hypothesis.settings):
            machine.settings = hypothesis.settings(usual, max_examples=times * usual.max_examples)


def pytest_collection_finish() -> None:
    """Thousands of tests and all they import are there to the end: nobody looks for cycles there.

    Laws that make many values have the interpreter look again and again through all there is.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def whole_pools(request: pytest.FixtureRequest) -> bool:
    """True when published pools are to be made in full."""
    return bool(request.config.getoption("--whole-pools"))


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """The data folder of this run's servers; they are stopped when the last process leaves it."""
    sweep()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(8)
    home = Path(tempfile.gettempdir()) / f"{SUITE}{re.sub('[^0-9a-f]', '', run)[:16]}"
    users = enter(home)
    try:
        yield home
    finally:
        if is_last(users):
            remove(home)
        users.close()


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    with (home / "set-up").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every user may pass through, which pytest's own temporary folders are not.

    A data folder made in it keeps all its files; in `tmp_path`, run by root, PostgreSQL's folder
    would be put where its unprivileged user can go, and would be left there.
    """
    folder = Path(tempfile.mkdtemp(prefix="qmas-open-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(server_home: Path) -> Iterator[PostgresServer]:
    """The suite's PostgreSQL server."""
    server = start_postgres(server_home, tuning=_TUNING)
    yield server
    _session(server.url(ADMIN, ADMIN)).close()
    _session.cache_clear()


@pytest.fixture(scope="session")
def redis_server(server_home: Path) -> RedisServer:
    """The suite's Redis server."""
    return start_redis(server_home)


@pytest.fixture(scope="session")
def template_database(server_home: Path, postgres: PostgresServer) -> str:
    """The name of a migrated database that others are copied from; nobody connects to it."""
    with _one_at_a_time(server_home):
        done = server_home / "template-is-migrated"
        if not done.exists():
            _drop(postgres, _TEMPLATE)
            _create(postgres, _TEMPLATE, "template1")
            migrate.upgrade(postgres.url(OWNER, _TEMPLATE))
            done.touch()
    return _TEMPLATE


@pytest.fixture
def database(postgres: PostgresServer, template_database: str) -> Iterator[TestDatabase]:
    """A migrated, empty database of this test's own, dropped afterwards."""
    with _fresh(postgres, template_database) as made:
        yield made


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[TestDatabase]:
    """A database without any schema (to migrate, to restore into), dropped afterwards."""
    with _fresh(postgres, "template1") as made:
        yield made


@contextmanager
def _fresh(postgres: PostgresServer, template: str) -> Iterator[TestDatabase]:
    name = f"test_{secrets.token_hex(6)}"
    _create(postgres, name, template)
    try:
        yield TestDatabase(
            app_url=postgres.url(APP, name),
            owner_url=postgres.url(OWNER, name),
            admin_url=postgres.url(ADMIN, name),
            name=name,
        )
    finally:
        _drop(postgres, name)


@cache
def _session(admin_url: str) -> psycopg.Connection:
    """Return this process's session in which databases are made and dropped."""
    return psycopg.connect(admin_url, autocommit=True)


def _create(postgres: PostgresServer, name: str, template: str) -> None:
    made = sql.Identifier(name)
    session = _session(postgres.url(ADMIN, ADMIN))
    session.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
            made, sql.Identifier(OWNER), sql.Identifier(template)
        )
    )
    session.execute(
        sql.SQL(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {app}"
        ).format(name=made, app=sql.Identifier(APP))
    )


def _drop(postgres: PostgresServer, name: str) -> None:
    _session(postgres.url(ADMIN, ADMIN)).execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


@pytest.fixture
def settings(database: TestDatabase, redis_server: RedisServer, open_folder: Path) -> Settings:
    """The settings of an installation on this test's own database and the suite's Redis."""
    told = {
        "QMAS_DATABASE_URL": database.app_url,
        "QMAS_OWNER_DATABASE_URL": database.owner_url,
        "QMAS_BROKER_URL": redis_server.broker_url,
    }
    return Settings.load(told, home=open_folder / "home")


@pytest.fixture
def office(settings: Settings) -> Iterator[Office]:
    """An office on a migrated, empty database of this test's own; nobody was ever erased."""
    opened = open_office(settings)
    opened.erasures.mend(anew=True)
    yield opened
    opened.close()
