"""At each address one home listens, however many are started at once; and who may not, is told."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.errors import StackFault
from services.stack.keeper import LONGEST_PAUSE_SECONDS, Keeper
from services.stack.places import settle
from services.stack.ports import claimed
from services.stack.programs import Program, is_free, programs

_PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[int(sys.argv[1])]
)
print(child.pid, flush=True)
time.sleep(60)
"""


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _home(folder: Path, port: int) -> Settings:
    told = {"QMAS_MAIL_PORT": str(_free_port()), "QMAS_WEB_PORT": str(port)}
    return Settings.load(told, folder)


@pytest.fixture
def homes(open_folder: Path) -> Iterator[tuple[Settings, Settings]]:
    """Two homes with one web port, of which nothing runs in the end."""
    port = _free_port()
    both = _home(open_folder / "one", port), _home(open_folder / "two", port)
    yield both
    for each in both:
        lifecycle.down(each)


def _program(settings: Settings, name: str) -> Program:
    return next(each for each in programs(settings) if each.name == name)


def _states(settings: Settings, name: str) -> str:
    return next(part.state for part in lifecycle.status(settings) if part.name == name)


def test_of_two_homes_that_start_at_once_one_has_the_port(homes: tuple[Settings, Settings]) -> None:
    at_once = Barrier(2, timeout=60)

    def start(settings: Settings) -> str:
        at_once.wait()
        try:
            lifecycle.up(settings, processes=("web",))
        except StackFault as fault:
            return str(fault)
        return "ready"

    with ThreadPoolExecutor(2) as threads:
        told = dict(zip(("one", "two"), threads.map(start, homes), strict=True))
    states = {name: _states(each, "web") for name, each in zip(told, homes, strict=True)}
    assert sorted(states.values()) == ["running", "stopped"]
    for name, said in told.items():
        if states[name] == "running":
            assert said == "ready"
        else:
            assert said.startswith(f"web cannot listen on 127.0.0.1:{homes[0].web_port}: another")
            assert said.endswith("set QMAS_WEB_PORT")


def test_an_address_is_claimed_before_anybody_listens_and_while_anybody_may(
    homes: tuple[Settings, Settings], tmp_path: Path
) -> None:
    ours, theirs = (_program(each, "web") for each in homes)
    log = tmp_path / "log"
    with claimed(ours) as claim:
        process = processes.spawn(
            [sys.executable, "-c", _PARENT, *map(str, claim)],
            log=log,
            environ={},
            folder=Path("/"),
            keeps=claim,
        )
    assert processes.wait_until(lambda: log.read_text().endswith("\n"), 10)
    child = int(log.read_text())
    assert is_free(ours.host, theirs.port or 0)
    for _ in range(2):
        with pytest.raises(StackFault, match=r"another home's does.*set QMAS_WEB_PORT"):
            claimed(theirs).__enter__()
        os.kill(process.pid, signal.SIGKILL)
        assert processes.wait_until(lambda: not processes.is_alive(process), 10)
    os.kill(child, signal.SIGKILL)
    with claimed(theirs) as claim:
        assert claim


def test_who_listens_everywhere_claims_the_loopback_too(homes: tuple[Settings, Settings]) -> None:
    everywhere, here = (_program(each, "web") for each in homes)
    with (
        claimed(replace(everywhere, host="0.0.0.0")),  # noqa: S104 - it is claimed, and not bound
        pytest.raises(StackFault, match="another home's does"),
    ):
        claimed(here).__enter__()


def test_two_programs_of_one_home_with_one_port_are_told_so(open_folder: Path) -> None:
    port = str(_free_port())
    settings = Settings.load({"QMAS_MAIL_PORT": port, "QMAS_WEB_PORT": port}, open_folder / "one")
    with pytest.raises(StackFault) as told:
        lifecycle.up(settings)
    assert str(told.value) == (
        f"mail and web are both told to listen on 127.0.0.1:{port}: "
        "set QMAS_MAIL_PORT or QMAS_WEB_PORT to another port"
    )
    assert not any(part.running for part in lifecycle.status(settings))


def test_nothing_is_started_again_where_somebody_else_listens_by_now(
    homes: tuple[Settings, Settings],
) -> None:
    settings, now = homes[0], 0.0
    places, mail = settle(settings.home), _program(settings, "mail")
    keeper = Keeper(settings, places, clock=lambda: now)
    lifecycle._start(settings, places, (mail,), lambda _: None)
    (gone,) = (part.running for part in lifecycle.status(settings) if part.name == "mail")
    assert gone is not None
    os.kill(gone.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: is_free(mail.host, mail.port or 0), 10)
    with socket.socket() as other:
        other.bind((mail.host, mail.port))
        other.listen()
        with pytest.raises(StackFault, match=r"another program does.*set QMAS_MAIL_PORT"):
            lifecycle.start_again(settings, places, mail, gone)
        keeper.look()
        now += LONGEST_PAUSE_SECONDS
        keeper.look()
        assert _states(settings, "mail") == "stopped"
    now += 2 * LONGEST_PAUSE_SECONDS
    keeper.look()
    assert _states(settings, "mail") == "running"
    with pytest.raises(StackFault, match="cannot listen on"):
        claimed(replace(_program(homes[1], "web"), port=mail.port)).__enter__()


def test_a_port_that_was_lost_meanwhile_is_told_in_one_line(
    homes: tuple[Settings, Settings],
) -> None:
    settings = homes[0]
    places, mail = settle(settings.home), _program(settings, "mail")
    with socket.socket() as other:
        other.bind((mail.host, mail.port))
        other.listen()
        with pytest.raises(StackFault) as told:
            lifecycle._start(settings, places, (mail,), lambda _: None)
    assert str(told.value).startswith(f"mail cannot listen on {mail.address}: another program does")
    assert "\n" not in str(told.value)
    log = (settings.home / "log" / "mail.log").read_text()
    assert log == f"no mail is taken on {mail.address}: Address already in use\n"
