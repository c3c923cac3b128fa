"""What became of applications, counted for the funnel of an exercise.

Law: a pool is frozen by the rows of a read model and drawn again by the states that the log leads
to, and both give the same counts. So what counts as what is said here, once.
"""

from collections import Counter

from domain.application import Route
from domain.events import RefusalClass
from domain.exercise_events import RouteCounts
from domain.stages import CaseState, Draft, Refused, Stage, UnderReconsideration, stage_of

_REFUSED = frozenset({Stage.REFUSED, Stage.UNDER_RECONSIDERATION})


class Tally:
    """Counts what became of applications, by their routes."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[Route, str]] = Counter()

    def add(
        self, route: Route, stage: Stage, refused_as: RefusalClass | None, number: int = 1
    ) -> None:
        """So many more of a route are at a stage, last refused for that class of reasons or None.

        Who asked to have the refusal looked at again is refused until it is not upheld.
        """
        self._counted[route, "received"] += number
        refused_for = refused_as if stage in _REFUSED else None
        if stage is Stage.PREREQUISITES_UNMET or refused_for is RefusalClass.PREREQUISITES:
            self._counted[route, "prerequisites_failed"] += number
        elif stage is Stage.BELOW_MARK or refused_for is RefusalClass.POINTS:
            self._counted[route, "below_mark"] += number
        elif stage is Stage.WITHDRAWN:
            self._counted[route, "withdrawn"] += number

    def add_case(self, state: CaseState) -> None:
        """One more case is as it is; a draft has not reached the office."""
        if isinstance(state, Draft):
            return
        refused = state.reason_class if isinstance(state, Refused | UnderReconsideration) else None
        self.add(state.filed.route, stage_of(state), refused)

    @property
    def counts(self) -> tuple[RouteCounts, ...]:
        """The counts of each route that has any."""
        return tuple(
            RouteCounts(
                route=route,
                received=self._counted[route, "received"],
                prerequisites_failed=self._counted[route, "prerequisites_failed"],
                below_mark=self._counted[route, "below_mark"],
                withdrawn=self._counted[route, "withdrawn"],
            )
            for route in Route
            if self._counted[route, "received"]
        )
