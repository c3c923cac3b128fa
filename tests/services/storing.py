"""Commits to write in tests of the store."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from domain.events import ApplicationFeePaid, ApplicationWithdrawn, WithdrawalReason
from services.store import CaseKeys, Commit, NewEvent, Store, StreamWrite

MASTER_KEY = bytes(range(32))
EFFECTIVE = datetime(2019, 5, 1, 9, 0, tzinfo=UTC)
PRIVATE = "Chan Tai Man, passport K1234567"


def store_at(url: str, *, master_key: bytes = MASTER_KEY, pool_size: int = 8) -> Store:
    return Store.connect(url, CaseKeys(master_key), pool_size=pool_size)


def fees(count: int, amount: int = 100) -> tuple[NewEvent, ...]:
    paid = ApplicationFeePaid(amount_hkd=amount)
    return tuple(NewEvent(event=paid, effective_at=EFFECTIVE) for _ in range(count))


def withdrawal(text: str = PRIVATE) -> NewEvent:
    event = ApplicationWithdrawn(personal=WithdrawalReason(text=text))
    return NewEvent(event=event, effective_at=EFFECTIVE)


def writing(stream: str, expected: int = 0, *events: NewEvent) -> StreamWrite:
    return StreamWrite(stream=stream, expected=expected, events=events or fees(1))


def commit_of(*writes: StreamWrite, **more: Any) -> Commit:
    given = {
        "command_id": uuid4(),
        "fingerprint": b"fingerprint",
        "writes": writes,
        "actor": "officer-1",
        "role": "officer",
        "command": "Write",
        "causation_id": "cause",
        "correlation_id": "correlation",
    }
    return Commit(**(given | more))
