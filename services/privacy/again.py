"""What was erased is erased again in a database that does not know it: a restore brought it back.

Law: nobody is shown anything before. Who decided it and when is what was kept of the erasure that
was done; nothing is decided anew, and so it is done whatever the case was at in the backup.
"""

from typing import Final

import structlog

from domain.particulars import ErasureDecided
from domain.projections.stage_after import CASE_STREAM
from services.cases import ATTEMPTS, case_at
from services.fingerprints import own_command_id
from services.privacy.places import Erasure, ErasuresAway, Found
from services.privacy.remembering import remember
from services.reservations import reserved_by
from services.store import Commit, Conflict, NewEvent, StoreUnreachable, StreamWrite
from services.store.errors import EventUnreadable
from services.store.evidence import Last
from services.store.sealing import SealBroken
from services.wiring import Office

ACTOR: Final = "erasures"
"""Who stands in the log for what was done again; two officers had decided it."""

LOOKS_EVERY_SECONDS: Final = 5.0
"""How long what was found counts, without asking whether it is the same database still."""

_log: Final = structlog.get_logger(__name__)


def settled(office: Office) -> None:
    """Whoever was erased is so in this database; looked at by each process that serves.

    It is looked at once for each database that comes to be there, and again and again until every
    place has answered. Raises `ErasuresAway` and `StoreUnreachable`, and then nobody is served.
    """
    with office.same.turn() as is_due:
        if not is_due:
            return
        known = office.same.of
        try:
            of = office.store.evidence.identity()
        except StoreUnreachable:
            # Of a database that does not answer nobody is shown anything, and of one that comes to
            # be there not either before it was looked over.
            office.same.lose()
            return
        if known is not None and of != known:
            # From here on nobody is shown anything of it, and gets no connection that is made now.
            office.same.lose()
        whole = of == known and office.same.for_good
        if not whole:
            whole = _applied(office)[0].is_complete
            if office.store.evidence.identity() != of:
                raise StoreUnreachable("the database changed while it was looked over: try again")
        office.same.holds(of, for_good=whole, seconds=LOOKS_EVERY_SECONDS)


def keep_watch(office: Office) -> int:
    """As `settled`, looked at now; and every erasure of the database is kept outside of it.

    The log says which places are no answer: here, and not wherever somebody looks at them.
    """
    office.erasures.tell(office.erasures.look())
    done = apply_again(office)
    remember(office)
    office.erasures.mend(anew=False)
    return len(done)


def apply_again(office: Office) -> tuple[str, ...]:
    """Every erasure that is kept is done; return the cases that were readable until now."""
    return _applied(office)[1]


def _applied(office: Office) -> tuple[Found, tuple[str, ...]]:
    found = _found(office)
    erasures = found.erasures
    readable = office.store.readable(tuple(erasures)) if erasures else ()
    for reference in readable:
        _erase(office, erasures[reference])
        _log.warning("erased_again", reference=reference)
    if readable:
        office.pokes.committed()
    return found, readable


def _found(office: Office) -> Found:
    """Return what is kept. Where two places are new both, as at the very start, they are begun.

    One that stands alone is begun by `qmas up` only: that it is new cannot be told from its loss.
    """
    found = office.erasures.look()
    if found.is_new and len(found.looks) > 1:
        office.erasures.mend(anew=True)
        if lost := office.store.erased():
            _log.warning("erasures_begun_anew", in_the_database=len(lost))
        found = office.erasures.look()
    if not found.is_enough and _opens_anything(office):
        raise ErasuresAway(found)
    return found


def _opens_anything(office: Office) -> bool:
    """Say whether these keys open anybody's data: to whom all is closed, nobody is shown."""
    return office.store.evidence.is_wrapped_by(office.models.keys.prefixes)


def _erase(office: Office, erasure: Erasure) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        # Of a kind that nobody knows any event may be, so that none of them is read.
        last = office.store.evidence.last_of(_stream(erasure))
        if not office.store.readable((erasure.reference,)):
            return
        try:
            office.store.append(_commit(office, last, erasure))
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def _stream(erasure: Erasure) -> str:
    return f"{CASE_STREAM}{erasure.reference}"


def _reserved(office: Office, reference: str) -> tuple[str, ...]:
    """Return what a case reserves, as what is personal in it tells; nothing where that is closed.

    What a case reserved since reservations say whose they are is let go with its key anyhow.
    """
    try:
        return tuple(reserved_by(office, case_at(office, reference).state))
    except (EventUnreadable, SealBroken) as fault:
        _log.warning("erased_unopened", reference=reference, fault=str(fault))
        return ()


def _commit(office: Office, last: Last, erasure: Erasure) -> Commit:
    """Return what erases the person of a case, and lets go what the case reserves for them."""
    fact = ErasureDecided(again=erasure.decided)
    command_id = own_command_id(office, f"{last.event_id} erased again")
    at = max(office.clock(), last.effective_at)
    write = StreamWrite(
        stream=_stream(erasure),
        expected=last.version,
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
        result={"reference": erasure.reference, "version": last.version + 1},
        release=_reserved(office, erasure.reference),
        destroy=(erasure.reference,),
    )
