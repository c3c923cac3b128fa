"""An event of the log as another system is told it: a CloudEvent 1.0 in structured JSON.

Law: only what stands in the log in clear is told, never the personal member, and never what
concerns the work in the office; and the same event is told in the same bytes at every attempt.
"""

from dataclasses import fields
from typing import Final, get_args

import msgspec

from domain.events import CaseEvent, Event
from domain.exercise_events import ExerciseEvent
from domain.record import Recorded
from domain.wire import WIRE

MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"
TEST: Final = "webhook-test"
TOLD: Final = ("case", "exercise")
"""The kinds of streams whose events are told; those of `work` are the office's own."""

NAMES: Final = tuple(
    sorted(WIRE[each].name for each in (*get_args(CaseEvent), *get_args(ExerciseEvent)))
)
"""The wire names of all that can be told."""

_PLACES: Final = 20  # positions as texts of one length stand in the order of the log


def told_of(recorded: Recorded[Event]) -> tuple[str, str] | None:
    """Return an event's wire name and its subject, None for one that is told to nobody."""
    kind, _, subject = recorded.stream.partition("-")
    return (WIRE[type(recorded.event)].name, subject) if kind in TOLD else None


def written(recorded: Recorded[Event], *, source: str, prefix: str) -> bytes:
    """Return the body for an event; `prefix` stands before its wire name, as in `org.example`."""
    _, _, subject = recorded.stream.partition("-")
    wire = WIRE[type(recorded.event)]
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": recorded.event_id,
            "source": source,
            "type": f"{prefix}.{wire.name}",
            "subject": subject,
            "time": recorded.recorded_at,
            "datacontenttype": "application/json",
            # Extensions: the shape of `data`, the event's places in the log and in its stream, and
            # when it took effect.
            "shape": wire.version,
            "sequence": f"{recorded.position:0{_PLACES}}",
            "version": recorded.version,
            "effectiveat": recorded.effective_at,
            "data": {
                field.name: getattr(recorded.event, field.name)
                for field in fields(recorded.event)
                if field.name != "personal"
            },
        }
    )


def trial(event_id: str, *, source: str, prefix: str) -> bytes:
    """Return the body of an event that says nothing but that it arrived."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": source,
            "type": f"{prefix}.{TEST}",
            "datacontenttype": "application/json",
            "data": {},
        }
    )
