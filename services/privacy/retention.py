"""What is kept for longer than the schedule of retention says: a report, and nothing is done by it.

Law: it erases no case. Of a case whose time is over it says what two officers may propose; of any
other record it says what takes it away, and who.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from domain.days import hong_kong_date
from domain.errors import DayImpossible
from domain.looks import Look
from domain.references import parse_reference
from domain.retaining import STAGES_OF
from domain.rules.choose import retention
from domain.rules.retention import Authority, RecordClass, Retention, RunsFrom
from services.counts import Count
from services.imports import start_of
from services.intake.fields import instant_or_none
from services.notifications.kept import codes_asked, letters_settled
from services.projections.errors import BadCursor
from services.projections.retention import (
    Aged,
    AgedCounts,
    Place,
    aged_cases,
    aged_counts,
    looks_before,
)
from services.wiring import Office

LIMIT: Final = 25
MOST: Final = 200

_LAST: Final = date(9_000, 1, 1)
"""Beyond it there is no calendar to add a period in."""

NEXT_STEP: Final[Mapping[RecordClass, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            STAGES_OF,
            "see `qmas privacy erase-preview REFERENCE`, then propose it with "
            "`qmas command propose-erasure REFERENCE`; a second officer confirms",
        ),
        RecordClass.NEVER_COMPLETED: (
            "close it first with `qmas command withdraw-application REFERENCE`; then it counts as "
            "withdrawn"
        ),
        RecordClass.LOOKS: (
            "no program deletes any; the owner of the schema takes them away by hand, as "
            "docs/how-to/keep-data-no-longer.md says"
        ),
        RecordClass.LETTERS: "they go with the erasure of their case, and in no other way",
        RecordClass.SESSIONS: "they are deleted by themselves when somebody signs in",
        RecordClass.SERVICE_TOKENS: (
            "none is deleted: an entry names a program and whoever made it, and holds no secret"
        ),
        RecordClass.CODES: (
            "they are deleted by themselves within a minute, while workers run, once they are a "
            "whole day old: for so long they count"
        ),
    }
)
"""What can be done about records of each class whose time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A class of records: its rule, and how many are due, kept by a legal hold, and not due.

    What began by the end of `began_by` is due. None of the three is counted beyond 10,000; where
    there may be more, `or_more` names it. `next_step` is what can be done about what is due.
    """

    record: RecordClass
    period: str
    runs_from: RunsFrom
    authority: Authority
    source: tuple[str, ...]
    note: str
    began_by: date
    due: int
    held: int
    not_due: int
    or_more: tuple[str, ...]
    next_step: str

    def said(self, name: str) -> str:
        """Return one of the three numbers as people read it."""
        return str(Count(number=getattr(self, name), or_more=name in self.or_more))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Every class of records as it stands on a day."""

    on: date
    classes: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCase:
    """A case whose time is over since `over_on`; `held` says that a legal hold keeps it."""

    reference: str
    since: datetime
    over_on: date
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCases:
    """A page of such cases of a class, what is over for longest first.

    `next` is the cursor of the page after it, null on the last.
    """

    record: RecordClass
    on: date
    cases: tuple[DueCase, ...]
    next: str | None


def schedule(office: Office, look: Look, on: date | None = None) -> Schedule:
    """Return every class of records as it stands on a day, today without one, the look on record.

    Raises `DayImpossible`, and `NoRule` for a day before there was a schedule.
    """
    day = _day(office, on)
    rules = {each: retention(office.rulebook, each, day) for each in RecordClass}
    aged = [_aged(rules[each], day) for each in STAGES_OF]
    counted = aged_counts(office.models, look, aged, day)
    counts = dict(zip(STAGES_OF, counted, strict=True))
    counts |= {each: _beside(office, rules[each], day) for each in _BESIDE}
    return Schedule(
        on=day, classes=tuple(_line(rules[each], counts[each], day) for each in RecordClass)
    )


def due_cases(  # noqa: PLR0913 - what is asked for, each by its name
    office: Office,
    look: Look,
    record: RecordClass,
    *,
    on: date | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> DueCases:
    """Return the cases of a class whose time is over on a day, a page of them, the look on record.

    Of a class that has no cases there are none. Raises `BadCursor` besides.
    """
    rule = retention(office.rulebook, record, day := _day(office, on))
    if record not in STAGES_OF:
        return DueCases(record=record, on=day, cases=(), next=None)
    place = None if after is None else _place(after)
    aged = _aged(rule, day)
    found, following = aged_cases(office.models, look, aged, day, after=place, limit=limit)
    return DueCases(
        record=record,
        on=day,
        cases=tuple(
            DueCase(
                reference=each.reference,
                since=each.since,
                over_on=rule.over_on(hong_kong_date(each.since)),
                held=each.held,
            )
            for each in found
        ),
        next=None if following is None else _cursor(following),
    )


def over_before(office: Office, record: RecordClass) -> datetime:
    """Return the instant before which those records of a class began whose time is over today."""
    day = _day(office, None)
    return _until(retention(office.rulebook, record, day), day)


def _line(rule: Retention, counts: AgedCounts, day: date) -> Line:
    return Line(
        record=rule.record,
        period=rule.period,
        runs_from=rule.runs_from,
        authority=rule.authority,
        source=rule.life.cited.source,
        note=rule.life.cited.note,
        began_by=rule.last_over(day),
        due=counts.due.number,
        held=counts.held.number,
        not_due=counts.not_due.number,
        or_more=tuple(each.name for each in fields(counts) if getattr(counts, each.name).or_more),
        next_step=NEXT_STEP[rule.record],
    )


def _beside(office: Office, rule: Retention, day: date) -> AgedCounts:
    due, not_due = _BESIDE[rule.record](office, _until(rule, day))
    return AgedCounts(due=due, held=Count(number=0), not_due=not_due)


def _aged(rule: Retention, day: date) -> Aged:
    stage = STAGES_OF[rule.record]
    return Aged(stage=stage, runs_from=rule.runs_from, until=_until(rule, day))


def _until(rule: Retention, day: date) -> datetime:
    return start_of(rule.last_over(day) + timedelta(days=1))


def _day(office: Office, on: date | None) -> date:
    day = on or hong_kong_date(office.clock())
    if day > _LAST:
        raise DayImpossible(f"{day.isoformat()} is beyond the calendar; name a nearer day")
    return day


def _cursor(place: Place) -> str:
    # Nothing that an address would have to have spelled otherwise.
    since = place.since.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{since}Z~{place.reference}"


def _place(cursor: str) -> Place:
    since, _, reference = cursor.partition("~")
    instant, known = instant_or_none(since), parse_reference(reference)
    if instant is None or known is None:
        raise BadCursor
    return Place(since=instant, reference=known)


def _tokens(office: Office, until: datetime) -> tuple[Count, Count]:
    found = office.tokens.all()
    old = sum(each.until < until for each in found)
    return Count(number=old), Count(number=len(found) - old)


_BESIDE: Final[Mapping[RecordClass, Callable[[Office, datetime], tuple[Count, Count]]]] = (
    MappingProxyType(
        {
            RecordClass.LOOKS: lambda office, until: looks_before(office.models, until),
            RecordClass.LETTERS: lambda office, until: letters_settled(office.ledger, until),
            RecordClass.SESSIONS: lambda office, until: office.sessions.begun(until),
            RecordClass.SERVICE_TOKENS: _tokens,
            RecordClass.CODES: lambda office, until: codes_asked(office.ledger, until),
        }
    )
)
"""How many records of a class that are no cases began before an instant, and since."""
