"""The published results of exercises, for anybody."""

from typing import Final

from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.application import Correspondence, Sector
from services.pages.guard import Route
from services.pages.tongues import render_public, spoken
from services.reasons import word
from services.results import figures, result_of, results
from services.wiring import Office


def result_list(office: Office) -> ResponseReturnValue:
    """Show which results are published."""
    return render_public("results.html", spoken(), rows=results(office))


def result(office: Office, name: str) -> ResponseReturnValue:
    """Show one published result."""
    found = result_of(office, name)
    words = spoken()
    language = Correspondence(words.language)
    return render_public(
        "result.html",
        words,
        found=found,
        result=found.result,
        figures=figures(found),
        strata=[(word(Sector(each.stratum), language), each) for each in found.result.strata],
    )


ROUTES: Final = (
    Route(path="/results", endpoint="result_list", view=result_list, action=Action.PUBLIC),
    Route(path="/results/<name>", endpoint="result", view=result, action=Action.PUBLIC),
)
