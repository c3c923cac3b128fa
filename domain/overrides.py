"""The facts of an override: points of one rule that two officers decided.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.rules.types import Assessment


class OverrideCode(StrEnum):
    """Why an officer decides the points of a rule otherwise than its own test."""

    DOCUMENTS_SHOW_MORE = "documents-show-more"
    """Documents show something that counts and that the application did not claim."""
    DOCUMENTS_SHOW_LESS = "documents-show-less"
    """Documents contradict what was claimed."""
    CLAIM_NOT_PROVEN = "claim-not-proven"
    """What was claimed has no document that shows it."""
    RECOGNISED_AS_EQUIVALENT = "recognised-as-equivalent"
    """A qualification, employer or body that is named otherwise counts as the rule asks."""
    FILED_IN_ERROR = "filed-in-error"
    """A slip in the application, in either direction."""
    TEST_MISREADS = "test-misreads"
    """The test takes the facts otherwise than the rule means them."""
    REVIEW_OR_COURT = "review-or-court"
    """A review or a court decided so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideApplied:
    """A rule whose points were decided by two officers: ``decided`` instead of ``computed``.

    The two are one where the rule's own test gives by now what was decided.
    """

    rule: str
    computed: int
    decided: int
    code: OverrideCode
    proposed_by: str
    confirmed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideGrounds:
    """Why other points are right, in the proposer's words, and where the evidence is found."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideProposed:
    """An officer proposed to decide the points of one rule; a second officer is awaited.

    `computed` is what the rule's own test gives and `decided` what is proposed: points, or 1 and
    0 for a criterion that is met or not. `factor` is the factor that the rule belongs to, None
    for a criterion. Nothing of the score has changed.
    """

    rule: str
    factor: str | None
    computed: int
    decided: int
    code: OverrideCode
    proposed_by: str
    personal: OverrideGrounds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideConfirmed:
    """A second officer confirmed what the first had proposed; the new score follows at once.

    `computed`, `decided` and `code` are those of the proposal.
    """

    rule: str
    computed: int
    decided: int
    code: OverrideCode
    proposed_by: str
    confirmed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRemarks:
    """What the second officer said on declining."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideDeclined:
    """A second officer declined what the first had proposed; the score stays as it is.

    `personal` is None where nothing was said.
    """

    rule: str
    proposed_by: str
    declined_by: str
    personal: OverrideRemarks | None


def matter_of(rule: str) -> str:
    """Return what officers act on when they decide the points of a rule."""
    return f"override:{rule}"


def standing_in(
    found: Assessment, overrides: Iterable[OverrideApplied]
) -> tuple[OverrideApplied, ...]:
    """Return the overrides of an assessment, each beside what its rule's own test gives in it."""
    computed = {each.rule: each.computed for each in found.overrides}
    return tuple(
        replace(each, computed=computed.get(each.rule, each.decided)) for each in overrides
    )
