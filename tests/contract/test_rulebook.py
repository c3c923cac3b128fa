"""What was shipped of the rules stays as it was."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.contract.rulebook import moved, pinned_digests, present_digests, shipped_documents

Documents = dict[str, dict[str, Any]]

FIRST_SHIPPED = {
    "apt-225": "sha256:61bdf017549e5ff9ee010e2c0cd3de0b696bd83d83126096d524060b0be1002f",
    "gpt-2018": "sha256:e40c5e19b2cc6b11a434fb343f547a035727b514029f5ef8739efb838bea65cb",
}
"""What the first release assessed under, kept apart from the file that is added to."""


def test_every_edition_is_pinned_and_none_has_changed() -> None:
    assert present_digests(shipped_documents()) == pinned_digests()


@pytest.mark.parametrize("name", FIRST_SHIPPED)
def test_the_rules_of_the_first_release_are_still_the_first_edition(name: str) -> None:
    assert pinned_digests()[name]["1"] == FIRST_SHIPPED[name]


CHANGES: tuple[tuple[Callable[[Documents], object], str], ...] = (
    (lambda d: d["gpt-2008"]["factors"][0]["bands"][0].update(confidence="M"), "gpt-2008 1"),
    (lambda d: d["gpt-2006"]["transition"].update(note="otherwise"), "gpt-2006 1"),
    (lambda d: d["gpt-2015"]["life"].update({"from": date(2015, 5, 11)}), "gpt-2015 1"),
    (lambda d: d["gpt-2018.2"]["life"].update(known_from=date(2026, 11, 23)), "gpt-2018 2"),
    (lambda d: d["nationalities"]["editions"][0]["members"].remove("KHM"), "nationalities-2006"),
    (lambda d: d["talent-lists"]["editions"][3].update(size=61), "talent-list-2025"),
    (lambda d: d["talent-lists"]["editions"].pop(), "talent-list-2025"),
)


@pytest.mark.parametrize(("change", "seen"), CHANGES)
def test_a_change_of_what_is_shipped_is_seen(
    change: Callable[[Documents], object], seen: str
) -> None:
    documents = shipped_documents()
    change(documents)
    (found,) = moved(pinned_digests(), present_digests(documents))
    assert found.endswith(seen)


def test_a_correction_by_a_further_edition_moves_nothing_that_is_pinned() -> None:
    documents = shipped_documents()
    life = {**documents["gpt-2015"]["life"], "from": date(2015, 5, 11)}
    life["known_from"] = date(2027, 1, 1)
    documents["gpt-2015.2"] = {"corrects": "gpt-2015", "edition": 2, "life": life}
    assert moved(pinned_digests(), present_digests(documents)) == []
