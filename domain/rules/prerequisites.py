"""Whether an application meets the prerequisites, each with its reason.

Law: every prerequisite is looked at, in the order of the answer, whatever the others found.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from domain.application import Application
from domain.days import age_on
from domain.rules.counting import Held, good_languages, held_on
from domain.rules.factors import AgeLimits, Citation, EducationNeed, LanguageNeed
from domain.rules.reasons import Message, Reason
from domain.rules.tested import Why, because
from domain.rules.types import Edition, PrerequisiteFinding, Ruleset

_CRIMINAL: Final = "prerequisites.criminal_record"
_IMMIGRATION: Final = "prerequisites.adverse_immigration_record"

_RECORDS: Final[Mapping[tuple[str, ...], Message]] = MappingProxyType(
    {
        (): Message.NO_RECORD,
        (_CRIMINAL,): Message.CRIMINAL_RECORD,
        (_IMMIGRATION,): Message.IMMIGRATION_RECORD,
        (_CRIMINAL, _IMMIGRATION): Message.BOTH_RECORDS,
    }
)


class _Looked(NamedTuple):
    """What looking at one prerequisite found, with a reason that is made only when it is told."""

    id: str
    met: bool
    why: Why
    evidence: tuple[str, ...]
    source: tuple[str, ...]
    edition: str | None = None


def find_prerequisites(
    ruleset: Ruleset, application: Application, on: date
) -> tuple[PrerequisiteFinding, ...]:
    """One finding for each prerequisite of a ruleset."""
    return tuple(
        PrerequisiteFinding(
            id=each.id,
            met=each.met,
            reason=each.why(),
            evidence=each.evidence,
            source=each.source,
            edition=each.edition,
        )
        for each in _looked(ruleset, application, on)
    )


def meets_prerequisites(ruleset: Ruleset, application: Application, on: date) -> bool:
    """True when every prerequisite is met, without the time that telling why takes."""
    return all(each.met for each in _looked(ruleset, application, on))


def _looked(ruleset: Ruleset, application: Application, on: date) -> Iterator[_Looked]:
    rules = ruleset.prerequisites
    yield _age(rules.age, application, on)
    yield _support(rules.support, application)
    yield _record(rules.record, application)
    yield _language(rules.language, application)
    yield _education(rules.education, application, on)
    yield _nationality(ruleset, application, on)


def _age(limits: AgeLimits, application: Application, on: date) -> _Looked:
    age = age_on(application.applicant.date_of_birth, on)
    return _Looked(
        id="age",
        met=limits.at_least <= age and (limits.at_most is None or age <= limits.at_most),
        why=partial(_aged, limits, age, on),
        evidence=("applicant.date_of_birth",),
        source=limits.cited.source,
    )


def _aged(limits: AgeLimits, age: int, on: date) -> Reason:
    day, least = on.isoformat(), limits.at_least
    if limits.at_most is None:
        return because(Message.AGE_FROM, age=age, on=day, at_least=least)
    return because(Message.AGE_BETWEEN, age=age, on=day, at_least=least, at_most=limits.at_most)


def _support(cited: Citation, application: Application) -> _Looked:
    met = application.prerequisites.can_support_household
    return _Looked(
        id="support",
        met=met,
        why=partial(because, Message.CAN_SUPPORT if met else Message.CANNOT_SUPPORT),
        evidence=("prerequisites.can_support_household",),
        source=cited.source,
    )


def _record(cited: Citation, application: Application) -> _Looked:
    declared = application.prerequisites
    claims = {
        _CRIMINAL: declared.criminal_record,
        _IMMIGRATION: declared.adverse_immigration_record,
    }
    against = tuple(path for path, has in claims.items() if has)
    return _Looked(
        id="record",
        met=not against,
        why=partial(because, _RECORDS[against]),
        evidence=against or tuple(claims),
        source=cited.source,
    )


def _language(need: LanguageNeed, application: Application) -> _Looked:
    good = [each for each in good_languages(application) if each.subtag in need.any_of]
    names = tuple(each.subtag for each in good)
    why = partial(because, Message.LANGUAGE_GOOD, languages=names, wanted=need.any_of)
    if not good:
        why = partial(because, Message.LANGUAGE_NOT_GOOD, wanted=need.any_of)
    return _Looked(
        id="language",
        met=bool(good),
        why=why,
        evidence=tuple(path for each in good for path in each.evidence) or ("languages",),
        source=need.cited.source,
    )


def _education(need: EducationNeed, application: Application, on: date) -> _Looked:
    held = [each for each in held_on(application, on) if each.what.level in need.any_of]
    return _Looked(
        id="education",
        met=bool(held),
        why=partial(_educated, need, held, on),
        evidence=tuple(each.path for each in held) or ("qualifications",),
        source=need.cited.source,
    )


def _educated(need: EducationNeed, held: Sequence[Held], on: date) -> Reason:
    if not held:
        return because(Message.NOT_EDUCATED, on=on.isoformat(), wanted=need.any_of)
    best = min(held, key=lambda each: need.any_of.index(each.what.level)).what
    awarded = best.awarded_on.isoformat()
    return because(Message.EDUCATED, level=best.level, awarded_on=awarded, wanted=need.any_of)


def _nationality(ruleset: Ruleset, application: Application, on: date) -> _Looked:
    nationality = application.applicant.nationality
    edition = ruleset.lists.excluded_nationalities.on(on)
    excluded = edition is not None and nationality in edition.members
    return _Looked(
        id="nationality",
        met=not excluded,
        why=partial(_listed, nationality, edition, on, excluded=excluded),
        evidence=("applicant.nationality",),
        source=ruleset.prerequisites.nationality.source,
        edition=edition.id if edition else None,
    )


def _listed(nationality: str, edition: Edition | None, on: date, *, excluded: bool) -> Reason:
    day = on.isoformat()
    if edition is None:
        return because(Message.NATIONALITY_BEFORE_LISTS, country=nationality, on=day)
    message = Message.NATIONALITY_EXCLUDED if excluded else Message.NATIONALITY_FREE
    return because(message, country=nationality, on=day, edition=edition.id)
