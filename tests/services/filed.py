"""Application files for tests: John's as shipped, and as changed at a path."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

PEOPLE = Path(__file__).parent.parent / "data" / "people"
MISSING = object()


def person(name: str) -> dict[str, Any]:
    """A person's application as parsed JSON."""
    parsed: dict[str, Any] = json.loads((PEOPLE / f"{name}.json").read_text("utf-8"))
    return parsed


def changed(document: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    """A copy with another value at a path, or without the key when it is MISSING."""
    copy = deepcopy(document)
    *before, last = path
    inner: Any = copy
    for step in before:
        inner = inner[step]
    if to is MISSING:
        del inner[last]
    else:
        inner[last] = to
    return copy


def as_bytes(document: object) -> bytes:
    """The document as a file holds it."""
    return json.dumps(document).encode()
