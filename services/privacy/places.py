"""Which persons were erased, kept where a restore of the database undoes nothing.

Law: what is kept is only added to, and only what was written under the installation's own key
counts. It stands in a file of the folder beside the data folder and in the broker's Redis: either
is enough, and what one of them has lost it is given again from the database.

A place is an answer while it is *whole*: a mark says that everything which was known had been put
there, and every line behind the mark can be read. A file that is not there, or a Redis that was
started empty, has no mark and so says nothing.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from redis import Redis

from domain.particulars import ErasedBefore
from services.privacy.lines import AWAY, InFile, InRedis
from services.store.errors import StoreUnreachable

_FILE: Final = "erasures"
_LONGEST: Final = 8_192
"""Bytes of a line; what is longer is none of ours, and is not looked into.

Two accounts are in it, of which a provider's has at most 128 characters and a terminal's 260; JSON
writes one as at most twelve bytes. What were longer would close the installation once written.
"""

_log: Final = structlog.get_logger(__name__)


class ErasuresAway(StoreUnreachable):
    """No place is an answer to who was erased, so nobody is served."""

    def __init__(self, found: "Found") -> None:
        why = {
            "does not answer": found.away,
            "holds lines that cannot be read": found.broken,
            "holds nothing, or not all": found.unmarked,
        }
        said = [f"{', '.join(names)} {what}" for what, names in why.items() if names]
        super().__init__(
            "which persons were erased can be asked nowhere now, so nothing is shown until it can "
            f"({'; '.join(said)}): see to it that QMAS_FENCE_FOLDER can be read, or that Redis "
            "answers; `qmas doctor` says more"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That the person of a case was erased, and who decided it."""

    reference: str
    decided: ErasedBefore


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found in one place; `strange` where a line of it is none of ours, or half one."""

    name: str
    kind: str
    answers: bool
    whole: bool = False
    strange: bool = False
    held: Mapping[str, Erasure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in every place that this installation has."""

    looks: tuple[Look, ...]

    @property
    def erasures(self) -> Mapping[str, Erasure]:
        """The erasures that any place holds, by reference."""
        return {name: each for look in self.looks for name, each in look.held.items()}

    @property
    def is_enough(self) -> bool:
        """True where one place at least is an answer."""
        return any(each.whole for each in self.looks)

    @property
    def is_complete(self) -> bool:
        """True where every place is an answer."""
        return all(each.whole for each in self.looks)

    @property
    def is_new(self) -> bool:
        """True where every place answers and none was ever marked, as at an installation's start.

        It looks the same where all of them were lost.
        """
        return not any(each.whole or each.strange or not each.answers for each in self.looks)

    @property
    def away(self) -> tuple[str, ...]:
        """The places that did not answer."""
        return tuple(each.kind for each in self.looks if not each.answers)

    @property
    def broken(self) -> tuple[str, ...]:
        """The places with a line that cannot be read."""
        return tuple(each.kind for each in self.looks if each.strange)

    @property
    def unmarked(self) -> tuple[str, ...]:
        """The places that answer and do not hold all that they should."""
        return tuple(
            each.kind for each in self.looks if each.answers and not (each.whole or each.strange)
        )

    @property
    def none_answers(self) -> bool:
        """True where nothing can be kept anywhere now."""
        return not any(each.answers for each in self.looks)

    def missing(self, references: Iterable[str]) -> frozenset[str]:
        """Return which of these some place that answers does not hold."""
        wanted = frozenset(references)
        return frozenset().union(
            *(wanted - each.held.keys() for each in self.looks if each.answers)
        )


class Places:
    """The places where the erasures of one installation are kept; it is told by its key."""

    def __init__(self, folder: Path, redis: Redis | None, key: bytes) -> None:
        self._redis = redis
        self._key = hmac.digest(key, b"erasures", "sha256")
        file, kept = InFile(folder / _FILE), f"qmas:erased:{self._key[:8].hex()}"
        others = () if redis is None else (InRedis(redis, kept),)
        self._places: tuple[InFile | InRedis, ...] = (file, *others)
        self._mark = json.dumps(["begun", self._seal(["begun"])]).encode()
        self._told: tuple[tuple[str, ...], ...] = ((), (), ())

    def look(self) -> Found:
        """Return what each place holds."""
        return Found(looks=tuple(map(self._look, self._places)))

    def tell(self, found: Found) -> None:
        """The log says which places are no answer, whenever that has changed.

        It says nothing where all of them are new, as at an installation's first start.
        """
        now = found.away, found.broken, found.unmarked
        if now != self._told and not found.is_new:
            self._told = now
            tell = _log.warning if any(now) else _log.info
            away, broken, unmarked = now
            tell("erasures_places", away=away, with_strange_lines=broken, not_whole=unmarked)

    def keep(self, erasures: Iterable[Erasure]) -> tuple[str, ...]:
        """Each place that answers holds these; return which did not answer."""
        wanted = {each.reference: self._written(each) for each in erasures}
        return self._added(self._places, wanted, None)

    def mend(self, *, anew: bool) -> tuple[str, ...]:
        """Each place that answers is whole, with all that any other holds; return which was not.

        Nothing is done where no place is an answer; but with `anew` where none ever was one.
        """
        found = self.look()
        if not (found.is_enough or (anew and found.is_new)):
            return ()
        wanted = {name: self._written(each) for name, each in found.erasures.items()}
        pairs = zip(self._places, found.looks, strict=True)
        lacking = [place for place, look in pairs if look.answers and not look.whole]
        failed = self._added(lacking, wanted, self._mark)
        mended = tuple(each.kind for each in lacking if each.kind not in failed)
        if mended and found.is_enough:
            _log.warning("erasures_kept_whole_again", places=mended)
        return mended

    def close(self) -> None:
        """Give the connection back."""
        if self._redis is not None:
            self._redis.close()

    def _added(
        self, places: Iterable[InFile | InRedis], lines: Mapping[str, bytes], mark: bytes | None
    ) -> tuple[str, ...]:
        failed = []
        for each in places:
            try:
                each.add(lines, mark)
            except AWAY as fault:
                _log.warning("erasures_not_kept", place=each.name, fault=str(fault))
                failed.append(each.kind)
        return tuple(failed)

    def _look(self, place: InFile | InRedis) -> Look:
        try:
            lines = place.read()
        except AWAY:
            return Look(name=place.name, kind=place.kind, answers=False)
        held: dict[str, Erasure] = {}
        whole = strange = False
        for line in lines:
            if line == self._mark:
                whole = True
            elif (erasure := self._read(line)) is not None:
                held[erasure.reference] = erasure
            else:
                whole, strange = False, True
        return Look(
            name=place.name,
            kind=place.kind,
            answers=True,
            whole=whole,
            strange=strange,
            held=held,
        )

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
        if len(line) > _LONGEST:
            return None
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
        except (ValueError, TypeError, RecursionError):
            return None
        return Erasure(reference=reference, decided=decided) if genuine else None

    def _seal(self, said: list[str]) -> str:
        return hmac.new(self._key, json.dumps(said).encode(), "sha256").hexdigest()
