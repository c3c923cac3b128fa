"""Writers that go on while everything around them dies, and remember what they were promised."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Final

from domain.days import hong_kong_date
from domain.events import CaseEvent
from domain.stages import InPool
from services.pokes import Pokes
from services.store import Commit, Store, StoreUnreachable
from tests.domain.histories import HISTORIES, MAIN_PATH, requested
from tests.services.casebook import history, reference, write_of
from tests.services.storing import commit_of

WRITERS: Final = 2
PAUSE: Final = 0.3
_CASES: Final = 1_000
_PATIENCE: Final = 60.0
_LIVES_THAT_END: Final = 0.7


@dataclass(slots=True, kw_only=True)
class Written:
    """How many events each stream was promised to have, and what went wrong with a writer."""

    versions: dict[str, int] = field(default_factory=dict)
    faults: list[BaseException] = field(default_factory=list)


@contextmanager
def writers(  # noqa: PLR0913 - where, what and how much is written
    store: Store,
    broker_url: str,
    written: Written,
    seed: int,
    *,
    most: int | None = None,
    pause: float = PAUSE,
) -> Iterator[None]:
    """Cases are written by several threads until the block is left.

    Each makes so many commits, about so many seconds after one another.
    """
    over = threading.Event()

    def write(number: int) -> None:
        pokes = Pokes.connect(broker_url)
        try:
            for commit in islice(commits(seed * WRITERS + number, over, pause), most):
                _append(store, commit)
                pokes.committed()
                for each in commit.writes:
                    written.versions[each.stream] = each.expected + len(each.events)
        except BaseException as fault:  # noqa: BLE001 - the test tells it
            written.faults.append(fault)
        finally:
            pokes.dispose()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in threads:
            each.join()


def commits(seed: int, over: threading.Event, pause: float) -> Iterator[Commit]:
    """Yield whole cases, one or two at a time and a few events at once, the last to its end."""
    chance = Random(seed)  # noqa: S311 - it must be the same again
    for first in range(seed * _CASES, (seed + 1) * _CASES, 2):
        if over.is_set():
            return
        numbers = range(first, first + chance.choice((1, 1, 2)))
        life = _life(chance)
        for after, count in _parts(life, chance):
            yield commit_of(
                *(
                    write_of(_stream(each), history(each, life)[after : after + count], after=after)
                    for each in numbers
                )
            )
            over.wait(chance.expovariate(1 / pause))


def _life(chance: Random) -> tuple[CaseEvent, ...]:
    """Return a life to its end, or one that waits for documents until a day that comes."""
    if chance.random() < _LIVES_THAT_END:
        return MAIN_PATH
    return waits_until(hong_kong_date(datetime.now(UTC)) + timedelta(days=chance.randint(0, 60)))


def waits_until(day: date) -> tuple[CaseEvent, ...]:
    """Return a life in which the applicant has to send documents by that day, and does not."""
    return (*HISTORIES[InPool], replace(requested(), due_on=day))


def _parts(events: Sequence[CaseEvent], chance: Random) -> Iterator[tuple[int, int]]:
    """Return after which event, and how many, until all were."""
    after = 0
    while after < len(events):
        count = min(chance.choice((1, 2, 2, 5, 12)), len(events) - after)
        yield after, count
        after += count


def _stream(number: int) -> str:
    return f"case-{reference(number)}"


def _append(store: Store, commit: Commit) -> None:
    """The commit is stored, however often that has to be tried under its one id."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            store.append(commit)
        except StoreUnreachable:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
