"""Every read model filled anew beside the live one, and changed over, while somebody reads it.

The limit is the same log read and decoded by as many processes, the members opened that some read
model needs, and nothing made of it.
"""

import gc
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

import psycopg

from benchmarks.contenders import MASTER_KEY
from benchmarks.lists import LOOK
from benchmarks.offices import office_of
from benchmarks.server import Database
from benchmarks.simulation import SEED, append, history
from domain.events import ApplicationSubmitted
from domain.projections.stage_after import WORK_STREAM
from domain.references import RANDOM_BYTES, make_reference
from domain.work_events import CaseTaken
from services.counts import Count
from services.demo.year import INTAKE, REGIME
from services.population import population
from services.projections import queries, rebuilding, runner
from services.projections.catalogue import PROJECTIONS
from services.projections.rebuilding import Site
from services.store import CaseKeys, NewEvent, Shard, Store, StreamWrite
from services.wiring import Office

_PEOPLE = 500
_CASES_A_COMMIT = 250
_AT_ONCE = 10_000
_PROCESSES = min(2, os.cpu_count() or 1)
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How many events were folded into every read model, and how long that took.

    `seconds` are with the changing over, `read_seconds` those in which the same were only read;
    `longest_read` is the longest that somebody waited for a page of the list meanwhile.
    """

    events: int
    seconds: float
    read_seconds: float
    longest_read: float


def rebuilt(database: Database, cases: int) -> Rebuilt:
    """The log of so many cases, each with an officer: about five events each."""
    with tempfile.TemporaryDirectory() as home:
        office = office_of(database.app_url, Path(home), owner_url=database.admin_url)
        try:
            for writes in _split(_writes(office, cases), _CASES_A_COMMIT):
                append(office.store, writes)
            site = Site(store=office.store, models=office.models, settings=office.settings)
            _all_anew(site)
            _settle(database)
            with _reader(office, cases) as waits:
                begun = time.monotonic()
                _all_anew(site)
                seconds = time.monotonic() - begun
            events = office.store.head()
        finally:
            office.close()
    return Rebuilt(
        events=events,
        seconds=seconds,
        read_seconds=_only_read(database.app_url, events),
        longest_read=max(waits),
    )


def _settle(database: Database) -> None:
    """What was just written is on disk and was looked through, as a log of years is."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _all_anew(site: Site) -> None:
    rebuilding.rebuild(site, tuple(runner.PROJECTIONS))
    for name in runner.PROJECTIONS:
        rebuilding.change_over(site, name)


@contextmanager
def _reader(office: Office, cases: int) -> Iterator[list[float]]:
    """Somebody looks at the list and at its counts all the while, and never finds fewer cases."""
    waits: list[float] = []
    short: list[int] = []
    done = Event()

    def read() -> None:
        while not done.wait(_PAUSE_SECONDS):
            begun = time.monotonic()
            page = queries.case_list(office.models, LOOK, queries.CaseFilter())
            waits.append(time.monotonic() - begun)
            # None is left out of this count: there are no more of any stage than cases.
            stages = queries.counts_by_stage(office.models, most=cases + 1)
            counted = Count.total(stages.values()).number
            if counted != cases or len(page.rows) != min(cases, 25):
                short.append(counted)

    reading = Thread(target=read)
    reading.start()
    try:
        yield waits
    finally:
        done.set()
        reading.join()
    if short:
        raise AssertionError(f"a reader found {short[0]} of {cases} cases")


def _writes(office: Office, cases: int) -> Iterator[StreamWrite]:
    """The histories of a few hundred people, over and over, each time of another case."""
    people = [
        history(office.rulebook, number, arrival)
        for number, arrival in enumerate(population(_PEOPLE, SEED, REGIME, INTAKE))
    ]
    for number, whole in enumerate(islice(cycle(people), cases)):
        reference = make_reference(sha256(b"again %d" % number).digest()[:RANDOM_BYTES])
        first, *rest = whole.events
        if not isinstance(first.event, ApplicationSubmitted):
            raise TypeError(f"{whole.stream} begins with {first.event}")
        filed = replace(first, event=replace(first.event, reference=reference))
        yield StreamWrite(stream=f"case-{reference}", expected=0, events=(filed, *rest))
        taken = CaseTaken(officer=f"officer.{number % 200}")
        event = NewEvent(event=taken, effective_at=rest[0].effective_at)
        yield StreamWrite(stream=f"{WORK_STREAM}{reference}", expected=0, events=(event,))


def _only_read(url: str, events: int) -> float:
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as pool:
        begun = time.monotonic()
        read = sum(pool.map(partial(_read, url, events), range(_PROCESSES)))
        seconds = time.monotonic() - begun
    if read != events:
        raise AssertionError(f"{read} of {events} events were read")
    return seconds


def _read(url: str, until: int, number: int) -> int:
    gc.disable()  # as in the processes that fill a read model
    store = Store.connect(url, CaseKeys(MASTER_KEY), pool_size=1)
    opens = frozenset().union(*(each.opens for each in PROJECTIONS.values()))
    found = after = 0
    while after < until:
        part = Shard(number=number, of=_PROCESSES)
        read = store.read_shard(part, after=after, limit=_AT_ONCE, personal=opens)
        found, after = found + len(read.events), read.last
    store.dispose()
    return found


def _split(writes: Iterator[StreamWrite], size: int) -> Iterator[tuple[StreamWrite, ...]]:
    while some := tuple(islice(writes, size)):
        yield some
