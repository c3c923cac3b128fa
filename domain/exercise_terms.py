"""On what terms an exercise may be opened; what does not fit together is refused with what does."""

import re
from typing import Final, Protocol

from domain import exercise_commands as q
from domain import exercise_events as x
from domain.application import Sector
from domain.errors import (
    ExerciseExists,
    NameInvalid,
    NothingToSelect,
    PlacesInvalid,
    TermsInvalid,
)
from domain.rules.rank import PoolMember
from domain.rules.terms import Archetype, Measure, Order, Terms

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LONGEST_TITLE: Final = 200
MOST_PLACES: Final = 1_000_000


class _Waiting(Protocol):
    @property
    def members(self) -> tuple[PoolMember, ...]: ...
    @property
    def left_out(self) -> int: ...
    @property
    def places_left(self) -> int | None: ...


def terms_of(opened: x.ExerciseOpened) -> Terms:
    """Return the terms that an exercise was opened on."""
    return Terms(
        archetype=opened.archetype,
        measure=opened.measure,
        order=opened.order,
        places=opened.places,
        shortlist_size=opened.shortlist_size,
        threshold=opened.threshold,
        strata=opened.strata,
        leftover=opened.leftover,
    )


def usual_order(measure: Measure) -> Order:
    """Return the order of an exercise that names none."""
    if measure is Measure.CRITERIA:
        return Order.INSTANT_REFERENCE
    return Order.POINTS_INSTANT_REFERENCE


def asked_terms(command: q.OpenExercise) -> Terms:
    """Return the terms that a command asks for, with the usual order of its measure."""
    return Terms(
        archetype=command.archetype,
        measure=command.measure,
        order=command.order or usual_order(command.measure),
        places=command.places,
        shortlist_size=command.shortlist_size,
        threshold=command.threshold,
        strata=command.strata,
        leftover=command.leftover,
    )


def admitted_terms(command: q.OpenExercise, pool: _Waiting, *, unopened: bool) -> Terms:
    """Return the terms of the exercise to be opened, or raise the `Refusal` that forbids it."""
    if not unopened:
        raise ExerciseExists(f"{command.exercise} was opened before; choose another name")
    terms = well_formed(command)
    if not pool.members:
        raise NothingToSelect(_nobody(terms, pool.left_out))
    _fit_the_quota(terms, pool.places_left)
    return terms


def well_formed(command: q.OpenExercise) -> Terms:
    """Return the terms that are asked for where some pool and quota allow them, else refuse."""
    _named_well(command)
    terms = asked_terms(command)
    fit_together(terms)
    return terms


def fit_together(terms: Terms) -> None:
    """Pass where an exercise could be held on these terms whatever quota there is, else refuse."""
    _fit_the_measure(terms)
    _fit_the_archetype(terms)
    _sizes_fit(terms)


def _nobody(terms: Terms, left_out: int) -> str:
    if not left_out:
        return "no case is waiting in the pool, so there is nothing to select"
    if terms.measure is Measure.POINTS:
        return (
            f"the {left_out} cases in the pool were assessed by criteria, which are not ranked; "
            "open an exercise whose measure is criteria"
        )
    return f"the {left_out} cases in the pool have points; open an exercise whose measure is points"


def _named_well(command: q.OpenExercise) -> None:
    if not NAME.fullmatch(command.exercise):
        raise NameInvalid(
            "an exercise's name is 1 to 63 lower-case letters, digits and hyphens, such as 2019-2"
        )
    if not 1 <= len(command.title) <= LONGEST_TITLE:
        raise NameInvalid(f"an exercise's title has 1 to {LONGEST_TITLE} characters")


def _fit_the_measure(terms: Terms) -> None:
    """Refuse to rank by criteria met, which are a leave to submit and no points [S22]."""
    by_instant = terms.order is Order.INSTANT_REFERENCE
    if terms.measure is Measure.POINTS and by_instant:
        raise TermsInvalid("cases with points are ordered by these first; name another order")
    if terms.measure is Measure.CRITERIA and not by_instant:
        raise TermsInvalid(
            f"cases assessed by criteria are ordered by {Order.INSTANT_REFERENCE} and by nothing "
            "else"
        )
    if terms.measure is Measure.CRITERIA and terms.archetype is not Archetype.FIXED_THRESHOLD:
        raise TermsInvalid(
            f"cases assessed by criteria take part by {Archetype.FIXED_THRESHOLD} only"
        )


def _fit_the_archetype(terms: Terms) -> None:
    if terms.archetype is Archetype.FIXED_THRESHOLD and terms.threshold is None:
        raise TermsInvalid("say what the threshold is, in points or criteria met")
    if terms.threshold is not None and not 0 <= terms.threshold <= MOST_PLACES:
        raise TermsInvalid("a threshold is 0 or more")
    within = terms.archetype is Archetype.RANK_WITHIN_STRATA
    if within and not terms.strata:
        raise TermsInvalid("name each stratum with its places")
    if terms.strata and not within:
        raise TermsInvalid(f"strata have places in an exercise by {Archetype.RANK_WITHIN_STRATA}")
    names = [each.stratum for each in terms.strata]
    if len(set(names)) < len(names):
        raise TermsInvalid("each stratum is named once")
    if unknown := sorted(set(names) - set(Sector)):
        known = ", ".join(Sector)
        raise TermsInvalid(f"{', '.join(unknown)}: no such stratum; there are: {known}")


def _sizes_fit(terms: Terms) -> None:
    of_strata = sum(each.places for each in terms.strata)
    if any(each.places < 0 for each in terms.strata):
        raise PlacesInvalid("a stratum has no place or more")
    if terms.places is not None and terms.places < 1:
        raise PlacesInvalid("an exercise has at least one place")
    if max(terms.places or 0, terms.shortlist_size or 0, of_strata) > MOST_PLACES:
        raise PlacesInvalid(f"an exercise has at most {MOST_PLACES} places, and so its shortlist")
    _shortlist_fits(terms)
    if terms.places is not None and of_strata > terms.places:
        raise PlacesInvalid(
            f"the strata have {of_strata} places and the exercise {terms.places}; it needs as many"
        )


def _fit_the_quota(terms: Terms, places_left: int | None) -> None:
    if places_left is None:
        return
    if terms.places is None:
        raise PlacesInvalid(
            f"the year has a quota, of which {places_left} are left: say how many places there are"
        )
    if terms.places > places_left:
        raise PlacesInvalid(
            f"{terms.places} places are more than the {places_left} that the year's quota leaves"
        )


def _shortlist_fits(terms: Terms) -> None:
    size = terms.shortlist_size
    if size is not None and size < 1:
        raise PlacesInvalid("a shortlist holds at least one case")
    if size is not None and terms.places is not None and size < terms.places:
        raise PlacesInvalid(f"a shortlist of {size} cannot fill {terms.places} places")
    for each in terms.strata:
        if each.shortlist_size is not None and each.shortlist_size < each.places:
            raise PlacesInvalid(
                f"a shortlist of {each.shortlist_size} of {each.stratum} cannot fill its "
                f"{each.places} places"
            )
