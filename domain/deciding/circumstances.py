"""What every decision about a case shares: its circumstances, and the refusals of any stage."""

from dataclasses import dataclass
from datetime import datetime

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.errors import NotAllowedNow, WrongAmount
from domain.rules.types import Rulebook

Facts = tuple[e.CaseEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a decision may look at besides the case: the instant it takes effect, and the rules.

    `reference` is the reference that a new case is to have. `since` is when the case came to its
    stage, None for a new one.
    """

    at: datetime
    rulebook: Rulebook
    reference: str = ""
    since: datetime | None = None


def not_now(state: s.CaseState, command: c.CaseCommand) -> NotAllowedNow:
    """The refusal of a command that the stage does not allow."""
    return NotAllowedNow(type(command).__name__, s.stage_of(state), s.possible(state))


def exactly(due: int, paid: int) -> None:
    """Pass where what was paid is what was due, else refuse."""
    if due != paid:
        raise WrongAmount(due, paid)
