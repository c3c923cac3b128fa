"""Rounds of invitations that Canada's Express Entry published, and pools that fit each of them.

A round tells how many were invited, the lowest score among them and, where more had that score
than were invited, an instant: of those with exactly that score, whoever submitted before it was
invited. Of some rounds the scores of the whole pool are published too, some days before or after
the round itself: so a few more may have come than were counted, and of those counted some were
not eligible in that round. Nobody published who submitted when; that is drawn from a seed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from random import Random
from typing import Any

from domain.application import Route
from domain.rules.rank import PoolMember

_FILE = Path(__file__).parents[1] / "data" / "express-entry-rounds.json"
SUBTOTALS = {
    "451-500": ("491-500", "481-490", "471-480", "461-470", "451-460"),
    "401-450": ("441-450", "431-440", "421-430", "411-420", "401-410"),
}
TICK = timedelta(microseconds=1)
NEAR_MISSES = 300
"""Of those who were not invited, how many are made where the whole pool is not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round as it was published; `pool` by band of scores, subtotals and total included."""

    round: str
    held_at: datetime
    name: str
    invited: int
    cut_off: int
    tie_break: datetime | None
    pool_as_of: date | None = None
    pool: Mapping[str, int] | None = None

    @property
    def bands(self) -> Mapping[range, int]:
        """How many had scores in each of the finest bands, best first."""
        named = {
            band: count
            for band, count in (self.pool or {}).items()
            if band not in SUBTOTALS and band != "total"
        }
        return {_scores(band): count for band, count in named.items()}

    @property
    def is_tied(self) -> bool:
        """True when somebody may have had the lowest score and not been invited."""
        return self.tie_break is not None and self.tie_break < self.held_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of a pool stand where: by score, and at the cut-off before the instant or not.

    `others` were in the pool and not eligible in the round. `arrived` of all these came after the
    pool was counted.
    """

    above: Mapping[int, int]
    before: int
    since: int
    below: Mapping[int, int]
    others: Mapping[int, int]
    arrived: int = 0


@cache
def rounds() -> tuple[Round, ...]:
    """Return every round of the file."""
    file = json.loads(_FILE.read_text("utf-8"))
    return tuple(_round(each, file["bands"]) for each in file["rounds"])


def _round(row: dict[str, Any], bands: list[str]) -> Round:
    counted, as_of, tie = row.get("pool"), row.get("pool_as_of"), row["tie_break"]
    return Round(
        round=row["round"],
        held_at=datetime.fromisoformat(row["held_at"]),
        name=row["name"],
        invited=row["invited"],
        cut_off=row["cut_off"],
        tie_break=datetime.fromisoformat(tie) if tie else None,
        pool_as_of=date.fromisoformat(as_of) if as_of else None,
        pool=dict(zip(bands, counted, strict=True)) if counted else None,
    )


def _scores(band: str) -> range:
    lowest, highest = map(int, band.split("-"))
    return range(lowest, highest + 1)


def counts(of: Round) -> Counts:
    """Return how many stood where in a pool that fits the round."""
    if of.pool is None:
        return _imagined(of)
    over = {band: count for band, count in of.bands.items() if band.start > of.cut_off}
    (within,) = (band for band in of.bands if of.cut_off in band)
    under = _spread({band: count for band, count in of.bands.items() if band.stop <= of.cut_off})
    in_band, surely = of.bands[within], sum(over.values())
    if surely >= of.invited:
        return _some_eligible(of, over, (within, in_band), under)
    wanted = of.invited - surely
    higher = range(of.cut_off + 1, within.stop)
    before = max(1, wanted // (len(higher) + 1)) if higher else wanted
    since = max(1, min(before, in_band - wanted)) if of.is_tied else 0
    rest = in_band - wanted - since
    lower = range(within.start, of.cut_off)
    return Counts(
        above=_spread(over) | _spread({higher: wanted - before}),
        before=before,
        since=since,
        below=under | _spread({lower: max(0, rest) if lower else 0}),
        # Whoever had just the cut-off, with nobody below it in the band, was not eligible.
        others={of.cut_off: max(0, rest)} if not lower else {},
        arrived=max(0, -rest),
    )


def _some_eligible(
    of: Round, over: Mapping[range, int], within: tuple[range, int], under: Mapping[int, int]
) -> Counts:
    """More were above the cut-off than were invited: the round was for some of them only."""
    band, in_band = within
    before = max(1, of.invited // 10)
    since = max(1, before // 2) if of.is_tied else 0
    surely, above = sum(over.values()), of.invited - before
    shares = {each: count * above // surely for each, count in over.items()}
    first = next(iter(shares))
    shares[first] += above - sum(shares.values())
    higher, rest = range(of.cut_off + 1, band.stop), in_band - before - since
    others = _spread({each: count - shares[each] for each, count in over.items()})
    missed = {of.cut_off: rest} if not higher else _spread({higher: rest})
    return Counts(
        above=_spread(shares), before=before, since=since, below=under, others=others | missed
    )


def _imagined(of: Round) -> Counts:
    """No scores were published: one of every twenty had the cut-off, the others up to 300 more."""
    before = max(1, of.invited // 20)
    return Counts(
        above=_spread({range(of.cut_off + 1, of.cut_off + 301): of.invited - before}),
        before=before,
        since=max(1, before // 2) if of.is_tied else 0,
        below=_spread({range(max(0, of.cut_off - 200), of.cut_off): 1_000}),
        others={},
    )


def _spread(bands: Mapping[range, int]) -> dict[int, int]:
    """Return the counts of bands spread over their scores, as evenly as it goes."""
    spread: dict[int, int] = {}
    for band, count in bands.items():
        each, more = divmod(count, len(band)) if band else (0, 0)
        spread |= {score: each + (number < more) for number, score in enumerate(band)}
    return spread


def entrants(of: Round, *, whole: bool = False) -> list[PoolMember]:
    """Return those who were eligible in a round, in no order, each as a pool would hold them.

    Those below the cut-off are the best and the earliest of them, or all where the whole is asked.
    """
    random, told = Random(f"round {of.round}"), counts(of)  # noqa: S311 - repeatable, not secret
    limit, year = of.tie_break or of.held_at, timedelta(days=360)
    year_before = (of.held_at - year).timestamp()
    below = _by_score(told.below)
    made = chain(
        ((score, _instant(random, year_before, year)) for score in _by_score(told.above)),
        ((of.cut_off, instant) for instant in _before(random, limit, told.before)),
        ((of.cut_off, instant) for instant in _since(random, limit, of.held_at, told.since)),
        zip(below if whole else _first(below, NEAR_MISSES), repeat(of.held_at - 2 * year)),
    )
    # Who is left out at the cut-off has a reference before those of whoever is not.
    members = [
        PoolMember(
            reference=f"QM-{'A' if score <= of.cut_off and at >= limit else 'B'}{number:06}",
            route=Route.GENERAL,
            points=score,
            submitted_at=at,
            version=4,
        )
        for number, (score, at) in enumerate(made)
    ]
    random.shuffle(members)
    return members


def is_invited(of: Round, member: PoolMember) -> bool:
    """Say whether the round's own rule invites a member, by what was published alone."""
    if member.points != of.cut_off:
        return member.points > of.cut_off
    return of.tie_break is None or member.submitted_at < of.tie_break


def _by_score(counted: Mapping[int, int]) -> Iterator[int]:
    for score in sorted(counted, reverse=True):
        yield from repeat(score, counted[score])


def _first(scores: Iterator[int], number: int) -> Iterable[int]:
    return (score for score, _ in zip(scores, range(number), strict=False))


def _instant(random: Random, start: float, span: timedelta) -> datetime:
    return datetime.fromtimestamp(start, UTC) + random.random() * span


def _before(random: Random, limit: datetime, number: int) -> Iterator[datetime]:
    """Yield instants before a limit, of which one is the last that there is."""
    yield limit - TICK
    for _ in range(number - 1):
        yield limit - TICK - random.random() * timedelta(days=90)


def _since(random: Random, limit: datetime, held_at: datetime, number: int) -> Iterator[datetime]:
    """Yield instants from a limit on, of which one is the limit itself."""
    if number:
        yield limit
    for _ in range(number - 1):
        yield limit + random.random() * (held_at - limit)
