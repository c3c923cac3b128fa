"""What is asked of the read models: the list page by page, the status, exercises and pools."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Timer
from typing import Any

import psycopg
import pytest

from domain.application import Route
from domain.deadlines import Deadline
from domain.exercise_events import RouteCounts
from domain.rules.rank import PoolMember
from domain.rules.terms import Measure
from domain.stages import Draft, InPool, Stage
from services.counts import Count
from services.projections import pools, queries, runner
from services.projections.deadlines import days_due
from services.projections.errors import BadCursor
from services.projections.queries import CaseFilter, Sort
from services.store import StoreUnreachable
from tests.conftest import TestDatabase
from tests.domain.histories import (
    DUE_ON,
    EMMA,
    HISTORIES,
    NOT_SELECTED,
    SHORTLISTED,
    criteria_met,
    prerequisites,
    requested,
    scored,
    submitted,
)
from tests.domain.histories import until as path_until
from tests.services.asking import OFFICER
from tests.services.casebook import (
    DRAWN,
    MADE,
    START,
    Casebook,
    history,
    opened,
    reference,
    write_of,
)
from tests.services.seeing import looking

IN_POOL = 30
LATER = START + timedelta(days=400)


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    """A store with a case at every stage and a pool of thirty, all folded."""
    made = Casebook.opened(database.app_url, database.owner_url)
    others = [each for state, each in HISTORIES.items() if state not in {Draft, InPool}]
    pooled = [(*HISTORIES[InPool][:-1], scored(100 + number % 7)) for number in range(IN_POOL)]
    made.write_all(
        [
            write_of(f"case-{reference(number)}", history(number, events))
            for number, events in enumerate([*others, *pooled])
        ]
    )
    runner.catch_up_all(made.store, made.models)
    yield made
    made.close()


def walked(book: Casebook, limit: int = 7, **asked: Any) -> list[queries.CaseRow]:
    """Return every row of the list, page by page."""
    told = (book.models, looking(), asked.pop("wanted", CaseFilter()))
    page = queries.case_list(*told, limit=limit, **asked)
    rows = [*page.rows]
    while page.next is not None:
        page = queries.case_list(*told, limit=limit, after=page.next, **asked)
        rows += page.rows
    return rows


ORDERS = {
    Sort.NEWEST: lambda row: (row.submitted_at, row.reference),
    Sort.OLDEST: lambda row: (row.submitted_at, row.reference),
    Sort.MOST_POINTS: lambda row: (-1 if row.points is None else row.points, row.reference),
    Sort.LONGEST_AT_STAGE: lambda row: (row.stage_since, row.reference),
    Sort.LATEST_MOVED: lambda row: (row.stage_since, row.reference),
}


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_put_together_are_the_whole_list_in_order(
    book: Casebook, sort: Sort, limit: int
) -> None:
    rows = walked(book, limit, sort=sort)
    assert len(rows) == len(HISTORIES) - 2 + IN_POOL
    assert rows == sorted(rows, key=ORDERS[sort], reverse=sort.startswith("-"))


def test_every_order_is_tried() -> None:
    assert ORDERS.keys() | {Sort.NEXT_DUE} == set(Sort)


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("stage", [None, Stage.APPROVED, Stage.IN_POOL])
def test_cases_in_which_something_is_due_come_in_the_order_of_their_days(
    book: Casebook, limit: int, stage: Stage | None
) -> None:
    for number, days in enumerate((2, 40, 3, 40), start=700):
        asked = replace(requested(), due_on=DUE_ON + timedelta(days=days))
        book.write(f"case-{reference(number)}", history(number, (*HISTORIES[InPool], asked)))
    runner.catch_up_all(book.store, book.models)
    listed = walked(book, limit, sort=Sort.NEXT_DUE, wanted=CaseFilter(stage=stage))
    with book.models.reads.connect() as connection:
        everything = [each.reference for each in walked(book, 200)]
        due = {
            name: each
            for name, each in days_due(connection, everything).items()
            if each.deadline is not Deadline.RECONSIDERATION
        }
    stages = {each.reference: each.stage for each in walked(book, 200)}
    expected = sorted(
        (name for name in due if stage in (None, stages[name])),
        key=lambda name: (due[name].on, name),
    )
    assert [each.reference for each in listed] == expected
    assert len(expected) > (0 if stage is Stage.APPROVED else 3)


def test_a_case_that_comes_meanwhile_neither_repeats_nor_hides_another(book: Casebook) -> None:
    first = queries.case_list(book.models, looking(), CaseFilter(), sort=Sort.NEWEST, limit=10)
    book.write(f"case-{reference(999)}", history(999, HISTORIES[InPool]))
    runner.catch_up_all(book.store, book.models)
    rest = walked(book, sort=Sort.NEWEST)
    second = queries.case_list(
        book.models, looking(), CaseFilter(), sort=Sort.NEWEST, limit=10, after=first.next
    )
    assert rest[0].reference == reference(999)
    assert [*first.rows, *second.rows] == rest[1:21]


@pytest.mark.parametrize(
    ("wanted", "meets"),
    [
        (CaseFilter(stage=Stage.IN_POOL), lambda row: row.stage == "in-pool"),
        (CaseFilter(route=Route.GENERAL), lambda row: row.route == "general"),
        (CaseFilter(exercise="2019-q3"), lambda row: row.exercise == "2019-q3"),
        (
            CaseFilter(
                submitted_from=START + timedelta(minutes=5),
                submitted_to=START + timedelta(minutes=20),
            ),
            lambda row: timedelta(minutes=5) <= row.submitted_at - START <= timedelta(minutes=20),
        ),
        (CaseFilter(points_from=103), lambda row: (row.points or 0) >= 103),
        (CaseFilter(points_to=102), lambda row: row.points is not None and row.points <= 102),
        (
            CaseFilter(stage=Stage.IN_POOL, points_from=101, points_to=104),
            lambda row: row.stage == "in-pool" and 101 <= row.points <= 104,
        ),
    ],
)
def test_a_filter_keeps_just_what_meets_it(book: Casebook, wanted: CaseFilter, meets: Any) -> None:
    everything = walked(book, sort=Sort.MOST_POINTS)
    kept = walked(book, wanted=wanted, sort=Sort.MOST_POINTS)
    assert kept == [row for row in everything if meets(row)]
    assert kept


def test_a_case_is_found_by_whole_words_of_its_name_only(book: Casebook) -> None:
    def found(text: str) -> list[str]:
        wanted = CaseFilter(name=queries.name_tokens(book.models, text))
        return [row.reference for row in walked(book, wanted=wanted)]

    assert found("N7") == [reference(7)]
    assert found("  n7  CARTER ") == [reference(7)]
    assert found("carter, john-n7") == [reference(7)]
    assert found("N7 N8") == []
    assert found("Cart") == []
    assert len(found("john")) == len(walked(book))


def test_no_query_waits_for_ever_and_instants_are_utc(book: Casebook) -> None:
    names = ("TimeZone", "statement_timeout", "idle_in_transaction_session_timeout")
    with book.models.reads.connect() as connection:
        told = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]
    assert told == ["UTC", "2min", "1min"]


def test_a_statement_that_takes_too_long_is_told_as_an_absence(book: Casebook) -> None:
    with book.models.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 20")
        with pytest.raises(StoreUnreachable, match="statement timeout"):
            connection.exec_driver_sql("SELECT pg_sleep(5)")


def test_a_name_in_chinese_is_one_word(book: Casebook) -> None:
    applicant = replace(EMMA.applicant, name_in_chinese="陳 大文")
    person = replace(EMMA, applicant=applicant)
    first = replace(submitted(person), reference=reference(500))
    book.write(f"case-{reference(500)}", [first])
    runner.catch_up_all(book.store, book.models)
    wanted = CaseFilter(name=queries.name_tokens(book.models, "陳大文"))
    assert [row.reference for row in walked(book, wanted=wanted)] == [reference(500)]


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "é",
        "!!!",
        _encoded("[]"),
        _encoded('{"sort":"-submitted_at"}'),
        _encoded('{"sort":"-submitted_at","value":5,"reference":"x"}'),
        _encoded('{"sort":"-submitted_at","value":"2019-05-01T00:00:00","reference":"x"}'),
        _encoded('{"sort":"-points","value":5,"reference":"x"}'),
        _encoded('{"sort":"due_on","value":5,"reference":"x"}'),
        _encoded('{"sort":"-submitted_at","value":"2019-05-01T00:00:00Z","reference":"\\u0000"}'),
        _encoded('{"sort":"-submitted_at","value":"2019-05-01T00:00:00Z","reference":"\\ud800"}'),
    ],
)
def test_what_no_page_gave_is_no_cursor(book: Casebook, cursor: str) -> None:
    with pytest.raises(BadCursor, match="ask for the first page again"):
        queries.case_list(book.models, looking(), CaseFilter(), sort=Sort.NEWEST, after=cursor)


def test_a_huge_number_is_no_cursor(book: Casebook) -> None:
    cursor = _encoded('{"sort":"-points","value":99999999999,"reference":"x"}')
    with pytest.raises(BadCursor):
        queries.case_list(book.models, looking(), CaseFilter(), sort=Sort.MOST_POINTS, after=cursor)


@pytest.mark.parametrize("value", ["0", "-1", "3652060", "true", '"2019-05-01T00:00:00Z"'])
def test_what_is_no_day_is_no_cursor(book: Casebook, value: str) -> None:
    cursor = _encoded(f'{{"sort":"due_on","value":{value},"reference":"x"}}')
    with pytest.raises(BadCursor):
        queries.case_list(book.models, looking(), CaseFilter(), sort=Sort.NEXT_DUE, after=cursor)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_from_one_to_two_hundred_cases(book: Casebook, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        queries.case_list(book.models, looking(), CaseFilter(), limit=limit)


def test_stages_are_counted_in_the_order_of_a_case(book: Casebook) -> None:
    counts = queries.counts_by_stage(book.models)
    assert counts[Stage.IN_POOL] == Count(number=IN_POOL)
    assert Count.total(counts.values()) == Count(number=len(HISTORIES) - 2 + IN_POOL)
    assert list(counts) == [stage for stage in Stage if stage in counts]


def test_a_stage_is_counted_no_further_than_is_asked(book: Casebook) -> None:
    whole = queries.counts_by_stage(book.models)
    counts = queries.counts_by_stage(book.models, most=2)
    assert counts[Stage.IN_POOL] == Count(number=2, or_more=True)
    assert all(
        each == (whole[stage] if whole[stage].number < 2 else Count(number=2, or_more=True))
        for stage, each in counts.items()
    )
    assert Count.total(counts.values()).or_more


def test_the_cases_of_a_filter_are_counted_no_further_than_a_bound(
    book: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = CaseFilter(stage=Stage.IN_POOL, points_from=0)
    assert queries.case_count(book.models, OFFICER, wanted) == Count(number=IN_POOL)
    monkeypatch.setattr("services.counts.MOST", 2)
    found = queries.case_count(book.models, OFFICER, wanted)
    assert (found, str(found)) == (Count(number=2, or_more=True), "2 or more")


def test_what_takes_long_to_count_is_not_counted(book: Casebook, database: TestDatabase) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("LOCK case_list")
        assert queries.case_count(book.models, OFFICER, CaseFilter()) is None
    assert queries.case_count(book.models, OFFICER, CaseFilter()) is not None


def test_what_is_not_there_is_none(book: Casebook) -> None:
    assert queries.case_row(book.models, reference(12345)) is None
    assert queries.status(book.models, reference(12345)) is None
    assert queries.exercise(book.models, "never") is None


def test_exercises_are_listed_in_the_order_of_their_opening(book: Casebook) -> None:
    book.write("exercise-b", [opened("b")], at=START)
    book.write("exercise-a", [opened("a"), DRAWN, MADE], at=START + timedelta(days=1))
    runner.catch_up_all(book.store, book.models)
    assert [each.exercise for each in queries.exercises(book.models)] == ["b", "a"]
    found = queries.exercise(book.models, "a")
    assert found is not None
    assert (found.selected, found.cut_off, found.tie_break) == (9, 140, START)


def test_places_count_as_taken_by_selection_or_else_as_opened(book: Casebook) -> None:
    book.write("exercise-a", [opened("a"), DRAWN, MADE], at=START)
    book.write("exercise-b", [opened("b")], at=START)
    book.write("exercise-c", [opened("c")], at=START.replace(year=2020))
    runner.catch_up_all(book.store, book.models)
    assert queries.places_taken(book.models, 2019) == 9 + 10
    assert queries.places_taken(book.models, 2020) == 10
    assert queries.places_taken(book.models, 2021) == 0


def wanted(exercise: str) -> pools.Wanted:
    return pools.Wanted(exercise=exercise, at=LATER)


def test_the_counts_of_a_pool_are_of_all_that_reached_the_office(book: Casebook) -> None:
    (general,) = pools.freeze(book.store, book.models, wanted("2019-q4")).counts
    assert general == RouteCounts(
        route=Route.GENERAL,
        received=len(HISTORIES) - 2 + IN_POOL,
        prerequisites_failed=1,
        below_mark=1,
        withdrawn=1,
    )


def test_a_frozen_pool_stays_as_it_is_while_its_cases_move_on(book: Casebook) -> None:
    frozen = pools.freeze(book.store, book.models, wanted("2019-q4"))
    assert len(frozen.members) == IN_POOL
    member = frozen.members[0]
    book.write(f"case-{member.reference}", [SHORTLISTED, NOT_SELECTED], after=member.version)
    runner.catch_up_all(book.store, book.models)
    assert pools.kept(book.models, "2019-q4", frozen.position) == frozen.members
    later = pools.freeze(book.store, book.models, wanted("2019-q4"))
    assert later.position > frozen.position
    assert replace(member, version=member.version + 2) in later.members


def test_a_pool_says_what_decides_the_order(book: Casebook) -> None:
    frozen = pools.freeze(book.store, book.models, wanted("2019-q4"))
    row = queries.case_row(book.models, frozen.members[0].reference)
    assert row is not None
    assert frozen.members[0] == PoolMember(
        reference=row.reference,
        route=row.route,
        points=row.points or 0,
        submitted_at=row.submitted_at,
        version=row.version,
        scored_at=row.scored_at,
        ruleset=row.ruleset,
    )
    assert row.scored_at is not None
    assert frozen.position == queries.freshness(book.models, "case-list").position


def test_cases_under_a_test_without_points_are_counted_and_left_where_they_are(
    book: Casebook,
) -> None:
    for number, met in ((700, 6), (701, 12)):
        events = (*path_until(prerequisites()), criteria_met(met))
        book.write(f"case-{reference(number)}", history(number, events))
    runner.catch_up_all(book.store, book.models)
    everybody = pools.freeze(book.store, book.models, wanted("all"))
    criteria = frozenset({"questions", "others"})
    ranked = pools.freeze(book.store, book.models, replace(wanted("some"), by_criteria=criteria))
    other = replace(wanted("other"), by_criteria=criteria, measure=Measure.CRITERIA)
    met = pools.freeze(book.store, book.models, other)
    assert (len(everybody.members), everybody.left_out) == (IN_POOL + 2, 0)
    assert ([each.points for each in met.members], met.left_out) == ([6, 12], IN_POOL)
    assert (len(ranked.members), ranked.left_out) == (IN_POOL, 2)
    assert {reference(700), reference(701)}.isdisjoint(each.reference for each in ranked.members)
    row = queries.case_row(book.models, reference(701))
    assert row is not None
    assert (row.stage, row.points, row.ruleset) == (Stage.IN_POOL, 12, "questions")


def test_freezing_twice_at_one_position_is_freezing_once(book: Casebook) -> None:
    assert pools.freeze(book.store, book.models, wanted("x")) == pools.freeze(
        book.store, book.models, wanted("x")
    )
    assert pools.kept(book.models, "another", 1) == ()


def test_whoever_waits_for_a_position_goes_on_once_it_is_folded(book: Casebook) -> None:
    book.write(f"case-{reference(700)}", history(700, path_until(SHORTLISTED)))
    position = book.store.sequence()
    later = Timer(0.05, lambda: runner.catch_up(book.store, book.models, "case-list"))
    later.start()
    assert queries.wait_for(book.models, ("case-list",), position, 10.0)
    later.join()
    assert queries.freshness(book.models, "case-list").lag == 0


def test_waiting_ends_when_the_time_is_up(book: Casebook) -> None:
    position = queries.freshness(book.models, "case-list").position + 1
    assert not queries.wait_for(book.models, ("case-list",), position, 0.02)
