"""Whatever is sent, the answer is never a fault of ours, and a refusal leaves nothing behind."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.services.api.calling import RECEIVED, SUPERVISOR, V1, Caller, filed_by

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 18, 2**31, 2**53, 2**63, 10**30, 0.5, 1e308, -0.0),
    *("", " ", "\0", "\ud800", "\u202e", "0001-01-01", "9999-12-31", "2019-02-29", "2020-02-29"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "HKG", "en", "x" * 20_000),
    *([], [None], {}, {"": ""}, [[[[]]]]),
)
FIELDS = ("stage", "route", "exercise", "submitted_from", "points_from", "name", "sort", "after")


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    members = value.items() if isinstance(value, dict) else ()
    members = enumerate(value) if isinstance(value, list) else members
    for key, inner in members:
        yield from _paths(inner, (*at, key))


PLACES = {name: tuple(_paths(filed_by(name))) for name in ("john", "emma", "jackie")}


@st.composite
def altered(draw: st.DrawFn) -> dict[str, Any]:
    """An application file with up to three of its values made odd or left out."""
    name = draw(st.sampled_from(sorted(PLACES)))
    filed: Any = filed_by(name)
    for *way, last in draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=3)):
        inside = filed
        try:
            for key in way:
                inside = inside[key]
            if draw(st.booleans()):
                inside[last] = draw(st.sampled_from(ODD))
            else:
                del inside[last]
        except (LookupError, TypeError):
            continue  # an earlier change took this place away
    return dict(filed)


def _sound(caller: Caller, answer: Any, before: int) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        # Only that somebody filed again is noted, at the case that lives.
        noted = int(answer.json["type"] == "/problems/duplicate-application")
        assert caller.office.store.sequence() == before + noted


@settings(max_examples=60)
@given(filed=altered(), on=st.sampled_from(["2019-05-01", "0001-01-01", "9999-12-31"]))
def test_no_application_file_breaks_the_score(
    standing_caller: Caller, filed: dict[str, Any], on: str
) -> None:
    for ruleset in ("gpt-2018", "apt-225"):
        path = f"{V1}/assessments?on={on}&ruleset={ruleset}"
        answer = standing_caller.call("POST", path, by=None, json=filed)
        _sound(standing_caller, answer, standing_caller.office.store.head())


@settings(max_examples=40)
@given(filed=altered(), received=st.sampled_from([RECEIVED, *(o for o in ODD if o is not None)]))
@example(filed=filed_by("john"), received=RECEIVED)
@example(filed=filed_by("john"), received=RECEIVED)
def test_no_submission_breaks_the_filing(
    standing_caller: Caller, filed: dict[str, Any], received: Any
) -> None:
    before = standing_caller.office.store.sequence()
    body = {"application": filed, "received_at": received}
    _sound(standing_caller, standing_caller.command("/applications", body), before)


@settings(max_examples=60)
@given(name=st.sampled_from(FIELDS), value=st.one_of(st.sampled_from(ODD), st.text(max_size=40)))
def test_no_query_breaks_the_list(standing_caller: Caller, name: str, value: Any) -> None:
    text = quote(str(value), errors="replace")
    answer = standing_caller.get(f"/cases?{name}={text}")
    _sound(standing_caller, answer, standing_caller.office.store.head())


@settings(max_examples=40)
@given(
    key=st.sampled_from(["exercise", "title", "places", "shortlist_size", "effective_at"]),
    value=st.sampled_from(ODD),
)
def test_no_opening_breaks_an_exercise(standing_caller: Caller, key: str, value: Any) -> None:
    opening = {"exercise": "2019-9", "title": "Ninth", "places": 1, "shortlist_size": 1}
    before = standing_caller.office.store.sequence()
    answer = standing_caller.command("/exercises", opening | {key: value}, by=SUPERVISOR)
    _sound(standing_caller, answer, before)


def test_every_case_that_odd_input_made_can_still_be_read_and_folded(
    standing_caller: Caller,
) -> None:
    standing_caller.catch_up()
    after = ""
    while True:
        page = standing_caller.get(f"/cases?limit=100{after}").json
        for each in page["items"]:
            assert standing_caller.get(f"/cases/{each['reference']}").status_code == 200
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert page["freshness"]["lag"] == 0


@pytest.mark.parametrize("value", [each for each in ODD if isinstance(each, str)])
def test_no_address_breaks_a_case(standing_caller: Caller, value: str) -> None:
    place = quote(value, errors="replace", safe="")
    for path in (f"/cases/{place}", f"/cases/{place}/history", f"/exercises/{place}"):
        answer = standing_caller.get(path)
        assert answer.status_code in {200, 404}, answer.text
