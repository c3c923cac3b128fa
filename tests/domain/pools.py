"""Pools to draw from: members by hand, and strategies that make ties likely."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from domain import exercise_events as x
from domain.application import Route
from domain.exercise_states import Drawn
from domain.gradings import DepartureCode, Direction, Grade
from domain.rules.rank import PoolMember

MORNING = datetime(2019, 5, 1, 1, 0, tzinfo=UTC)


def member(  # noqa: PLR0913 - each is a field of its own
    reference: str,
    points: int = 100,
    *,
    minutes: int = 0,
    route: Route = Route.GENERAL,
    version: int = 4,
    stratum: str | None = None,
    scored: int = 0,
) -> PoolMember:
    """Return a member submitted so many minutes after nine in the morning in Hong Kong.

    It has had its points since so many minutes after the same.
    """
    return PoolMember(
        reference=reference,
        route=route,
        points=points,
        submitted_at=MORNING + timedelta(minutes=minutes),
        version=version,
        stratum=stratum,
        scored_at=MORNING + timedelta(minutes=scored),
    )


def achiever(reference: str, *, minutes: int = 0) -> PoolMember:
    """Return a member of the achievement route."""
    return member(reference, 225, minutes=minutes, route=Route.ACHIEVEMENT)


_MEMBERS = st.builds(
    member,
    reference=st.integers(min_value=0, max_value=999).map("QM-{:03}".format),
    points=st.integers(min_value=80, max_value=83),
    minutes=st.integers(min_value=0, max_value=3),
    route=st.sampled_from([Route.GENERAL, Route.GENERAL, Route.GENERAL, Route.ACHIEVEMENT]),
    stratum=st.sampled_from(["finance", "catering", "other", None]),
    scored=st.integers(min_value=0, max_value=3),
)

POOLS = st.lists(_MEMBERS, max_size=30, unique_by=lambda each: each.reference)
"""Pools of few points and few instants, so that nearly every order hangs on a tie-break."""


def placing(state: Drawn, *placed: str) -> Drawn:
    """Return the exercise after the committee placed some of its shortlist out of rank."""
    departures = tuple(
        x.RankDepartureMade(
            reference=each,
            direction=Direction.PLACE,
            code=DepartureCode.NEEDS,
            grade=Grade.OUTSTANDING,
            decided_by="supervisor.wong",
        )
        for each in placed
    )
    return replace(state, departures=departures)
