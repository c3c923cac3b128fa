"""Where the files of a run of the suite are: in memory where there is room, else on the disk.

A database of a test's own is three hundred files, made and removed for each of thousands of tests;
on a disk's file system that is most of what such a test costs.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - folders of our own are made below it
_ROOM: Final = 3 * 2**30
"""Bytes that must be free: seven times the most that a run of four processes was seen to take."""


def take_shelter() -> None:
    """Temporary folders are made in memory from now on, unless TMPDIR says where they are to be.

    Processes that are started from here do as this one does.
    """
    if not os.environ.get("TMPDIR") and _is_fit(_MEMORY):
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = str(_MEMORY)


def _is_fit(place: Path) -> bool:
    """Say whether files can be written and programs started there, and memory is left for it."""
    try:
        found = os.statvfs(place)
        available = Path("/proc/meminfo").read_text("ascii").split("MemAvailable:")[1].split()[0]
    except (OSError, IndexError):
        return False
    return (
        os.access(place, os.W_OK)
        and not found.f_flag & os.ST_NOEXEC
        and found.f_bavail * found.f_frsize >= _ROOM
        and int(available) * 1024 >= _ROOM
    )
