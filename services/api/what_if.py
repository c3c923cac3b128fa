"""What an exercise would do, and would have done on other terms. Nothing of it is recorded."""

from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, validate

from domain.access import Action
from domain.exercise_commands import OpenExercise
from domain.exercise_terms import MOST_PLACES, asked_terms
from domain.looks import What
from domain.rules.terms import Archetype, Leftover, Measure, Order
from services.api import inputs
from services.api.exercise_outputs import OpeningTried, OtherTerms
from services.api.routes import Call, Route
from services.intake.fields import Text, Word
from services.intake.schema import schema_for
from services.intake.strata import EXAMPLE, read_stratum
from services.looking import named
from services.openings import UNNAMED, dry_run_opening
from services.store.looks import Noted
from services.what_if import Change, WhatIf, what_if, what_if_present


class Strata(Text):
    """Strata with their places in a query string, separated by commas."""

    def __init__(self) -> None:
        super().__init__(metadata={"description": f"Separated by commas: {EXAMPLE}."})

    def checked(self, value: Any) -> Any:
        """The strata."""
        try:
            return tuple(read_stratum(each) for each in super().checked(value).split(","))
        except ValueError as fault:
            raise ValidationError(f"names a stratum and its places: {EXAMPLE}") from fault


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


class TermsQuery(Schema):
    """The terms of an opening, each as in the body that opens an exercise."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    error_messages = inputs.MESSAGES
    places = inputs.LenientWhole(validate=validate.Range(min=1, max=MOST_PLACES))
    shortlist_size = inputs.LenientWhole(validate=validate.Range(min=1, max=MOST_PLACES))
    archetype = Word(Archetype)
    measure = Word(Measure)
    order = Word(Order)
    threshold = inputs.LenientWhole(validate=validate.Range(min=0, max=MOST_PLACES))
    strata = Strata()
    leftover = Word(Leftover)


class OpeningQuery(TermsQuery):
    """An exercise that somebody thinks of opening; without a name, one that no other has."""

    exercise = Text()
    effective_at = inputs.LenientInstant()


class PresentQuery(TermsQuery):
    """The terms of an exercise on the present pool, and what else is to be otherwise."""

    ruleset = Text()
    as_of = inputs.LenientInstant()


def exercise_what_if(call: Call, exercise: str, query: dict[str, Any]) -> OtherTerms:
    """An exercise on other terms: who would gain a place and who would lose it."""
    look = call.look(What.EXERCISE)
    return _told(call, *what_if(call.office, look, exercise, Change(**query)))


def present_what_if(call: Call, query: dict[str, Any]) -> OtherTerms:
    """An exercise on the pool as it is, on these terms and by these rules."""
    other = {name: query.pop(name) for name in ("ruleset", "as_of") if name in query}
    terms = asked_terms(_opening(query))
    look = call.look(What.EXERCISE)
    return _told(call, *what_if_present(call.office, look, terms, **other))


def opening_dry_run(call: Call, query: dict[str, Any]) -> OpeningTried:
    """What opening an exercise would do, without opening it."""
    at = query.pop("effective_at", None)
    found = dry_run_opening(call.office, call.look(What.EXERCISE), _opening(query), at)
    terms, division = found.terms, found.division
    return OpeningTried(
        at=found.at,
        position=found.position,
        archetype=terms.archetype,
        measure=terms.measure,
        order=terms.order,
        pool_size=found.pool_size,
        achievement=found.achievement,
        left_out=found.left_out,
        quota=found.quota,
        places_taken=found.places_taken,
        places_left=found.places_left,
        refusal=None if found.refusal is None else str(found.refusal),
        selected=None if division is None else len(division.taken),
        cut_off=None if division is None else division.cut_off,
        tie_break=None if division is None else division.tie_break,
    )


def _told(call: Call, noted: Noted, found: WhatIf) -> OtherTerms:
    terms = found.terms
    shown = [each.reference for each in found.moved]
    shown += [each.reference for each in found.came_in]
    named(call.office, noted, shown)
    return OtherTerms(
        exercise=found.exercise,
        position=found.position,
        archetype=terms.archetype,
        measure=terms.measure,
        order=terms.order,
        places=terms.places,
        threshold=terms.threshold,
        pool_before=found.pool_before,
        pool_then=found.pool_then,
        before=found.before,
        then=found.then,
        cut_off=found.cut_off,
        tie_break=found.tie_break,
        moved=found.moved,
        came_in=found.came_in,
        fell_out=found.fell_out,
        erased=found.erased,
        erased_outside=found.erased_outside,
        differs=found.differs,
    )


def _opening(query: dict[str, Any]) -> OpenExercise:
    return OpenExercise(**{"exercise": UNNAMED, "title": UNNAMED, **query})


ROUTES: Final = (
    Route(
        method="GET",
        path="/exercises/<exercise>/what-if",
        name="exercise-what-if",
        action=Action.TRY_TERMS,
        view=exercise_what_if,
        summary="Show who would gain and who would lose on other terms",
        query=ChangeQuery,
        gives=schema_for(OtherTerms),
    ),
    Route(
        method="GET",
        path="/pool/what-if",
        name="pool-what-if",
        action=Action.TRY_TERMS,
        view=present_what_if,
        summary="Show what an exercise on the present pool would select, and on other terms",
        query=PresentQuery,
        gives=schema_for(OtherTerms),
        refuses=(409,),
    ),
    Route(
        method="GET",
        path="/pool/dry-run",
        name="pool-dry-run",
        action=Action.TRY_STEP,
        view=opening_dry_run,
        summary="Show what opening an exercise would do now, without opening it",
        query=OpeningQuery,
        gives=schema_for(OpeningTried),
    ),
)
