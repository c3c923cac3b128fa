"""The receipt of an erasure: what was destroyed, who decided it, and proof that the log says so.

Law: a receipt proves itself. The exact text of an event and its instant give its leaf, and with the
hashes before it the root of the log as it was when the event came in; so whoever holds that root,
or a later one, needs nothing of us to check it. How long the log was before it, that root does not
say: trees of other lengths can have the same hashes at their end.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from domain.decisions import DecisionConfirmed, Matter
from domain.errors import NotErased, Reportable
from domain.looks import Look
from domain.merkle import Frontier
from domain.particulars import ErasureDecided
from domain.references import parse_reference
from domain.wire import WIRE
from services.cases import CaseAt
from services.looking import case_seen
from services.notifications.kept import letters_withheld
from services.privacy.kept import Kept, kept
from services.store.evidence import Entry
from services.wiring import Office

FORMAT: Final = "qmas-erasure-receipt-1"
_TYPE: Final = WIRE[ErasureDecided].name
_NONE: Final = "this file is no receipt of an erasure"
_ILL_FORMED: Final = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError,
)  # fmt: skip
"""What comes of hashes that are none, and of events that hold something else than events do."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class NoReceipt(Reportable):
    """What was given is no receipt of an erasure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event as its leaf covers it: its exact text, and the instant it was recorded."""

    body: str
    recorded_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That the person of a case was erased.

    `events` are the commit that did it. After the roots in `before`, of the complete subtrees of
    all that came earlier, they make the log's `root`. The `position` of the last of them, what is
    `destroyed` and `key_destroyed_at` follow from none of it: they are the word of whoever gave the
    receipt, and only an installation can be asked whether they are so.
    """

    reference: str
    proposed_by: str
    confirmed_by: str
    decided_at: str
    key_destroyed_at: str
    destroyed: Mapping[str, Any]
    events: tuple[Said, ...]
    position: int
    leaf: str
    before: tuple[str, ...]
    root: str
    format: str = FORMAT


def receipt(office: Office, look: Look, reference: str) -> Receipt:
    """Return the receipt of the erasure of a case's person; `NotErased` before there is one.

    Raises as `case_seen` besides.
    """
    return receipt_of(office, case_seen(office, look, reference))


def receipt_of(office: Office, case: CaseAt) -> Receipt:
    """Return the same of a case that somebody has in hand, of the same look."""
    reference = case.reference
    entries = office.store.evidence.commit_with(f"case-{reference}", _TYPE)
    gone_at = office.store.evidence.erased_at(reference)
    if not entries or gone_at is None:
        raise NotErased(f"the person of case {reference} was not erased")
    leaves = [leaf_of(each) for each in entries]
    before = _before(office, entries[0].position)
    bodies = [json.loads(each.body) for each in entries]
    proposed_by, confirmed_by = _who(bodies)
    return Receipt(
        reference=reference,
        proposed_by=proposed_by,
        confirmed_by=confirmed_by,
        decided_at=bodies[-1]["effective_at"],
        key_destroyed_at=_text(gone_at),
        destroyed=_counted(kept(office, reference)),
        events=_said(entries),
        position=entries[-1].position,
        leaf=leaves[-1].hex(),
        before=tuple(peak.hex() for peak in before.peaks),
        root=before.extended(leaves).root().hex(),
    )


def leaf_of(entry: Entry) -> bytes:
    """Return the leaf of an event as the log has it: of its instant and its exact text."""
    microseconds = (entry.recorded_at - _EPOCH) // timedelta(microseconds=1)
    instant = microseconds.to_bytes(8, "big", signed=True)
    return hashlib.sha256(b"\0" + instant + entry.body).digest()


def written(made: Receipt) -> str:
    """Return a receipt as the text of a file."""
    return json.dumps(asdict(made), ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> Receipt:
    """Return the receipt that a file holds; raises `NoReceipt`."""
    try:
        said = json.loads(text)
        made = msgspec.convert(said, Receipt)
        whole = json.loads(written(made)) == said
    except (ValueError, msgspec.MsgspecError, RecursionError) as fault:
        raise NoReceipt(_NONE) from fault
    if made.format != FORMAT:
        raise NoReceipt(f"this is a receipt of another format than {FORMAT}")
    if not whole or parse_reference(made.reference) != made.reference:
        raise NoReceipt(_NONE)
    return made


def faults(made: Receipt) -> Iterator[str]:
    """Yield everything in which a receipt does not prove itself; nothing of ours is asked."""
    try:
        yield from _faults(made)
    except _ILL_FORMED as fault:
        raise NoReceipt(_NONE) from fault


def _faults(made: Receipt) -> Iterator[str]:
    leaves = [_leaf(each) for each in made.events]
    size = int(made.position) - len(leaves)
    peaks = tuple(bytes.fromhex(each) for each in made.before)
    bodies = [json.loads(each.body) for each in made.events]
    last = bodies[-1]
    if leaves[-1].hex() != made.leaf:
        yield "the event's text and instant give another leaf than the receipt names"
    if size < 0 or len(peaks) != size.bit_count():
        yield f"position {made.position} is not where these hashes lead"
    elif Frontier(size=size, peaks=peaks).extended(leaves).root().hex() != made.root:
        yield "the events and the hashes before them do not make the root"
    if (last["type"], last["stream"]) != (_TYPE, f"case-{made.reference}"):
        yield f"the event is not the erasure of the person of case {made.reference}"
    if last["effective_at"] != made.decided_at:
        yield "the event says another instant than the receipt"
    if not _is_one_erasure(bodies):
        yield "the events are not those with which one erasure was decided"
    elif _who(bodies) != (made.proposed_by, made.confirmed_by):
        yield "the events say that other people decided it"


def differences(office: Office, look: Look, made: Receipt) -> Iterator[str]:
    """Yield everything in which a receipt and this installation differ, the look on record."""
    stream = f"case-{made.reference}"
    # What stands beside the case is compared for the same look.
    office.store.read_seen(look, made.reference, (stream,), personal=False)
    entries = office.store.evidence.commit_with(stream, _TYPE)
    if not entries:
        yield f"the log holds no erasure of the person of case {made.reference}"
        return
    if (entries[-1].position, leaf_of(entries[-1]).hex()) != (made.position, made.leaf):
        if json.loads(entries[-1].body)["payload"].get("again"):
            yield (
                f"a restore undid the erasure of this receipt, and it was done again at position "
                f"{entries[-1].position}: `qmas privacy receipt` gives the receipt of that"
            )
            return
        yield "the log holds another event, or has it at another position"
    if _said(entries) != made.events:
        yield "the log holds other events of this erasure"
    proposed_by, confirmed_by = _who([json.loads(each.body) for each in entries])
    if (proposed_by, confirmed_by) != (made.proposed_by, made.confirmed_by):
        yield f"the log says that {proposed_by} proposed and {confirmed_by} confirmed it"
    if _before(office, made.position + 1).root().hex() != made.root:
        yield f"the log up to position {made.position} has another root"
    gone_at = office.store.evidence.erased_at(made.reference)
    if gone_at is None:
        yield f"the key of case {made.reference} is there"
    elif _text(gone_at) != made.key_destroyed_at:
        yield f"the key was destroyed at {_text(gone_at)}, and not at {made.key_destroyed_at}"
    yield from _miscounted(office, made)


def _miscounted(office: Office, made: Receipt) -> Iterator[str]:
    there = _counted(kept(office, made.reference))
    # Letters that waited were destroyed with the key, and are let go when their turn comes.
    since = range(letters_withheld(office.ledger, made.reference) + 1)
    letters = [there["letters"] + each for each in since]
    for name in sorted({*there, *made.destroyed}):
        counted, said = there.get(name), made.destroyed.get(name)
        if said != counted and not (name == "letters" and said in letters):
            yield f"{name.replace('_', ' ')}: the receipt says {said}, and {counted} are counted"


def told(made: Receipt) -> str:
    """Return what a receipt says, for people."""
    gone = made.destroyed
    return "\n".join(
        (
            f"Erasure of the person of case {made.reference}",
            f"Proposed by {made.proposed_by} and confirmed by {made.confirmed_by}",
            f"Decided at {made.decided_at}",
            f"Leaf of the log: {made.leaf}",
            f"Root of the log up to there: {made.root}",
            "On the office's word, and no part of the proof:",
            f"  position {made.position} of the log",
            f"  key destroyed at {made.key_destroyed_at}",
            f"  unreadable since: {gone['documents']} documents, {gone['letters']} letters",
            f"  and what was personal in {gone['events']} events",
        )
    )


def _said(entries: Sequence[Entry]) -> tuple[Said, ...]:
    return tuple(
        Said(body=each.body.decode(), recorded_at=_text(each.recorded_at)) for each in entries
    )


def _is_one_erasure(bodies: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether these are all events of one command, which is what decides an erasure.

    Any others that come before it in the log would lead to its root as well, and name others.
    """
    if len({(each["stream"], each["command_id"]) for each in bodies}) != 1:
        return False
    *earlier, last = bodies
    if last["payload"].get("again"):
        return not earlier
    decided = [(each["type"], each["payload"].get("matter")) for each in earlier]
    return decided == [(WIRE[DecisionConfirmed].name, Matter.ERASURE)]


def _who(bodies: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return who proposed and who confirmed it, in this commit or before a restore undid it."""
    said = bodies[-1]["payload"].get("again") or bodies[0]["payload"]
    return said["proposed_by"], said["confirmed_by"]


def _leaf(said: Said) -> bytes:
    at = datetime.fromisoformat(said.recorded_at)
    return leaf_of(Entry(body=said.body.encode(), recorded_at=at, position=0))


def _counted(sealed: Kept) -> dict[str, Any]:
    return {
        "events": sum(sealed.events.values()),
        "by_type": dict(sealed.events),
        "documents": sealed.documents,
        "document_bytes": sealed.document_bytes,
        "letters": sum(sealed.letters.values()),
    }


def _before(office: Office, position: int) -> Frontier:
    """Return the tree over every leaf that comes before a position."""
    tree = Frontier()
    while tree.size < position - 1:
        found = office.store.evidence.leaves(after=tree.size, to=position - 1)
        if not found:
            break
        tree = tree.extended(found)
    return tree


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
