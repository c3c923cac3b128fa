"""What the office counts of its cases, and the work of each officer."""

from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from domain import statistics as counted
from domain.access import Action
from domain.waiting import first_day
from services import statistics as figures
from services.catalogue import load_catalogue
from services.pages.forms import FormFaults
from services.pages.guard import Route
from services.pages.shown import stage_name
from services.projections import queries
from services.wiring import Office


def statistics(office: Office) -> ResponseReturnValue:
    """Show the figures that were counted last: of each year, or of the months of one."""
    found, words = figures.latest(office), load_catalogue()
    if found is None:
        return render_template("statistics.html", said=None)
    years = counted.years(found.statistics.funnels)
    year = request.args.get("year", "")
    months = [each for each in found.statistics.funnels if f"{each.month.year}" == year]
    if year and not months:
        raise FormFaults({"year": f"No application was received in a year called {year!r}"})
    return render_template(
        "statistics.html",
        said=found.statistics,
        outlooks=found.outlooks,
        funnels=months or years,
        year=year,
        steps=counted.STEPS,
        lately=[each for each in found.statistics.stays if each.year is None],
        by_year=[each for each in found.statistics.stays if each.year is not None],
        stage_of=lambda stage: stage_name(words, stage),
        first_day=first_day,
    )


def workload(office: Office) -> ResponseReturnValue:
    """Show what each officer has and did, and what nobody has."""
    return render_template(
        "workload.html",
        load=figures.workload(office),
        fresh=queries.freshness(office.models, "work"),
    )


ROUTES: Final = (
    Route(
        path="/staff/statistics",
        endpoint="statistics",
        view=statistics,
        action=Action.READ_STATISTICS,
    ),
    Route(path="/staff/workload", endpoint="workload", view=workload, action=Action.READ_WORKLOAD),
)
