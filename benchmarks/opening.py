"""The limit of a simulation: as many processes that only read and open the same applications.

It imports no more than the simulation's own processes do, so that both begin alike.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from domain.application import Application
from services.simulation.work import OPENED_AT_ONCE
from services.store import CaseKeys, Store

BATCH = 1_000


def opened(url: str, key: bytes, references: Sequence[str], processes: int) -> float:
    """Applications a second that are read, opened, and not looked at; starting up included."""
    batches = list(_split(references, BATCH))
    begun = time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        read = sum(pool.map(partial(_open, url, key), batches))
    taken = time.monotonic() - begun
    if read != len(references):
        raise AssertionError(f"{read} of {len(references)} applications were opened")
    return read / taken


def _open(url: str, key: bytes, references: Sequence[str]) -> int:
    store = Store.connect(url, CaseKeys(key), pool_size=1)
    found = 0
    for some in _split(references, OPENED_AT_ONCE):
        firsts = store.read_firsts([f"case-{each}" for each in some])
        filed = (getattr(each.event, "personal", None) for each in firsts)
        found += sum(1 for each in filed if isinstance(each, Application))
    store.dispose()
    return found


def _split(references: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(references), size):
        yield references[start : start + size]
