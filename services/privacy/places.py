"""Which persons were erased, kept where a restore of the database undoes nothing.

Law: what is kept is only added to, and only what was written under the installation's own key
counts. It stands in a file of the folder beside the data folder and in the broker's Redis: either
is enough, and what one of them has lost it is given again from the database.
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from redis import Redis, RedisError

from domain.particulars import ErasedBefore
from services.store.errors import StoreUnreachable

_FILE: Final = "erasures"
_AWAY: Final = (OSError, RedisError)


class ErasuresAway(StoreUnreachable):
    """Nobody can say which persons were erased, so nobody is served."""

    def __init__(self) -> None:
        super().__init__(
            "which persons were erased can be asked nowhere now, so nothing is shown until it can: "
            "see to it that QMAS_FENCE_FOLDER can be read, or that Redis answers"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That the person of a case was erased, and who decided it."""

    reference: str
    decided: ErasedBefore


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The erasures that are kept, by reference; `broken` are places with a line that is none."""

    erasures: Mapping[str, Erasure]
    broken: tuple[str, ...] = ()


class Places:
    """The places where the erasures of one installation are kept; it is told by its key."""

    def __init__(self, folder: Path, redis: Redis | None, key: bytes) -> None:
        self._file = folder / _FILE
        self._redis = redis
        self._key = hmac.digest(key, b"erasures", "sha256")
        self._name = f"qmas:erased:{self._key[:8].hex()}"
        self.applied = False

    def found(self) -> Found:
        """Return what any place holds; raises `ErasuresAway` where none can be asked."""
        held: dict[str, Erasure] = {}
        broken: list[str] = []
        answered = False
        for name, read in ((str(self._file), self._in_file), ("Redis", self._in_redis)):
            try:
                lines = read()
            except _AWAY:
                continue
            answered |= lines is not None
            for line in lines or ():
                if (erasure := self._read(line)) is not None:
                    held[erasure.reference] = erasure
                elif name not in broken:
                    broken.append(name)
        if not answered:
            raise ErasuresAway
        return Found(erasures=held, broken=tuple(broken))

    def keep(self, erasures: Iterable[Erasure]) -> bool:
        """Each place that answers holds these; False where none does."""
        wanted = {each.reference: self._written(each) for each in erasures}
        kept = False
        for keep in (self._keep_in_file, self._keep_in_redis):
            try:
                kept |= keep(wanted)
            except _AWAY:
                continue
        return kept

    def missing(self, references: Iterable[str]) -> frozenset[str]:
        """Return which of these some place that answers does not hold."""
        wanted = frozenset(references)
        lacking: set[str] = set()
        for read in (self._in_file, self._in_redis):
            try:
                lines = read()
            except _AWAY:
                continue
            if lines is not None:
                read_here = (self._read(line) for line in lines)
                lacking |= wanted - {each.reference for each in read_here if each}
        return frozenset(lacking)

    def close(self) -> None:
        """Give the connection back."""
        if self._redis is not None:
            self._redis.close()

    def _written(self, erasure: Erasure) -> bytes:
        decided = erasure.decided
        said = [
            erasure.reference,
            decided.proposed_by,
            decided.confirmed_by,
            decided.decided_at.isoformat(),
        ]
        return json.dumps([*said, self._seal(said)]).encode()

    def _read(self, line: bytes) -> Erasure | None:
        """Return the erasure that a line tells under our key, None where it tells none."""
        try:
            reference, proposed_by, confirmed_by, at, seal = json.loads(line)
            decided = ErasedBefore(
                proposed_by=proposed_by,
                confirmed_by=confirmed_by,
                decided_at=datetime.fromisoformat(at),
            )
            genuine = hmac.compare_digest(
                seal, self._seal([reference, proposed_by, confirmed_by, at])
            )
        except (ValueError, TypeError):
            return None
        return Erasure(reference=reference, decided=decided) if genuine else None

    def _seal(self, said: list[str]) -> str:
        return hmac.new(self._key, json.dumps(said).encode(), "sha256").hexdigest()

    def _in_file(self) -> list[bytes] | None:
        try:
            return self._file.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def _keep_in_file(self, wanted: Mapping[str, bytes]) -> bool:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(file, "r+b") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            before = opened.read()
            there = {each.reference for each in map(self._read, before.splitlines()) if each}
            new = [line for reference, line in wanted.items() if reference not in there]
            # Whoever was killed while writing left a line without an end.
            begin = b"" if before.endswith(b"\n") or not before else b"\n"
            opened.write(begin + b"".join(line + b"\n" for line in new) if new else b"")
            opened.flush()
            os.fsync(opened.fileno())
        return True

    def _in_redis(self) -> list[bytes] | None:
        if self._redis is None:
            return None
        return list(cast("dict[bytes, bytes]", self._redis.hgetall(self._name)).values())

    def _keep_in_redis(self, wanted: Mapping[str, bytes]) -> bool:
        if self._redis is None:
            return False
        if wanted:
            given: Any = dict(wanted)
            self._redis.hset(self._name, mapping=given)
        return True
