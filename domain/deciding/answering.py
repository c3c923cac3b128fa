"""What follows from a request for the personal data that are held, and from its answer."""

from datetime import date, timedelta
from typing import Final

from domain import work_commands as c
from domain.data_access import (
    Access,
    AccessAsked,
    AccessOutcome,
    AccessWords,
    DataAccessAnswered,
    DataAccessDelayed,
    DataAccessEvent,
    DataAccessRequested,
    OpenAccess,
)
from domain.days import written_out
from domain.errors import (
    AccessGroundMismatch,
    DataAccessOpen,
    DayImpossible,
    NoDataAccessOpen,
    PersonErased,
    TooLate,
    WordsMissing,
)

_KEEPS_BACK: Final = frozenset({AccessOutcome.IN_PART, AccessOutcome.REFUSED})


def decide(
    access: Access, command: c.DataAccessCommand, today: date, days: int
) -> tuple[DataAccessEvent]:
    """Return what follows from a command; a request that comes in is answered in so many days."""
    match command:
        case c.RecordDataAccessRequest():
            return (_request(access, command, today, days),)
        case c.DelayDataAccess():
            return (_delay(access, command, today),)
        case c.AnswerDataAccess():
            return (_answer(access, command),)


def exported(access: Access) -> OpenAccess:
    """Return the request that an export of the data is for; there has to be one that is open."""
    return _open(access)


def _request(
    access: Access, command: c.RecordDataAccessRequest, today: date, days: int
) -> DataAccessRequested:
    """A request for data is open, to be answered within so many days after it came in."""
    if access.erased:
        raise PersonErased("nothing is held on this person any more that could be asked for")
    if access.open is not None:
        raise DataAccessOpen(
            f"request {access.open.request} is to be answered by "
            f"{written_out(access.open.due_on)}; answer it before another is recorded"
        )
    received = command.received_on
    if received > today:
        raise DayImpossible(
            f"{written_out(received)} is after today, {written_out(today)}; "
            "name the day on which the request reached the office"
        )
    asked = AccessAsked(
        asked_by=_in_words(command.asked_by, "say who asks for the data"),
        text=_in_words(command.text, "say what is asked for"),
    )
    return DataAccessRequested(
        request=access.requests + 1,
        received_on=received,
        due_on=received + timedelta(days=days),
        channel=command.channel,
        personal=asked,
    )


def _delay(access: Access, command: c.DelayDataAccess, today: date) -> DataAccessDelayed:
    """The answer is due by a later day, of which whoever asked was told in time [S122]."""
    asked = _open(access)
    if today > asked.due_on:
        raise TooLate(
            f"it was to be answered, or put off, by {written_out(asked.due_on)}; answer it now"
        )
    if command.due_on <= asked.due_on:
        raise DayImpossible(
            f"the answer is due by {written_out(asked.due_on)} already; name a later day"
        )
    reason = AccessWords(text=_in_words(command.reason, "say why the answer comes later"))
    return DataAccessDelayed(request=asked.request, due_on=command.due_on, personal=reason)


def _answer(access: Access, command: c.AnswerDataAccess) -> DataAccessAnswered:
    """The request is answered, and open no more."""
    asked, outcome = _open(access), command.outcome
    keeps_back = outcome in _KEEPS_BACK
    if keeps_back is not (command.ground is not None):
        raise AccessGroundMismatch(
            "name the ground on which data are kept back"
            if keeps_back
            else f"nothing is kept back where the outcome is {outcome}; leave the ground out"
        )
    reason = command.reason.strip()
    if keeps_back and not reason:
        raise WordsMissing("say in words why data are kept back")
    return DataAccessAnswered(
        request=asked.request,
        outcome=outcome,
        ground=command.ground,
        personal=AccessWords(text=reason) if reason else None,
    )


def _open(access: Access) -> OpenAccess:
    if access.open is None and access.erased:
        raise PersonErased("the request ended with the erasure: nothing is held to be given")
    if access.open is None:
        raise NoDataAccessOpen("record the request first, with the day on which it came in")
    return access.open


def _in_words(text: str, otherwise: str) -> str:
    if not text.strip():
        raise WordsMissing(otherwise)
    return text
