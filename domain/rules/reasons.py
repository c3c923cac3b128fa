"""Why something was found, as a message and its facts: said in any language, checked in none.

Law: a message's name is permanent, because recorded assessments keep it. Its wording may be mended
in every language; what it means, and the names and kinds of its facts, may not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Self

FactValue = int | str | tuple[str, ...] | Mapping[str, int]
"""A number, a text (a day in ISO 8601), several texts, or how many of each."""


class Kind(StrEnum):
    """What a fact is; it decides how a template may say it."""

    NUMBER = "number"
    """A whole number of years, points or things: as it is, or with its noun as a plural."""
    TEXT = "text"
    """The applicant's or the office's own words, or an id."""
    TEXTS = "texts"
    DAY = "day"
    """A day in ISO 8601."""
    DAYS = "days"
    """A number of days, of which 365 make a year of experience."""
    HKD = "hkd"
    """Whole Hong Kong dollars."""
    COUNTRY = "country"
    """An ISO 3166-1 alpha-3 code."""
    LANGUAGES = "languages"
    """Primary subtags, Chinese always as ``zh``."""
    LEVEL = "level"
    LEVELS = "levels"
    COUNTED_LEVELS = "counted-levels"
    """How many of each level."""
    SECTORS = "sectors"
    RELATIVE = "relative"


_NO_FACTS: Mapping[str, Kind] = MappingProxyType({})
_N, _D, _ON, _L = Kind.NUMBER, Kind.DAYS, Kind.DAY, Kind.LANGUAGES


class Message(StrEnum):
    """Everything that an assessment can say: a permanent name, and the kinds of its facts.

    ``NEEDS_…`` say what is still lacking; their fact ``points`` is what having it would give.
    """

    facts: Mapping[str, Kind]

    def __new__(cls, name: str, facts: Mapping[str, Kind] = _NO_FACTS) -> Self:
        """Return the message of this name."""
        message = str.__new__(cls, name)
        message._value_ = name
        message.facts = MappingProxyType(dict(facts))
        return message

    AS_WRITTEN = "as-written", {"text": Kind.TEXT}
    """Words recorded as they were said."""

    # Prerequisites.
    AGE_FROM = "age-from", {"age": _N, "on": _ON, "at_least": _N}
    AGE_BETWEEN = "age-between", {"age": _N, "on": _ON, "at_least": _N, "at_most": _N}
    CAN_SUPPORT = "can-support"
    CANNOT_SUPPORT = "cannot-support"
    NO_RECORD = "no-record"
    CRIMINAL_RECORD = "criminal-record"
    IMMIGRATION_RECORD = "immigration-record"
    BOTH_RECORDS = "both-records"
    LANGUAGE_GOOD = "language-good", {"languages": _L, "wanted": _L}
    LANGUAGE_NOT_GOOD = "language-not-good", {"wanted": _L}
    EDUCATED = "educated", {"level": Kind.LEVEL, "awarded_on": _ON, "wanted": Kind.LEVELS}
    NOT_EDUCATED = "not-educated", {"on": _ON, "wanted": Kind.LEVELS}
    NATIONALITY_FREE = (
        "nationality-free",
        {"country": Kind.COUNTRY, "on": _ON, "edition": Kind.TEXT},
    )
    NATIONALITY_EXCLUDED = (
        "nationality-excluded",
        {"country": Kind.COUNTRY, "on": _ON, "edition": Kind.TEXT},
    )
    NATIONALITY_BEFORE_LISTS = "nationality-before-lists", {"country": Kind.COUNTRY, "on": _ON}

    # Age.
    AGED = "aged", {"age": _N}
    NEEDS_AGE_FROM = "needs-age-from", {"points": _N, "age": _N, "lowest": _N, "years": _N}
    """``years`` are those until the age ``lowest``."""
    NEEDS_AGE_UP_TO = "needs-age-up-to", {"points": _N, "age": _N, "highest": _N}

    # Qualifications.
    HOLDS = "holds", {"held": Kind.COUNTED_LEVELS}
    NEEDS_HOLDING = (
        "needs-holding",
        {
            "points": _N,
            "wanted": Kind.COUNTED_LEVELS,
            "lacking": Kind.COUNTED_LEVELS,
            "held": Kind.COUNTED_LEVELS,
        },
    )
    """Any one of ``wanted`` would do, and so would any one of ``lacking`` beside what is held."""
    HOLDS_RENOWNED = "holds-renowned", {"level": Kind.LEVEL, "institution": Kind.TEXT}
    NEEDS_RENOWNED = "needs-renowned", {"points": _N, "levels": Kind.LEVELS, "degrees": _N}
    """``degrees`` of the levels are held, none of them from a renowned institution."""
    NEEDS_RENOWNED_DEGREE = "needs-renowned-degree", {"points": _N, "levels": Kind.LEVELS}
    """No degree of the levels is held at all."""

    # Work. ``more`` and ``senior_more`` are the days that lack.
    WORKED = "worked", {"days": _D}
    WORKED_SENIOR = "worked-senior", {"days": _D, "senior_days": _D}
    NEEDS_WORK = "needs-work", {"points": _N, "more": _D, "years": _N, "days": _D}
    NEEDS_SENIOR_WORK = (
        "needs-senior-work",
        {"points": _N, "senior_more": _D, "senior_years": _N, "senior_days": _D},
    )
    """The years in all are there."""
    NEEDS_WORK_AND_SENIOR_WORK = (
        "needs-work-and-senior-work",
        {
            "points": _N,
            "more": _D,
            "years": _N,
            "days": _D,
            "senior_more": _D,
            "senior_years": _N,
            "senior_days": _D,
        },
    )
    WORKED_OUTSIDE_HOME = "worked-outside-home", {"days": _D}
    NEEDS_WORK_OUTSIDE_HOME = (
        "needs-work-outside-home",
        {"points": _N, "more": _D, "years": _N, "days": _D},
    )
    WORKED_MULTINATIONAL = "worked-multinational", {"days": _D}
    NEEDS_WORK_MULTINATIONAL = (
        "needs-work-multinational",
        {"points": _N, "more": _D, "years": _N, "days": _D},
    )

    # The Talent List.
    CLAIMS_PROFESSION = "claims-profession", {"profession": Kind.TEXT, "edition": Kind.TEXT}
    CLAIMS_PROFESSION_UNLISTED = "claims-profession-unlisted", {"profession": Kind.TEXT}
    """No edition of the list was in force."""
    NEEDS_PROFESSION = "needs-profession", {"points": _N, "edition": Kind.TEXT}
    NEEDS_PROFESSION_UNLISTED = "needs-profession-unlisted", {"points": _N}

    # Languages, good both spoken and written; ``has`` are those that are.
    SPEAKS = "speaks", {"languages": _L}
    NEEDS_LANGUAGES = "needs-languages", {"points": _N, "languages": _L, "has": _L}
    """All of ``languages``."""
    NEEDS_LANGUAGE = "needs-language", {"points": _N, "any_of": _L, "has": _L}
    NEEDS_FOREIGN = "needs-foreign", {"points": _N, "foreign": _N, "has": _L}
    """So many more languages that are neither Chinese nor English."""
    NEEDS_LANGUAGES_AND_FOREIGN = (
        "needs-languages-and-foreign",
        {"points": _N, "languages": _L, "foreign": _N, "has": _L},
    )
    NEEDS_LANGUAGE_AND_FOREIGN = (
        "needs-language-and-foreign",
        {"points": _N, "any_of": _L, "foreign": _N, "has": _L},
    )

    # The family.
    RESIDENT_RELATIVE = "resident-relative", {"relative": Kind.RELATIVE}
    NEEDS_RESIDENT_RELATIVE = "needs-resident-relative", {"points": _N}
    SPOUSE_WITH_DEGREE = "spouse-with-degree"
    NEEDS_SPOUSE_WITH_DEGREE = "needs-spouse-with-degree", {"points": _N}
    """There is no spouse."""
    NEEDS_SPOUSE_TO_COME = "needs-spouse-to-come", {"points": _N}
    NEEDS_SPOUSE_TO_HAVE_DEGREE = "needs-spouse-to-have-degree", {"points": _N}
    NEEDS_SPOUSE_TO_COME_WITH_DEGREE = "needs-spouse-to-come-with-degree", {"points": _N}
    """The spouse neither accompanies nor has a degree."""
    CHILDREN = "children", {"number": _N, "under": _N, "on": _ON}
    NEEDS_CHILDREN = "needs-children", {"points": _N, "more": _N, "under": _N, "number": _N}

    # Achievements.
    CLAIMS_ACHIEVEMENTS = "claims-achievements", {"titles": Kind.TEXTS}
    """Each title with its year."""
    NEEDS_ACHIEVEMENT = "needs-achievement", {"points": _N}

    # Criteria. ``LACKS_…`` say what is still lacking for one; what is met is otherwise said above.
    LACKS_YOUTH = "lacks-youth", {"age": _N, "highest": _N}
    HOLDS_LISTED = "holds-listed", {"level": Kind.LEVEL, "institution": Kind.TEXT}
    """From a university on the list of those that are eligible."""
    LACKS_DEGREE = "lacks-degree", {"levels": Kind.LEVELS}
    """None of the levels is held at all."""
    LACKS_LISTED_UNIVERSITY = (
        "lacks-listed-university",
        {"level": Kind.LEVEL, "institution": Kind.TEXT},
    )
    HOLDS_STEM = "holds-stem", {"level": Kind.LEVEL, "subject": Kind.TEXT}
    LACKS_STEM_SUBJECT = "lacks-stem-subject", {"criterion": Kind.TEXT, "subjects": Kind.TEXTS}
    """What meets the other criterion is in ``subjects``."""
    LACKS_STEM_DEGREE = "lacks-stem-degree", {"criterion": Kind.TEXT}
    """Nothing meets the other criterion."""
    LACKS_LANGUAGES = "lacks-languages", {"more": _N, "has": _L}
    """So many more languages, whichever they are."""
    LACKS_LANGUAGE = "lacks-language", {"languages": _L}
    """It is good neither spoken nor written."""
    LACKS_LANGUAGE_SPOKEN = "lacks-language-spoken", {"languages": _L}
    LACKS_LANGUAGE_WRITTEN = "lacks-language-written", {"languages": _L}
    LACKS_WORK = "lacks-work", {"more": _D, "years": _N, "days": _D}
    LACKS_WORK_MULTINATIONAL = "lacks-work-multinational", {"more": _D, "years": _N, "days": _D}
    LACKS_WORK_OUTSIDE_HOME = "lacks-work-outside-home", {"more": _D, "years": _N, "days": _D}
    WORKED_IN_SECTORS = "worked-in-sectors", {"days": _D, "sectors": Kind.SECTORS}
    LACKS_WORK_IN_SECTORS = (
        "lacks-work-in-sectors",
        {"more": _D, "years": _N, "days": _D, "sectors": Kind.SECTORS},
    )
    EARNS = "earns", {"income": Kind.HKD}
    LACKS_INCOME = "lacks-income", {"more": Kind.HKD, "least": Kind.HKD, "income": Kind.HKD}
    LACKS_ANY_INCOME = "lacks-any-income", {"least": Kind.HKD}
    """No income is claimed."""
    OWNS_BUSINESS = (
        "owns-business",
        {"name": Kind.TEXT, "percent": Kind.TEXT, "profit": Kind.HKD},
    )
    """Percentages are decimal fractions as texts, since they need not be whole."""
    LACKS_BUSINESS = "lacks-business", {"least": Kind.HKD}
    """No business is claimed; it would need a profit of ``least``."""
    LACKS_PROFIT = (
        "lacks-profit",
        {"name": Kind.TEXT, "more": Kind.HKD, "least": Kind.HKD, "profit": Kind.HKD},
    )
    LACKS_SHARE = (
        "lacks-share",
        {"name": Kind.TEXT, "more_percent": Kind.TEXT, "least_percent": _N, "percent": Kind.TEXT},
    )
    LACKS_PROFIT_AND_SHARE = (
        "lacks-profit-and-share",
        {
            "name": Kind.TEXT,
            "more": Kind.HKD,
            "least": Kind.HKD,
            "profit": Kind.HKD,
            "least_percent": _N,
            "percent": Kind.TEXT,
        },
    )
    OWNS_LISTED = "owns-listed", {"name": Kind.TEXT, "percent": Kind.TEXT}
    LACKS_LISTED_COMPANY = "lacks-listed-company", {"least_percent": _N}
    """No listed company is claimed."""

    # Decisions.
    BELOW_CRITERIA = "below-criteria", {"met": _N, "needed": _N, "short": _N}
    DECIDED_BY_OFFICER = "decided-by-officer", {"computed": _N, "decided": _N}
    """In points; officers decided otherwise than the rule's own test."""
    DECIDED_MET = "decided-met"
    """Of a criterion whose own test was not met."""
    DECIDED_NOT_MET = "decided-not-met"
    """Of a criterion whose own test was met."""
    BELOW_PASS_MARK = "below-pass-mark", {"points": _N, "pass_mark": _N, "short": _N}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing said, with the facts that fill it in.

    The facts concern the person and are sealed wherever they are kept.
    """

    message: Message
    facts: Mapping[str, FactValue]


def as_written(text: str) -> Reason:
    """Return the reason that says a text as it stands, in whatever language it is."""
    return Reason(message=Message.AS_WRITTEN, facts={"text": text})
