"""The first exercise of 2006 as it was published, and applicants who come out just so.

479 applications were received by 6 November 2006. Of the 186 that were processed 24 did not meet
the prerequisites, 15 were below the mark and 25 were withdrawn; 122 went before the committee,
which met on 3 November. 83 were allotted places: 73 by points, 10 by achievement [S1][S63]. Of the
39 who were not, two awaited further checks; nothing was published of what became of them.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain, repeat
from typing import Final

from domain.application import Route
from domain.days import HONG_KONG
from services.population import Arrival, Fate, Lot, arrival

SEED: Final = 2006
REGIME: Final = "2006"
RECEIVED: Final = 479
PREREQUISITES_UNMET: Final = 24
BELOW_MARK: Final = 15
WITHDRAWN: Final = 25
BEFORE_COMMITTEE: Final = 122
ALLOTTED_BY_POINTS: Final = 73
ALLOTTED_BY_ACHIEVEMENT: Final = 10
ALLOTTED: Final = ALLOTTED_BY_POINTS + ALLOTTED_BY_ACHIEVEMENT
PROCESSED: Final = PREREQUISITES_UNMET + BELOW_MARK + WITHDRAWN + BEFORE_COMMITTEE
QUOTA: Final = 1_000

FILED: Final = date(2006, 6, 28), date(2006, 10, 13)
HELD_AT: Final = datetime(2006, 11, 3, 10, tzinfo=HONG_KONG)


def arrivals() -> Iterator[tuple[Arrival, bool]]:
    """Yield all who applied, each with whether they were processed before the committee met."""
    for number, lot in enumerate(_lots()):
        yield arrival(REGIME, SEED, number, lot=lot, between=FILED), lot is not None


def _lots() -> Iterator[Lot | None]:
    """Yield what becomes of each; None for the many whose turn had not come."""
    general = Route.GENERAL
    processed = chain(
        repeat(_lot(general, Fate.PREREQUISITES_UNMET), PREREQUISITES_UNMET),
        repeat(_lot(general, Fate.BELOW_MARK), BELOW_MARK),
        repeat(_lot(general, Fate.WITHDRAWN), WITHDRAWN),
        repeat(_lot(general, Fate.BEFORE_COMMITTEE), BEFORE_COMMITTEE - ALLOTTED_BY_ACHIEVEMENT),
        repeat(_lot(Route.ACHIEVEMENT, Fate.BEFORE_COMMITTEE), ALLOTTED_BY_ACHIEVEMENT),
    )
    return chain(processed, repeat(None, RECEIVED - PROCESSED))


def _lot(route: Route, fate: Fate) -> Lot:
    return Lot(route=route, fate=fate, recommended=fate is Fate.BEFORE_COMMITTEE)
