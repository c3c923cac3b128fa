"""Processes that are started, recognised and stopped; the embedded Redis and mail server."""

import errno
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import redis

from services.settings import Settings
from services.stack import lifecycle, processes
from services.stack.errors import StackFault
from services.stack.mailcatcher import caught
from services.stack.places import locked, settle
from services.stack.processes import Running
from services.stack.programs import Program, is_free, programs
from services.stack.redis import redis_socket, running_redis, start_redis, stop_redis

_STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
_WITH_CHILD = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _python(script: str, log: Path) -> Running:
    return processes.spawn([sys.executable, "-c", script], log=log, environ={}, folder=Path("/"))


def _wait_for_text(log: Path) -> str:
    assert processes.wait_until(lambda: log.exists() and log.read_text().endswith("\n"), 10)
    return log.read_text()


@pytest.fixture
def home(open_folder: Path) -> Iterator[Path]:
    """A data folder whose Redis is stopped in the end."""
    yield open_folder / "home"
    stop_redis(open_folder / "home")


@pytest.fixture
def settings(open_folder: Path) -> Iterator[Settings]:
    """An embedded installation on ports of its own, taken down in the end."""
    told = {"QMAS_MAIL_PORT": str(_free_port()), "QMAS_WEB_PORT": str(_free_port())}
    settings = Settings.load(told, open_folder / "home")
    yield settings
    lifecycle.down(settings)


def test_a_process_file_brings_back_the_very_process(tmp_path: Path) -> None:
    process = _python("import time; time.sleep(60)", tmp_path / "log")
    processes.remember(tmp_path / "it.json", process)
    assert processes.recall(tmp_path / "it.json") == process
    assert processes.stop(process, grace=10)
    assert processes.recall(tmp_path / "it.json") is None


def test_a_reused_number_is_neither_found_nor_signalled(tmp_path: Path) -> None:
    stranger = _python("import time; time.sleep(60)", tmp_path / "log")
    gone = replace(stranger, ticks=stranger.ticks - 1)
    processes.remember(tmp_path / "it.json", gone)
    assert processes.recall(tmp_path / "it.json") is None
    processes.stop(gone, grace=1)
    assert processes.is_alive(stranger)
    processes.stop(stranger, grace=10)


def test_a_number_reused_while_we_look_is_not_signalled() -> None:
    stranger = next(filter(None, (_one_whose_number_is_reused() for _ in range(20))))
    # Had it been hit, it would not hear this, and would have ended otherwise.
    stranger.terminate()
    assert stranger.wait() == -signal.SIGTERM


def _one_whose_number_is_reused() -> subprocess.Popen[bytes] | None:
    """Who got the number of a process while it was looked at; None where that was somebody else."""
    meant, others = _sleeper(), []

    def is_it() -> bool:
        """It was; then it ended, and its number went to somebody else."""
        meant.kill()
        meant.wait()
        others.append(_with_number(meant.pid))
        return others[0] is not None

    processes._signal(meant.pid, signal.SIGKILL, is_it)
    return others[0]


@pytest.mark.parametrize("built_without", [False, True], ids=["system", "python"])
def test_without_handles_of_processes_they_are_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, built_without: bool
) -> None:
    if built_without:
        monkeypatch.delattr(os, "pidfd_open")
        monkeypatch.delattr(signal, "pidfd_send_signal")
    else:

        def unknown(pid: int) -> int:
            raise OSError(errno.ENOSYS, "Function not implemented")

        monkeypatch.setattr(os, "pidfd_open", unknown)
    process = _python("import time; time.sleep(60)", tmp_path / "log")
    assert processes.stop(process, grace=10)


def _sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"])


def _with_number(pid: int) -> subprocess.Popen[bytes] | None:
    """Start a process that has this number; None where somebody who stays was given it first."""
    last = Path("/proc/sys/kernel/ns_last_pid")
    for _ in range(20):  # or somebody who is soon gone
        try:
            last.write_text(str(pid - 1))
        except OSError:
            pytest.skip("only root can say which number comes next")
        made = _sleeper()
        if made.pid == pid:
            return made
        made.kill()
        made.wait()
    return None


def test_a_process_of_another_boot_is_gone(tmp_path: Path) -> None:
    process = _python("import time; time.sleep(60)", tmp_path / "log")
    assert not processes.is_alive(replace(process, boot="another"))
    processes.stop(process, grace=10)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": "x"}', "7"])
def test_a_torn_process_file_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "it.json").write_text(content)
    assert processes.recall(tmp_path / "it.json") is None


def test_a_file_without_room_is_named_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    path.write_text("before")
    (tmp_path / f".web.json.{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        processes.write_whole(path, "after")
    assert [each.name for each in tmp_path.iterdir()] == ["web.json"]
    assert path.read_text() == "before"


def test_a_process_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    process = _python(_STUBBORN, tmp_path / "log")
    time.sleep(0.3)  # until it ignores the request
    assert not processes.stop(process, grace=0.5)
    assert not processes.is_alive(process)


def test_children_of_a_killed_process_are_ended_with_it(tmp_path: Path) -> None:
    process = _python(_WITH_CHILD, tmp_path / "log")
    child = int(_wait_for_text(tmp_path / "log"))
    os.kill(process.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_alive(process), 10)
    assert processes.known_by(child, since=process.since) is not None
    processes.end_children(process)
    assert processes.wait_until(lambda: processes.known_by(child, since=process.since) is None, 10)


def test_a_program_that_does_not_exist_leaves_its_reason_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = processes.spawn(["/no/such/program"], log=log, environ={}, folder=Path("/"))
    assert processes.wait_until(lambda: not processes.is_alive(process), 10)
    assert "/no/such/program" in processes.tail(log)


def test_redis_answers_on_its_socket_and_keeps_nothing(home: Path) -> None:
    server = start_redis(home)
    with redis.Redis.from_url(server.url) as client:
        client.set("word", "kept in memory")
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("save") == {"save": ""}
    assert start_redis(home).process == server.process
    assert redis_socket(settle(home)).stat().st_mode & 0o777 == 0o700


def test_a_killed_redis_is_started_again(home: Path) -> None:
    first = start_redis(home)
    os.kill(first.process.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: running_redis(first.places) is None, 10)
    assert start_redis(home).process.pid != first.process.pid


def test_a_redis_that_nobody_wrote_down_is_found_by_its_socket(home: Path) -> None:
    server = start_redis(home)
    written = server.places.run / "redis.json"
    written.unlink()
    assert start_redis(home).process == server.process
    assert processes.recall(written) == server.process
    written.unlink()
    assert stop_redis(home)
    assert not processes.is_alive(server.process)


def test_a_lock_that_stays_held_is_named(home: Path) -> None:
    places = settle(home)
    with (
        locked(places, "stack"),
        pytest.raises(StackFault, match=r"another process has held .*stack\.lock"),
        locked(places, "stack", seconds=0.1),
    ):
        pass


def _start(settings: Settings, *wanted: Program) -> None:
    lifecycle._start(settings, settle(settings.home), wanted, lambda _: None)


def _program(settings: Settings, name: str) -> Program:
    return next(program for program in programs(settings) if program.name == name)


def _send(settings: Settings, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "office@example.invalid", "emma@example.invalid"
    message["Subject"] = subject
    message.set_content("申請已收到\n")
    with smtplib.SMTP(settings.smtp.host, settings.smtp.port, timeout=10) as smtp:
        smtp.send_message(message)


def test_every_message_is_kept_whole_in_the_order_it_came(settings: Settings) -> None:
    _start(settings, _program(settings, "mail"))
    for number in range(3):
        _send(settings, f"message {number}")
    (settings.home / "mail" / ".0-draft.eml").write_bytes(b"Subject: half")
    kept = caught(settings.home / "mail")
    assert [message["Subject"] for message in kept] == ["message 0", "message 1", "message 2"]
    assert kept[0]["X-Envelope-To"] == "emma@example.invalid"
    assert kept[0].get_content().strip() == "申請已收到"


def test_a_message_that_cannot_be_kept_is_not_said_to_be_taken(settings: Settings) -> None:
    _start(settings, _program(settings, "mail"))
    (settings.home / "mail").rename(settings.home / "mail-away")
    with pytest.raises(smtplib.SMTPDataError, match="could not be kept"):
        _send(settings, "lost?")


def test_a_taken_port_is_named_with_its_setting(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.web_port))
        other.listen()
        assert not is_free("127.0.0.1", settings.web_port)
        with pytest.raises(StackFault, match=f"{settings.web_port}.*set QMAS_WEB_PORT"):
            lifecycle.up(settings, processes=("web",))
    assert not running_redis(settle(settings.home)), "nothing was started in vain"


def test_a_program_that_dies_is_reported_with_its_last_words(settings: Settings) -> None:
    dying = Program(
        name="web",
        command=(sys.executable, "-c", "raise SystemExit('no web today')"),
        is_ready=lambda: False,
    )
    with pytest.raises(StackFault, match=r"web died; the end of (.|\n)*no web today"):
        _start(settings, dying)


def test_status_tells_what_runs_and_what_does_not(settings: Settings) -> None:
    lifecycle.start_servers(settings)
    _start(settings, _program(settings, "mail"))
    states = {part.name: part.state for part in lifecycle.status(settings)}
    assert states == {
        "postgres": "running",
        "redis": "running",
        "mail": "running",
        "worker": "stopped",
        "worker-patient": "stopped",
        "beat": "stopped",
        "web": "stopped",
        "keeper": "stopped",
    }
    lifecycle.down(settings)
    assert {part.state for part in lifecycle.status(settings)} == {"stopped"}


def test_servers_of_ones_own_are_not_started(open_folder: Path) -> None:
    told = {
        "QMAS_DATABASE_URL": "postgresql://somebody@elsewhere/qmas",
        "QMAS_BROKER_URL": "redis://elsewhere",
        "QMAS_SMTP_URL": "smtp://elsewhere",
    }
    settings = Settings.load(told, open_folder / "home")
    lifecycle.start_servers(settings)
    assert {part.name: part.state for part in lifecycle.status(settings)} == {
        "postgres": "elsewhere",
        "redis": "elsewhere",
        "worker": "stopped",
        "worker-patient": "stopped",
        "beat": "stopped",
        "web": "stopped",
        "keeper": "stopped",
    }
