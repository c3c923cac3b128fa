"""The digest of every edition of a ruleset and of a dated list, as shipped and as pinned.

Law: what an assessment may have named never changes. Amend it by a further edition, pinned here.
"""

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from domain.rules.book import parse_rulebook
from domain.rules.parse import digest_of

PINS_FILE = Path(__file__).parent / "rulesets.json"
LISTS = ("nationalities", "talent-lists", "university-lists")

Pins = dict[str, dict[str, str]]


def shipped_documents() -> dict[str, dict[str, Any]]:
    """The documents of the rulebook by name, new ones each time."""
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in resources.files("rulesets").iterdir()
        if file.name.endswith(".toml")
    }


def present_digests(documents: dict[str, dict[str, Any]]) -> Pins:
    """The digests of each ruleset by edition, and of each list by the id of its edition."""
    book = parse_rulebook(documents)
    found: Pins = {}
    for each in sorted(
        (*book.superseded, *book.rulesets), key=lambda each: (each.id, each.edition)
    ):
        found.setdefault(each.id, {})[str(each.edition)] = each.digest
    for name in LISTS:
        found[name] = {each["id"]: digest_of(each) for each in documents[name]["editions"]}
    return found


def pinned_digests() -> Pins:
    """The digests of everything that was ever shipped."""
    return dict(json.loads(PINS_FILE.read_text(encoding="utf-8")))


def moved(pinned: Pins, present: Pins) -> list[str]:
    """What was pinned and is no longer there as it was."""
    return [
        f"{name} {edition}"
        for name, editions in pinned.items()
        for edition, digest in editions.items()
        if present.get(name, {}).get(edition) != digest
    ]


def pin() -> None:
    """Adds what is new; refuses where something pinned has moved."""
    present = present_digests(shipped_documents())
    pinned = pinned_digests() if PINS_FILE.exists() else {}
    if gone := moved(pinned, present):
        raise SystemExit("a pinned edition was changed: " + "; ".join(gone))
    PINS_FILE.write_text(json.dumps(present, indent=1, sort_keys=True) + "\n", encoding="utf-8")
