"""Letters that wait for an applicant whose e-mail address was changed: they go to the new one.

What waits for a representative who speaks for the applicant no longer goes to nobody.

Law: where one case took the place of another, its person is reached for both at the address of the
case that was filed last, and at no former one; once that is erased, at none.

What is said in a letter stays as it was composed; only where it goes is another. What had come back
or was given up is sent once more, and is then no longer among the letters to be printed. What a
person has tried again goes there too: it may have come back only after the change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import structlog
from sqlalchemy import Connection, func, select, true, update

from domain.application import Applicant
from domain.case import load
from domain.filed import Filed
from domain.processes import Party
from domain.projections.stage_after import CASE_STREAM
from domain.stages import Draft
from domain.told import links_told
from services.mailboxes import usable
from services.notifications.entries import NO_LONGER, WITHHELD, Identity, Means, State, letter_in
from services.notifications.letters import NoMessage
from services.notifications.tables import case_keys, notifications
from services.store import CaseKey, CaseKeys, EventUnreadable, MasterKeyChanged, SealBroken
from services.wiring import Office

if TYPE_CHECKING:
    from domain.events import CaseEvent
    from domain.record import Recorded

_log: Final = structlog.get_logger(__name__)
_ROW: Final = notifications.c
_AGAIN: Final[dict[str, Any]] = {
    "state": State.PLANNED,
    "attempts": 0,
    "next_attempt_at": func.now(),
    "settled_at": None,
    "last_error": None,
}


def filed_of(office: Office, reference: str) -> Filed | None:
    """Return what is true of a case whatever its stage, None where there is none."""
    history = office.store.read_stream(f"{CASE_STREAM}{reference}")
    state = load(cast("CaseEvent", each.event) for each in history)
    return None if isinstance(state, Draft) else state.filed


def reached(office: Office, filed: Filed | None) -> Applicant | None:
    """Return the applicant as the case says that was filed last in the place of this one.

    None without a case, or once that one is erased.
    """
    while filed is not None and filed.refiled_as is not None:
        filed = filed_of(office, filed.refiled_as)
    if filed is None or filed.application is None:
        return None
    return filed.application.applicant


def mailbox(office: Office, reference: str) -> str:
    """Return where the applicant of a case is reached now, nothing where no mail can be sent."""
    applicant = reached(office, filed_of(office, reference))
    return "" if applicant is None else usable(applicant.email)


def retry(office: Office, by: str, *, ids: Sequence[int] = (), reference: str | None = None) -> int:
    """As `Ledger.retry`; of these ids, what is for an applicant goes to the address of now.

    Where that is not known, or no mail can be sent there, it stays as it is: what it was to go to
    may be a former address.
    """
    if ids:
        left = _left(office, ids)
        ids = [each for each in ids if each not in left]
        if not ids:
            return 0
    return office.ledger.retry(by, ids=ids, reference=reference)


def _left(office: Office, ids: Sequence[int]) -> set[int]:
    """What is for an applicant goes to the address of now; return of which that cannot be said."""
    by_case = (
        select(_ROW.reference, func.array_agg(_ROW.id))
        .where(_ROW.id.in_(ids), _ROW.party == Party.APPLICANT)
        .group_by(_ROW.reference)
        .order_by(_ROW.reference)
    )
    with office.ledger.engine.connect() as connection:
        found = connection.execute(by_case).all()
    left: set[int] = set()
    for case, letters in found:
        try:
            email = mailbox(office, case)
            # By the case, so that nobody waits for a row while another case is read.
            with office.ledger.engine.begin() as connection:
                left |= readdress(connection, office.ledger.keys, case, email, ids=letters)
        except (EventUnreadable, SealBroken) as fault:
            _log.warning("letters_not_readdressed", reference=case, because=str(fault))
            email = ""
        if not email:
            left.update(letters)
    return left


def follow(office: Office, connection: Connection, reference: str) -> None:
    """What waits in a case, or in one that it took the place of, goes to the address of now.

    What cannot be read stays as it is: nothing of it can be sent. Which case came before one that
    cannot be read is not known.
    """
    email = mailbox(office, reference)
    case: str | None = reference
    while case is not None:
        readdress(connection, office.ledger.keys, case, email)
        try:
            case = _before(office, case)
        except (EventUnreadable, SealBroken) as fault:
            _log.warning("letters_not_readdressed", reference=case, because=str(fault))
            break


def dismiss(connection: Connection, reference: str, position: int) -> None:
    """What was for a representative before an event that ended it goes to nobody, nor is printed.

    What is being sent now is not tried again; where it is handed over all the same, it is sent.
    """
    may_go_out = _ROW.state.in_((State.PLANNED, State.SENDING, State.FAILED)) | (
        (_ROW.state == State.WITHHELD) & (_ROW.last_error == WITHHELD)
    )
    # In the order in which whoever puts a letter off takes the rows, or each waits for the other.
    found = (
        select(_ROW.id)
        .where(
            _ROW.reference == reference,
            _ROW.party == Party.REPRESENTATIVE,
            _ROW.position < position,
            may_go_out,
        )
        .order_by(_ROW.id)
        .with_for_update()
    )
    settled = {"state": State.WITHHELD, "settled_at": func.now(), "last_error": NO_LONGER}
    connection.execute(update(notifications).where(_ROW.id.in_(found)).values(**settled))


def _before(office: Office, reference: str) -> str | None:
    """Return the case that this one took the place of."""
    history = office.store.read_stream(f"{CASE_STREAM}{reference}", personal=False)
    return links_told(cast("Sequence[Recorded[CaseEvent]]", history))[0]


def readdress(
    connection: Connection,
    keys: CaseKeys,
    reference: str,
    email: str,
    *,
    ids: Sequence[int] | None = None,
) -> set[int]:
    """What is to be sent to the applicant of a case goes to `email`; return what does not open.

    What had failed is due again, but of these `ids`, where some are told, which are readdressed
    alone. What is being sent now goes there if it is put off. Nothing changes where nothing can be
    sent to that address.
    Raises `MasterKeyChanged` where another master key than ours wraps the key of the case.
    """
    shut: set[int] = set()
    if not email:
        return shut
    query = (
        select(notifications, case_keys.c.wrapped)
        .join(case_keys, case_keys.c.reference == _ROW.reference)
        .where(
            _ROW.reference == reference,
            _ROW.party == Party.APPLICANT,
            _ROW.means == Means.EMAIL,
            _ROW.state.in_((State.PLANNED, State.SENDING, State.FAILED, State.WITHHELD)),
            true() if ids is None else _ROW.id.in_(ids),
            _ROW.sealed.is_not(None),
            case_keys.c.wrapped.is_not(None),
        )
        .order_by(_ROW.id)  # as in `dismiss`
        .with_for_update(of=notifications)
    )
    found = connection.execute(query).mappings().all()
    for row in found:
        try:
            sealed = _to(email, keys.unwrap(reference, row["wrapped"]), row)
        except MasterKeyChanged:
            # Whoever was told that key could read it, and send it where it was to go.
            raise
        except (SealBroken, NoMessage) as fault:
            told = {"reference": reference, "id": row["id"], "because": str(fault)}
            _log.warning("letters_not_readdressed", **told)
            shut.add(row["id"])
            continue
        again = _AGAIN if row["state"] == State.FAILED and ids is None else {}
        connection.execute(
            update(notifications).where(_ROW.id == row["id"]).values(sealed=sealed, **again)
        )
    return shut


def _to(email: str, key: CaseKey, row: Mapping[Any, Any]) -> str:
    """Return the sealed letter of a row as it goes to that address; raises as `letter_in`."""
    identity = Identity.of(row)
    letter = letter_in(row["sealed"], key, identity)
    return key.seal(msgspec.json.encode(replace(letter, recipient=email)), identity.place())
