"""Questions about cases: the list, one case at any moment, its history, and how many there are."""

from datetime import datetime
from typing import Any, Final

import msgspec
from marshmallow import RAISE, Schema, ValidationError, validate

from domain import events as e
from domain.access import Action
from domain.application import Correspondence
from domain.application import Route as TestRoute
from domain.clocks import Clock
from domain.exercise_terms import NAME
from domain.looks import What
from domain.record import Recorded
from domain.rederivation import rederived
from domain.stages import Stage
from domain.wire import WIRE
from services.api.detail import CaseDetailSchema, detail
from services.api.freshness import shown, wait_until_shown
from services.api.inputs import (
    MESSAGES,
    LenientInstant,
    LenientWhole,
    Moment,
    language,
    page_size,
    short,
)
from services.api.outputs import (
    AssessmentsSchema,
    CaseItem,
    CasePage,
    Counts,
    HistorySchema,
    LinkedCases,
    StageCount,
)
from services.api.routes import (
    ETAG,
    IF_NONE_MATCH,
    LOOK_PURPOSE,
    PREFER,
    Call,
    Reply,
    Route,
    tagged,
)
from services.clocks import clock_of
from services.counts import Count
from services.intake.fields import Text, Word, utc_text
from services.intake.schema import schema_for
from services.looking import case_seen
from services.projections import queries
from services.work import Whose, whose_cases


def _of_exercise(text: str) -> None:
    if not NAME.fullmatch(text):
        raise ValidationError("must be the name of an exercise, such as 2019-2")


class MomentQuery(Schema):
    """A moment to look at: as it stood at `as_of`, as far as was recorded at `believed_at`."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = MESSAGES
    as_of = Moment("Only what had taken effect by then.")
    believed_at = Moment("Only what the log showed by then.")


class CaseAtQuery(MomentQuery):
    """A moment to look at, and the language in which the reasons of its assessment are said."""

    language = language("English", load_default=Correspondence.ENGLISH)


class FreshQuery(Schema):
    """A position of the log that the answer must hold."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = MESSAGES
    wait_for = LenientWhole(validate=validate.Range(min=0, error="must not be negative"))


class CaseQuery(FreshQuery):
    """Which cases to list, in which order; every bound is itself included."""

    stage = Word(Stage)
    route = Word(TestRoute)
    exercise = Text(validate=_of_exercise)
    submitted_from = LenientInstant()
    submitted_to = LenientInstant()
    points_from = LenientWhole()
    points_to = LenientWhole()
    name = Text(validate=short())
    held = Word(Whose)
    mark = Word(queries.Mark)
    sort = Word(queries.Sort, load_default=queries.Sort.NEWEST)
    after = Text()
    limit = page_size(25)


def case_list(call: Call, query: dict[str, Any]) -> CasePage:
    """A page of the cases that meet every condition that is given."""
    office = call.office
    page = {name: query.pop(name, None) for name in ("sort", "after", "limit")}
    rests_on = queries.read_for(page["sort"])
    wait_until_shown(office, query.pop("wait_for", None), *rests_on)
    if "name" in query:
        query["name"] = queries.name_tokens(office.models, query["name"])
    if "held" in query:
        query |= whose_cases(call.person, query.pop("held"))
    fresh = shown(office, *rests_on)
    look = call.look(What.SEARCH if "name" in query else What.LIST)
    found = queries.case_list(office.models, look, queries.CaseFilter(**query), **page)
    items = tuple(_item(each) for each in found.rows)
    return CasePage(items=items, next=found.next, freshness=fresh)


def linked(call: Call, reference: str, query: dict[str, Any]) -> LinkedCases:
    """The other cases of the case's person, and which took the place of which."""
    office = call.office
    case = case_seen(office, call.look(What.CASE), reference)
    wait_until_shown(office, query.get("wait_for"), "case-list")
    fresh = shown(office, "case-list")
    found = queries.linked(office.models, call.look(What.LINKED), case.reference)
    return LinkedCases(
        reference=case.reference, items=tuple(_item(each) for each in found), freshness=fresh
    )


def counts(call: Call, query: dict[str, Any]) -> Counts:
    """How many cases are at each stage."""
    wait_until_shown(call.office, query.get("wait_for"), "case-list")
    fresh = shown(call.office, "case-list")
    found = queries.counts_by_stage(call.office.models, call.asker)
    total = Count.total(found.values())
    return Counts(
        total=total.number,
        or_more=total.or_more,
        stages=tuple(
            StageCount(stage=stage, cases=each.number, or_more=each.or_more)
            for stage, each in found.items()
        ),
        freshness=fresh,
    )


def show(call: Call, reference: str, query: dict[str, Any]) -> Any:
    """The case, as it stands or as it stood, with what it was filed and scored with."""
    said_in = query.pop("language")
    case = case_seen(call.office, call.look(What.CASE), reference, **query)
    clock = clock_of(call.office, case, **query)
    read = clock if isinstance(clock, Clock) else None
    return tagged(case.version, {**detail(case, said_in), "clock": read})


def history(call: Call, reference: str, query: dict[str, Any]) -> Any:
    """Every event of the case, in order, each with its position in the log."""
    call.office.store.sequence()
    known = case_seen(call.office, call.look(What.HISTORY), reference, **query).events
    body = {
        "reference": known[0].stream.removeprefix("case-"),
        "version": known[-1].version,
        "events": [_event(each) for each in known],
    }
    return tagged(known[-1].version, body)


def assessments(call: Call, reference: str, query: dict[str, Any]) -> Any:
    """Every assessment of the case, made again under the ruleset that it names."""
    case = case_seen(call.office, call.look(What.ASSESSMENTS), reference, **query)
    body = {
        "reference": case.reference,
        "version": case.version,
        "assessments": [
            {
                "version": each.version,
                "type": WIRE[type(each.event)].name,
                "ruleset": made.ruleset,
                "digest": made.digest,
                "extent": made.extent,
                "identical": made.identical,
                "differences": made.differences,
            }
            for each, made in rederived(case.events, call.office.rulebook)
        ],
    }
    return Reply(body=body)


def _item(row: Any) -> CaseItem:
    return CaseItem(**{name: getattr(row, name) for name in CaseItem.__dataclass_fields__})


def _event(recorded: Recorded[e.CaseEvent]) -> dict[str, Any]:
    envelope = {
        name: getattr(recorded, name)
        for name in Recorded._fields
        if name not in {"event", "stream"}
    }
    return {
        **envelope,
        "type": WIRE[type(recorded.event)].name,
        "payload": _in_utc(msgspec.to_builtins(recorded.event, builtin_types=(datetime,))),
    }


def _in_utc(value: Any) -> Any:
    """The value with every instant in it as text, in UTC like those around it."""
    match value:
        case datetime():
            return utc_text(value)
        case dict():
            return {name: _in_utc(each) for name, each in value.items()}
        case list() | tuple():
            return [_in_utc(each) for each in value]
        case _:
            return value


ROUTES: Final = (
    Route(
        method="GET",
        path="/cases",
        name="case-list",
        action=Action.READ_CASES,
        view=case_list,
        summary="List cases",
        query=CaseQuery,
        gives=schema_for(CasePage),
        headers=(PREFER,),
    ),
    Route(
        method="GET",
        path="/cases/<reference>",
        name="case",
        action=Action.READ_CASES,
        view=show,
        summary="Show a case as it stands, or stood",
        query=CaseAtQuery,
        gives=CaseDetailSchema,
        headers=(IF_NONE_MATCH, LOOK_PURPOSE),
        tells=ETAG,
    ),
    Route(
        method="GET",
        path="/cases/<reference>/history",
        name="case-history",
        action=Action.READ_HISTORY,
        view=history,
        summary="Show every event of a case",
        query=MomentQuery,
        gives=HistorySchema,
        headers=(IF_NONE_MATCH, LOOK_PURPOSE),
        tells=ETAG,
    ),
    Route(
        method="GET",
        path="/cases/<reference>/assessments",
        name="case-assessments",
        action=Action.READ_HISTORY,
        view=assessments,
        summary="Make every assessment of a case again",
        query=MomentQuery,
        gives=AssessmentsSchema,
        headers=(LOOK_PURPOSE,),
    ),
    Route(
        method="GET",
        path="/cases/<reference>/linked",
        name="case-linked",
        action=Action.READ_CASES,
        view=linked,
        summary="List the other cases of a case's person",
        query=FreshQuery,
        gives=schema_for(LinkedCases),
        headers=(PREFER, LOOK_PURPOSE),
    ),
    Route(
        method="GET",
        path="/counts",
        name="counts",
        action=Action.READ_CASES,
        view=counts,
        summary="Count cases by stage",
        query=FreshQuery,
        gives=schema_for(Counts),
        headers=(PREFER,),
    ),
)
