"""Every erasure that the database holds is kept outside of it as well.

Law: it is kept once the erasure is done, never before, so that nobody is erased for an attempt that
came to nothing. Whoever dies in between leaves it to the next look at the database, seconds later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from domain.decisions import DecisionConfirmed, Matter
from domain.particulars import ErasedBefore, ErasureDecided
from services.privacy.places import Erasure
from services.store.errors import EventUnreadable
from services.wiring import Office

_AT_ONCE: Final = 1_000

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """An erasure as the log tells of it: done for the first time, or `again`."""

    erasure: Erasure
    again: bool


def remember(office: Office, references: Iterable[str] | None = None) -> int:
    """These erasures are kept outside of the database, or every one that it holds.

    Return how many some place did not have. Where no place answers it is told, and done later.
    """
    held = office.store.erased() if references is None else tuple(references)
    places = office.erasures.look()
    missing = sorted(places.missing(held))
    for start in range(0, len(missing), _AT_ONCE):
        found = [_told(office, each) for each in missing[start : start + _AT_ONCE]]
        office.erasures.keep(each.erasure for each in found if each)
        # What is done again was kept before; else somebody wrote it who is not this program.
        unknown = {each.erasure.reference for each in found if each and each.again}
        if places.is_enough and (unknown := unknown - places.erasures.keys()):
            _log.error("erased_again_unasked", references=sorted(unknown))
    if held and places.none_answers:
        _log.error("erasure_not_remembered", references=held[:_AT_ONCE])
    return len(missing)


def remember_soon(office: Office, references: Iterable[str]) -> None:
    """As `remember`, for what was just erased: what goes wrong is told, and done by the watch.

    The erasure is done, and no fault of what comes behind it may say that it was not.
    """
    told = tuple(references)
    try:
        remember(office, told)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the watch does it again
        _log.error("erasure_not_remembered", references=told, exc_info=fault)


def _told(office: Office, reference: str) -> _Told | None:
    try:
        return _erasure(office, reference)
    except EventUnreadable as fault:
        _log.error("erasure_not_readable", reference=reference, fault=str(fault))
        return None


def _erasure(office: Office, reference: str) -> _Told | None:
    """Return who decided the erasure of a case and when, None where its log does not say."""
    confirmed: DecisionConfirmed | None = None
    for each in office.store.read_stream(f"case-{reference}", personal=False):
        match each.event:
            case DecisionConfirmed(matter=Matter.ERASURE):
                confirmed = each.event
            case ErasureDecided(again=ErasedBefore() as before):
                return _Told(erasure=Erasure(reference=reference, decided=before), again=True)
            case ErasureDecided() if confirmed is not None:
                decided = ErasedBefore(
                    proposed_by=confirmed.proposed_by,
                    confirmed_by=confirmed.confirmed_by,
                    decided_at=each.effective_at,
                )
                return _Told(erasure=Erasure(reference=reference, decided=decided), again=False)
            case _:
                pass
    return None
