"""Secrets that are made once and then kept in files only their owner can read."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from services.stack.errors import naming


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the secret in `path`, made now if there was none; the same to every process.

    The file appears whole or not at all: of two processes that make one at once, the first to
    link it wins and the other reads what the first wrote. Raises OSError when it cannot.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with naming(path):
        try:
            _write_durably(draft, make())
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
        finally:
            draft.unlink(missing_ok=True)
    return path.read_bytes()


def changed(path: Path, change: Callable[[bytes], bytes]) -> bytes:
    """Return the secret in `path` as `change` makes it of what was there; the file has it then.

    It is replaced as a whole, and by one process at a time: each sees what the one before it made.
    Raises OSError when it cannot.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        before = path.read_bytes()
        after = change(before)
        if after != before:
            _replace(path, after)
    finally:
        os.close(folder)
    return after


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with naming(path):
        try:
            _write_durably(draft, content)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


def _write_durably(path: Path, content: bytes) -> None:
    """Make the file with mode 0600, on the disk before anybody can come to depend on it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
