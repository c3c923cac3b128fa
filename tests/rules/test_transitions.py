"""Which filings a change of the rules catches, at the edges of each policy."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from domain.application import Route
from domain.days import HONG_KONG
from domain.rules.book import parse_rulebook
from domain.rules.choose import (
    NoRuleset,
    application_fee,
    choose,
    named,
    stay_pattern,
    visa_fee,
)
from domain.rules.life import Life
from domain.rules.reading import RulesetFaults
from domain.rules.transitions import Filing, filed_on, has_listed_profession
from domain.rules.types import Catches, Rulebook, Ruleset, Transition
from services.rules import load_rulebook
from tests.rules.filing import application

BEGINS = date(2018, 8, 28)
ELEVEN = datetime(2018, 8, 28, 11, 0, tzinfo=HONG_KONG)
SECOND = timedelta(seconds=1)
IN_2017 = datetime(2017, 3, 1, 9, 0, tzinfo=HONG_KONG)
ANY_YEAR = date(2010, 1, 1)

Data = dict[str, Any]


@pytest.fixture
def documents() -> dict[str, Data]:
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in resources.files("rulesets").iterdir()
        if file.name.endswith(".toml")
    }


def test_a_case_of_2017_with_a_listed_profession_is_under_the_rules_of_2018() -> None:
    assert chosen(Catches.IN_PROCESS_WITH_PROOF, IN_2017, on=date(2018, 10, 1), listed=True)
    assert not chosen(Catches.IN_PROCESS_WITH_PROOF, IN_2017, on=date(2018, 10, 1), listed=False)


def test_the_ruleset_of_2018_as_it_ships_reaches_cases_in_process_with_proof(
    rulebook: Rulebook,
) -> None:
    proven = Filing(
        route=Route.GENERAL, submitted_at=IN_2017, on=date(2018, 10, 1), listed_profession=True
    )
    assert choose(rulebook, proven).id == "gpt-2018"
    before = replace(proven, on=date(2018, 8, 27))
    for missed in (before, replace(proven, listed_profession=False)):
        assert choose(rulebook, missed).id == "gpt-2015"


def test_a_case_in_process_keeps_what_caught_it_however_late_it_is_decided(
    rulebook: Rulebook,
) -> None:
    decided_late = Filing(
        route=Route.GENERAL, submitted_at=IN_2017, on=date(2024, 6, 1), listed_profession=True
    )
    assert choose(rulebook, decided_late).id == "gpt-2018"


def test_every_other_ruleset_that_ships_catches_by_submission(rulebook: Rulebook) -> None:
    reaching_back = {
        each.id
        for each in (*rulebook.superseded, *rulebook.rulesets)
        if each.transition.catches is not Catches.SUBMISSION_DATE
    }
    assert reaching_back == {"gpt-2018"}


@pytest.mark.parametrize("route", list(Route))
@pytest.mark.parametrize("late", [date(2024, 11, 1), date(2026, 1, 1)])
def test_no_later_ruleset_reaches_back_to_a_submission_of_2019(
    rulebook: Rulebook, route: Route, late: date
) -> None:
    in_2019 = datetime(2019, 5, 1, tzinfo=HONG_KONG)
    filing = Filing(route=route, submitted_at=in_2019, on=late, listed_profession=True)
    assert choose(rulebook, filing).id in {"gpt-2018", "apt-225"}


@pytest.mark.parametrize(
    ("submitted_at", "caught"),
    [
        (datetime(2018, 8, 27, 23, 59, 59, tzinfo=HONG_KONG), False),
        (datetime(2018, 8, 28, 0, 0, tzinfo=HONG_KONG), True),
        (datetime(2018, 8, 29, 0, 0, tzinfo=HONG_KONG), True),
        (datetime(2018, 8, 27, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2018, 8, 27, 16, 0, tzinfo=UTC), True),
    ],
)
def test_by_submission_the_day_in_hong_kong_decides_and_no_other(
    submitted_at: datetime, *, caught: bool
) -> None:
    for on in (date(2018, 8, 29), date(2030, 1, 1)):
        assert chosen(Catches.SUBMISSION_DATE, submitted_at, on=on, listed=True) is caught


@pytest.mark.parametrize(
    ("submitted_at", "caught"),
    [
        (ELEVEN - SECOND, False),
        (ELEVEN, True),
        (ELEVEN + SECOND, True),
        (datetime(2018, 8, 28, 2, 59, 59, tzinfo=UTC), False),
        (datetime(2018, 8, 28, 3, 0, tzinfo=UTC), True),
    ],
)
def test_by_instant_the_second_of_submission_decides(
    submitted_at: datetime, *, caught: bool
) -> None:
    for on in (date(2018, 8, 28), date(2030, 1, 1)):
        found = chosen(Catches.SUBMISSION_INSTANT, submitted_at, on=on, at=ELEVEN)
        assert found is caught


@pytest.mark.parametrize(
    ("on", "caught"),
    [(date(2018, 8, 27), False), (date(2018, 8, 28), True), (date(2018, 8, 29), True)],
)
def test_in_process_the_day_of_assessing_decides(on: date, *, caught: bool) -> None:
    assert chosen(Catches.IN_PROCESS, IN_2017, on=on) is caught
    assert chosen(Catches.IN_PROCESS_WITH_PROOF, IN_2017, on=on, listed=True) is caught
    assert not chosen(Catches.IN_PROCESS_WITH_PROOF, IN_2017, on=on, listed=False)


@pytest.mark.parametrize("policy", [Catches.IN_PROCESS, Catches.IN_PROCESS_WITH_PROOF])
def test_who_submits_after_it_began_needs_no_proof(policy: Catches) -> None:
    assert chosen(policy, ELEVEN, on=date(2018, 8, 28), listed=False)


@pytest.mark.parametrize("policy", [Catches.IN_PROCESS, Catches.IN_PROCESS_WITH_PROOF])
def test_what_was_approved_before_it_began_was_not_in_process(policy: Catches) -> None:
    filing = Filing(
        route=Route.GENERAL,
        submitted_at=IN_2017,
        on=date(2020, 1, 1),
        approved_on=date(2018, 8, 27),
        listed_profession=True,
    )
    assert choose(book_of(policy), filing).id == "old"


@pytest.mark.parametrize(
    ("approved_on", "caught"),
    [(date(2018, 8, 27), False), (date(2018, 8, 28), True), (date(2018, 8, 29), True)],
)
def test_by_approval_the_day_of_approval_decides(approved_on: date, *, caught: bool) -> None:
    late = date(2018, 12, 31)
    assert chosen(Catches.APPROVAL_DATE, IN_2017, on=late, approved_on=approved_on) is caught


@pytest.mark.parametrize(("on", "caught"), [(date(2018, 8, 27), False), (date(2018, 8, 28), True)])
def test_what_is_not_approved_yet_can_only_be_approved_from_today(
    on: date, *, caught: bool
) -> None:
    assert chosen(Catches.APPROVAL_DATE, IN_2017, on=on) is caught


@pytest.mark.parametrize(
    ("policy", "still", "over"),
    [
        (Catches.SUBMISSION_DATE, {"submitted": 31}, {"submitted": 32}),
        (Catches.IN_PROCESS, {"submitted": 31, "approved": 60}, {"submitted": 32}),
        (Catches.APPROVAL_DATE, {"submitted": 1, "approved": 31}, {"approved": 32}),
    ],
)
def test_a_change_that_ended_leaves_nothing_to_its_predecessor(
    policy: Catches, still: Mapping[str, int], over: Mapping[str, int]
) -> None:
    book = book_of(policy, until=BEGINS + timedelta(days=31))
    assert choose(book, _days_after(still)).id == "new"
    with pytest.raises(NoRuleset, match=r"general route is loaded for .*; loaded: old .*, new"):
        choose(book, _days_after(over))


def test_of_those_that_catch_a_case_the_latest_beginning_holds() -> None:
    book = book_of(Catches.IN_PROCESS)
    latest = _copy(book.rulesets[1], "latest", BEGINS + timedelta(days=1), Catches.IN_PROCESS)
    book = replace(book, rulesets=(latest, *book.rulesets))
    found = [
        choose(book, Filing(route=Route.GENERAL, submitted_at=IN_2017, on=each)).id
        for each in (BEGINS - timedelta(days=1), BEGINS, BEGINS + timedelta(days=1))
    ]
    assert found == ["old", "new", "latest"]


def test_rules_that_were_not_known_on_a_day_catch_nothing_then() -> None:
    book = book_of(Catches.SUBMISSION_DATE)
    known_late = replace(book.rulesets[1].life, known_from=date(2018, 9, 15))
    book = replace(book, rulesets=(book.rulesets[0], replace(book.rulesets[1], life=known_late)))
    filing = filed_on(Route.GENERAL, BEGINS)
    assert choose(book, filing).id == "new"
    assert choose(book, filing, known_on=date(2018, 9, 15)).id == "new"
    assert choose(book, filing, known_on=date(2018, 9, 14)).id == "old"


def test_a_profession_is_proven_by_any_text_that_is_not_blank() -> None:
    found = [
        has_listed_profession(application(talent_list_profession=each))
        for each in (None, "", "  ", "Actuaries")
    ]
    assert found == [False, False, False, True]


def test_a_stay_pattern_by_approval_follows_the_day_of_approval(rulebook: Rulebook) -> None:
    book = replace(
        rulebook,
        stays=tuple(
            replace(each, transition=replace(each.transition, catches=Catches.APPROVAL_DATE))
            if each.life.first == date(2022, 12, 28)
            else each
            for each in rulebook.stays
        ),
    )
    submitted_at = datetime(2022, 3, 1, tzinfo=HONG_KONG)
    for approved_on, years in (
        (date(2022, 12, 27), (2, 3, 3)),
        (date(2022, 12, 28), (3, 3, 2)),
    ):
        filing = Filing(
            route=Route.GENERAL,
            submitted_at=submitted_at,
            on=approved_on,
            approved_on=approved_on,
        )
        assert stay_pattern(book, filing).years == years
        assert stay_pattern(rulebook, filing).years == (2, 3, 3)


def test_of_two_changes_on_one_day_the_later_instant_holds(rulebook: Rulebook) -> None:
    nine = datetime(2025, 2, 26, 9, 0, tzinfo=HONG_KONG)
    first = replace(rulebook.fees[1], from_instant=nine, application_hkd=500)
    book = replace(rulebook, fees=(rulebook.fees[1], first, rulebook.fees[0]))
    found = [
        application_fee(
            book,
            Filing(route=Route.GENERAL, submitted_at=nine + timedelta(hours=h), on=nine.date()),
        )
        for h in (-1, 0, 2)
    ]
    assert found == [None, 500, 600]


def test_who_files_on_a_day_files_at_its_end(rulebook: Rulebook) -> None:
    assert application_fee(rulebook, filed_on(Route.GENERAL, date(2025, 2, 25))) is None
    assert application_fee(rulebook, filed_on(Route.GENERAL, date(2025, 2, 26))) == 600


def test_fees_by_day_ignore_the_clock(rulebook: Rulebook) -> None:
    by_day = replace(rulebook.fees[1], catches=Catches.SUBMISSION_DATE)
    book = replace(rulebook, fees=(rulebook.fees[0], by_day))
    early = datetime(2025, 2, 26, 0, 0, tzinfo=HONG_KONG)
    filing = Filing(route=Route.GENERAL, submitted_at=early, on=date(2025, 2, 26))
    assert (application_fee(book, filing), application_fee(rulebook, filing)) == (600, None)
    assert (visa_fee(book, filing, 181), visa_fee(rulebook, filing, 181)) == (1300, 230)


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("stay", {"catches": "someday"}, "stay: patterns[0].catches: must be one of submission_"),
        ("fees", {"catches": None}, "fees: schedules[0].catches: must be one of"),
        ("quotas", {"catches": "submission_date"}, "quotas: quotas[0].catches: must be one of run"),
        (
            "stay",
            {"catches": "submission_instant"},
            "stay: patterns[0].at: must be a date and time",
        ),
        (
            "stay",
            {"at": datetime(2006, 6, 28, tzinfo=HONG_KONG)},
            "stay: patterns[0].at: is for a change that catches by submission_instant",
        ),
        (
            "stay",
            {"catches": "submission_instant", "at": datetime(2006, 6, 27, 12, tzinfo=HONG_KONG)},
            "stay: patterns[0].at: 2006-06-27T12:00:00+08:00 is not on the first day, 2006-06-28",
        ),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(
    documents: dict[str, Data], name: str, change: Data, fault: str
) -> None:
    rows = documents[name][{"stay": "patterns", "fees": "schedules", "quotas": "quotas"}[name]]
    rows[0].update(change)
    with pytest.raises(RulesetFaults) as refused:
        parse_rulebook(documents)
    assert [each[: len(fault)] for each in refused.value.faults] == [fault]


def chosen(  # noqa: PLR0913 - one argument for each thing that a policy may look at
    policy: Catches,
    submitted_at: datetime,
    *,
    on: date,
    approved_on: date | None = None,
    listed: bool = False,
    at: datetime | None = None,
) -> bool:
    """True when the newer of two rulesets, of that policy, holds for a filing."""
    filing = Filing(
        route=Route.GENERAL,
        submitted_at=submitted_at,
        on=on,
        approved_on=approved_on,
        listed_profession=listed,
    )
    return choose(book_of(policy, at=at), filing).id == "new"


def book_of(policy: Catches, *, until: date | None = None, at: datetime | None = None) -> Rulebook:
    """A rulebook of two general rulesets, the newer of which begins by that policy."""
    book = load_rulebook()
    like = named(book, "gpt-2018")
    old = _copy(like, "old", ANY_YEAR, Catches.SUBMISSION_DATE)
    new = _copy(like, "new", BEGINS, policy, until=until, at=at)
    return replace(book, rulesets=(old, new), superseded=())


def _copy(  # noqa: PLR0913 - one argument for each thing that tells two rulesets apart here
    like: Ruleset,
    name: str,
    first: date,
    policy: Catches,
    *,
    until: date | None = None,
    at: datetime | None = None,
) -> Ruleset:
    life = Life(first=first, until=until, known_from=first, cited=like.life.cited)
    transition = Transition(catches=policy, cited=like.transition.cited, at=at)
    return replace(like, id=name, life=life, transition=transition)


def _days_after(days: Mapping[str, int]) -> Filing:
    """A filing whose days are counted from the first of the newer ruleset, approved on the last."""
    submitted = BEGINS + timedelta(days=days.get("submitted", 0))
    decided = BEGINS + timedelta(days=days.get("approved", days.get("submitted", 0)))
    return replace(filed_on(Route.GENERAL, submitted), on=decided)
