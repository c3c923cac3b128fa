"""Whether an application meets the prerequisites, each with its reason.

Law: every prerequisite is looked at, in the order of the answer, whatever the others found.
"""

from datetime import date

from domain.application import Application
from domain.days import age_on, written_out
from domain.rules.counting import good_languages, held_on, language_name, listed
from domain.rules.factors import AgeLimits, EducationNeed, LanguageNeed
from domain.rules.types import PrerequisiteFinding, Ruleset


def find_prerequisites(
    ruleset: Ruleset, application: Application, on: date
) -> tuple[PrerequisiteFinding, ...]:
    """One finding for each prerequisite of a ruleset."""
    rules = ruleset.prerequisites
    return (
        _age(rules.age, application, on),
        _support(application),
        _record(application),
        _language(rules.language, application),
        _education(rules.education, application, on),
        _nationality(ruleset, application, on),
    )


def _age(limits: AgeLimits, application: Application, on: date) -> PrerequisiteFinding:
    age = age_on(application.applicant.date_of_birth, on)
    wanted = f"{limits.at_least} or over"
    if limits.at_most is not None:
        wanted = f"from {limits.at_least} to {limits.at_most}"
    return PrerequisiteFinding(
        id="age",
        met=limits.at_least <= age and (limits.at_most is None or age <= limits.at_most),
        reason=f"Aged {age} on {written_out(on)}; {wanted} is required",
        evidence=("applicant.date_of_birth",),
    )


def _support(application: Application) -> PrerequisiteFinding:
    met = application.prerequisites.can_support_household
    can = "Can" if met else "Cannot"
    return PrerequisiteFinding(
        id="support",
        met=met,
        reason=f"{can} support and house the household without public assistance",
        evidence=("prerequisites.can_support_household",),
    )


def _record(application: Application) -> PrerequisiteFinding:
    declared = application.prerequisites
    claims = {
        "prerequisites.criminal_record": ("a criminal record", declared.criminal_record),
        "prerequisites.adverse_immigration_record": (
            "an adverse immigration record",
            declared.adverse_immigration_record,
        ),
    }
    against = {path: name for path, (name, has) in claims.items() if has}
    found = f"Has {listed(against.values(), 'and')}" if against else "Has neither record"
    return PrerequisiteFinding(
        id="record",
        met=not against,
        reason=f"{found}; no criminal and no adverse immigration record is required",
        evidence=tuple(against or claims),
    )


def _language(need: LanguageNeed, application: Application) -> PrerequisiteFinding:
    good = [each for each in good_languages(application) if each.subtag in need.any_of]
    wanted = listed(map(language_name, need.any_of), "or")
    found = f"Good {listed((language_name(each.subtag) for each in good), 'and')}" if good else ""
    return PrerequisiteFinding(
        id="language",
        met=bool(good),
        reason=f"{found or f'No good {wanted}'}, spoken and written; {wanted} is required",
        evidence=tuple(path for each in good for path in each.evidence) or ("languages",),
    )


def _education(need: EducationNeed, application: Application, on: date) -> PrerequisiteFinding:
    held = [each for each in held_on(application, on) if each.what.level in need.any_of]
    if held:
        best = min(held, key=lambda each: need.any_of.index(each.what.level))
        found = (
            f"Holds a {best.what.level} qualification, awarded {written_out(best.what.awarded_on)}"
        )
    else:
        found = f"No qualification that counts was awarded by {written_out(on)}"
    return PrerequisiteFinding(
        id="education",
        met=bool(held),
        reason=f"{found}; a degree, or a recognised professional or a technical qualification, "
        "is required",
        evidence=tuple(each.path for each in held) or ("qualifications",),
    )


def _nationality(ruleset: Ruleset, application: Application, on: date) -> PrerequisiteFinding:
    nationality, day = application.applicant.nationality, written_out(on)
    edition = ruleset.lists.excluded_nationalities.on(on)
    excluded = edition is not None and nationality in edition.members
    be = "is" if excluded else "is not"
    by = f", by the list {edition.id}" if edition else "; no list was in force yet"
    return PrerequisiteFinding(
        id="nationality",
        met=not excluded,
        reason=f"{nationality} {be} excluded on {day}{by}",
        evidence=("applicant.nationality",),
        edition=edition.id if edition else None,
    )
