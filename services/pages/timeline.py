"""The events of a case in words: what happened, when it did and when it was recorded, by whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from domain import events as e
from domain.moves import still_standing
from domain.record import Recorded
from domain.rules.types import Assessment
from domain.wire import WIRE
from domain.work_events import WorkEvent
from services.catalogue import Catalogue
from services.documents.telling import paper_told
from services.facts import lapsed
from services.overrides import override_told
from services.pages.shown import Entry, outline

EventT = TypeVar("EventT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event as a page shows it.

    `told` are lines that say at once what its fields say one by one. `entries` is the skeleton that
    stays for ever; `personal` is what concerns the person, empty where there is nothing and once it
    is `erased`.
    """

    title: str
    told: tuple[str, ...]
    wire: str
    recorded: Recorded[e.CaseEvent] | Recorded[WorkEvent]
    entries: tuple[Entry, ...]
    personal: tuple[Entry, ...]
    erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The latest assessments of a case with the events that recorded them; None where none is.

    Each assessment is None once its person is erased; the event keeps the decision's skeleton.
    """

    prerequisites: Recorded[e.PrerequisitesAssessed] | None
    score: Recorded[e.ApplicationScored] | None

    @property
    def findings(self) -> Assessment | None:
        """What was found on the prerequisites, with reasons."""
        return self.prerequisites.event.personal if self.prerequisites else None

    @property
    def awards(self) -> Assessment | None:
        """What was awarded, with reasons."""
        return self.score.event.personal if self.score else None


def steps(words: Catalogue, events: Sequence[Recorded[e.CaseEvent]]) -> tuple[Step, ...]:
    """Return the events of a case from its first on in words, in their order."""
    gone = lapsed(events)
    return tuple(_step(words, each, gone.get(each.version, ())) for each in events)


def work_steps(words: Catalogue, events: Sequence[Recorded[WorkEvent]]) -> tuple[Step, ...]:
    """Return the events of the work on a case in words, in their order."""
    return tuple(_step(words, each, ()) for each in events)


def assessed(events: Sequence[Recorded[e.CaseEvent]]) -> Assessed:
    """Return the latest assessments among `events` that still stand."""
    standing = still_standing(events)
    return Assessed(
        prerequisites=latest(standing, e.PrerequisitesAssessed),
        score=latest(standing, e.ApplicationScored),
    )


def latest(events: Sequence[Recorded[e.CaseEvent]], kind: type[EventT]) -> Recorded[EventT] | None:
    """Return the last event of a kind, None when there is none."""
    found = next((each for each in reversed(events) if isinstance(each.event, kind)), None)
    return cast("Recorded[EventT] | None", found)


def _step(
    words: Catalogue,
    recorded: Recorded[e.CaseEvent] | Recorded[WorkEvent],
    gone: Iterable[str],
) -> Step:
    event, wire = recorded.event, WIRE[type(recorded.event)]
    personal = getattr(event, "personal", None)
    return Step(
        title=words(f"event.{wire.name}"),
        told=(
            *filter(None, (override_told(event), paper_told(event))),
            *(f"The {what} that awaited a second officer lapses" for what in gone),
        ),
        wire=f"{wire.name} v{wire.version}",
        recorded=recorded,
        entries=outline(words, event),
        personal=outline(words, personal) if personal is not None else (),
        erased=personal is None and hasattr(event, "personal"),
    )
