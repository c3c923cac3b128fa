"""Answers from read models: how fresh they are, and a bounded wait for a fresher one.

Law: a request that waits holds a thread of the server, so none waits longer than `LONGEST_WAIT`.
"""

from typing import Final

import flask

from services.api.conditions import preferred_wait
from services.api.faults import NotShownYet
from services.api.outputs import Shown
from services.projections import queries
from services.wiring import Office

LONGEST_WAIT: Final = 1.0
USUAL_WAIT: Final = 0.5


def wait_until_shown(office: Office, wait_for: int | None, *projections: str) -> None:
    """The read models hold position `wait_for`, or `NotShownYet` after the time allowed.

    With `Prefer: wait=N` and no position they hold all that was committed before the request.
    """
    preferred = preferred_wait()
    if wait_for is None and preferred is None:
        return
    position = office.store.sequence() if wait_for is None else wait_for
    seconds = USUAL_WAIT if preferred is None else min(float(preferred), LONGEST_WAIT)
    if not queries.wait_for(office.models, projections, position, seconds):
        reached = queries.freshness(office.models, *projections).position
        raise NotShownYet(f"position {position} is not shown yet, only {reached}; try again")
    if preferred is not None:
        flask.g.preference_applied = f"wait={preferred}"


def shown(office: Office, *projections: str) -> Shown:
    """How far the read model is, or the one of several that is least far.

    Asked before the rows, so that an answer is never older than it says.
    """
    return shown_at(queries.freshness(office.models, *projections))


def shown_at(fresh: queries.Freshness) -> Shown:
    """How far a read model is, as answers tell it."""
    return Shown(position=fresh.position, as_of=fresh.as_of, lag=fresh.lag)
