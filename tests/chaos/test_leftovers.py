"""A run that is killed cannot see to what it started: the next one does."""

import contextlib
import subprocess
import sys
from pathlib import Path

from tests.chaos.arena import PROJECT
from tests.leftovers import sweep

_RUN = """
import time
from tests.chaos.arena import arena
from tests.shelter import take_shelter

take_shelter()
with arena() as made:
    print(made.home.parent, flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_of_a_killed_run_after_the_next_one_began() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _RUN], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as run:
        try:
            assert run.stdout is not None
            folder = Path(run.stdout.readline().strip())
            assert folder.is_absolute()
            sweep()
            assert _running(folder) != [], "nothing is taken from a run that goes on"
        finally:
            run.kill()
    assert _running(folder) != []
    sweep()
    assert _running(folder) == []
    assert not folder.exists()


def _running(folder: Path) -> list[str]:
    """Return the command of every process that was started with that folder's name."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if entry.name.isdigit() and str(folder).encode() in said:
                found.append(said.replace(b"\0", b" ").decode()[:80])
    return found
