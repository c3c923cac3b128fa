"""The scheme's rules, for anybody: every ruleset in brief, and one with its sources."""

from dataclasses import dataclass
from typing import Any, Final

from marshmallow import RAISE, Schema, validate

from domain.access import Action
from domain.rules.choose import UnknownRuleset
from services.api import inputs
from services.api.faults import NoSuchRuleset
from services.api.routes import Call, Reply, Route
from services.intake.fields import Day
from services.intake.schema import schema_for
from services.rulebook.named import ruleset_named
from services.rulebook.shapes import RulesetLine, RulesetShown, in_brief, in_full, latest

_CACHED: Final = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetList:
    """The latest edition of each ruleset, by route and first day."""

    items: tuple[RulesetLine, ...]


class ListQuery(Schema):
    """The day on which a ruleset was in force, and the day on which it was known."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = inputs.MESSAGES
    on = Day()
    known_on = Day()


class RulesetQuery(Schema):
    """The edition, which is the latest one if absent."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = inputs.MESSAGES
    edition = inputs.LenientWhole(validate=validate.Range(min=1, error="must be at least 1"))


def listed(call: Call, query: dict[str, Any]) -> Reply:
    """Every ruleset that is loaded, or those of a day."""
    book, on, known_on = call.office.rulebook, query.get("on"), query.get("known_on")
    lines = (in_brief(book, each, known_on) for each in latest(book, known_on))
    items = tuple(each for each in lines if on is None or each.days.cover(on))
    return Reply(body=RulesetList(items=items), headers=_CACHED)


def shown(call: Call, ruleset: str, query: dict[str, Any]) -> Reply:
    """Everything of one ruleset."""
    book = call.office.rulebook
    try:
        found = ruleset_named(book, ruleset, edition=query.get("edition"))
    except UnknownRuleset as unknown:
        raise NoSuchRuleset(str(unknown)) from None
    return Reply(body=in_full(book, found), headers=_CACHED)


ROUTES: Final = (
    Route(
        method="GET",
        path="/rulesets",
        name="rulesets",
        action=Action.PUBLIC,
        view=listed,
        summary="List the rulesets of the scheme",
        query=ListQuery,
        gives=schema_for(RulesetList),
    ),
    Route(
        method="GET",
        path="/rulesets/<ruleset>",
        name="ruleset",
        action=Action.PUBLIC,
        view=shown,
        summary="Show one ruleset: what it asks and gives, and on what authority",
        query=RulesetQuery,
        gives=schema_for(RulesetShown),
    ),
)
