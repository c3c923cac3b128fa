"""The frozen pool that was looked at last, so that the next step need not read it again."""

from domain.exercise_events import ExerciseOpened
from domain.exercise_states import Pool


class LatestPool:
    """One pool at most, safe to share between threads.

    A pool never changes once it is frozen, and whoever keeps one here has compared its digest with
    that of the opening.
    """

    def __init__(self) -> None:
        self._kept: tuple[ExerciseOpened, Pool] | None = None

    def of(self, opened: ExerciseOpened) -> Pool | None:
        """Return the pool of that very opening, None where it is not the one kept."""
        kept = self._kept
        return kept[1] if kept is not None and kept[0] == opened else None

    def keep(self, opened: ExerciseOpened, pool: Pool) -> None:
        """This pool is kept, and no other."""
        self._kept = (opened, pool)
