"""The figures of the office: what is counted over the paths of cases, as of any instant."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.application import Route
from domain.events import CaseEvent
from domain.outlook import Expected, Outlook
from domain.projections.paths import AWAITING, PathRow
from domain.reconsidering import CaseReopened
from domain.stages import InPool, Stage, UnderReconsideration
from domain.statistics import Reached, Spread, Statistics, Stays
from domain.waiting import BackTest, Range, Score, Waits, week_of
from services import statistics
from services.projections import counting, queries, runner
from services.projections.catalogue import PATHS
from services.projections.kept import keep, kept
from services.projections.rows import made
from services.projections.workload import load
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.domain.desk import CHAN, LEE, returned, taken
from tests.domain.histories import (
    ACKNOWLEDGED,
    HISTORIES,
    NOT_SELECTED,
    REFUSED,
    SHORTLISTED,
    WITHDRAWN,
    prerequisites,
    scored,
)
from tests.services.asking import MAY_2019
from tests.services.casebook import START, Casebook, history, reference
from tests.services.read_models import fill, rows
from tests.services.visiting import TO_POOL, file_case

LATER = START + timedelta(days=400)


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made_book = Casebook.opened(database.app_url, database.owner_url)
    yield made_book
    made_book.close()


def happen(book: Casebook, number: int, *told: tuple[int, CaseEvent]) -> None:
    """A case was filed on a day, and each of these happened so many days after the start."""
    first, *_ = history(number)
    for version, (days, event) in enumerate(((told[0][0], first), *told[1:])):
        book.write(
            f"case-{reference(number)}",
            [event],
            after=version,
            at=START + timedelta(days=days) - timedelta(hours=version),
        )


def counted(book: Casebook, at: datetime = LATER) -> Statistics:
    book.store.sequence()
    runner.catch_up(book.store, book.models, "paths")
    return counting.statistics(book.models, at)


def test_a_funnel_follows_those_received_in_a_month(book: Casebook) -> None:
    happen(book, 1, (0, ACKNOWLEDGED), (9, ACKNOWLEDGED), (40, prerequisites()), (41, scored()))
    happen(book, 2, (1, ACKNOWLEDGED), (9, ACKNOWLEDGED), (30, WITHDRAWN))
    found = counted(book)
    by_ruleset = {each.ruleset: each for each in found.funnels}
    assert list(by_ruleset) == ["gpt-2018", None]
    assert {each.month for each in found.funnels} == {date(2019, 5, 1)}
    assessed = by_ruleset["gpt-2018"]
    assert assessed.received == 1
    assert [(each.stage, each.reached, each.there) for each in assessed.stages] == [
        (Stage.SUBMITTED, 1, 0),
        (Stage.ACKNOWLEDGED, 1, 0),
        (Stage.PREREQUISITES_MET, 1, 0),
        (Stage.IN_POOL, 1, 1),
    ]
    assert found.position == 7


def test_a_case_that_comes_to_a_stage_twice_has_reached_it_once(book: Casebook) -> None:
    steps = [prerequisites(), scored(), SHORTLISTED, NOT_SELECTED]
    happen(
        book,
        1,
        (0, ACKNOWLEDGED),
        (1, ACKNOWLEDGED),
        *((9 + n, each) for n, each in enumerate(steps)),
    )
    (funnel,) = counted(book).funnels
    (pool,) = (each for each in funnel.stages if each.stage is Stage.IN_POOL)
    assert (pool.reached, pool.there) == (1, 1)


def test_a_month_is_one_of_hong_kong(book: Casebook) -> None:
    # Half past eleven at night on 31 May in Hong Kong is still May; an hour later it is June.
    for number, at in enumerate(
        (datetime(2019, 5, 31, 15, 30, tzinfo=UTC), datetime(2019, 5, 31, 16, 30, tzinfo=UTC))
    ):
        first = replace(history(number)[0], submitted_at=at)
        book.write(f"case-{reference(number)}", [first], at=at)
    assert [each.month for each in counted(book).funnels] == [date(2019, 5, 1), date(2019, 6, 1)]


def test_stays_are_measured_by_the_year_in_which_they_ended(book: Casebook) -> None:
    for number, days in enumerate((10, 20, 30, 40, 300)):
        happen(book, number, (0, ACKNOWLEDGED), (days, ACKNOWLEDGED))
    found = counted(book, START + timedelta(days=364))
    assert [each for each in found.stays if each.stage is Stage.SUBMITTED] == [
        Stays(stage=Stage.SUBMITTED, year=None, ended=5, days=Spread(half=30, p80=92, p95=248)),
        Stays(stage=Stage.SUBMITTED, year=2020, ended=1, days=Spread(half=300, p80=300, p95=300)),
        Stays(stage=Stage.SUBMITTED, year=2019, ended=4, days=Spread(half=25, p80=34, p95=38.5)),
    ]
    (year,) = (
        each for each in counted(book, START + timedelta(days=400)).stays if each.year is None
    )
    assert year.ended == 2


def test_whoever_waits_was_passed_over_by_newer_ones_that_went_on(book: Casebook) -> None:
    for number, filed in enumerate((0, 1, 2, 3)):
        happen(book, number, (filed, ACKNOWLEDGED))
    for number in (4, 5):
        happen(book, number, (2, ACKNOWLEDGED), (9, ACKNOWLEDGED))
    happen(book, 6, (8, ACKNOWLEDGED), (9, WITHDRAWN))
    (found,) = (each for each in counted(book).inventory if each.stage is Stage.SUBMITTED)
    assert (found.cases, found.passed_over, found.by_most) == (4, 2, 2)
    assert found.days.half == 398.5


def test_figures_of_a_past_day_are_what_they_were_on_it(book: Casebook) -> None:
    happen(book, 1, (0, ACKNOWLEDGED), (9, ACKNOWLEDGED), (40, prerequisites()), (60, REFUSED))
    before = counted(book, START + timedelta(days=20))
    assert [each.stage for each in before.inventory] == [Stage.ACKNOWLEDGED]
    assert counted(book, START - timedelta(days=1)).funnels == ()
    assert counted(book).inventory == ()


@pytest.mark.parametrize("days", [0.2, 1, 400])
def test_every_count_equals_that_over_the_rows(book: Casebook, days: float) -> None:
    fill(book, cases=2)
    at = START + timedelta(days=days)
    found = counted(book, at)
    names = PATHS.clear_columns
    columns = ", ".join(f'"{each}"' for each in names)
    held = [
        made(PATHS, dict(zip(names, each, strict=True)), {})
        for each in rows(book, "paths", columns)
    ]
    reached, there = Counter[Stage](), Counter[Stage]()
    for each in held:
        there[_last(each, at)] += 1
        reached.update(
            {stage for stage, since in zip(each.stages, each.since, strict=True) if since <= at}
        )
    stages = [each for funnel in found.funnels for each in funnel.stages]
    assert _total(stages, "reached") == reached
    assert _total(stages, "there") == there
    assert {each.stage: each.cases for each in found.inventory} == {
        stage: number for stage, number in there.items() if stage not in counting.ENDS
    }


def _last(row: PathRow, at: datetime) -> Stage:
    return [stage for stage, since in zip(row.stages, row.since, strict=True) if since <= at][-1]


def _total(stages: list[Reached], name: str) -> Counter[Stage]:
    total = Counter[Stage]()
    for each in stages:
        total[each.stage] += getattr(each, name)
    return +total


def test_waits_are_counted_by_the_weeks_in_which_they_began_and_ended(book: Casebook) -> None:
    happen(book, 1, (0, ACKNOWLEDGED), (9, ACKNOWLEDGED), (60, REFUSED))
    happen(book, 2, (0, ACKNOWLEDGED), (9, WITHDRAWN))
    happen(book, 3, (0, ACKNOWLEDGED))
    counted(book)
    week = week_of(date(2019, 5, 1))
    waits = counting.waits(book.models, LATER)[Route.GENERAL]
    assert waits == (
        Waits(began=week, ended=week_of(date(2019, 5, 10)), answered=False, cases=1),
        Waits(began=week, ended=week_of(date(2019, 6, 30)), answered=True, cases=1),
        Waits(began=week, ended=None, answered=False, cases=1),
    ), "in one order, however the rows lie"
    early = counting.waits(book.models, START + timedelta(days=20))[Route.GENERAL]
    assert sum(each.cases for each in early if each.ended is None) == 2
    assert counting.waits(book.models, LATER)[Route.ACHIEVEMENT] == ()


def test_what_officers_did_counts_from_the_week_and_the_month(book: Casebook) -> None:
    month = datetime(2019, 4, 30, 16, tzinfo=UTC)
    happen(book, 1, (0, ACKNOWLEDGED), (1, ACKNOWLEDGED), (2, prerequisites()), (3, scored()))
    happen(book, 2, (0, ACKNOWLEDGED), (20, ACKNOWLEDGED))
    happen(book, 3, (-10, ACKNOWLEDGED), (-2, ACKNOWLEDGED))
    book.write(f"work-{reference(2)}", [taken(LEE), returned(LEE, CHAN)])
    counted(book)
    for name in ("work", "case-list"):
        runner.catch_up(book.store, book.models, name)
    found = load(book.models, week=START + timedelta(days=10), month=month)
    by_officer = {each.officer: each for each in found.officers}
    assert (by_officer["somebody"].in_week, by_officer["somebody"].in_month) == (1, 2)
    assert (by_officer["somebody"].held, by_officer["somebody"].longest_since) == (0, None)
    assert (by_officer[CHAN].held, by_officer[CHAN].came_back, by_officer[CHAN].in_month) == (
        1,
        1,
        0,
    )
    assert found.cases == 1
    late = load(book.models, week=month, month=START + timedelta(days=30))
    assert {each.officer: each.in_week for each in late.officers}["somebody"] == 2


def test_figures_are_counted_once_and_kept(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    assert statistics.latest(office) is None
    first = statistics.count(office)
    assert sum(each.received for each in first.statistics.funnels) == 1
    file_case(office, "emma")
    assert statistics.latest(office) == first
    assert not statistics.count_when_due(office)
    later = replace(office, clock=lambda: first.statistics.at + statistics.COUNTED_AFTER)
    assert statistics.count_when_due(later)
    found = statistics.latest(office)
    assert found is not None
    assert sum(each.received for each in found.statistics.funnels) == 2


def test_what_is_kept_is_never_replaced_by_what_is_older(office: Office) -> None:
    keep(office.models, "x", MAY_2019, 2, b'{"a": 2}')
    keep(office.models, "x", MAY_2019 - timedelta(seconds=1), 1, b'{"a": 1}')
    held = kept(office.models, "x")
    assert held is not None
    assert (held.at, held.body) == (MAY_2019, b'{"a": 2}')
    assert kept(office.models, "y") is None


def test_what_a_clock_that_was_ahead_counted_is_counted_again(office: Office) -> None:
    ahead = replace(office, clock=lambda: datetime.now(UTC) + timedelta(days=1))
    wrong = statistics.count(ahead).statistics.at
    assert statistics.count_when_due(office)
    found = statistics.latest(office)
    assert found is not None
    assert found.statistics.at < wrong
    assert not statistics.count_when_due(office)


def test_what_an_earlier_program_kept_is_counted_again(office: Office) -> None:
    keep(office.models, statistics.NAME, MAY_2019, 0, b'{"statistics": 1, "outlooks": 1}')
    file_case(office, "john")
    row = queries.status(office.models, rows_of(office)[0])
    assert row is not None
    assert statistics.expected(office, row) is None
    assert statistics.latest(office) is None
    assert statistics.count_when_due(office)
    found = statistics.latest(office)
    assert found is not None
    assert found.statistics.at > MAY_2019


def rows_of(office: Office) -> list[str]:
    runner.catch_up_all(office.store, office.models)
    with office.models.reads.connect() as connection:
        return [each.reference for each in connection.execute(PATHS.table.select())]


@pytest.mark.parametrize(("held", "told"), [(8_000, 1), (5_999, 0)])
def test_an_applicant_is_told_what_held_often_enough_and_only_while_they_wait(
    office: Office, held: int, told: int
) -> None:
    reference_of = file_case(office, "john", *TO_POOL)
    row = queries.status(office.models, reference_of)
    assert row is not None
    keep_outlook(office, held)
    assert row.stage in AWAITING
    found = statistics.expected(office, row)
    assert (found is not None) == bool(told)
    assert statistics.expected(office, row._replace(stage=Stage.REFUSED)) is None
    assert statistics.expected(office, row._replace(route=Route.ACHIEVEMENT)) is None


def test_whose_case_was_reopened_is_told_nothing_of_a_wait_that_is_over(
    office: Office, book: Casebook
) -> None:
    reopened = (*HISTORIES[UnderReconsideration], CaseReopened())
    for number, events in ((1, HISTORIES[InPool]), (2, reopened)):
        book.write(f"case-{reference(number)}", history(number, events))
    runner.catch_up_all(book.store, book.models)
    office = replace(office, models=book.models)
    keep_outlook(office, 8_000)
    found = [queries.status(book.models, reference(number)) for number in (1, 2)]
    told = [
        statistics.expected(office, row) is not None
        for row in found
        if row is not None and row.stage in AWAITING
    ]
    assert told == [True, False]


def keep_outlook(office: Office, held: int) -> None:
    """A range that held so often is kept for whoever filed when the cases here did."""
    week = week_of(date(2019, 5, 1))
    score = Score(error=2.0, held=held)
    outlook = Outlook(
        route=Route.GENERAL,
        at=week,
        expected=(Expected(began=week, range=Range(low=30.5, middle=40, high=47)),),
        tested=BackTest(first=0, last=1, cases=100, waiting=0, ours=score, naive=score),
    )
    figures = statistics.Figures(
        statistics=Statistics(at=MAY_2019, position=0, funnels=(), stays=(), inventory=()),
        outlooks=(outlook,),
    )
    statistics.keep_figures(office, figures)
