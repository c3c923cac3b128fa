"""Rulesets, the dated data beside them, and what an assessment finds.

Law: a rule, list or figure once used never changes; what becomes known later is added with the
day from which it is known.
"""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum

from domain.application import Route
from domain.days import hong_kong_date
from domain.rules.criteria import Criterion
from domain.rules.factors import Citation, Factor, Figure, PrerequisiteRules
from domain.rules.life import Life
from domain.rules.limits import DatedLimit, FileCount, FileSize, Originals, Paper
from domain.rules.reasons import Reason
from domain.rules.retention import Retention
from domain.working_days import Calendar


class Test(StrEnum):
    """What kind of test a ruleset is."""

    POINTS = "points"
    ACHIEVEMENT = "achievement"
    CRITERIA = "criteria"


class Catches(StrEnum):
    """Which cases a change of the rules catches."""

    SUBMISSION_DATE = "submission_date"
    SUBMISSION_INSTANT = "submission_instant"
    IN_PROCESS = "in_process"
    IN_PROCESS_WITH_PROOF = "in_process_with_proof"
    APPROVAL_DATE = "approval_date"


class YearCaught(StrEnum):
    """Which calendar year a quota covers first: the one in which it became known, or the next."""

    RUNNING_YEAR = "running_year"
    FOLLOWING_YEAR = "following_year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Which cases a change of the rules catches when it begins.

    ``at`` is the instant of its first day from which submissions are caught, where the clock
    decides; None where the day does.
    """

    catches: Catches
    cited: Citation
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of a dated list; ``members`` is empty where there are none.

    It is empty too where only its size is known.
    """

    id: str
    life: Life
    members: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedList:
    """Editions of one list, the latest last; each is in force until the next begins."""

    id: str
    editions: tuple[Edition, ...]

    def on(self, day: date) -> Edition | None:
        """The edition in force on a day, None before the first."""
        return next((each for each in reversed(self.editions) if each.life.covers(day)), None)

    def known_by(self, day: date) -> "DatedList":
        """The list as far as it was known on a day; itself where all of it was."""
        known = tuple(each for each in self.editions if each.life.known_from <= day)
        return self if known == self.editions else replace(self, editions=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The dated lists that an assessment reads."""

    excluded_nationalities: DatedList
    talent_list: DatedList
    universities: DatedList

    def known_by(self, day: date) -> "Lists":
        """The lists as far as they were known on a day; themselves where all of them were."""
        lists = {each.name: getattr(self, each.name) for each in fields(self)}
        known = {name: each.known_by(day) for name, each in lists.items()}
        whole = all(known[name] is lists[name] for name in lists)
        return self if whole else replace(self, **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """One test over one life, in one edition.

    A test of criteria has criteria and no factors, every other one factors and no criteria.
    A correction is an edition of its own, with a digest of its own. ``digest`` covers the test's
    own data. The lists are shared by all tests and are not in it: a finding or award that reads a
    list names the edition it read.
    """

    id: str
    digest: str
    route: Route
    test: Test
    life: Life
    transition: Transition
    pass_mark: Figure
    max: Figure
    prerequisites: PrerequisiteRules
    factors: tuple[Factor, ...]
    criteria: tuple[Criterion, ...] = ()
    lists: Lists
    edition: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StayPattern:
    """Years of each period of stay, in order, and whom they are for."""

    route: Route
    top_tier: bool
    years: tuple[int, ...]
    life: Life
    transition: Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class VisaFee:
    """HK dollars a person for a stay of at most so many days (None: any longer stay)."""

    stay_days_at_most: int | None
    hkd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """Fees a person in HK dollars, from an instant on, for the cases that it catches."""

    from_instant: datetime
    application_hkd: int | None
    visa: tuple[VisaFee, ...]
    catches: Catches
    cited: Citation

    @property
    def life(self) -> Life:
        """The days from that of its first instant on."""
        first = hong_kong_date(self.from_instant)
        return Life(first=first, until=None, known_from=first, cited=self.cited)

    @property
    def transition(self) -> Transition:
        """Which cases it catches; where the clock decides, those from its first instant on."""
        by_instant = self.catches is Catches.SUBMISSION_INSTANT
        at = self.from_instant if by_instant else None
        return Transition(catches=self.catches, cited=self.cited, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Places of a calendar year (None: no ceiling), as known from a day on."""

    catches: YearCaught
    last_year: int | None
    places: int | None
    known_from: date
    cited: Citation

    @property
    def first_year(self) -> int:
        """The first calendar year that it covers, whole."""
        return self.known_from.year + (self.catches is YearCaught.FOLLOWING_YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A general holiday; ``substitute`` where it stands for one that was lost to another."""

    on: date
    name: str
    substitute: bool
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayYear:
    """The general holidays of a calendar year, in order; Sundays are not among them."""

    year: int
    days: tuple[Holiday, ...]
    cited: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """Every rule that is loaded.

    ``rulesets`` are the latest edition of each, ``superseded`` every edition before it;
    ``holidays`` are years in order, and none is missing between them.
    """

    rulesets: tuple[Ruleset, ...]
    lists: Lists
    stays: tuple[StayPattern, ...]
    fees: tuple[FeeSchedule, ...]
    limits: tuple[DatedLimit, ...]
    originals: tuple[Originals, ...]
    paper: tuple[Paper, ...]
    file_sizes: tuple[FileSize, ...]
    file_counts: tuple[FileCount, ...]
    quotas: tuple[Quota, ...]
    holidays: tuple[HolidayYear, ...]
    retention: tuple[Retention, ...]
    sources: tuple[tuple[str, str], ...]
    superseded: tuple[Ruleset, ...] = ()

    @property
    def calendar(self) -> Calendar:
        """The working days of the years whose holidays are loaded."""
        years = self.holidays
        days = (each.on for year in years for each in year.days)
        return Calendar.of(years[0].year, years[-1].year, days)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrerequisiteFinding:
    """Whether one prerequisite is met.

    ``evidence`` is paths into the application and ``source`` the ids of the rule's authority;
    ``edition`` names the dated list read, if one was.
    """

    id: str
    met: bool
    reason: Reason
    evidence: tuple[str, ...]
    source: tuple[str, ...]
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """Points that a rule gave; evidence, source and edition are as in `PrerequisiteFinding`."""

    rule: str
    points: int
    reason: Reason
    evidence: tuple[str, ...]
    source: tuple[str, ...]
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Points that a rule would give, and what it would need; evidence is the paths looked at."""

    rule: str
    points: int
    reason: Reason
    evidence: tuple[str, ...]
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorScore:
    """One factor's points out of its maximum; the points are the sum of its awards.

    ``computed`` is what the tests alone gave, None where no officer decided otherwise.
    """

    factor: str
    points: int
    max: int
    awards: tuple[Award, ...]
    shortfalls: tuple[Shortfall, ...]
    computed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionFinding:
    """Whether one criterion is met; the rest is as in `PrerequisiteFinding`."""

    id: str
    met: bool
    reason: Reason
    evidence: tuple[str, ...]
    source: tuple[str, ...]
    edition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """A rule whose own test gave ``computed`` points and for which ``decided`` ones stand instead.

    Of a criterion, 1 is met and 0 is not. What either counts for is the factor's to say: of a
    ladder one row counts.
    """

    rule: str
    computed: int
    decided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One application under one ruleset on one day.

    A points or achievement test has factors, a test of criteria has criteria; eligible means that
    every prerequisite is met and the total reaches the pass mark. ``overrides`` are the rules that
    an officer decided, in the order of the ruleset, and ``computed_total`` is the total without
    them, None where there are none.
    """

    ruleset: str
    digest: str
    route: Route
    reference_date: date
    prerequisites: tuple[PrerequisiteFinding, ...]
    factors: tuple[FactorScore, ...] = ()
    criteria: tuple[CriterionFinding, ...] = ()
    total: int
    pass_mark: int
    eligible: bool
    computed_total: int | None = None
    overrides: tuple[Overridden, ...] = ()
