"""Every open case under another ruleset: who would gain, who would lose, and by how much.

Law: nothing is appended, and no row is written but that of the look at the log. The answer follows
from the log up to one position, the rules as loaded and the ruleset asked for; by how many
processes it was worked out makes no difference to it.
"""

import signal
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from multiprocessing import get_context
from typing import Any, Final, Protocol, TypeVar

from domain.access import Action, demand
from domain.days import hong_kong_date
from domain.errors import Reportable
from domain.looks import Look
from domain.rules.types import Ruleset
from domain.traces import Trace, join, traces
from services.rulebook.named import ruleset_named
from services.simulation.comparing import Compared, OpenCase, Terms, open_case
from services.simulation.tally import Counting, Tally
from services.simulation.work import (
    COMPARED,
    PACKED,
    READ_AT_ONCE,
    TRACES,
    Batch,
    Part,
    SimulationFailed,
    Source,
    begin,
    compare,
    traces_of,
)
from services.store import Store
from services.store.looks import LogSeen, Noted
from services.wiring import Office

POSITIONS_A_PART: Final = 10_000
CASES_A_BATCH: Final = 1_000
_A = TypeVar("_A")
_B = TypeVar("_B")


class NothingThen(Reportable):
    """The log holds nothing of that time."""


class NoOpenCase(Reportable):
    """No case of the route is open, so that there is nothing to score."""


class Step(StrEnum):
    """What a simulation is busy with."""

    READING = "reading the log"
    SCORING = "scoring"


Told = Callable[[Step, int, int], None]
"""Called with a step, how much of it is done and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which ruleset to try (`gpt-2018`, or one edition: `gpt-2018@1`), on the cases of when.

    `as_of` is an instant in the world and `believed_at` one of the log, both as in `case_at`; None
    is now. `processes` share the work; one does it here.
    """

    to: str
    as_of: datetime | None = None
    believed_at: datetime | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The answer: the ruleset, the last position of the log that was read, and the tally."""

    target: Ruleset
    position: int
    tally: Tally


class _Mapped(Protocol):
    """`map`, here or spread over processes: answers in the order of what they answer."""

    def __call__(self, work: Callable[[_A], _B], given: Iterable[_A], /) -> Iterator[_B]: ...


def simulate(
    office: Office,
    look: Look,
    question: Question,
    *,
    each: Callable[[Noted, Compared], Any] = lambda *_: None,
    told: Told = lambda *_: None,
) -> tuple[Noted, Simulated]:
    """Compare every open case of the target's route; `each` gets them in order of submission.

    That is the order in which the log has their submissions. The look is as the statement recorded
    it that began to read the log, and `each` has it beside every case. Raises `Forbidden`,
    `UnknownRuleset`, `NothingThen` and `NoOpenCase`, all before `each` is called.
    """
    demand(look.person, Action.SIMULATE_RULES)
    target = ruleset_named(office.rulebook, question.to)
    then = question.as_of or question.believed_at or office.clock()
    terms = Terms(target=target, rulebook=office.rulebook, day=hong_kong_date(then))
    position = _position(office.store, question.believed_at)
    source = Source(
        database_url=office.settings.database_url,
        master_key=office.settings.master_key,
        master_key_former=office.settings.master_key_former,
    )
    counting = Counting()
    asked = {
        "asked": "simulation",
        "ruleset": question.to,
        "position": position,
        "as_of": question.as_of,
        "believed_at": question.believed_at,
    }
    log = LogSeen(office.store.looks, look, asked)
    with _spread(question.processes) as mapped:
        read = _Asked(log=log, source=source, position=position, as_of=question.as_of)
        cases = _open_cases(mapped, read, target, told)
        batches = [
            Batch(source=source, cases=some, terms=terms, until=position, as_of=question.as_of)
            for some in _batches(cases)
        ]
        done = 0
        for packed in mapped(compare, batches):
            compared = COMPARED.decode(packed)
            for case in compared:
                counting.add(case)
                each(log.noted, case)
            done += len(compared)
            told(Step.SCORING, done, len(cases))
    found = Simulated(target=target, position=position, tally=counting.tally())
    return log.noted, found


def _position(store: Store, believed_at: datetime | None) -> int:
    """The last position that was in the log then; the instants of positions never decrease."""
    head = store.sequence()
    if head == 0:
        raise NothingThen("the log is empty: file applications first, with `qmas import`")
    if believed_at is None:
        return head

    def sequenced_at(position: int) -> Any:
        (recorded,) = store.read_log(after=position - 1, limit=1, personal=False)
        return recorded.sequenced_at

    position = bisect_right(range(1, head + 1), believed_at, key=sequenced_at)
    if position == 0:
        raise NothingThen(
            f"at {believed_at.isoformat()} nothing was in the log; "
            f"it begins at {sequenced_at(1).isoformat()}"
        )
    return position


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Of which part of the log to read the traces, for whom, and of what had taken effect."""

    log: LogSeen
    source: Source
    position: int
    as_of: datetime | None


def _parts(asked: _Asked, begun: int) -> Iterator[Part]:
    for after in range(begun, asked.position, POSITIONS_A_PART):
        yield Part(
            source=asked.source,
            look=asked.log.noted.number,
            after=after,
            until=min(after + POSITIONS_A_PART, asked.position),
            as_of=asked.as_of,
        )


def _open_cases(mapped: _Mapped, asked: _Asked, target: Ruleset, told: Told) -> list[OpenCase]:
    known: dict[str, Trace] = {}
    # The look is on record before any other process reads for it.
    first = asked.log.read(after=0, limit=min(READ_AT_ONCE, asked.position))
    earliest = traces(first, asked.as_of)
    join(known, earliest)
    told(Step.READING, len(first), asked.position)
    begun, parts = bool(earliest), list(_parts(asked, len(first)))
    for part, packed in zip(parts, mapped(traces_of, parts), strict=True):
        later = TRACES.decode(packed)
        begun = begun or bool(later)
        join(known, later)
        told(Step.READING, part.until, asked.position)
    if not begun and asked.as_of is not None:
        raise NothingThen(
            f"nothing that the log holds of a case had happened by {asked.as_of.isoformat()}"
        )
    cases = [open_case(reference, trace) for reference, trace in known.items() if trace.is_open]
    ours = [each for each in cases if each.submission.route is target.route]
    if not ours:
        raise NoOpenCase(
            f"no case of the {target.route} route is open then; {len(cases)} others are"
        )
    return ours


def _batches(cases: list[OpenCase]) -> Iterator[bytes]:
    for start in range(0, len(cases), CASES_A_BATCH):
        yield PACKED.encode(cases[start : start + CASES_A_BATCH])


@contextmanager
def _spread(processes: int) -> Iterator[_Mapped]:
    if processes == 1:
        yield map
        return
    # Started afresh and not forked: they inherit no connection, thread or lock.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=begin) as pool:

        def mapped(work: Callable[[_A], _B], given: Iterable[_A], /) -> Iterator[_B]:
            # They are started here, as work is handed in. A terminal interrupts all of its
            # processes; whoever asks hears it and ends them, so none is to hear it from its start.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                return pool.map(work, given)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

        try:
            yield mapped
        except BrokenExecutor as fault:
            raise SimulationFailed(
                "a process that simulates ended without an answer; is there memory for "
                f"{processes}? Try again with `--processes 1`"
            ) from fault
        finally:
            pool.shutdown(cancel_futures=True)
