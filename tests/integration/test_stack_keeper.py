"""What ends by itself is started again, ever later if it does not last, and stopped for good."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.keeper import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    STEADY_SECONDS,
    Keeper,
    pause_after,
)
from services.stack.places import Places, settle
from services.stack.processes import Running, wait_until
from services.stack.programs import Program, programs

_WITH_FAR_CHILD = """
import subprocess, sys, time
child = [sys.executable, "-c", "import time; time.sleep(60)"]
print(subprocess.Popen(child, start_new_session=True).pid, flush=True)
time.sleep(60)
"""


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _free_port() -> str:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return str(asked.getsockname()[1])


@pytest.fixture
def settings(open_folder: Path) -> Iterator[Settings]:
    """An installation of which a test starts what it needs, taken down in the end."""
    told = {"QMAS_MAIL_PORT": _free_port(), "QMAS_WEB_PORT": _free_port()}
    settings = Settings.load({**os.environ, **told}, open_folder / "home")
    yield settings
    lifecycle.down(settings)


@pytest.fixture
def places(settings: Settings) -> Places:
    return settle(settings.home)


def _started(settings: Settings, places: Places, name: str) -> Running:
    program = _program(settings, name)
    lifecycle._start(settings, places, (program,), lambda _: None)
    return _running(settings, name)


def _program(settings: Settings, name: str) -> Program:
    return next(each for each in programs(settings) if each.name == name)


def _part(settings: Settings, name: str) -> lifecycle.Part:
    return next(part for part in lifecycle.status(settings) if part.name == name)


def _running(settings: Settings, name: str) -> Running:
    running = _part(settings, name).running
    assert running is not None
    return running


def _kill(process: Running) -> None:
    os.kill(process.pid, signal.SIGKILL)
    assert wait_until(lambda: not processes.is_alive(process), 10)


def test_what_ended_is_started_again_and_ever_later_if_it_does_not_last(
    settings: Settings, places: Places
) -> None:
    clock = Clock()
    keeper = Keeper(settings, places, clock=clock)
    process = _started(settings, places, "mail")
    for number, pause in enumerate((1.0, 2.0, 4.0), start=1):
        _kill(process)
        keeper.look()
        clock.now += pause - 0.1
        keeper.look()
        assert _part(settings, "mail").state == "stopped"
        clock.now += 0.2
        keeper.look()
        process = _running(settings, "mail")
        assert _part(settings, "mail").restarts == number


def test_what_cannot_be_started_is_left_alone_for_longer(
    settings: Settings, places: Places
) -> None:
    clock = Clock()
    keeper = Keeper(settings, places, clock=clock)
    _kill(_started(settings, places, "mail"))
    log = places.log / "mail.log"
    log.unlink()
    log.mkdir()
    keeper.look()
    for pause in (1.0, 2.0, 4.0):
        clock.now += pause
        keeper.look()
        assert _part(settings, "mail").state == "stopped"
    log.rmdir()
    keeper.look()
    assert _part(settings, "mail").state == "stopped", "it was left alone for eight seconds"
    clock.now += 8.0
    keeper.look()
    _running(settings, "mail")


def test_what_was_stopped_stays_stopped_and_what_runs_is_left_alone(
    settings: Settings, places: Places
) -> None:
    clock = Clock()
    keeper = Keeper(settings, places, clock=clock)
    process = _started(settings, places, "mail")
    keeper.look()
    assert _running(settings, "mail") == process
    lifecycle.down(settings)
    keeper.look()
    clock.now += LONGEST_PAUSE_SECONDS
    keeper.look()
    assert _part(settings, "mail").state == "stopped"


def test_what_was_started_by_hand_meanwhile_is_not_started_twice(
    settings: Settings, places: Places
) -> None:
    gone = _started(settings, places, "mail")
    _kill(gone)
    process = _started(settings, places, "mail")
    assert not lifecycle.start_again(settings, places, _program(settings, "mail"), gone)
    assert _running(settings, "mail") == process


def test_what_was_started_by_somebody_killed_before_they_said_so_is_ended(
    settings: Settings, places: Places
) -> None:
    process = _started(settings, places, "mail")
    (places.run / "mail.json").unlink()
    lifecycle.down(settings)
    assert not processes.is_alive(process)


def test_a_home_that_was_at_the_same_place_keeps_its_processes(
    settings: Settings, places: Places
) -> None:
    """So it is for homes of one path in several file systems, as containers of a host have."""
    process, aside = _started(settings, places, "mail"), places.home.with_name("aside")
    places.home.rename(aside)
    lifecycle.down(settings)
    assert processes.is_alive(process)
    shutil.rmtree(places.home)
    aside.rename(places.home)
    lifecycle.down(settings)
    assert not processes.is_alive(process)


def _of_an_earlier_version(places: Places, program: str, script: str) -> Running:
    """Start a process whose mark is the name of its process file, and nothing else."""
    started_as = str(places.run / f"{program}.json")
    return processes.spawn(
        [sys.executable, "-c", script],
        log=places.log / f"{program}.log",
        environ={"QMAS_STARTED_AS": started_as},
        folder=Path("/"),
    )


def test_what_an_earlier_version_started_is_ended_with_all_that_it_started(
    settings: Settings, places: Places
) -> None:
    log = places.log / "mail.log"
    process = _of_an_earlier_version(places, "mail", _WITH_FAR_CHILD)
    processes.remember(places.run / "mail.json", process)
    assert wait_until(lambda: log.read_text().endswith("\n"), 10)
    child = processes.known_by(int(log.read_text()), since=process.since)
    assert child is not None
    lifecycle.down(settings)
    assert not processes.is_alive(process)
    assert not processes.is_alive(child)


def test_what_no_file_of_this_home_tells_of_is_left_alone(
    settings: Settings, places: Places
) -> None:
    process = _of_an_earlier_version(places, "mail", "import time; time.sleep(60)")
    lifecycle.down(settings)
    assert processes.is_alive(process)
    assert processes.stop(process, grace=10)


@given(pauses=st.lists(st.floats(0, 2 * STEADY_SECONDS), max_size=12))
def test_a_pause_is_never_longer_than_a_minute_and_short_again_after_a_steady_run(
    pauses: list[float],
) -> None:
    pause = 0.0
    for ran in pauses:
        before, pause = pause, pause_after(pause, ran)
        assert FIRST_PAUSE_SECONDS <= pause <= LONGEST_PAUSE_SECONDS
        if ran >= STEADY_SECONDS:
            assert pause == FIRST_PAUSE_SECONDS
        else:
            assert pause > before or before == LONGEST_PAUSE_SECONDS
