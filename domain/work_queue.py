"""Which cases wait for an officer who has none to do: the queue of the office.

A case waits for an officer while it is undecided and the next step is neither its applicant's nor
an exercise's. Whoever names a stage means the undecided cases at that one, whoever is next there;
but none whose applicant was asked for documents and has not answered, and none that an
investigation holds: on these there is nothing for an officer to do.
"""

from typing import Final

from domain.application import Route
from domain.errors import NothingWaits
from domain.projections.status import AWAITED, Party, Step
from domain.stages import CaseState, Draft, Stage, stage_of
from domain.traces import UNDECIDED
from domain.work_commands import TakeNext

_BY_EXERCISE: Final = frozenset({Step.EXERCISE, Step.SELECTION})

FOR_OFFICERS: Final[tuple[Stage, ...]] = tuple(
    stage
    for stage in Stage
    if stage in UNDECIDED
    and AWAITED[stage].party is Party.OFFICE
    and AWAITED[stage].step not in _BY_EXERCISE
)
"""The stages at which a case waits for an officer, in the order of a case's life."""


def stages_meant(wanted: TakeNext) -> tuple[Stage, ...]:
    """Return the stages that `wanted` means; none where it names one with nothing undecided."""
    if wanted.stage is None:
        return FOR_OFFICERS
    return (wanted.stage,) if wanted.stage in UNDECIDED else ()


def routes_meant(wanted: TakeNext) -> tuple[Route, ...]:
    """Return the routes that `wanted` means."""
    return tuple(Route) if wanted.route is None else (wanted.route,)


def is_meant(case: CaseState, wanted: TakeNext) -> bool:
    """Say whether the case, as it is, is one of those that `wanted` means."""
    if isinstance(case, Draft) or case.filed.route not in routes_meant(wanted):
        return False
    kept_back = case.filed.held or case.filed.papers.requested is not None
    return stage_of(case) in stages_meant(wanted) and not kept_back


def nothing_waits(wanted: TakeNext) -> NothingWaits:
    """Return the refusal of whoever wants the next case where there is none."""
    kind = " of this kind" if wanted.stage or wanted.route else ""
    return NothingWaits(
        f"no case{kind} waits for an officer: somebody has each of them, or it waits for an "
        "applicant, a day or an exercise"
    )
