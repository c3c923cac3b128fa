"""Which filings a change of the rules catches, each change by a policy of its own.

Law: the policy is data of the change, never of the code that asks. Of the changes that catch a
filing the one that began last holds; where that one had ended, nothing does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Protocol, TypeVar, assert_never

from domain.application import Application, Route
from domain.days import hong_kong_date, last_instant
from domain.rules.factors import Citation
from domain.rules.life import Life
from domain.rules.reading import Table
from domain.rules.types import Catches, Transition

_EVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What of a case decides which rules hold for it, asked on the day `on`.

    `approved_on` is None while it is not approved. `listed_profession` says that the applicant
    sent proof of a profession on the Talent List.
    """

    route: Route
    submitted_at: datetime
    on: date
    approved_on: date | None = None
    listed_profession: bool = False

    @property
    def submitted_on(self) -> date:
        """The day of submission on Hong Kong's calendar."""
        return hong_kong_date(self.submitted_at)

    @property
    def approved_at_the_earliest(self) -> date:
        """The day of approval; without one, the day asked, as it can only be approved from then."""
        return self.approved_on or self.on


def filed_on(route: Route, day: date) -> Filing:
    """The filing of somebody who submits at the end of that Hong Kong day and is assessed on it."""
    return Filing(route=route, submitted_at=last_instant(day), on=day)


def has_listed_profession(application: Application) -> bool:
    """True when a profession on the Talent List is claimed and evidenced."""
    return bool((application.talent_list_profession or "").strip())


class Change(Protocol):
    """Something that holds over a life and says which filings it caught when it began."""

    @property
    def life(self) -> Life:
        """The days on which it holds."""

    @property
    def transition(self) -> Transition:
        """Which filings it caught."""


_Change = TypeVar("_Change", bound=Change)


def holding(changes: Iterable[_Change], filing: Filing) -> _Change | None:
    """The change that holds for a filing, or None."""
    caught = [each for each in changes if catches(each, filing)]
    last = max(caught, key=_beginning, default=None)
    return None if last is None or _ended(last, filing) else last


def catches(change: Change, filing: Filing) -> bool:
    """True when the change had begun for this filing, whether or not it ended since."""
    transition, first = change.transition, change.life.first
    match transition.catches:
        case Catches.SUBMISSION_DATE:
            return filing.submitted_on >= first
        case Catches.SUBMISSION_INSTANT:
            return transition.at is not None and filing.submitted_at >= transition.at
        case Catches.APPROVAL_DATE | Catches.IN_PROCESS:
            return filing.approved_at_the_earliest >= first
        case Catches.IN_PROCESS_WITH_PROOF:
            in_process = filing.approved_at_the_earliest >= first
            return filing.submitted_on >= first or (in_process and filing.listed_profession)
        case _:
            assert_never(transition.catches)


def read_transition(table: Table, life: Life, cited: Citation) -> Transition:
    """The transition that a table describes, with a fault where it contradicts the life."""
    policy = table.one_of("catches", Catches)
    by_instant = policy is Catches.SUBMISSION_INSTANT
    at = table.instant("at") if by_instant or table.has("at") else None
    if at is not None and not by_instant:
        table.fault("at", f"is for a change that catches by {Catches.SUBMISSION_INSTANT}")
    elif at is not None and _read(life.first, at) and life.first != hong_kong_date(at):
        table.fault("at", f"{at.isoformat()} is not on the first day, {life.first}")
    return Transition(catches=policy, at=at, cited=cited)


def _read(first: date, at: datetime) -> bool:
    """True when neither is a stand-in for what could not be read, which has its fault already."""
    return date.min.year not in (first.year, at.year)


def _beginning(change: Change) -> tuple[date, datetime]:
    return change.life.first, change.transition.at or _EVER


def _ended(change: Change, filing: Filing) -> bool:
    """True when the life was over on the day that decides.

    A change that caught a filing in process keeps it, however long the decision takes.
    """
    by_approval = change.transition.catches is Catches.APPROVAL_DATE
    day = filing.approved_at_the_earliest if by_approval else filing.submitted_on
    return change.life.until is not None and day > change.life.until
