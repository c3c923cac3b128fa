"""The figures of the office, as they were counted last."""

from typing import Final

from domain.access import Action
from services.api.faults import NotShownYet
from services.api.routes import Call, Route
from services.intake.schema import schema_for
from services.projections.workload import Load
from services.statistics import Figures, latest, workload


def show(call: Call) -> Figures:
    """The figures, or `NotShownYet`."""
    found = latest(call.office)
    if found is None:
        raise NotShownYet("nothing was counted yet; a worker does it within a minute: try again")
    return found


def show_workload(call: Call) -> Load:
    """The work of each officer."""
    return workload(call.office)


ROUTES: Final = (
    Route(
        method="GET",
        path="/statistics",
        name="statistics",
        action=Action.READ_STATISTICS,
        view=show,
        summary="Show the funnel, times at stages, cases passed over and expected waits",
        gives=schema_for(Figures),
        refuses=(503,),
    ),
    Route(
        method="GET",
        path="/workload",
        name="workload",
        action=Action.READ_WORKLOAD,
        view=show_workload,
        summary="Show what each officer has and did, and what nobody has",
        gives=schema_for(Load),
    ),
)
