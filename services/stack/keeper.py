"""Starts again what ends by itself: each process of a home that `up` started and nobody stopped.

Law: it is nobody's parent. Processes run on without it, each known by its file, so that whoever
kills it stops nothing and leaves nothing behind that `down` would not find.
Run as `python -m services.stack.keeper FILE`, which it touches whenever it has looked.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from services.logs import log_as_json
from services.settings import Settings
from services.stack import lifecycle
from services.stack.errors import StackFault
from services.stack.places import Places, settle
from services.stack.processes import Running
from services.stack.programs import Program

LOOKS_EVERY_SECONDS: Final = 0.5
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
STEADY_SECONDS: Final = 60.0
"""What ran that long before it ended is started again as soon as what never ended before."""

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A process that ended, how long it is left alone, and until when by the keeper's clock."""

    gone: Running
    pause: float
    until: float


class Keeper:
    """Looks after the processes of one home; `clock` tells seconds, and only their difference."""

    def __init__(
        self, settings: Settings, places: Places, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._places = places
        self._clock = clock
        self._losses: dict[str, Loss] = {}

    def look(self) -> None:
        """What ended has been noticed, or started again once its pause was over."""
        for program, gone in tuple(lifecycle.ended(self._settings, self._places)):
            loss = self._losses.get(program.name)
            if loss is None or loss.gone != gone:
                loss = self._noticed(program.name, gone, loss)
            if self._clock() >= loss.until:
                self._start_again(program, loss)

    def _start_again(self, program: Program, loss: Loss) -> None:
        """It runs anew; or is left alone for longer, and the others are looked after."""
        name, gone = program.name, loss.gone
        try:
            if lifecycle.start_again(self._settings, self._places, program, gone):
                _log.warning("started_again", process=name, restarts=gone.restarts + 1)
        except (StackFault, OSError) as fault:
            pause = pause_after(loss.pause, 0.0)
            self._losses[name] = Loss(gone=gone, pause=pause, until=self._clock() + pause)
            _log.error("not_started_again", process=name, fault=str(fault), again_in_seconds=pause)

    def _noticed(self, name: str, gone: Running, before: Loss | None) -> Loss:
        ran = (datetime.now(UTC) - gone.since).total_seconds()
        pause = pause_after(before.pause if before else 0.0, ran)
        _log.warning("process_ended", process=name, pid=gone.pid, again_in_seconds=pause)
        loss = Loss(gone=gone, pause=pause, until=self._clock() + pause)
        self._losses[name] = loss
        return loss


def pause_after(before: float, ran: float) -> float:
    """Return how long what ran for `ran` seconds is left alone, if last it was for `before`."""
    if ran >= STEADY_SECONDS:
        return FIRST_PAUSE_SECONDS
    return min(max(2 * before, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)


def keep(settings: Settings, seen: Path) -> None:
    """Whatever ends is started again for as long as this process runs."""
    places = settle(settings.home)
    keeper = Keeper(settings, places)
    while True:
        try:
            keeper.look()
            seen.touch()
        except (StackFault, OSError) as fault:
            _log.error("not_looked_after", fault=str(fault))
        time.sleep(LOOKS_EVERY_SECONDS)


if __name__ == "__main__":
    log_as_json()
    keep(Settings.from_environment(), Path(sys.argv[1]))
