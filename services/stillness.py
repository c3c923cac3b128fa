"""What stands still until a person has seen to it is told by workers: in one line, now and then.

Law: each commit wakes whoever follows the log, and each finds the same, so a line a minute is loud
enough. It says what is wrong and what to do; where that is new, also where it was met.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from domain.errors import Reportable
from services.notifications.entries import PlannedFromAnotherLog
from services.notifications.planning import PlanningStopped
from services.projections.errors import ProjectionOutdated, StandsStill

TELL_SECONDS: Final = 60.0

_KNOWN: Final = (StandsStill, ProjectionOutdated, PlanningStopped, PlannedFromAnotherLog)
_log: Final = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Stillness:
    """What this process told of, and when; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, tuple[str, float]] = {}

    def told(self, name: str, work: Callable[[], _T]) -> _T | None:
        """Return what comes of the work; None where it stands still, and then that is logged."""
        try:
            return work()
        except _KNOWN as fault:
            self._tell(name, fault)
            return None

    def _tell(self, name: str, fault: Reportable) -> None:
        now, said = self._clock(), str(fault)
        before, at = self._told.get(name, ("", float("-inf")))
        if now - at < TELL_SECONDS:
            return
        self._told[name] = said, now
        trace = fault.__cause__ if said != before else None
        _log.error(
            "stands_still", name=name, fault=type(fault).__name__, because=said, exc_info=trace
        )
