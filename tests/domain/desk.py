"""How decisions on the work on a case are told in tests, as `deciding.py` tells those of a case.

given(*history).by(LEE).when(TakeCase()).then(CaseTaken(officer=LEE))
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from domain import work
from domain import work_events as e
from domain.deadlines import (
    Deadline,
    DeadlineApproaching,
    DeadlineEvent,
    DeadlinePassed,
    StillInQueue,
)
from domain.errors import Refusal
from domain.particulars import ErasureDecided
from domain.work_commands import WorkCommand

CHAN, LEE, WONG = "officer.chan", "officer.lee", "supervisor.wong"
OFFICERS = frozenset({CHAN, LEE, WONG})
TODAY = date(2019, 6, 1)
TEXT = "The diploma is under its maiden name"
TOLD: tuple[DeadlineEvent, ...] = (
    DeadlineApproaching(deadline=Deadline.DOCUMENTS, due_on=date(2019, 6, 1), opened=3, days=14),
    DeadlinePassed(deadline=Deadline.DOCUMENTS, due_on=date(2019, 6, 1), opened=3),
    StillInQueue(since=datetime(2019, 5, 1, tzinfo=UTC)),
)
"""What time brings, one of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a command led to: facts, or the refusal that forbade it."""

    facts: tuple[e.WorkEvent, ...]
    refusal: Refusal | None

    def then(self, *expected: e.WorkEvent) -> None:
        """Exactly these facts followed."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        assert self.facts == expected

    def refused(self, expected: type[Refusal], saying: str = "") -> None:
        """The command was refused for this reason, in a text that holds these words."""
        assert type(self.refusal) is expected, f"{self.refusal!r}, {self.facts}"
        assert saying in str(self.refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The work on a case so far, before somebody."""

    state: work.WorkState
    circumstances: work.WorkCircumstances

    def by(self, actor: str) -> "Given":
        """The same work before another officer."""
        return replace(self, circumstances=replace(self.circumstances, actor=actor))

    def recused(self, *officers: str) -> "Given":
        """The same work on a case that these officers must not have."""
        return replace(self, circumstances=replace(self.circumstances, recused=frozenset(officers)))

    def with_undelivered(self, letters: Mapping[int, e.LetterPosted]) -> "Given":
        """The same work on a case of which mail could not deliver these letters."""
        return replace(self, circumstances=replace(self.circumstances, undelivered=letters))

    def among(self, officers: frozenset[str] | None) -> "Given":
        """The same work in an office that knows these officers."""
        return replace(self, circumstances=replace(self.circumstances, officers=officers))

    def when(self, command: WorkCommand) -> Decided:
        """What the command leads to."""
        try:
            facts = work.decide(self.state, command, self.circumstances)
        except Refusal as refusal:
            return Decided(facts=(), refusal=refusal)
        return Decided(facts=facts, refusal=None)


def given(*history: e.WorkEvent | ErasureDecided) -> Given:
    """The work on a case with this history, before officer Chan."""
    return Given(
        state=work.load(history),
        circumstances=work.WorkCircumstances(
            actor=CHAN, today=TODAY, access_days=40, officers=OFFICERS
        ),
    )


def taken(officer: str = CHAN) -> e.CaseTaken:
    """Return that an officer took the case."""
    return e.CaseTaken(officer=officer)


def handed(officer: str, before: str) -> e.CaseHandedOver:
    """Return that the case was handed over."""
    return e.CaseHandedOver(officer=officer, before=before)


def noted(number: int = 1, author: str = CHAN, text: str | None = TEXT) -> e.NoteAdded:
    """Return a note; without a text its person has been erased."""
    personal = None if text is None else e.NoteText(text=text)
    return e.NoteAdded(note=number, author=author, personal=personal)


def superseded(number: int, supersedes: int, author: str = CHAN) -> e.NoteSuperseded:
    """Return a note in the place of another."""
    return e.NoteSuperseded(
        note=number, supersedes=supersedes, author=author, personal=e.NoteText(text=TEXT)
    )


def returned(before: str, officer: str | None = None) -> e.CaseReturned:
    """Return that a case was returned, to the queue or an officer."""
    reason = e.ReturnReason(text="Needs somebody who reads French")
    return e.CaseReturned(officer=officer, before=before, personal=reason)
