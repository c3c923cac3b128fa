"""The stored shape of every event is pinned: names are permanent, versions only grow."""

from typing import Any

import pytest

from domain.upcasts import UPCASTS
from domain.wire import WIRE
from tests.contract import pin

PINNED = pin.pinned_shapes()
NEWEST = {wire.name: wire.version for wire in WIRE.values()}
PIN_IT = "run `python -m tests.contract.pin` and look at what it changes"


def test_every_shape_is_as_it_was_pinned() -> None:
    present = pin.present_shapes()

    assert {title: PINNED.get(title) for title in present} == present, PIN_IT


def test_a_name_stands_for_one_event_and_for_ever() -> None:
    assert len(NEWEST) == len(WIRE), "two events share a wire name"
    assert {title.split(" ")[0] for title in PINNED} <= NEWEST.keys(), "a wire name was removed"


@pytest.mark.parametrize("title", sorted(PINNED))
def test_every_pinned_version_leads_to_the_newest(title: str) -> None:
    name, version = title.split(" ")

    assert int(version) <= NEWEST[name], "a version was taken back"
    assert [each for each in range(int(version), NEWEST[name]) if (name, each) not in UPCASTS] == []


def test_every_pinned_shape_has_its_golden_file_and_no_other_is_kept() -> None:
    kept = {file.name for file in pin.GOLDEN.iterdir()}

    assert kept == {pin.golden_file(title).name for title in PINNED}, PIN_IT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": "text"}, {"a": "integer"}),
        ({"a": "text"}, {}),
        ({"a": "text"}, {"a": "text", "b": "text"}),
        ({"a": "text"}, {"a": {"optional": "text"}}),
        ({"a": {"one of": ["x", "y"]}}, {"a": {"one of": ["x"]}}),
        ({"a": {"list of": {"b": "text"}}}, {"a": {"list of": {}}}),
    ],
)
def test_a_changed_shape_cannot_be_pinned(old: Any, new: Any) -> None:
    assert pin.broken({"e 1": old}, {"e 1": new}) == ["e 1"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": "text"}, {"a": "text", "b": {"default": "None", "is": {"optional": "text"}}}),
        ({"a": {"one of": ["x"]}}, {"a": {"one of": ["x", "y"]}}),
    ],
)
def test_a_shape_may_grow(old: Any, new: Any) -> None:
    assert pin.broken({"e 1": old}, {"e 1": new}) == []
