"""A worker that ends again and again, and a log that cannot be written: told in a few lines."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.doctor import examine
from services.stack.errors import StackFault
from services.stack.places import settle
from services.stack.programs import programs

# Stands where the workers' own program would be: it lives a little, and answers nobody.
_CRASHES = """
import sys, time
time.sleep({seconds})
for _ in range(100):
    print("x" * 10_000, file=sys.stderr)
raise SystemExit("no more")
"""
_LINES, _WIDTH = 6, 300


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """An installation's servers with their schema, taken down in the end; its workers crash."""
    folder = Path(f"/var/tmp/qmas-crashes-{os.getpid()}")  # noqa: S108 - every user may enter it
    folder.mkdir(mode=0o711)
    settings = Settings.load({"PYTHONPATH": str(folder)}, folder / "home")
    try:
        lifecycle.up(settings, processes=())
        yield settings
    finally:
        lifecycle.down(settings)
        shutil.rmtree(folder)


def _crashing_after(settings: Settings, seconds: float) -> None:
    (settings.home.parent / "celery.py").write_text(_CRASHES.format(seconds=seconds))


def _refused(settings: Settings) -> str:
    with pytest.raises(StackFault) as refused:
        lifecycle.up(settings, processes=("worker",))
    said = str(refused.value)
    lines = said.splitlines()
    assert len(lines) <= _LINES, said
    assert max(map(len, lines)) <= _WIDTH, said
    return said


def test_a_worker_that_dies_at_its_start_is_told_in_a_few_lines(settings: Settings) -> None:
    _crashing_after(settings, 0)
    said = _refused(settings)
    assert said.startswith("worker died; the end of ")
    assert said.endswith("  no more")


def test_a_worker_that_ends_again_and_again_is_not_taken_for_one_that_works(
    settings: Settings,
) -> None:
    _crashing_after(settings, 8)
    places = settle(settings.home)
    program = next(each for each in programs(settings) if each.name == "worker")
    # As the keeper left it a moment ago: it runs, and for the last three times it did not last.
    process = lifecycle._spawn(settings, places, program, restarts=3)
    assert processes.is_alive(process)
    assert _refused(settings).startswith("worker died, started again 3 times before; the end of ")
    (part,) = [part for part in lifecycle.status(settings) if part.name == "worker"]
    assert (part.state, part.restarts) == ("stopped", 3)
    (found,) = [each for each in examine(settings) if each.subject == "worker"]
    assert found.says == "not running, started again 3 times"


def test_a_log_folder_that_is_full_is_told_by_the_doctor(settings: Settings) -> None:
    log = settings.home / "log"
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(log)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        (found,) = [each for each in examine(settings) if each.subject == "disk"]
    finally:
        subprocess.run(["umount", "--lazy", str(log)], check=True)
    assert not found.is_well
    assert found.says == f"0.0 GB free for {log}"
