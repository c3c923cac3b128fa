"""What every decision about a case shares: its circumstances, and the refusals of any stage."""

from dataclasses import dataclass
from datetime import date, datetime

from domain import commands as c
from domain import events as e
from domain import following
from domain import stages as s
from domain.days import hong_kong_date
from domain.errors import NotAllowedNow, WrongAmount
from domain.filed import Filed
from domain.rules.transitions import Filing, has_listed_profession
from domain.rules.types import Rulebook

Facts = tuple[e.CaseEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a decision may look at besides the case: the instant it takes effect, and the rules.

    `actor` is who asks, by the name that stays theirs in every role. `reference` is the reference
    that a new case is to have, `refiling` that of the case on the other side where one takes the
    place of another, and `stored` the SHA-256, in hex, of the sealed bytes of a document that comes
    in. `since` is when the case came to its stage, None for a new one. `preview` is the digest of
    what an erasure would make unreadable now, empty where none is confirmed or nothing opens.
    """

    at: datetime
    rulebook: Rulebook
    actor: str
    reference: str = ""
    stored: str = ""
    refiling: str | None = None
    since: datetime | None = None
    preview: str = ""

    @property
    def today(self) -> date:
        """The day on Hong Kong's calendar on which the decision takes effect."""
        return hong_kong_date(self.at)


def filing_of(filed: Filed, given: Circumstances) -> Filing:
    """Return what decides which rules hold for an undecided case today."""
    return Filing(
        route=filed.route,
        submitted_at=filed.submitted_at,
        on=given.today,
        listed_profession=filed.application is not None
        and has_listed_profession(filed.application),
    )


def not_now(state: s.CaseState, command: c.CaseCommand) -> NotAllowedNow:
    """The refusal of a command that the stage does not allow."""
    return NotAllowedNow(type(command).__name__, s.stage_of(state), following.possible(state))


def exactly(due: int, paid: int) -> None:
    """Pass where what was paid is what was due, else refuse."""
    if due != paid:
        raise WrongAmount(due, paid)
