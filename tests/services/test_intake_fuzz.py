"""Whatever is sent in is read or refused with faults that can be printed, and nothing else."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application import Application
from services.intake.application import read_application
from services.intake.faults import ApplicationFaults
from tests.services.filed import as_bytes, changed, person

ON = date(2019, 5, 1)
JOHN = person("john")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(("2019-05-01", "9999-12-31", "0001-01-01", "zh", "HKG", "good", "general"))
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _paths(value: Any, before: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(*before, key) for key, _ in inner]
    for path in list(found):
        below = value[path[-1]]
        if isinstance(below, dict | list):
            found += _paths(below, path)
    return found


def _read_or_refused(data: bytes) -> Application | list[str]:
    try:
        return read_application(data, ON)
    except ApplicationFaults as refused:
        return [str(fault) for fault in refused.faults]


@given(st.lists(st.tuples(st.sampled_from(_paths(JOHN)), JSON), min_size=1, max_size=3))
def test_any_value_anywhere_is_read_or_refused(changes: list[tuple[Any, Any]]) -> None:
    document: Any = JOHN
    for path, to in changes:
        try:
            document = changed(document, *path, to=to)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this path away
    found = _read_or_refused(as_bytes(document))
    assert found
    if isinstance(found, list):
        assert all(each.isprintable() for each in found)


@given(st.binary() | st.text().map(str.encode) | JSON.map(as_bytes))
def test_bytes_that_are_no_application_are_refused(data: bytes) -> None:
    with pytest.raises(ApplicationFaults):
        read_application(data, ON)


@given(st.integers(0, len(as_bytes(JOHN)) - 1), st.integers(1, 255))
def test_one_damaged_byte_is_read_or_refused(place: int, by: int) -> None:
    data = bytearray(as_bytes(JOHN))
    data[place] ^= by
    assert _read_or_refused(bytes(data))
