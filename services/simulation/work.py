"""What processes beside the asking one do: fold a part of the log, compare some of the cases.

Each opens a store of its own, and no connection of the asking process is ever used here. What
there is much of goes from one to the other packed by msgspec: pickled, it would cost a tenth of
all the time. Law: this module imports neither the office nor any edge, so that a new process is
ready soon.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final, cast

from msgspec.msgpack import Decoder, Encoder

from domain import events as e
from domain.application import Application
from domain.errors import Reportable
from domain.particulars import ApplicationCorrected
from domain.projections.stage_after import CASE_STREAM
from domain.record import Recorded
from domain.traces import Trace, traces
from services.parentage import end_with_parent
from services.simulation.comparing import Compared, OpenCase, Terms, compared
from services.store import CaseKeys, Store

READ_AT_ONCE: Final = 2_500
OPENED_AT_ONCE: Final = 500

PACKED: Final = Encoder()
TRACES: Final = Decoder(dict[str, Trace])
CASES: Final = Decoder(tuple[OpenCase, ...])
COMPARED: Final = Decoder(tuple[Compared, ...])


class SimulationFailed(Reportable):
    """A process that simulates could not go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the log is, and the key that opens what is sealed in it."""

    database_url: str
    master_key: bytes
    master_key_former: bytes

    def __repr__(self) -> str:
        return "Source(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of the log after one position and up to another, of what had taken effect.

    `look` is the number of the look that it is read for.
    """

    source: Source
    look: int
    after: int
    until: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some open cases, packed, to be compared under their own rulesets and the one to try.

    They are as the log up to the position `until` had them, of what had taken effect at `as_of`.
    """

    source: Source
    cases: bytes
    terms: Terms
    until: int
    as_of: datetime | None


def begin() -> None:
    """This process works for the one that started it, and ends with it however that ends."""
    # What is made here has no cycles: looking for them is a tenth of the time spent on nothing.
    gc.disable()
    end_with_parent()


def traces_of(part: Part) -> bytes:
    """Return the trace that a part of the log leaves of every case in it, packed."""
    with _store(part.source) as store:
        return PACKED.encode(traces(chain.from_iterable(_read(store, part)), part.as_of))


def compare(batch: Batch) -> bytes:
    """Return each case of a batch under both rulesets, in the batch's order, packed."""
    found: list[Compared] = []
    with _store(batch.source) as store:
        for cases in _split(CASES.decode(batch.cases)):
            filed = applications(store, cases, batch)
            found += (compared(each, filed.get(each.reference), batch.terms) for each in cases)
    return PACKED.encode(found)


def applications(
    store: Store, cases: Sequence[OpenCase], batch: Batch
) -> dict[str, Application | None]:
    """Return what each case was filed with, as corrected then; None where its person is erased."""
    firsts = store.read_firsts([_stream(each) for each in cases])
    events = (cast("e.ApplicationSubmitted", each.event) for each in firsts)
    filed = {each.reference: each.personal for each in events}
    changed = {_stream(each): each.reference for each in cases if each.corrected}
    for stream, history in (store.read_streams(list(changed)) if changed else {}).items():
        for each in history:
            if isinstance(each.event, ApplicationCorrected) and _is_of(batch, each):
                said = each.event.personal
                filed[changed[stream]] = said.application if said else None
    return filed


def _is_of(batch: Batch, recorded: Recorded[e.Event]) -> bool:
    """Say whether the part of the log that was asked for has the event."""
    if recorded.position is None or recorded.position > batch.until:
        return False
    return batch.as_of is None or recorded.effective_at <= batch.as_of


def _stream(case: OpenCase) -> str:
    return f"{CASE_STREAM}{case.reference}"


def _read(store: Store, part: Part) -> Iterator[tuple[Recorded[e.Event], ...]]:
    for after in range(part.after, part.until, READ_AT_ONCE):
        limit = min(READ_AT_ONCE, part.until - after)
        yield store.looks.further(part.look, after=after, limit=limit)


def _split(cases: tuple[OpenCase, ...]) -> Iterator[tuple[OpenCase, ...]]:
    """Few at a time: what is opened takes far more memory than what is sealed."""
    for start in range(0, len(cases), OPENED_AT_ONCE):
        yield cases[start : start + OPENED_AT_ONCE]


@contextmanager
def _store(source: Source) -> Iterator[Store]:
    keys = CaseKeys(source.master_key, source.master_key_former)
    store = Store.connect(source.database_url, keys, pool_size=1)
    try:
        yield store
    except Reportable as fault:
        # Another process can be told a text, but not every fault of the store.
        raise SimulationFailed(str(fault)) from None
    finally:
        store.dispose()
