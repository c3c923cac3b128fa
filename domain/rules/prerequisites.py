"""Whether an application meets the prerequisites, each with its reason.

Law: every prerequisite is looked at, in the order of the answer, whatever the others found.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.application import Application
from domain.days import age_on
from domain.rules.counting import good_languages, held_on
from domain.rules.factors import AgeLimits, Citation, EducationNeed, LanguageNeed
from domain.rules.reasons import FactValue, Message, Reason
from domain.rules.types import PrerequisiteFinding, Ruleset

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


def find_prerequisites(
    ruleset: Ruleset, application: Application, on: date
) -> tuple[PrerequisiteFinding, ...]:
    """One finding for each prerequisite of a ruleset."""
    rules = ruleset.prerequisites
    return (
        _age(rules.age, application, on),
        _support(rules.support, application),
        _record(rules.record, application),
        _language(rules.language, application),
        _education(rules.education, application, on),
        _nationality(ruleset, application, on),
    )


def _age(limits: AgeLimits, application: Application, on: date) -> PrerequisiteFinding:
    age = age_on(application.applicant.date_of_birth, on)
    facts: dict[str, FactValue] = {"age": age, "on": on.isoformat(), "at_least": limits.at_least}
    reason = Reason(message=Message.AGE_FROM, facts=facts)
    if limits.at_most is not None:
        reason = Reason(message=Message.AGE_BETWEEN, facts={**facts, "at_most": limits.at_most})
    return PrerequisiteFinding(
        id="age",
        met=limits.at_least <= age and (limits.at_most is None or age <= limits.at_most),
        reason=reason,
        evidence=("applicant.date_of_birth",),
        source=limits.cited.source,
    )


def _support(cited: Citation, application: Application) -> PrerequisiteFinding:
    met = application.prerequisites.can_support_household
    message = Message.CAN_SUPPORT if met else Message.CANNOT_SUPPORT
    return PrerequisiteFinding(
        id="support",
        met=met,
        reason=Reason(message=message, facts={}),
        evidence=("prerequisites.can_support_household",),
        source=cited.source,
    )


def _record(cited: Citation, application: Application) -> PrerequisiteFinding:
    declared = application.prerequisites
    claims = {
        _CRIMINAL: declared.criminal_record,
        _IMMIGRATION: declared.adverse_immigration_record,
    }
    against = tuple(path for path, has in claims.items() if has)
    return PrerequisiteFinding(
        id="record",
        met=not against,
        reason=Reason(message=_RECORDS[against], facts={}),
        evidence=against or tuple(claims),
        source=cited.source,
    )


def _language(need: LanguageNeed, application: Application) -> PrerequisiteFinding:
    good = [each for each in good_languages(application) if each.subtag in need.any_of]
    reason = Reason(message=Message.LANGUAGE_NOT_GOOD, facts={"wanted": need.any_of})
    if good:
        names = tuple(each.subtag for each in good)
        facts = {"languages": names, "wanted": need.any_of}
        reason = Reason(message=Message.LANGUAGE_GOOD, facts=facts)
    return PrerequisiteFinding(
        id="language",
        met=bool(good),
        reason=reason,
        evidence=tuple(path for each in good for path in each.evidence) or ("languages",),
        source=need.cited.source,
    )


def _education(need: EducationNeed, application: Application, on: date) -> PrerequisiteFinding:
    held = [each for each in held_on(application, on) if each.what.level in need.any_of]
    reason = Reason(
        message=Message.NOT_EDUCATED, facts={"on": on.isoformat(), "wanted": need.any_of}
    )
    if held:
        best = min(held, key=lambda each: need.any_of.index(each.what.level)).what
        awarded = best.awarded_on.isoformat()
        facts: dict[str, FactValue] = {
            "level": best.level,
            "awarded_on": awarded,
            "wanted": need.any_of,
        }
        reason = Reason(message=Message.EDUCATED, facts=facts)
    return PrerequisiteFinding(
        id="education",
        met=bool(held),
        reason=reason,
        evidence=tuple(each.path for each in held) or ("qualifications",),
        source=need.cited.source,
    )


def _nationality(ruleset: Ruleset, application: Application, on: date) -> PrerequisiteFinding:
    nationality = application.applicant.nationality
    edition = ruleset.lists.excluded_nationalities.on(on)
    excluded = edition is not None and nationality in edition.members
    facts: dict[str, FactValue] = {"country": nationality, "on": on.isoformat()}
    reason = Reason(message=Message.NATIONALITY_BEFORE_LISTS, facts=facts)
    if edition is not None:
        message = Message.NATIONALITY_EXCLUDED if excluded else Message.NATIONALITY_FREE
        reason = Reason(message=message, facts={**facts, "edition": edition.id})
    return PrerequisiteFinding(
        id="nationality",
        met=not excluded,
        reason=reason,
        evidence=("applicant.nationality",),
        source=ruleset.prerequisites.nationality.source,
        edition=edition.id if edition else None,
    )
