"""The processes of a simulation leave nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from services.stack.processes import wait_until

ROOT = Path(__file__).parents[2]
# A shell has what it starts in the background ignore an interrupt, and all that this starts.
ASKING = """
import signal
import sys
from services.simulation.simulate import _spread
from tests.services.test_simulation_processes import number

signal.signal(signal.SIGINT, signal.default_int_handler)
with _spread(2) as mapped:
    print(*set(mapped(number, range(50))), flush=True)
    sys.stdin.read()
"""


def number(_: int) -> int:
    """The number of the process that works this out."""
    return os.getpid()


@pytest.fixture
def asking() -> Iterator[subprocess.Popen[str]]:
    """A process with others that work for it, in a group of its own as a terminal makes one."""
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        yield process
        if process.poll() is None:
            process.kill()


def _runs(pid: int) -> bool:
    """True unless it ended, whether or not anybody asked how."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _workers(asking: subprocess.Popen[str]) -> list[int]:
    assert asking.stdout is not None
    found = [int(each) for each in asking.stdout.readline().split()]
    assert found
    assert all(_runs(each) for each in found)
    return found


def test_they_end_with_the_process_that_asks_though_it_was_killed(
    asking: subprocess.Popen[str],
) -> None:
    workers = _workers(asking)
    asking.kill()
    asking.wait()
    assert wait_until(lambda: not any(map(_runs, workers)), 20)


def test_an_interrupt_of_all_of_them_is_told_by_the_one_that_asks(
    asking: subprocess.Popen[str],
) -> None:
    workers = _workers(asking)
    os.killpg(asking.pid, signal.SIGINT)
    # A thread of it may take the signal, and it goes on reading; but closed at once, its input
    # could end it before the signal came.
    with suppress(subprocess.TimeoutExpired):
        asking.wait(1)
    _, said = asking.communicate()
    assert asking.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert wait_until(lambda: not any(map(_runs, workers)), 20)
