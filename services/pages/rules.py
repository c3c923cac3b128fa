"""The scheme's rules, for anybody: which there are, and what one of them asks and gives."""

from typing import Final

from flask import abort, request
from flask.typing import ResponseReturnValue

from domain.access import Action
from domain.application import Correspondence
from domain.application import Route as Route_
from domain.rules.choose import UnknownRuleset
from services.pages.guard import Route
from services.pages.tongues import render_public, spoken
from services.rulebook.named import ruleset_named
from services.rulebook.shapes import every, in_brief, in_full, latest
from services.wiring import Office

_NOT_FOUND: Final = 404


def rule_list(office: Office) -> ResponseReturnValue:
    """Show every ruleset in its latest edition."""
    book = office.rulebook
    words = spoken()
    language = Correspondence(words.language)
    lines = [in_brief(book, each, language=language) for each in latest(book)]
    return render_public(
        "rules.html",
        words,
        routes=[(route, [each for each in lines if each.route is route]) for route in Route_],
    )


def ruleset(office: Office, name: str) -> ResponseReturnValue:
    """Show one ruleset, in the edition that is asked for."""
    book = office.rulebook
    asked = f"{name}@{request.args['edition']}" if "edition" in request.args else name
    try:
        found = ruleset_named(book, asked)
    except UnknownRuleset:
        abort(_NOT_FOUND)
    words = spoken()
    return render_public(
        "ruleset.html",
        words,
        shown=in_full(book, found, Correspondence(words.language)),
        editions=[each for each in every(book) if each.id == found.id],
    )


ROUTES: Final = (
    Route(path="/rules", endpoint="rule_list", view=rule_list, action=Action.PUBLIC),
    Route(path="/rules/<name>", endpoint="ruleset", view=ruleset, action=Action.PUBLIC),
)
