"""What must be done beyond the log when something has happened: event to effects, as one table.

Law: an effect's name is permanent, because the ledger that keeps effects from being carried out
twice knows them by it. A new effect is one line here and one template; it applies to events that
are recorded from then on and never to the past.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.events import ApplicationAcknowledged, Event


class Party(StrEnum):
    """Who an effect is for, as a role in the case."""

    APPLICANT = "applicant"


class Means(StrEnum):
    """How an effect reaches its party."""

    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing to do because of one event: `name` chooses the text that `to` is sent."""

    name: str
    to: Party = Party.APPLICANT
    by: Means = Means.EMAIL


EFFECTS: Final[Mapping[type[Event], tuple[Effect, ...]]] = MappingProxyType(
    {
        ApplicationAcknowledged: (Effect(name="acknowledgement"),),
    }
)
"""Every effect there is, by the event that calls for it."""


def effects(event: Event) -> tuple[Effect, ...]:
    """Return what must be done because of `event`; most events call for nothing."""
    return EFFECTS.get(type(event), ())
