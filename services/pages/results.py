"""The published results of exercises, for anybody."""

from typing import Final

from flask import render_template
from flask.typing import ResponseReturnValue

from domain.access import Action
from services.pages.guard import Route
from services.results import lines, result_of, results
from services.wiring import Office


def result_list(office: Office) -> ResponseReturnValue:
    """Show which results are published."""
    return render_template("results.html", rows=results(office))


def result(office: Office, name: str) -> ResponseReturnValue:
    """Show one published result."""
    found = result_of(office, name)
    return render_template("result.html", found=found, result=found.result, lines=lines(found))


ROUTES: Final = (
    Route(path="/results", endpoint="result_list", view=result_list, action=Action.PUBLIC),
    Route(path="/results/<name>", endpoint="result", view=result, action=Action.PUBLIC),
)
