"""How far the ledger has handed over, remembered where a restore of the database undoes nothing.

Law: a mark only rises. It is kept in a folder beside the data folder and in the broker's Redis;
either is enough, and the higher one counts. One that is no number counts for nothing and is told;
the next that is kept takes its place.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from redis import Redis, RedisError

from domain.errors import Reportable

_RAISE: Final = """
local kept = redis.call('GET', KEYS[1]) or ''
local before = string.match(kept, '^%d+$') and #kept <= 20 and tonumber(kept) or -1
if tonumber(ARGV[1]) > before then redis.call('SET', KEYS[1], ARGV[1]) end
"""
_DIGITS: Final = 20  # written over in place, so that a mark is never half there
_AWAY: Final = (OSError, RedisError)

_log: Final = structlog.get_logger(__name__)


class MarksAway(Reportable):
    """No mark can be read or kept now, so nothing is delivered until one can."""

    def __init__(self, broken: tuple[str, ...] = (), away: tuple[str, ...] = ()) -> None:
        other = "Redis does not answer" if "redis" in away else "QMAS_FENCE_FOLDER cannot be read"
        super().__init__(
            f"{no_number(broken)}, and {other}: nothing is sent until that is mended"
            if broken
            else "what was sent can be remembered nowhere now, so nothing is sent until it can: "
            "see to it that QMAS_FENCE_FOLDER can be written to, or that Redis answers"
        )


def no_number(broken: tuple[str, ...]) -> str:
    """Return what is wrong with these places, in words."""
    return f"the mark of what was sent in {' and in '.join(broken)} is no number"


class NoNumber(Exception):
    """What is kept in a place, which is the text, is no mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The highest mark that was found, None where there is none.

    A place that could not be asked (`away`) may hold a higher one; one that is `broken` did. Where
    `are_all_away`, none could be asked.
    """

    highest: int | None
    away: tuple[str, ...] = ()
    are_all_away: bool = False
    broken: tuple[str, ...] = ()


class Marks:
    """The marks of every ledger that this installation ever had; without Redis, in files alone."""

    def __init__(self, folder: Path, redis: Redis | None) -> None:
        self.folder = folder
        self._redis = redis

    def remembered(self, ledger: UUID) -> Remembered:
        """Return the highest mark of a ledger."""
        found: list[int] = []
        away: list[str] = []
        broken: list[str] = []
        places = {"folder": self._in_folder}
        if self._redis is not None:
            places["redis"] = self._in_redis
        for place, look in places.items():
            try:
                mark = look(ledger)
            except NoNumber as fault:
                broken.append(str(fault))
            except _AWAY:
                away.append(place)
            else:
                found += [] if mark is None else [mark]
        return Remembered(
            highest=max(found, default=None),
            away=tuple(away),
            are_all_away=len(away) == len(places),
            broken=tuple(broken),
        )

    def raise_to(self, ledger: UUID, count: int) -> bool:
        """The mark is at least `count` in every place that answers; False where none does."""
        kept = False
        for keep in (self._keep_in_folder, self._keep_in_redis):
            try:
                kept |= keep(ledger, count)
            except _AWAY as fault:
                _log.info("mark_not_kept", place=keep.__name__, fault=type(fault).__name__)
        return kept

    def dispose(self) -> None:
        """Give the connection back."""
        if self._redis is not None:
            self._redis.close()

    def _in_folder(self, ledger: UUID) -> int | None:
        file = self.folder / str(ledger)
        try:
            return _number(file.read_bytes(), str(file))
        except FileNotFoundError:
            return None

    def _keep_in_folder(self, ledger: UUID, count: int) -> bool:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.folder / str(ledger), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                before = _number(os.pread(file, 2 * _DIGITS, 0), "")
            except NoNumber:
                before = None
                os.ftruncate(file, 0)
            if before is None or before < count:
                os.pwrite(file, b"%0*d\n" % (_DIGITS, count), 0)
                os.fsync(file)
        finally:
            os.close(file)
        return True

    def _in_redis(self, ledger: UUID) -> int | None:
        if self._redis is None:
            return None
        found: Any = self._redis.get(_key(ledger))
        return None if found is None else _number(found, f"Redis ({_key(ledger)})")

    def _keep_in_redis(self, ledger: UUID, count: int) -> bool:
        if self._redis is None:
            return False
        self._redis.eval(_RAISE, 1, _key(ledger), count)
        return True


def _number(kept: bytes, place: str) -> int | None:
    """Return the mark, None where nothing was written yet; raises `NoNumber`."""
    if not kept:
        return None
    if not (digits := kept.strip()).isdigit() or len(digits) > _DIGITS:
        raise NoNumber(place)
    return int(digits)


def _key(ledger: UUID) -> str:
    return f"qmas:handed-over:{ledger}"
