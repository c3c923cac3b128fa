"""Tells of what has come due: looks for cases in the rows, decides on their history, appends.

Law: each reminder of a case is a fact in its work stream, under a command id that follows from what
it says, under a key, and is appended where the work is at the version that was decided on. So it is
there once, whoever looks at the same time, whatever dies in between, and however old the rows are.
A case of which nothing can be told keeps no other from being told.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import structlog

from domain.access import Role
from domain.days import hong_kong_date
from domain.deadlines import DeadlineEvent
from domain.errors import Reportable
from domain.particulars import ErasureDecided
from domain.projections.deadlines import DeadlineRow
from domain.projections.stage_after import CASE_STREAM, WORK_STREAM, position_of
from domain.reminding import Schedule, due, name_of, schedule
from services.fingerprints import own_command_id
from services.projections import runner
from services.projections.catalogue import DEADLINES
from services.projections.deadlines import due_cases
from services.projections.errors import ProjectionStopped, StandsStill
from services.projections.folding import Batch, go_on
from services.store import CommandReused, Commit, Conflict, EventUnreadable, NewEvent, StreamWrite
from services.wiring import Office

SYSTEM: Final = "system"
"""Who tells of what time brings: nobody decides it."""

BATCH: Final = 200
ATTEMPTS: Final = 5

_log: Final = structlog.get_logger(__name__)


class DeadlinesUntold(Reportable):
    """What is due in some cases could not be told; in every other one it was."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.references = tuple(faults)
        first, why = next(iter(faults.items()))
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        super().__init__(
            f"what is due in {first}{more} could not be told, and in every other case it was: "
            f"{why}; it is tried again each minute"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A case as its whole history leaves it, and the version of the work on it.

    There is no row of a case whose person was erased, whatever it is at: nobody is to be told.
    """

    row: DeadlineRow | None
    version: int
    last: datetime | None


def fire(office: Office, *, at: datetime | None = None, batch: int = BATCH) -> int:
    """Everything that is due at an instant, now without one, is told; return how much was.

    In one case two days can be open, so each is looked at until nothing is due in it. Raises
    `DeadlinesUntold` in the end where the history of a case cannot be read or folded, or something
    else was done under the id of what is to be told.
    """
    now = at or office.clock()
    told_when = schedule(office.rulebook, hong_kong_date(now))
    # Where the read model is stopped, its rows are old; others are told of that.
    with suppress(StandsStill):
        runner.catch_up(office.store, office.models, "deadlines")
    told, after = 0, ""
    untold: dict[str, str] = {}
    while True:
        found = due_cases(office.models, now, told_when, after=after, limit=batch)
        for each in found:
            try:
                while _tell(office, each, now, told_when):
                    told += 1
            except (CommandReused, EventUnreadable, ProjectionStopped) as fault:
                untold[each] = str(fault)
                _log.error("deadline_not_told", reference=each, reason=str(fault))
        if len(found) < batch:
            break
        after = found[-1]
    if told:
        office.pokes.committed()
    if untold:
        raise DeadlinesUntold(untold)
    return told


def _tell(office: Office, reference: str, now: datetime, told_when: Schedule) -> bool:
    """What is due in a case is told; false where nothing is, or somebody else was first."""
    for _ in range(ATTEMPTS):
        looked = _look(office, reference)
        fact = None if looked.row is None else due(looked.row, now, told_when)
        if fact is None:
            return False
        with suppress(Conflict):
            # Others may work on the case at this moment.
            return not office.store.append(_commit(office, reference, fact, looked, now)).repeated
    return False


def _look(office: Office, reference: str) -> _Looked:
    case, work = f"{CASE_STREAM}{reference}", f"{WORK_STREAM}{reference}"
    while True:
        office.store.sequence()
        found = office.store.read_streams([case, work], personal=False)
        history = [*found[case], *found[work]]
        # What was appended in between has no place in the order yet: look again.
        if all(each.position for each in history):
            break
    folded = Batch(position=0)
    go_on(DEADLINES, folded, sorted(history, key=position_of))
    last = found[work][-1].effective_at if found[work] else None
    # Done again after a restore, an erasure leaves a case that waits, as the backup has it.
    erased = any(isinstance(each.event, ErasureDecided) for each in found[case])
    row = None if erased else folded.rows.get(reference)
    return _Looked(row=row, version=len(found[work]), last=last)


def _commit(
    office: Office, reference: str, fact: DeadlineEvent, looked: _Looked, now: datetime
) -> Commit:
    name = name_of(reference, fact)
    command_id = own_command_id(office, name)
    at = max(now, looked.last) if looked.last else now
    write = StreamWrite(
        stream=f"{WORK_STREAM}{reference}",
        expected=looked.version,
        events=(NewEvent(event=fact, effective_at=at),),
    )
    return Commit(
        command_id=command_id,
        fingerprint=sha256(name.encode()).digest(),
        writes=(write,),
        actor=SYSTEM,
        role=Role.SERVICE,
        command="TellOfDeadlines",
        causation_id=str(command_id),
        correlation_id=str(command_id),
    )
