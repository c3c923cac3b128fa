"""The facts of what a panel says of a shortlisted case, and of a departure from rank.

They are events of a case like those in `events.py`, which gives them their wire names; what is
said there of personal data and of change holds here too. A grade alone moves nobody: it is advice
[S1][S34]. Only a recorded departure gives a place that the rank does not, or takes one away.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Grade(StrEnum):
    """What the panel finds: one of four grades, or whether an achievement is exceptional [S1]."""

    OUTSTANDING = "outstanding"
    HIGHLY_RECOMMENDED = "highly-recommended"
    RECOMMENDED = "recommended"
    AVERAGE = "average"
    EXCEPTIONAL = "exceptional"
    NOT_EXCEPTIONAL = "not-exceptional"


OF_ACHIEVEMENT: Final = frozenset({Grade.EXCEPTIONAL, Grade.NOT_EXCEPTIONAL})
"""The grades that an achievement case is given; every other case is given one of the others."""


class Direction(StrEnum):
    """Which way a departure from rank goes."""

    PLACE = "place"
    """The case is to have a place that its rank does not give it."""
    NO_PLACE = "no-place"
    """The case is to have none, whatever its rank."""


class DepartureCode(StrEnum):
    """Why the committee departs from rank."""

    NEEDS = "socio-economic-needs"
    """What the case would bring is needed more, or less, than its points tell."""
    SECTOR_MIX = "sector-mix"
    """Its sector is short of, or crowded among, those selected."""
    GRADE = "panel-grade"
    """The panel's grade stands out against the points."""
    DOUBTS = "doubts-remain"
    """What was claimed is not borne out well enough to allot a place."""
    REVIEW_OR_COURT = "review-or-court"
    """A review or a court decided so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRemarks:
    """What the panel says of the case."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGraded:
    """The panel graded the shortlisted case; a later grade stands in place of an earlier one.

    `personal` is None where nothing was said.
    """

    exercise: str
    grade: Grade
    graded_by: str
    personal: GradeRemarks | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureReason:
    """Why the committee departs from the rank of the case, in words."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTakenOutOfRank:
    """The exercise departs from the rank of the case; `grade` is the one that it had then.

    The exercise's own stream has the same in clear, in the same commit.
    """

    exercise: str
    direction: Direction
    code: DepartureCode
    grade: Grade
    decided_by: str
    personal: DepartureReason | None
