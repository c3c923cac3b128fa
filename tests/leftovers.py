"""The folders of runs, and what is left of those that were killed.

Each run counts itself among the users of its folder by a lock, which goes with the run however that
ends. A folder that nobody uses any more is a leftover: its servers and processes are ended.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Final

from services.stack.postgres import stop_postgres
from services.stack.processes import end_marked
from services.stack.redis import stop_redis

SUITE: Final = "qmas-test-"
"""How the folder of the suite's own servers begins; it is their home itself."""

CHAOS: Final = "qmas-chaos-"
"""How the folder of an installation that is hurt begins; its home lies in it."""

_HOMES: Final = {SUITE: ".", CHAOS: "home"}


def enter(folder: Path) -> IO[str]:
    """Make the folder if need be and be counted among its users."""
    while True:
        folder.mkdir(mode=0o711, exist_ok=True)
        folder.chmod(0o711)  # PostgreSQL's unprivileged user passes through it
        users = (folder / "users").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
        if os.fstat(users.fileno()).st_nlink:
            return users
        users.close()  # the last one before us was just removing the folder


def is_last(users: IO[str]) -> bool:
    """True when no other process still uses the folder."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def mark_of(folder: Path) -> str:
    """Return the mark of what runs for that folder, besides its servers."""
    return str(folder)


def remove(folder: Path) -> None:
    """Nothing of the folder runs, and it is gone."""
    home = folder / next(home for prefix, home in _HOMES.items() if folder.name.startswith(prefix))
    end_marked(mark_of(folder))
    stop_redis(home)
    stop_postgres(home)
    shutil.rmtree(folder)


def sweep() -> None:
    """Nothing runs or lies about of runs that were killed before they could see to it."""
    for prefix in _HOMES:
        for left in Path(tempfile.gettempdir()).glob(f"{prefix}*/users"):
            if left.stat().st_uid != os.geteuid():
                continue
            with left.open("a") as users:
                if is_last(users) and os.fstat(users.fileno()).st_nlink:
                    remove(left.parent)
