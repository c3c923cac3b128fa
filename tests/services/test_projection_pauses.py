"""Whoever stands still amid a read model holds nobody up for long."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from services.projections import catalogue, checkpoints, rebuilding, runner
from services.stack.processes import wait_until
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.working import PROJECT, environment
from tests.services.casebook import Casebook, history, reference

_SWITCH = "from services.cli.main import main; main()"
_HELD = (
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE relation = to_regclass('case_list') AND mode = 'AccessExclusiveLock' AND granted"
)
# Between two statements it is idle too; and what it sent before it was stopped may still come.
_STANDS_STILL = f"""{_HELD} AND state = 'idle in transaction'
    AND state_change < clock_timestamp() - INTERVAL '300 milliseconds'"""
_TRIES = 20


@pytest.fixture
def book(office: Office, database: TestDatabase) -> Casebook:
    Casebook.opened(database.app_url, database.owner_url).close()
    made = Casebook(store=office.store, models=office.models)
    made.write(f"case-{reference(1)}", history(1))
    runner.catch_up_all(made.store, made.models)
    return made


@pytest.fixture
def switching(
    office: Office, book: Casebook, database: TestDatabase, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    """A `qmas projections switch` about to change the case list over."""
    rebuilding.rebuild(
        rebuilding.Site(store=book.store, models=book.models, settings=office.settings),
        ("case-list",),
    )
    environ = {
        **environment(tmp_path / "home", database.app_url, office.settings.broker_url),
        "QMAS_OWNER_DATABASE_URL": database.owner_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _SWITCH, "projections", "switch", "case-list"],
        cwd=PROJECT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()


def _stand_still(switching: subprocess.Popen[str], owner_url: str) -> None:
    """Its transaction is open, has the table under another name, and goes no further."""
    with (
        psycopg.connect(owner_url, autocommit=True) as looking,
        psycopg.connect(owner_url) as reader,
    ):

        def seen(condition: LiteralString) -> bool:
            return looking.execute(condition).fetchone() == (1,)

        for _ in range(_TRIES):
            # A reader of the second table keeps it from the end of its transaction.
            reader.execute("LOCK TABLE case_names IN ACCESS SHARE MODE")
            assert wait_until(lambda: seen(_HELD) or switching.poll() is not None, 60)
            assert switching.poll() is None, switching.communicate()
            switching.send_signal(signal.SIGSTOP)
            reader.rollback()
            # One that had given up the lock meanwhile is idle too, "in transaction (aborted)".
            if wait_until(lambda: seen(_STANDS_STILL), 1):
                return
            switching.send_signal(signal.SIGCONT)
    raise AssertionError("it was never stopped amid its transaction")


def test_a_switch_that_stands_still_is_broken_off_and_says_so(
    book: Casebook, switching: subprocess.Popen[str], database: TestDatabase
) -> None:
    _stand_still(switching, database.owner_url)
    with psycopg.connect(database.app_url, options="-c statement_timeout=30s") as reader:
        assert reader.execute("SELECT count(*) FROM case_list").fetchone() == (1,)
    book.write(f"case-{reference(2)}", history(2)[:2])
    assert runner.catch_up(book.store, book.models, "case-list") == 14
    switching.send_signal(signal.SIGCONT)
    said, wrong = switching.communicate(timeout=60)
    assert (switching.returncode, said) == (2, "")
    assert wrong.startswith("qmas: the database broke off the change")
    assert len(wrong.splitlines()) == 1


def test_whoever_has_others_to_look_after_gives_way(book: Casebook, database: TestDatabase) -> None:
    book.write(f"case-{reference(2)}", history(2)[:2])
    (live,) = checkpoints.ours(book.models, catalogue.CASE_LIST)
    with book.models.engine.connect() as standing:
        assert checkpoints.claim(standing, live, wait=True)
        assert runner.catch_up(book.store, book.models, "case-list", patience=0.1) == 12
    with psycopg.connect(database.owner_url) as renaming:
        renaming.execute("LOCK TABLE case_list")
        assert runner.catch_up(book.store, book.models, "case-list", patience=0.1) == 12
    assert runner.catch_up(book.store, book.models, "case-list", patience=0.1) == 14
