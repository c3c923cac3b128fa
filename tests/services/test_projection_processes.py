"""The processes that fill a read model leave nothing behind, however the command ends."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.projections import runner
from services.stack.processes import wait_until
from services.stack.redis import RedisServer
from tests.conftest import TestDatabase
from tests.integration.working import PROJECT, environment
from tests.services.casebook import Casebook, history, reference

_QMAS = "from services.cli.main import main; main()"
_WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'case_keys'::regclass AND NOT granted"


@pytest.fixture
def filling(
    database: TestDatabase, redis_server: RedisServer, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A `qmas projections rebuild` whose processes wait for the keys of the cases."""
    book = Casebook.opened(database.app_url, database.owner_url)
    for each in range(20):
        book.write(f"case-{reference(each)}", history(each))
    runner.catch_up_all(book.store, book.models)
    book.close()
    environ = {
        **environment(tmp_path / "home", database.app_url, redis_server.broker_url),
        "QMAS_OWNER_DATABASE_URL": database.owner_url,
    }
    with (
        psycopg.connect(database.owner_url) as holding,
        psycopg.connect(database.owner_url, autocommit=True) as looking,
    ):
        # They may be read, as by the command itself, and not be held against an erasure.
        holding.execute("LOCK TABLE case_keys IN EXCLUSIVE MODE")

        def waits() -> bool:
            found = looking.execute(_WAITING).fetchone()
            return found is not None and found[0] > 0

        with subprocess.Popen(
            [sys.executable, "-c", _QMAS, "projections", "rebuild", "case-list"],
            cwd=PROJECT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert wait_until(lambda: waits() and bool(_children(process.pid)), 60)
            yield process
            process.kill()


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text("utf-8").rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_they_end_with_a_rebuild_that_is_killed(filling: subprocess.Popen[bytes]) -> None:
    children = _children(filling.pid)
    assert children
    filling.kill()
    filling.wait()
    assert wait_until(lambda: not any(_runs(each) for each in children), 20)
