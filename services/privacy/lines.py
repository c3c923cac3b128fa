"""Lines that are kept in a file and in the broker's Redis, and are only ever added to."""

import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from redis import Redis, RedisError

AWAY: Final = (OSError, RedisError)
"""What a place raises that does not answer."""

_MARK: Final = "begun"
_PAUSE: Final = 0.01
_LONGEST_WAIT: Final = 1.0


class InFile:
    """A file with a line for each; whoever writes is alone at it, and nobody reads meanwhile."""

    kind: Final = "folder"

    def __init__(self, file: Path) -> None:
        self._file = file
        self.name = str(file)

    def read(self) -> list[bytes]:
        """Return every line, in the order in which they were added; none where there is no file."""
        try:
            opened = self._file.open("rb")
        except FileNotFoundError:
            return []
        with opened:
            _lock(opened.fileno(), fcntl.LOCK_SH)
            return [line for line in opened.read().split(b"\n") if line]

    def add(self, lines: Mapping[str, bytes], mark: bytes | None = None) -> None:
        """These lines are there, each once; and behind them the mark, if one is given."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(file, "r+b") as opened:
            _lock(file, fcntl.LOCK_EX)
            before = opened.read()
            there = set(before.split(b"\n"))
            new = [line for line in lines.values() if line not in there]
            new += [] if mark is None else [mark]
            # Whoever was killed while writing left a line without an end.
            begin = b"" if before.endswith(b"\n") or not before else b"\n"
            opened.write(begin + b"".join(line + b"\n" for line in new) if new else b"")
            opened.flush()
            os.fsync(file)


class InRedis:
    """A hash of Redis, with a field for each."""

    kind: Final = "Redis"

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis = redis
        self._key = key
        self.name = "Redis"

    def read(self) -> list[bytes]:
        """Return every line, the mark before the others."""
        found = dict(cast("dict[bytes, bytes]", self._redis.hgetall(self._key)))
        mark = found.pop(_MARK.encode(), None)
        return [*([] if mark is None else [mark]), *found.values()]

    def add(self, lines: Mapping[str, bytes], mark: bytes | None = None) -> None:
        """These lines are there, each in the field that it is given for, and the mark."""
        given: dict[Any, Any] = {**lines, **({} if mark is None else {_MARK: mark})}
        if given:
            self._redis.hset(self._key, mapping=given)


def _lock(file: int, how: int) -> None:
    """The file is ours; raises `OSError` where another has held it for too long."""
    until = time.monotonic() + _LONGEST_WAIT
    while True:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            return
