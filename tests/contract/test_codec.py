"""What is stored is read back as it was, and what could not be is refused before it is stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import (
    ApplicationFeePaid,
    ApplicationRefused,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    Event,
    WithdrawalReason,
)
from domain.exercise_events import SelectionMade
from domain.record import Recorded, Wire
from domain.upcasts import UPCASTS
from domain.wire import WIRE
from services.store import CaseKeys, EventUnreadable, NewEvent, Unwritable
from services.store.codec import Codec, Envelope, StoredEvent, reference_of
from tests.contract import pin
from tests.contract.shapes import example, values
from tests.services.storing import EFFECTIVE, commit_of, writing

CODEC = Codec()
KEYS = CaseKeys(bytes(range(32)))
KEY = KEYS.unwrap("1", KEYS.mint("1"))
PLACE = ("case-1", 3)
COMMIT = commit_of(writing("case-1"))


def encoded(event: Event, codec: Codec = CODEC, effective_at: datetime = EFFECTIVE) -> bytes:
    new = NewEvent(event=event, effective_at=effective_at)
    return codec.encode(COMMIT, PLACE, new, lambda _: KEY)


def decoded(body: bytes, codec: Codec = CODEC, key: Any = KEY) -> Recorded[Event]:
    stored = StoredEvent(body=body, recorded_at=EFFECTIVE, position=5, sequenced_at=EFFECTIVE)
    return codec.decode(stored, lambda _: key)


@pytest.mark.parametrize("event", list(WIRE), ids=lambda event: event.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_every_event_is_read_back_as_it_was(event: type[Event], data: st.DataObject) -> None:
    made = data.draw(values(event))

    read = decoded(encoded(made))

    assert read.event == made
    assert (read.stream, read.version, read.position) == ("case-1", 3, 5)
    assert read.effective_at == EFFECTIVE


@pytest.mark.parametrize("event", list(WIRE), ids=lambda event: event.__name__)
def test_what_is_personal_stands_nowhere_in_clear(event: type[Event]) -> None:
    made = example(event)
    payload = json.loads(encoded(made))["payload"]
    names = {field for field in payload if field != "sealed"}
    personal = hasattr(made, "personal")

    assert "personal" not in payload
    assert ("sealed" in payload) is personal
    assert names == {each for each in event.__dataclass_fields__ if each != "personal"}


@pytest.mark.parametrize("event", list(WIRE), ids=lambda event: event.__name__)
def test_without_its_key_an_event_is_its_skeleton(event: type[Event]) -> None:
    made = example(event)
    skeleton = msgspec.to_builtins(made)
    if "personal" in skeleton:
        skeleton["personal"] = None

    assert msgspec.to_builtins(decoded(encoded(made), key=None).event) == skeleton


@pytest.mark.parametrize("title", sorted(pin.pinned_shapes()))
def test_every_golden_file_is_read_as_it_was(title: str) -> None:
    kept = json.loads(pin.golden_file(title).read_text(encoding="utf-8"))

    read = decoded(kept["body"].encode(), key=pin.golden_key(kept))

    assert holds(msgspec.to_builtins(read.event), kept["reads_as"])
    assert (read.stream, read.version) == (f"case-{pin.REFERENCE}", 1)
    assert read.effective_at == pin.INSTANT


def holds(now: Any, then: Any) -> bool:
    """True when `now` says all that `then` said; members that came later have their defaults."""
    if isinstance(then, Mapping):
        return all(name in now and holds(now[name], then[name]) for name in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def test_the_envelope_is_permanent() -> None:
    assert Envelope.__struct_fields__ == (
        "id",
        "stream",
        "version",
        "type",
        "schema",
        "effective_at",
        "actor",
        "role",
        "command",
        "command_id",
        "causation_id",
        "correlation_id",
        "payload",
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (ApplicationFeePaid(amount_hkd=cast("int", "1000")), "not of its declared shape"),
        (ApplicationFeePaid(amount_hkd=cast("int", None)), "not of its declared shape"),
        (
            ApplicationRefused(reason_class=cast("Any", "R9"), rules=(), personal=None),
            "not of its declared shape",
        ),
        (
            ApplicationRefused(
                reason_class=cast("Any", "R1"), rules=cast("Any", []), personal=None
            ),
            "read back as something else",
        ),
        (
            ApplicationWithdrawn(personal=cast("Any", {"text": "why", "unknown": 1})),
            "read back as something else",
        ),
        (ApplicationWithdrawn(personal=WithdrawalReason(text="\0")), "NUL"),
        (ApplicationWithdrawn(personal=WithdrawalReason(text="\ud800")), "declared shape"),
        (
            replace(example(SelectionMade), tie_break=datetime(2019, 5, 1)),  # noqa: DTZ001 - it is the fault
            "it.tie_break has no time zone",
        ),
        (cast("Event", WithdrawalReason(text="")), "WithdrawalReason has no wire name"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(event: Event, why: str) -> None:
    with pytest.raises(Unwritable, match=why):
        encoded(event)


def test_a_backslash_before_u0000_is_no_nul() -> None:
    made = ApplicationWithdrawn(personal=WithdrawalReason(text=r"\u0000 and \\u0000"))

    assert decoded(encoded(made)).event == made


def test_an_effective_time_without_a_zone_is_not_written() -> None:
    with pytest.raises(Unwritable, match=r"effective_at .* has no time zone"):
        encoded(example(ApplicationFeePaid), effective_at=datetime(2019, 5, 1))  # noqa: DTZ001 - it is the fault


def test_a_shape_from_the_future_is_named() -> None:
    newer = Codec(wire={ApplicationFeePaid: Wire(name="application-fee-paid", version=2)})

    with pytest.raises(
        EventUnreadable, match=r"has shape 2, .* knows up to 1: upgrade it"
    ) as fault:
        decoded(encoded(example(ApplicationFeePaid), newer))

    assert fault.value.where == "case-1@3"


def test_an_unknown_type_is_named() -> None:
    newer = Codec(wire={ApplicationFeePaid: Wire(name="fee-waived")})

    with pytest.raises(EventUnreadable, match="case-1@3 cannot be read: fee-waived is unknown"):
        decoded(encoded(example(ApplicationFeePaid), newer))


class Why(StrEnum):
    FAMILY = "family"


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    why: Why
    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError(f"nobody is called {self.name!r} because of {self.why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confided:
    personal: Private | None


@pytest.mark.parametrize(
    ("personal", "told"),
    [
        ({"why": "Chan", "name": "x"}, "Invalid enum value - at `$.personal.why`"),
        ({"why": "family", "name": 19}, "Expected `str`, got `int` - at `$.personal.name`"),
        ({"why": "family"}, "Object missing required field `name` - at `$.personal`"),
        ({"why": "family", "name": ""}, "ValidationError - at `$.personal`"),
    ],
)
def test_a_broken_personal_member_is_told_without_its_values(personal: Any, told: str) -> None:
    wire = {cast("type[Event]", Confided): Wire(name="application-withdrawn", version=1)}
    written = Codec(wire={cast("type[Event]", Unchecked): Wire(name="application-withdrawn")})
    body = encoded(cast("Event", Unchecked(personal=personal)), written)

    with pytest.raises(EventUnreadable) as fault:
        decoded(body, Codec(wire=wire))

    assert str(fault.value) == f"event case-1@3 cannot be read: {told}"
    assert fault.value.__context__ is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """The same event, written by a program that asked for nothing."""

    personal: Any


def test_an_upcast_that_fails_quotes_nothing() -> None:
    upcasts = {("moved", 1): lambda old: {"metres": int(f"{old['feet']} Chan")}}

    with pytest.raises(EventUnreadable, match=r"case-1@3 cannot be read: ValueError$") as fault:
        read_through(upcasts, first_shape(100))

    assert fault.value.__context__ is None


def test_what_is_not_of_its_shape_is_refused_without_its_values() -> None:
    made = ApplicationRefused(reason_class=cast("Any", "Chan"), rules=(), personal=None)

    with pytest.raises(Unwritable, match="declared shape: Invalid enum value - at") as fault:
        encoded(made)

    assert fault.value.__context__ is None


def test_a_broken_envelope_is_named_by_its_position() -> None:
    with pytest.raises(EventUnreadable, match="at 5 cannot be read: its envelope is broken"):
        decoded(b'{"stream": 3}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A shape in its third version: `metres` was `feet`, and `why` was not asked at first."""

    metres: int
    personal: WithdrawalReason | None


MOVED = cast("type[Event]", Moved)


def read_through(upcasts: Any, body: bytes) -> Event:
    codec = Codec(wire={MOVED: Wire(name="moved", version=3)}, upcasts=upcasts)
    return decoded(body, codec).event


def first_shape(feet: int) -> bytes:
    envelope = msgspec.json.decode(encoded(example(ApplicationFeePaid)))
    return msgspec.json.encode(envelope | {"type": "moved", "schema": 1, "payload": {"feet": feet}})


def test_an_old_shape_is_read_through_each_upcast_in_turn() -> None:
    upcasts = {
        ("moved", 1): lambda old: {"metres": old["feet"] * 3 // 10},
        ("moved", 2): lambda old: old | {"personal": {"text": "not asked"}},
    }

    read = read_through(upcasts, first_shape(100))

    assert read == Moved(metres=30, personal=WithdrawalReason(text="not asked"))


def test_an_old_shape_without_an_upcast_is_named() -> None:
    with pytest.raises(EventUnreadable, match="no upcast leads on from moved 1"):
        read_through({}, first_shape(100))


def test_an_upcast_that_fails_is_named_with_its_event() -> None:
    upcasts = {("moved", 1): lambda old: {"metres": old["yards"]}}

    with pytest.raises(EventUnreadable, match="case-1@3"):
        read_through(upcasts, first_shape(100))


@pytest.mark.parametrize(
    ("stream", "reference"),
    [("case-QM-1", "QM-1"), ("work-QM-1", "QM-1"), ("exercise-1", None), ("cases", None)],
)
def test_only_a_cases_own_streams_have_a_key(stream: str, reference: str | None) -> None:
    assert reference_of(stream) == reference


def test_instants_are_stored_in_utc() -> None:
    hong_kong = datetime.fromisoformat("2019-05-01T17:00:00+08:00")

    body = encoded(example(ApplicationFeePaid), effective_at=hong_kong)

    assert b'"effective_at":"2019-05-01T09:00:00Z"' in body
    assert decoded(body).effective_at == hong_kong.astimezone(UTC)


def test_a_submission_holds_all_that_was_filed() -> None:
    filed = example(ApplicationSubmitted)

    assert cast("ApplicationSubmitted", decoded(encoded(filed)).event).personal == filed.personal


@pytest.mark.parametrize("name", ["application-scored", "prerequisites-assessed"])
def test_reasons_recorded_in_english_are_read_as_words_written_so(name: str) -> None:
    written = {
        "id": "age",
        "met": True,
        "reason": "Aged 31",
        "evidence": ["applicant.date_of_birth"],
        "edition": None,
    }
    award = {"rule": "r", "points": 30, "reason": "Aged {31}", "evidence": ["b"], "edition": None}
    short = {"rule": "s", "points": 5, "reason": "Needs more"}
    factor = {"factor": "age", "points": 30, "max": 30, "awards": [award], "shortfalls": [short]}
    old = {"personal": {"prerequisites": [written], "criteria": [], "factors": [factor]}}

    now = UPCASTS[(name, 1)](old)["personal"]

    assert now["prerequisites"] == [{**written, "reason": as_words("Aged 31"), "source": []}]
    (read,) = now["factors"]
    assert read["awards"] == [{**award, "reason": as_words("Aged {31}"), "source": []}]
    assert read["shortfalls"] == [
        {**short, "reason": as_words("Needs more"), "evidence": [], "source": []}
    ]
    assert UPCASTS[(name, 1)]({"total": 1, "personal": None}) == {"total": 1, "personal": None}


def as_words(text: str) -> dict[str, Any]:
    return {"message": "as-written", "facts": {"text": text}}
