"""How decisions are told in tests: given a history, when a command, then facts or a refusal.

    given(*history).when(IssueVisa()).then(VisaIssued(...))
    given(*history).when(IssueVisa()).refused(NotAllowedNow, "nothing more can be done")

A refusal ends `when` quietly and is looked at by `refused`; any other exception is a failure.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, reduce

from domain import case
from domain.commands import CaseCommand, ConfirmDecision, Proposal
from domain.deciding.circumstances import Circumstances
from domain.deciding.seconding import MATTER_OF
from domain.errors import Refusal
from domain.events import CaseEvent
from domain.rules.book import parse_rulebook
from domain.rules.types import Rulebook
from domain.stages import CaseState, Stage, stage_of
from services.rules import load_rulebook
from tests.contract.rulebook import shipped_documents

NOON = datetime(2019, 9, 2, 4, 0, tzinfo=UTC)
"""Noon in Hong Kong on 2 September 2019: when everything happens unless another time is named."""

REFERENCE = "QM-4K7RT-9XWPR"


@cache
def real_rulebook() -> Rulebook:
    """Return the rulebook as it ships."""
    return load_rulebook()


def with_a_list_known_later(country: str) -> Rulebook:
    """Return the rules as they ship, with a list that excludes a nationality from 2019 on.

    Nobody knew of it before 2025.
    """
    documents = shipped_documents()
    later = {
        **documents["nationalities"]["editions"][1],
        "id": "nationalities-2019",
        "from": date(2019, 1, 1),
        "known_from": date(2025, 1, 1),
        "members": [country],
    }
    documents["nationalities"]["editions"].insert(2, later)
    return parse_rulebook(documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a command led to: facts, or the refusal that forbade it."""

    before: CaseState
    facts: tuple[CaseEvent, ...]
    refusal: Refusal | None

    def then(self, *expected: CaseEvent) -> None:
        """Exactly these facts followed."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        assert self.facts == expected

    def refused(self, expected: type[Refusal], saying: str = "") -> None:
        """The command was refused for this reason, in a text that holds these words."""
        assert type(self.refusal) is expected, f"{self.refusal!r}, {self.facts}"
        assert saying in str(self.refusal)

    def leads_to(self, stage: Stage) -> None:
        """The facts that followed make this stage of the case."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        assert stage_of(reduce(case.evolve, self.facts, self.before)) is stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A case with a history, at an instant, under rules."""

    state: CaseState
    circumstances: Circumstances

    def at(self, instant: datetime) -> "Given":
        """The same case at another instant."""
        return replace(self, circumstances=replace(self.circumstances, at=instant))

    def by(self, actor: str) -> "Given":
        """The same case before another officer."""
        return replace(self, circumstances=replace(self.circumstances, actor=actor))

    def previewed(self, digest: str) -> "Given":
        """The same case, the preview of whose erasure has this digest."""
        return replace(self, circumstances=replace(self.circumstances, preview=digest))

    def under(self, rulebook: Rulebook) -> "Given":
        """The same case under other rules."""
        return replace(self, circumstances=replace(self.circumstances, rulebook=rulebook))

    def when(self, command: CaseCommand) -> Decided:
        """What the command leads to."""
        try:
            facts = case.decide(self.state, command, self.circumstances)
        except Refusal as refusal:
            return Decided(before=self.state, facts=(), refusal=refusal)
        return Decided(before=self.state, facts=facts, refusal=None)

    def once_confirmed(self, command: Proposal) -> Decided:
        """What a proposal leads to, beside its confirmation, once another officer confirms it."""
        proposed = self.when(command)
        if proposed.refusal is not None:
            return proposed
        state = reduce(case.evolve, proposed.facts, self.state)
        confirm = ConfirmDecision(matter=MATTER_OF[type(command)])
        decided = replace(self, state=state).by("officer-9").when(confirm)
        return replace(decided, facts=decided.facts[1:])


def given(*history: CaseEvent) -> Given:
    """A case with this history, at noon, under the rules as they ship."""
    circumstances = Circumstances(
        at=NOON, rulebook=real_rulebook(), actor="officer-1", reference=REFERENCE
    )
    return Given(state=case.load(history), circumstances=circumstances)
