"""What was erased is erased again in a database that does not know it: a restore brought it back.

Law: nobody is shown anything before. Who decided it and when is what was kept of the erasure that
was done; nothing is decided anew, and so it is done whatever the case was at in the backup.
"""

from typing import Final
from uuid import UUID, uuid5

import structlog

from domain.case import evolve
from domain.particulars import ErasureDecided
from domain.stages import stage_of
from services.cases import ATTEMPTS, CaseAt, case_at, reserved_by
from services.privacy.places import Erasure
from services.privacy.remembering import remember
from services.store import Commit, Conflict, NewEvent, StreamWrite
from services.wiring import Office

ACTOR: Final = "erasures"
"""Who stands in the log for what was done again; two officers had decided it."""

_log: Final = structlog.get_logger(__name__)


def settled(office: Office) -> None:
    """Whoever was erased is so in this database; looked at once by each process that serves.

    Raises `ErasuresAway` and `StoreUnreachable`, and then nobody is served.
    """
    if not office.erasures.applied:
        apply_again(office)
        office.erasures.applied = True


def keep_watch(office: Office) -> int:
    """As `settled`, looked at now; and every erasure of the database is kept outside of it."""
    done = apply_again(office)
    remember(office)
    return len(done)


def apply_again(office: Office) -> tuple[str, ...]:
    """Every erasure that is kept is done; return the cases that were readable until now."""
    found = office.erasures.found()
    if found.broken:
        _log.error("erasures_not_readable", places=found.broken)
    if not found.erasures:
        return ()
    readable = office.store.readable(tuple(found.erasures))
    for reference in readable:
        _erase(office, found.erasures[reference])
        _log.warning("erased_again", reference=reference)
    if readable:
        office.pokes.committed()
    return readable


def _erase(office: Office, erasure: Erasure) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        case = case_at(office, erasure.reference)
        if not office.store.readable((erasure.reference,)):
            return
        try:
            office.store.append(_commit(office, case, erasure))
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def _commit(office: Office, case: CaseAt, erasure: Erasure) -> Commit:
    """Return what erases the person of a case, and lets go what the case reserves for them."""
    fact, last = ErasureDecided(again=erasure.decided), case.events[-1]
    command_id = uuid5(UUID(last.event_id), "erased again")
    at = max(office.clock(), last.effective_at)
    write = StreamWrite(
        stream=last.stream,
        expected=case.version,
        events=(NewEvent(event=fact, effective_at=at),),
    )
    return Commit(
        command_id=command_id,
        fingerprint=command_id.bytes,
        writes=(write,),
        actor=ACTOR,
        role="service",
        command="EraseAgain",
        causation_id=str(last.event_id),
        correlation_id=str(command_id),
        result={
            "reference": erasure.reference,
            "version": case.version + 1,
            "stage": stage_of(evolve(case.state, fact)),
        },
        release=tuple(reserved_by(office, case.state)),
        destroy=(erasure.reference,),
    )
