"""Rank and tie-break: the order in which a pool is shortlisted and places are allotted.

The scheme publishes no tie-break [S1][S34]. Every order here is local policy and says so wherever
it is shown; the usual one is points, highest first; then the instant of complete submission,
earliest first; then reference. Achievement cases are never ranked: they come first, in order of
submission. The quota binds: no tie is ever resolved by allotting one place more.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from domain.application import Route
from domain.rules.terms import Order, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMember:
    """A case as the pool of an exercise froze it; `version` is its stream's at that moment.

    `points` are the criteria met where the case was assessed by these. `scored_at` is since when
    it has had them, and `stratum` the sector that it counts to; both None where the log does not
    say. `ruleset` is the one that it was assessed under.
    """

    reference: str
    route: Route
    points: int
    submitted_at: datetime
    version: int
    stratum: str | None = None
    scored_at: datetime | None = None
    ruleset: str | None = None

    @property
    def points_since(self) -> datetime:
        """Since when the case has had its points; its submission where the log does not say."""
        return self.scored_at or self.submitted_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A member of the pool with its rank from 1; None for whoever is not ranked.

    `out_of_rank` is True where a recorded decision gave it a place that its rank did not.
    """

    member: PoolMember
    rank: int | None
    out_of_rank: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A pool divided: who is taken, in order, and who is left, in order; `order` is which."""

    taken: tuple[Placed, ...]
    left: tuple[Placed, ...]
    order: Order = Order.POINTS_INSTANT_REFERENCE

    @property
    def achievement(self) -> int:
        """How many achievement cases were taken."""
        return by_achievement(self.taken)

    @property
    def general(self) -> int:
        """How many general cases were taken."""
        return len(self.taken) - self.achievement

    @property
    def out_of_rank(self) -> int:
        """How many were taken by a recorded decision and not by their rank."""
        return sum(placed.out_of_rank for placed in self.taken)

    @property
    def cut_off(self) -> int | None:
        """The lowest points taken by rank; None when nobody was."""
        return cut_off(self.taken)

    @property
    def tie_break(self) -> datetime | None:
        """The latest instant taken at the cut-off, of those by which the order breaks ties.

        None when nobody was taken by rank, and where no instant decides.
        """
        return tie_break(self.taken, self.order)


def cut_off(taken: Iterable[Placed]) -> int | None:
    """Return the lowest points of those taken in their turn; None when nobody was."""
    return min((each.member.points for each in _in_turn(taken)), default=None)


def tie_break(taken: Iterable[Placed], order: Order) -> datetime | None:
    """Return the latest instant by which a tie at the cut-off was decided, as in `Division`."""
    instant = _INSTANTS.get(order)
    if instant is None:
        return None
    members = [each.member for each in _in_turn(taken)]
    if order is not Order.INSTANT_REFERENCE:
        lowest = min((each.points for each in members), default=None)
        members = [each for each in members if each.points == lowest]
    return max(map(instant, members), default=None)


def _in_turn(taken: Iterable[Placed]) -> Iterable[Placed]:
    return (
        each
        for each in taken
        if each.member.route is not Route.ACHIEVEMENT and not each.out_of_rank
    )


def _submitted(member: PoolMember) -> datetime:
    return member.submitted_at


def _points_since(member: PoolMember) -> datetime:
    return member.points_since


_INSTANTS: Final[Mapping[Order, Callable[[PoolMember], datetime]]] = MappingProxyType(
    {
        Order.POINTS_INSTANT_REFERENCE: _submitted,
        Order.POINTS_SCORED_REFERENCE: _points_since,
        Order.INSTANT_REFERENCE: _submitted,
    }
)
_OTHERS: Final[Mapping[Order, Callable[[PoolMember], Any]]] = MappingProxyType(
    {
        Order.POINTS_SCORED_REFERENCE: lambda each: (
            -each.points,
            each.points_since,
            each.reference,
        ),
        Order.POINTS_REFERENCE: lambda each: (-each.points, each.reference),
        Order.INSTANT_REFERENCE: lambda each: (each.submitted_at, each.reference),
    }
)


def ranked(
    pool: Iterable[PoolMember], order: Order = Order.POINTS_INSTANT_REFERENCE
) -> tuple[Placed, ...]:
    """Return the pool in the order in which places go: achievement cases, then by `order`."""
    members = tuple(pool)
    first = sorted(
        (each for each in members if each.route is Route.ACHIEVEMENT),
        key=lambda each: (each.submitted_at, each.reference),
    )
    key = _OTHERS.get(order, lambda each: (-each.points, each.submitted_at, each.reference))
    rest = sorted((each for each in members if each.route is Route.GENERAL), key=key)
    ranks = order is not Order.INSTANT_REFERENCE
    return (
        *(Placed(member=each, rank=None) for each in first),
        *(
            Placed(member=each, rank=rank if ranks else None)
            for rank, each in enumerate(rest, start=1)
        ),
    )


def divide(
    placed: Iterable[Placed],
    places: int | Room | None,
    order: Order = Order.POINTS_INSTANT_REFERENCE,
) -> Division:
    """Return those placed, divided by who finds room; the rank given before is kept.

    Achievement cases count against the room in all and against no stratum's.
    """
    every = tuple(placed)
    room = places if isinstance(places, Room) else Room(total=places)
    if room.strata is not None:
        return _divided_within(every, room, room.strata, order)
    total = len(every) if room.total is None else room.total
    return Division(taken=every[:total], left=every[total:], order=order)


def _divided_within(
    every: tuple[Placed, ...], room: Room, strata: Mapping[str, int | None], order: Order
) -> Division:
    taken = _within(every, room, strata)
    return Division(
        taken=tuple(each for number, each in enumerate(every) if number in taken),
        left=tuple(each for number, each in enumerate(every) if number not in taken),
        order=order,
    )


def _within(
    every: tuple[Placed, ...], room: Room, strata: Mapping[str, int | None]
) -> frozenset[int]:
    """Return the numbers of those taken: of each stratum in turn, then of the rest."""
    taken: list[int] = []
    of_each: Counter[str] = Counter()
    total = len(every) if room.total is None else room.total
    for number, each in enumerate(every):
        if len(taken) < total and _has_room(each, strata, of_each):
            taken.append(number)
    if room.rest:
        if room.of_strata is not None:
            total = by_achievement(every) + room.of_strata
        already = frozenset(taken)
        others = (number for number in range(len(every)) if number not in already)
        taken.extend(islice(others, max(total - len(taken), 0)))
    return frozenset(taken)


def by_achievement(placed: Iterable[Placed]) -> int:
    """Return how many of these are achievement cases, which count against no stratum."""
    return sum(each.member.route is Route.ACHIEVEMENT for each in placed)


def _has_room(each: Placed, strata: Mapping[str, int | None], of_each: Counter[str]) -> bool:
    if each.member.route is Route.ACHIEVEMENT:
        return True
    stratum = each.member.stratum
    if stratum is None or stratum not in strata:
        return False
    limit = strata[stratum]
    if limit is not None and of_each[stratum] >= limit:
        return False
    of_each[stratum] += 1
    return True


def digest_of(
    placed: Iterable[Placed],
    order: Order = Order.POINTS_INSTANT_REFERENCE,
    *,
    strata: bool = False,
) -> str:
    """Return the SHA-256 of an ordered list, over every field that decided the order.

    The instant of the score and the stratum are among these only where they decide.
    """
    scored = order is Order.POINTS_SCORED_REFERENCE
    hashed = hashlib.sha256()
    for each in placed:
        member = each.member
        line = (
            f"{each.rank or 0} {member.reference} {member.route.value} {member.points} "
            f"{_in_utc(member.submitted_at)} {member.version}"
        )
        if scored:
            line += f" {_in_utc(member.points_since)}"
        if strata:
            line += f" {member.stratum or '-'}"
        hashed.update(f"{line}\n".encode())
    return f"sha256:{hashed.hexdigest()}"


def _in_utc(at: datetime) -> str:
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
