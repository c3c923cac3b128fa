"""What stands still until a person has seen to it is told by workers: in one line, now and then.

Law: each commit wakes whoever follows the log, and each finds the same, so a line a minute is loud
enough. It says what is wrong and what to do; where that is new, also where it was met.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from domain.errors import Reportable
from services.notifications.entries import PlannedFromAnotherLog
from services.notifications.planning import PlanningStopped
from services.projections.errors import ProjectionOutdated, StandsStill
from services.seldom import Seldom

_KNOWN: Final = (StandsStill, ProjectionOutdated, PlanningStopped, PlannedFromAnotherLog)
_log: Final = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Stillness:
    """What this process told of; `seldom` says when it is told again."""

    def __init__(self, seldom: Seldom | None = None) -> None:
        self._seldom = seldom or Seldom()
        self._told: dict[str, str] = {}

    def told(self, name: str, work: Callable[[], _T]) -> _T | None:
        """Return what comes of the work; None where it stands still, and then that is logged."""
        try:
            return work()
        except _KNOWN as fault:
            self._tell(name, fault)
            return None

    def _tell(self, name: str, fault: Reportable) -> None:
        if not self._seldom.tells(name):
            return
        before, said = self._told.get(name), str(fault)
        self._told[name] = said
        trace = fault.__cause__ if said != before else None
        _log.error(
            "stands_still", name=name, fault=type(fault).__name__, because=said, exc_info=trace
        )
