"""Pins the shapes of events: `python -m tests.contract.pin` after an event was added or changed.

It pins the editions of the rules too, after a ruleset, a correction or an edition was added, and
writes the tables of what is possible at each stage, of who is told what and of who may do what.

A shape that is pinned is never changed by it: give the event a new version, an upcast from the
old one, and run it again. A new field with a default is the one change that a version survives.
"""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from domain.events import Event
from domain.record import Wire
from domain.wire import WIRE
from services.store import CaseKeys, Commit, NewEvent, StreamWrite
from services.store.codec import Codec
from tests.contract import commands_by_stage, rulebook, who_is_told, who_may_do_what
from tests.contract.shapes import described, example

FOLDER = Path(__file__).parent
WIRE_FILE = FOLDER / "wire.json"
GOLDEN = FOLDER / "golden"
KEYS = CaseKeys(bytes(range(32)))
REFERENCE = "QM-GOLD"
INSTANT = datetime(2019, 5, 1, 9, 30, tzinfo=UTC)


def present_shapes() -> dict[str, Any]:
    """The shape of every event as the code has it now, by `name version`."""
    return {_title(wire): described(event) for event, wire in sorted_wire()}


def pinned_shapes() -> dict[str, Any]:
    """The shapes that were ever stored."""
    return dict(json.loads(WIRE_FILE.read_text(encoding="utf-8")))


def sorted_wire() -> list[tuple[type[Event], Wire]]:
    return sorted(WIRE.items(), key=lambda item: item[1].name)


def golden_file(title: str) -> Path:
    return GOLDEN / f"{title.replace(' ', '.')}.json"


def golden(event: type[Event]) -> dict[str, Any]:
    """An event as it is stored, the wrapped key that opens it, and how it should be read."""
    wrapped = KEYS.mint(REFERENCE)
    made = NewEvent(event=example(event), effective_at=INSTANT)
    commit = Commit(
        command_id=UUID(int=1),
        fingerprint=b"golden",
        writes=(StreamWrite(stream=f"case-{REFERENCE}", expected=0, events=(made,)),),
        actor="officer-1",
        role="officer",
        command="Pin",
        causation_id="cause",
        correlation_id="correlation",
    )
    place = (f"case-{REFERENCE}", 1)
    body = Codec().encode(commit, place, made, lambda _: KEYS.unwrap(REFERENCE, wrapped))
    return {
        "body": body.decode(),
        "wrapped": b64encode(wrapped).decode(),
        "reads_as": msgspec.to_builtins(made.event),
    }


def golden_key(kept: dict[str, Any]) -> Any:
    return KEYS.unwrap(REFERENCE, b64decode(kept["wrapped"]))


def main() -> None:
    """Adds what is new; leaves what is pinned."""
    rulebook.pin()
    commands_by_stage.pin()
    who_is_told.pin()
    who_may_do_what.pin()
    pinned = pinned_shapes() if WIRE_FILE.exists() else {}
    present = present_shapes()
    if faults := broken(pinned, present):
        raise SystemExit("a pinned shape was changed: " + "; ".join(faults))
    shapes = dict(sorted((pinned | present).items()))
    WIRE_FILE.write_text(json.dumps(shapes, indent=1) + "\n", encoding="utf-8")
    GOLDEN.mkdir(exist_ok=True)
    for event, wire in sorted_wire():
        file = golden_file(_title(wire))
        if not file.exists():
            text = json.dumps(golden(event), indent=1, ensure_ascii=False)
            file.write_text(text + "\n", encoding="utf-8")


def broken(pinned: dict[str, Any], present: dict[str, Any]) -> list[str]:
    """The pinned shapes that the code has changed in a way that stored events do not survive."""
    return [
        title for title in pinned if title in present and not _grew(pinned[title], present[title])
    ]


def _grew(old: Any, new: Any) -> bool:
    """True when all that was stored in the old shape can be read in the new one."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return bool(old == new)
    if "one of" in old:
        return set(old["one of"]) <= set(new.get("one of", ()))
    added = [new[name] for name in new.keys() - old.keys()]
    return all(name in new and _grew(old[name], new[name]) for name in old) and all(
        isinstance(each, dict) and "default" in each for each in added
    )


def _title(wire: Wire) -> str:
    return f"{wire.name} {wire.version}"


if __name__ == "__main__":
    main()
