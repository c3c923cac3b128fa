"""A recorded assessment made again, and every place where it is not the same.

Law: while the person is there all that was recorded is compared; after that the skeleton is, with
what the ruleset can give. Wording is never compared: reasons are messages with facts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from domain import events as e
from domain.application import Application
from domain.days import hong_kong_date
from domain.errors import Refusal
from domain.findings import application_scored, prerequisites_assessed
from domain.overrides import standing_in
from domain.particulars import ApplicationCorrected
from domain.record import Recorded
from domain.rules.assess import assess
from domain.rules.checks import FACTOR_NAMES
from domain.rules.choose import UnknownRuleset, recorded
from domain.rules.factors import PrerequisiteRules
from domain.rules.overriding import choices
from domain.rules.reasons import Message, Reason
from domain.rules.types import Rulebook, Ruleset
from domain.strata import stratum_of

Assessed = e.PrerequisitesAssessed | e.ApplicationScored


class Extent(StrEnum):
    """How much of an assessment was made again."""

    WHOLE = "whole"
    """All of it, from what the applicant filed."""
    SKELETON = "skeleton"
    """The person was erased: what stays in clear was held against the ruleset."""
    NOTHING = "nothing"
    """No ruleset of that digest is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rederived:
    """An assessment made again; `differences` name each place that is not the same."""

    ruleset: str
    digest: str
    extent: Extent
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """True when as much as there is was made again and is the same."""
        return not self.differences


def rederived(
    history: Iterable[Recorded[e.CaseEvent]], rulebook: Rulebook
) -> Iterator[tuple[Recorded[e.CaseEvent], Rederived]]:
    """Every assessment of a case's history with what making it again gives."""
    application = None
    for each in history:
        match each.event:
            case e.ApplicationSubmitted(personal=filed):
                application = filed
            case ApplicationCorrected(personal=said):
                application = said.application if said else None
            case e.PrerequisitesAssessed() | e.ApplicationScored() as assessed:
                known_on = hong_kong_date(each.effective_at)
                yield each, rederive(assessed, application, rulebook, known_on)
            case _:
                continue


def rederive(
    event: Assessed, application: Application | None, rulebook: Rulebook, known_on: date
) -> Rederived:
    """Make a recorded assessment again, under the very edition of the ruleset that it names.

    Dated lists are read as they were known on the day on which it took effect, as it read them.
    """
    try:
        ruleset = recorded(rulebook, event.ruleset, event.digest, known_on=known_on)
    except UnknownRuleset as unknown:
        return _rederived(event, Extent.NOTHING, (str(unknown),))
    if application is None or event.personal is None:
        return _rederived(event, Extent.SKELETON, tuple(_skeleton(event, ruleset)))
    return _rederived(event, Extent.WHOLE, _made_again(event, application, ruleset))


def _rederived(event: Assessed, extent: Extent, found: tuple[str, ...]) -> Rederived:
    return Rederived(ruleset=event.ruleset, digest=event.digest, extent=extent, differences=found)


def _made_again(event: Assessed, application: Application, ruleset: Ruleset) -> tuple[str, ...]:
    try:
        again = _again(event, application, ruleset)
    except Refusal as refused:
        return (f"cannot be made again: {refused}",)
    return tuple(_differences(event, again, ""))


def _again(event: Assessed, application: Application, ruleset: Ruleset) -> Assessed:
    match event:
        case e.PrerequisitesAssessed():
            # A score that is counted again, and finds one unmet, assessed it with what stood then.
            stood = event.personal.overrides if event.personal else ()
            overridden = {each.rule: each.decided for each in stood}
            found = assess(ruleset, application, event.reference_date, overridden)
            return prerequisites_assessed(found)
        case e.ApplicationScored():
            decided = {each.rule: each.decided for each in event.overrides}
            found = assess(ruleset, application, event.reference_date, decided)
            overrides = standing_in(found, event.overrides)
            # Scores that were recorded before cases had a stratum have none.
            stratum = event.stratum and stratum_of(application, event.reference_date)
            return application_scored(found, overrides, stratum=stratum)


# The skeleton, where nothing else is left.


def _skeleton(event: Assessed, ruleset: Ruleset) -> Iterator[str]:
    match event:
        case e.PrerequisitesAssessed():
            ids = tuple(each.id for each in event.results)
            yield from _same("results", ids, tuple(each.name for each in fields(PrerequisiteRules)))
        case e.ApplicationScored():
            yield from _same("pass_mark", event.pass_mark, ruleset.pass_mark.value)
            yield from _factors(event, ruleset)
            yield from _criteria(event, ruleset)
            yield from _overrides(event, ruleset)


def _factors(event: e.ApplicationScored, ruleset: Ruleset) -> Iterator[str]:
    known = {FACTOR_NAMES[type(each)]: each.max.value for each in ruleset.factors}
    found = {each.factor: each.max for each in event.factors}
    yield from _same("factors", found, known)
    possible = choices(ruleset)
    for number, factor in enumerate(event.factors):
        at = f"factors[{number}]"
        added = sum(each.points for each in factor.awards)
        yield from _same(f"{at}.points", factor.points, min(added, factor.max))
        for award in factor.awards:
            if award.points not in possible.get(award.rule, ()):
                yield f"{at}: {award.rule} cannot give {award.points} points"
    if event.factors:
        yield from _same("total", event.total, sum(each.points for each in event.factors))


def _criteria(event: e.ApplicationScored, ruleset: Ruleset) -> Iterator[str]:
    ids = tuple(each.id for each in event.criteria)
    yield from _same("criteria", ids, tuple(each.id for each in ruleset.criteria))
    if event.criteria:
        yield from _same("total", event.total, sum(each.met for each in event.criteria))


def _overrides(event: e.ApplicationScored, ruleset: Ruleset) -> Iterator[str]:
    possible = choices(ruleset)
    for number, each in enumerate(event.overrides):
        for points in (each.computed, each.decided):
            if points not in possible.get(each.rule, ()):
                yield f"overrides[{number}]: {each.rule} cannot give {points} points"


def _same(at: str, before: object, after: object) -> Iterator[str]:
    if before != after:
        yield f"{at}: recorded {before}, by the ruleset {after}"


# The whole.

_SAID: Final = frozenset({"reason", "source", "evidence"})


def _differences(before: object, after: object, path: str) -> Iterator[str]:
    """Every place at which two values of one shape differ, with both values."""
    if is_dataclass(before) and type(before) is type(after):
        left_out = _SAID if _is_prose(before) else frozenset()
        for each in fields(before):
            if each.name not in left_out:
                at = f"{path}.{each.name}" if path else each.name
                yield from _differences(getattr(before, each.name), getattr(after, each.name), at)
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for number, (was, now) in enumerate(zip(before, after, strict=True)):
            yield from _differences(was, now, f"{path}[{number}]")
    elif before != after:
        yield f"{path}: recorded {before}, made again {after}"


def _is_prose(value: object) -> bool:
    """True for what was recorded before reasons were data: prose cannot be compared with facts."""
    reason = getattr(value, "reason", None)
    return isinstance(reason, Reason) and reason.message is Message.AS_WRITTEN
