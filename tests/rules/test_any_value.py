"""Whatever stands anywhere in rule data, it loads or is refused with its faults."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.book import parse_rulebook
from domain.rules.reading import RulesetFaults
from domain.rules.types import Rulebook
from services.rulebook.files import read_files

SHIPPED: dict[str, Any] = dict(read_files().documents)
VALUES = st.one_of(
    st.sampled_from((0, -1, 10**30, 1.5, float("nan"), "", "gpt-2018", "S4", True)),
    st.sampled_from((date.min, date.max, datetime(2019, 1, 1), time(7, 32))),  # noqa: DTZ001 - TOML has times without a zone
    st.sampled_from(([], ["x"], [[1]], [{}], {}, {"a": 1})),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into the documents, from that of a key of one on."""
    if len(at) > 1:
        yield at
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        yield from places(child, (*at, key))


PLACES = tuple(places(SHIPPED))


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    documents = deepcopy(SHIPPED)
    inside: Any = documents
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return documents


def loaded(documents: dict[str, Any]) -> Rulebook | RulesetFaults:
    try:
        return parse_rulebook(documents)
    except RulesetFaults as refused:
        return refused


@settings(max_examples=150)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_anywhere_loads_or_is_named_as_a_fault(
    place: tuple[Any, ...], value: Any
) -> None:
    found = loaded(changed(place, value))
    assert isinstance(found, Rulebook) or found.faults


@pytest.mark.parametrize("year", [1, 9999])
def test_an_instant_at_the_end_of_the_calendar_is_a_fault(year: int) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC)
    found = loaded(changed(("fees", "schedules", 0, "from"), at))
    assert isinstance(found, RulesetFaults)
    assert f"fees: schedules[0].from: {at.isoformat()} is at the end of the calendar" in (
        found.faults
    )


def test_documents_that_are_not_read_are_the_only_faults_of_an_otherwise_sound_rulebook() -> None:
    for name in SHIPPED:
        rest = {other: each for other, each in SHIPPED.items() if other != name}
        with pytest.raises(RulesetFaults) as refused:
            parse_rulebook(rest, unread={name: "is not TOML"})
        assert refused.value.faults == (f"{name}: is not TOML",)
