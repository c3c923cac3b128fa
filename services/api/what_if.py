"""Exercises on other terms: who would gain a place and who would lose it. Nothing is recorded."""

from typing import Any, Final

from marshmallow import RAISE, Schema, validate

from domain.access import Action
from domain.exercise_terms import MOST_PLACES
from domain.rules.terms import Order, Terms
from services.api import inputs
from services.api.exercise_outputs import OtherTerms
from services.api.exercises import name_of
from services.api.routes import Call, Route
from services.intake.fields import Text, Word
from services.intake.schema import schema_for
from services.what_if import Change, WhatIf, what_if, what_if_present


class ChangeQuery(Schema):
    """What is to be otherwise; what is absent stays as it was."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = inputs.MESSAGES
    ruleset = Text()
    places = inputs.LenientWhole(validate=validate.Range(min=1, max=MOST_PLACES))
    order = Word(Order)
    threshold = inputs.LenientWhole(validate=validate.Range(min=0, max=MOST_PLACES))
    as_of = inputs.LenientInstant()


def exercise_what_if(call: Call, exercise: str, query: dict[str, Any]) -> OtherTerms:
    """An exercise on other terms: who would gain a place and who would lose it."""
    return _told(what_if(call.office, name_of(exercise), _change(query), call.asker))


def present_what_if(call: Call, query: dict[str, Any]) -> OtherTerms:
    """The pool as it is, on other terms."""
    change = _change(query)
    return _told(what_if_present(call.office, Terms(places=change.places), change, call.asker))


def _told(found: WhatIf) -> OtherTerms:
    terms = found.terms
    return OtherTerms(
        exercise=found.exercise,
        position=found.position,
        archetype=terms.archetype,
        measure=terms.measure,
        order=terms.order,
        places=terms.places,
        threshold=terms.threshold,
        before=found.before,
        then=found.then,
        cut_off=found.cut_off,
        moved=found.moved,
        erased=found.erased,
    )


def _change(query: dict[str, Any]) -> Change:
    order = query.get("order")
    return Change(
        ruleset=query.get("ruleset"),
        places=query.get("places"),
        order=Order(order) if order else None,
        threshold=query.get("threshold"),
        as_of=query.get("as_of"),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/exercises/<exercise>/what-if",
        name="exercise-what-if",
        action=Action.READ_EXERCISES,
        view=exercise_what_if,
        summary="Show who would gain and who would lose on other terms",
        query=ChangeQuery,
        gives=schema_for(OtherTerms),
    ),
    Route(
        method="GET",
        path="/pool/what-if",
        name="pool-what-if",
        action=Action.READ_EXERCISES,
        view=present_what_if,
        summary="Show what an exercise on the present pool would select, and on other terms",
        query=ChangeQuery,
        gives=schema_for(OtherTerms),
    ),
)
