"""Goes over the log a stretch at a time, day after day, and tells of rows that differ from it.

A stretch is so many streams in the order of their names. Where it ended, what differs and when the
whole log was last gone over is kept, so that any worker goes on from there.

Law: a row is told to differ only after it did so twice, and until it is looked at and does not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec
import structlog

from services.projections.catalogue import PROJECTIONS
from services.projections.errors import OfAnotherLog, ProjectionOutdated
from services.projections.kept import alone, keep, kept
from services.projections.models import ReadModels
from services.projections.verify import Difference, keys_between, streams_after, verify_some
from services.store import Store

NAME: Final = "verification"
LEAST: Final = 500
"""Streams in a stretch, where that is enough to be through with the log in a day."""

_TURNS_A_DAY: Final = 1_440
_MOST_TOLD: Final = 100

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row of a read model that differs from the log, since when it was seen to."""

    projection: str
    difference: Difference
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One way through the whole log: when it began and ended, and how many streams it met."""

    begun_at: datetime
    ended_at: datetime | None = None
    streams: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How far the present pass is (up to the stream `last`), the one before, and what differs.

    `left_out` counts differing rows beyond those that are told.
    """

    at: datetime
    present: Pass
    last: str = ""
    whole: Pass | None = None
    told: tuple[Told, ...] = ()
    left_out: int = 0


def verification(models: ReadModels) -> Verification | None:
    """Return how verification gets on; None before its first stretch."""
    found = kept(models, NAME)
    if found is None:
        return None
    try:
        return msgspec.json.decode(found.body, type=Verification)
    except msgspec.ValidationError:
        # Another version of this program kept something else, so this one begins anew.
        return None


def watch(store: Store, models: ReadModels, at: datetime) -> int:
    """One more stretch was compared with the log; returns how many rows are known to differ.

    What differed before is looked at again first. Of several that come at once one does it.
    """
    with alone(models, NAME) as may:
        before = verification(models) or Verification(at=at, present=Pass(begun_at=at))
        if not may:
            return len(before.told)
        after = _stretch(store, models, replace(before, at=at))
        keep(models, NAME, at, store.head(), msgspec.json.encode(after))
    return len(after.told) + after.left_out


def _stretch(store: Store, models: ReadModels, before: Verification) -> Verification:
    streams = streams_after(models, before.last, length(before))
    last = streams[-1] if len(streams) == length(before) else None
    known = {(each.projection, each.difference.key): each for each in before.told}
    keys = {
        *keys_between(models, before.last, last),
        *(each.partition("-")[2] for each in streams),
        *(key for _, key in known),
    }
    told = tuple(_told(store, models, keys, before.at))
    for each in told:
        if (each.projection, each.difference.key) not in known:
            said = str(each.difference)
            _log.error("read_model_differs", projection=each.projection, difference=said)
    told = tuple(known.get((each.projection, each.difference.key), each) for each in told)
    present = replace(before.present, streams=before.present.streams + len(streams))
    found = replace(before, told=told[:_MOST_TOLD], left_out=len(told[_MOST_TOLD:]))
    if last is not None:
        return replace(found, present=present, last=last)
    whole = replace(present, ended_at=before.at)
    return replace(found, present=Pass(begun_at=before.at), last="", whole=whole)


def length(before: Verification) -> int:
    """Return how many streams make a stretch, so that a day is enough for all of them."""
    known = before.whole.streams if before.whole else 0
    return max(LEAST, -(-known * 6 // (5 * _TURNS_A_DAY)))


def _told(store: Store, models: ReadModels, keys: Iterable[str], at: datetime) -> Iterator[Told]:
    wanted = frozenset(keys)
    for name in PROJECTIONS:
        try:
            differences = verify_some(store, models, name, wanted)
        except (ProjectionOutdated, OfAnotherLog):
            # Whoever asks how the read models get on is told of that already.
            continue
        for each in differences:
            yield Told(projection=name, difference=each, seen_at=at)
