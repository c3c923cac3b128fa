"""A person erased, whatever the case is at: for tests of what an erasure leaves."""

from domain.decisions import DecisionConfirmed, DecisionProposed, Matter
from domain.particulars import ErasureDecided
from services.store import NewEvent, Store
from tests.services.storing import EFFECTIVE, commit_of, writing


def erase(store: Store, reference: str) -> None:
    """Two officers decided the erasure, and the key of the case is destroyed."""
    stream, version = f"case-{reference}", store.stream_version(f"case-{reference}")
    proposed = DecisionProposed(matter=Matter.ERASURE, proposed_by="one", personal=None)
    confirmed = DecisionConfirmed(matter=Matter.ERASURE, proposed_by="one", confirmed_by="two")
    last = store.read_stream(stream, after=version - 1, personal=False)
    at = last[0].effective_at if last else EFFECTIVE
    first, *then = (
        NewEvent(event=each, effective_at=at) for each in (proposed, confirmed, ErasureDecided())
    )
    store.append(commit_of(writing(stream, version, first), actor="one"))
    store.append(commit_of(writing(stream, version + 1, *then), actor="two", destroy=(reference,)))
