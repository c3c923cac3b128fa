"""A server that hangs: it is there, its socket is connected to, and it answers nothing."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.doctor import examine
from services.stack.places import settle
from services.stack.postgres import running_postgres
from services.stack.redis import running_redis

_HANGS_SECONDS = 120  # so long a command is given before it is killed and the test fails


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """An installation's servers with their schema, taken down in the end."""
    folder = Path(f"/var/tmp/qmas-hanging-{os.getpid()}")  # noqa: S108 - every user may enter it
    folder.mkdir(mode=0o711)
    settings = Settings.load({}, folder / "home")
    try:
        lifecycle.up(settings, processes=())
        yield settings
    finally:
        lifecycle.down(settings)
        shutil.rmtree(folder)


@contextmanager
def _hanging(process: processes.Running | None) -> Iterator[None]:
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def _doctor(settings: Settings) -> str:
    """Return what the command prints; the test fails if it hangs as well."""
    said = subprocess.run(
        [sys.executable, "-c", "from services.cli.main import main; main()", "doctor"],
        env={"PATH": "/usr/bin:/bin", "QMAS_HOME": str(settings.home)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_HANGS_SECONDS,
        check=False,
    )
    assert said.returncode == 1
    return said.stdout


def test_a_redis_that_hangs_is_told_by_the_doctor(settings: Settings) -> None:
    with _hanging(running_redis(settle(settings.home))):
        said = _doctor(settings)
    assert "ok    schema: at head" in said
    assert "FAULT broker: cannot be reached: Timeout" in said


def test_a_postgres_that_hangs_is_told_by_the_doctor(settings: Settings) -> None:
    with _hanging(running_postgres(settle(settings.home))):
        said = _doctor(settings)
    assert "FAULT schema: cannot be read: " in said
    assert "ok    broker: answers" in said


def test_a_finding_is_told_before_the_next_one_is_looked_for(settings: Settings) -> None:
    def never() -> datetime:
        raise AssertionError

    found = examine(settings, clock=never)
    assert next(found).subject == "python"
    with pytest.raises(AssertionError):
        next(found)
