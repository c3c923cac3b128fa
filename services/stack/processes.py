"""Starting, recognising and stopping processes that outlive the command which started them.

A process is known by its number *and* by when it started, and one whose number nobody wrote down
by the mark that it was started with. Whatever is signalled is held by a handle before it is looked
at, so that a number which the system has meanwhile given to somebody else's process is never hit.
"""

import contextlib
import errno
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from services.stack.accounts import Account
from services.stack.errors import StackFault, naming

_PAUSE = 0.02
_KILLED_SECONDS = 5.0
_TAIL_LINES = 5
_TAIL_WIDTH = 200
_TAIL_BYTES = 64 * 1024
# Linux before 5.3 has no handles of processes, some containers forbid what they do not know, and
# some Pythons were built without.
_NO_HANDLES = (errno.ENOSYS, errno.EPERM)
_IS_A_THREAD = errno.EINVAL

MARK = "QMAS_STARTED_AS"
"""What has the mark of a process, in its environment and in that of all that it starts."""

# The shell leaves the program behind as an orphan and tells its number, so that nobody here has
# to wait for it; its output goes to the log (standard error), never to the pipe we read.
_LEAVE_BEHIND = '"$@" </dev/null >&2 & echo $!'


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One process: its number, its start in clock ticks since `boot`, and the hour by the clock.

    `session` is that of the process and its children, if we started it, and 0 otherwise;
    `restarts` is how often it had ended before and was started again.
    """

    pid: int
    ticks: int
    boot: str
    session: int = field(compare=False)
    since: datetime = field(compare=False)
    restarts: int = field(default=0, compare=False)


def spawn(  # noqa: PLR0913 - what to start, and what it is given
    command: Sequence[str],
    *,
    log: Path,
    environ: Mapping[str, str],
    folder: Path,
    account: Account | None = None,
    keeps: Sequence[int] = (),
) -> Running:
    """Start `command` in a session of its own, writing to `log`; raise StackFault if it cannot.

    The program runs in `folder`, as `account` when one is given, and keeps running when we end;
    the files of the numbers that it `keeps` are open in it, and no others of ours.
    """
    with log.open("ab") as output:
        log.chmod(0o600)
        try:
            left = subprocess.run(  # noqa: S603 - our own commands, never a shell's words
                ["/bin/sh", "-c", _LEAVE_BEHIND, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                env=dict(environ),
                cwd=folder,
                umask=0o077,
                start_new_session=True,
                pass_fds=keeps,
                check=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except (OSError, subprocess.CalledProcessError) as fault:
            raise StackFault(f"{command[0]} could not be started: {fault}") from fault
    pid = int(left.stdout)
    ticks, session = _identity(pid) or (0, 0)
    now = datetime.now(UTC).replace(microsecond=0)
    return Running(pid=pid, ticks=ticks, session=session, boot=_boot(), since=now)


def is_alive(process: Running) -> bool:
    """True while that very process runs; false for a zombie and for a reused number."""
    return _is_of_this_boot(process) and _started(process.pid) == process.ticks


def remember(path: Path, process: Running) -> None:
    """Write the process file, whole or not at all."""
    fields = {
        "pid": process.pid,
        "ticks": process.ticks,
        "session": process.session,
        "boot": process.boot,
        "since": process.since.isoformat(),
        "restarts": process.restarts,
    }
    write_whole(path, json.dumps(fields) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with naming(path):
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


def new_mark(path: Path) -> str:
    """Return a mark for what is to be started, which no other process has, kept in that file.

    It is there before the process is: whoever is killed in between leaves nothing unknown behind.
    """
    mark = f"{path} {secrets.token_hex(16)}"
    write_whole(path, mark)
    return mark


def kept_mark(path: Path) -> str:
    """Return the mark in that file; empty when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def recall(path: Path) -> Running | None:
    """Return the live process a file tells of; None when there is no file or it is stale."""
    process = recorded(path)
    return process if process and is_alive(process) else None


def recorded(path: Path) -> Running | None:
    """Return the process a file tells of, alive or not; None when there is no readable file."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Running(
            pid=int(fields["pid"]),
            ticks=int(fields["ticks"]),
            session=int(fields["session"]),
            boot=str(fields["boot"]),
            since=datetime.fromisoformat(fields["since"]),
            restarts=int(fields.get("restarts", 0)),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None  # a torn or foreign file names no process of ours


def stop(process: Running, *, grace: float, first: signal.Signals = signal.SIGTERM) -> bool:
    """End the process: ask, wait `grace` seconds, then kill it with what it started.

    True when it went when asked.
    """
    send(process, first)
    if wait_until(lambda: not is_alive(process), grace):
        end_children(process)
        return True
    send(process, signal.SIGKILL)
    if not wait_until(lambda: not is_alive(process), grace):
        raise StackFault(f"process {process.pid} does not end even when killed; look at it by hand")
    end_children(process)
    return False


def end_children(process: Running) -> None:
    """Kill what a dead process of ours left in its session, such as servers on its port."""
    if not process.session or not _is_of_this_boot(process) or is_alive(process):
        return
    if Path(f"/proc/{process.session}").exists():
        return  # our session's leader ended long ago: this number is somebody else's now
    for child in _children(process):
        _signal(child, signal.SIGKILL, partial(_is_child, process, child))
    wait_until(lambda: not _children(process), _KILLED_SECONDS)


def end_marked(mark: str) -> None:
    """Kill our processes that were started with that mark, and what they started.

    They are those of whoever was killed after it had started them and before it said so. An empty
    mark is nobody's.
    """
    if not mark:
        return
    for pid in _marked(mark):
        _signal(pid, signal.SIGKILL, partial(_is_marked, pid, mark))
    wait_until(lambda: not _marked(mark), _KILLED_SECONDS)


def send(process: Running, what: signal.Signals) -> None:
    """Signal that very process, if it still runs."""
    _signal(process.pid, what, lambda: is_alive(process))


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait for `holds()` at most that long; true as soon as it does."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE)
    return True


def known_by(pid: int, *, since: datetime) -> Running | None:
    """Return the identity of a live process of which only the number was known."""
    ticks = _started(pid)
    if ticks is None:
        return None
    return Running(pid=pid, ticks=ticks, session=0, boot=_boot(), since=since)


def command_lines(uid: int) -> dict[int, tuple[str, ...]]:
    """Return the command line of every live process of that user, by number."""
    found: dict[int, tuple[str, ...]] = {}
    for pid in _pids():
        entry = Path(f"/proc/{pid}")
        try:
            if entry.stat().st_uid != uid:
                continue
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended while we looked
        found[pid] = tuple(os.fsdecode(word) for word in words)
    return found


def tail(log: Path) -> str:
    """Return the last lines of a log, indented and cut, for an error's message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
    except FileNotFoundError:
        return "  (no log)"
    cut = [line if len(line) <= _TAIL_WIDTH else f"{line[:_TAIL_WIDTH]}…" for line in lines]
    return "\n".join(f"  {line}" for line in cut) or "  (the log is empty)"


def _signal(pid: int, what: signal.Signals, is_it: Callable[[], bool]) -> None:
    """Signal the process of that number if it is the one that is meant.

    The handle is of the process and not of its number; what `is_it` finds is true of it as long
    as it lives, and once it has ended the signal goes nowhere.
    """
    with contextlib.suppress(ProcessLookupError):
        handle = _handle(pid)
        try:
            if not is_it():
                return
            if handle is None:
                os.kill(pid, what)
            else:
                signal.pidfd_send_signal(handle, what)
        finally:
            if handle is not None:
                os.close(handle)


def _handle(pid: int) -> int | None:
    """Return a handle of a process; None where there are none.

    Raises ProcessLookupError once it has ended, whatever has its number now.
    """
    if not (hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as fault:
        if fault.errno == _IS_A_THREAD:
            raise ProcessLookupError from fault
        if fault.errno not in _NO_HANDLES:
            raise
        return None


def _children(dead: Running) -> list[int]:
    """Return the live processes of its session."""
    return [pid for pid in _pids() if _is_child(dead, pid)]


def _is_child(dead: Running, pid: int) -> bool:
    """Whoever now has the dead one's own number is none of its session."""
    found = _identity(pid)
    return pid != dead.pid and found is not None and found[1] == dead.session


def _marked(mark: str) -> list[int]:
    return [pid for pid in _pids() if _is_marked(pid, mark)]


def _is_marked(pid: int, mark: str) -> bool:
    """True for a live process of ours whose environment has that mark."""
    entry = Path(f"/proc/{pid}")
    try:
        if entry.stat().st_uid != os.geteuid():
            return False
        words = (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it ended while we looked, or may not be looked at
    return os.fsencode(f"{MARK}={mark}") in words and _started(pid) is not None


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _started(pid: int) -> int | None:
    """Clock ticks from boot to the process's start; None when it is gone or only a zombie."""
    found = _identity(pid)
    return found[0] if found else None


def _identity(pid: int) -> tuple[int, int] | None:
    """A live process's start in ticks and its session; None when it is gone or only a zombie."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = line.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else (int(fields[19]), int(fields[3]))


def _is_of_this_boot(process: Running) -> bool:
    return process.boot == _boot()


def _boot() -> str:
    """Tell this boot of the machine from any other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
