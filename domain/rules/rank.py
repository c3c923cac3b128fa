"""Rank and tie-break: the order in which a pool is shortlisted and places are allotted.

The scheme publishes no tie-break. This order is local policy and says so wherever it is shown:
points, highest first; then the instant of complete submission, earliest first; then reference.
Achievement cases are never ranked: they come first, in order of submission. The quota binds: no
tie is ever resolved by allotting one place more.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.application import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMember:
    """A case as the pool of an exercise froze it; `version` is its stream's at that moment."""

    reference: str
    route: Route
    points: int
    submitted_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A member of the pool with its rank from 1; None for an achievement case."""

    member: PoolMember
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A pool divided: who is taken, in order, and who is left, in order."""

    taken: tuple[Placed, ...]
    left: tuple[Placed, ...]

    @property
    def achievement(self) -> int:
        """How many achievement cases were taken."""
        return sum(placed.rank is None for placed in self.taken)

    @property
    def general(self) -> int:
        """How many cases were taken by rank."""
        return len(self.taken) - self.achievement

    @property
    def cut_off(self) -> int | None:
        """The lowest points taken by rank; None when nobody was."""
        last = self._last_by_rank
        return last.points if last else None

    @property
    def tie_break(self) -> datetime | None:
        """The latest instant of submission taken at the cut-off; None when nobody was."""
        last = self._last_by_rank
        return last.submitted_at if last else None

    @property
    def _last_by_rank(self) -> PoolMember | None:
        by_rank = [placed.member for placed in self.taken if placed.rank is not None]
        return by_rank[-1] if by_rank else None


def ranked(pool: Iterable[PoolMember]) -> tuple[Placed, ...]:
    """Return the pool in the order in which places go: achievement cases, then by rank."""
    members = tuple(pool)
    first = sorted(
        (each for each in members if each.route is Route.ACHIEVEMENT),
        key=lambda each: (each.submitted_at, each.reference),
    )
    by_rank = sorted(
        (each for each in members if each.route is Route.GENERAL),
        key=lambda each: (-each.points, each.submitted_at, each.reference),
    )
    return (
        *(Placed(member=each, rank=None) for each in first),
        *(Placed(member=each, rank=rank) for rank, each in enumerate(by_rank, start=1)),
    )


def divide(order: Iterable[Placed], places: int) -> Division:
    """Return `order` divided after its first `places`; the rank given before is kept."""
    placed = tuple(order)
    return Division(taken=placed[:places], left=placed[places:])


def digest_of(order: Iterable[Placed]) -> str:
    """Return the SHA-256 of an ordered list, over every field that decided the order."""
    lines = (
        f"{each.rank or 0} {each.member.reference} {each.member.route} {each.member.points} "
        f"{each.member.submitted_at.astimezone(UTC).isoformat()} {each.member.version}\n"
        for each in order
    )
    hashed = hashlib.sha256()
    for line in lines:
        hashed.update(line.encode())
    return f"sha256:{hashed.hexdigest()}"
