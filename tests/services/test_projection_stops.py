"""What cannot be folded stops its shard, aloud and right before it; the others go on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from domain import events as e
from domain.record import Recorded
from services.projections import catalogue, queries, runner
from services.projections.checkpoints import SHARDS, ours
from services.projections.errors import ProjectionStopped, RowRefused
from services.store import number_of
from tests.conftest import TestDatabase
from tests.domain.histories import MAIN_PATH
from tests.services.casebook import (
    Casebook,
    history,
    opened,
    reference,
)
from tests.services.read_models import NAMES, differences, fill, rows


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    yield made
    made.close()


@pytest.fixture
def brittle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the case list's fold fail at an approval."""

    def fold(row: Any, recorded: Recorded[Any]) -> Any:
        if isinstance(recorded.event, e.ApplicationApproved):
            raise KeyError("Carter")
        return catalogue.CASE_LIST.fold(row, recorded)

    broken = {**runner.PROJECTIONS, "case-list": replace(catalogue.CASE_LIST, fold=fold)}
    monkeypatch.setattr(catalogue, "PROJECTIONS", broken)


@pytest.mark.parametrize("batch", [1, 1000])
def test_an_event_that_cannot_be_folded_stops_its_projection_alone(
    book: Casebook, brittle: None, batch: int
) -> None:
    book.write(f"case-{reference(1)}", history(1))
    head = book.store.sequence()
    position = 1 + MAIN_PATH.index(next(each for each in MAIN_PATH if _approves(each)))
    with pytest.raises(ProjectionStopped, match=f"before position {position} .*rebuild case-list"):
        runner.catch_up(book.store, book.models, "case-list", batch=batch)
    assert queries.freshness(book.models, "case-list").position == position - 1
    assert runner.catch_up(book.store, book.models, "case-status") == head


def _approves(each: e.CaseEvent) -> bool:
    return isinstance(each, e.ApplicationApproved)


def test_a_stop_is_shown_without_what_concerns_the_person(book: Casebook, brittle: None) -> None:
    book.write(f"case-{reference(1)}", history(1))
    with pytest.raises(ProjectionStopped):
        runner.catch_up(book.store, book.models, "case-list")
    (shown,) = (each for each in queries.progress(book.models) if each.name == "case-list")
    assert shown.stop is not None
    assert "ApplicationApproved" in shown.stop.event
    assert "KeyError" in shown.stop.reason
    assert "Carter" not in shown.stop.reason


def test_a_stopped_projection_goes_on_once_its_fold_is_right(
    book: Casebook, brittle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.write(f"case-{reference(1)}", history(1))
    with pytest.raises(ProjectionStopped):
        runner.catch_up(book.store, book.models, "case-list")
    monkeypatch.undo()
    runner.catch_up_all(book.store, book.models)
    assert [each.stop for each in queries.progress(book.models)] == [None] * len(NAMES)
    assert differences(book) == {}


def test_an_event_that_cannot_be_read_stops_right_before_it(
    book: Casebook, database: TestDatabase
) -> None:
    head = fill(book)
    _rename(database, "exercise-opened", "unheard-of")
    with pytest.raises(ProjectionStopped, match="unheard-of"):
        runner.catch_up(book.store, book.models, "case-list")
    assert queries.freshness(book.models, "case-list").position == head - 3
    (shown,) = (each for each in queries.progress(book.models) if each.name == "case-list")
    assert shown.stop is not None
    assert shown.stop.position == head - 2


def _rename(database: TestDatabase, kind: str, other: str) -> None:
    """The first event of the exercise is of another kind."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        admin.execute(
            "UPDATE events SET body = replace(body::text, %s, %s)::json"
            " WHERE stream = 'exercise-2019-q3' AND version = 1",
            (f'"{kind}"', f'"{other}"'),
        )


def test_a_gap_in_the_log_is_never_folded_over(book: Casebook, database: TestDatabase) -> None:
    fill(book)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE log DISABLE TRIGGER log_append_only")
        admin.execute("DELETE FROM log WHERE position = 10")
    with pytest.raises(ProjectionStopped, match="before position 10 "):
        runner.catch_up(book.store, book.models, "case-list")
    assert queries.freshness(book.models, "case-list").position == 9


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_an_event_whose_row_the_table_refuses_stops_right_before_it(
    book: Casebook, batch: int
) -> None:
    head = fill(book)
    book.write("exercise-2019-q4", [replace(opened("2019-q4"), places=2**31)])
    beside, behind = _exercises_beside_and_behind("2019-q4")
    book.write(f"exercise-{beside}", [opened(beside)])
    book.write(f"exercise-{behind}", [opened(behind)])
    with pytest.raises(ProjectionStopped, match=f"before position {head + 1} "):
        runner.catch_up(book.store, book.models, "exercises", batch=batch)
    # Its own shard stands before it, and the others went on.
    assert rows(book, "exercises", "exercise") == sorted([("2019-q3",), (beside,)])
    (shown,) = (each for each in queries.progress(book.models) if each.name == "exercises")
    assert shown.freshness.position == head
    assert shown.stop is not None
    assert shown.stop.position == head + 1
    assert shown.stop.event == "ExerciseOpened, exercise-2019-q4 version 1"
    assert shown.stop.reason == "the table does not take its row (NumericValueOutOfRange)"
    assert runner.catch_up(book.store, book.models, "case-list") == head + 3


def _exercises_beside_and_behind(name: str) -> tuple[str, str]:
    """Return an exercise of another shard, and another one of the same."""
    names = [f"x{number}" for number in range(50)]
    shards = {each: number_of(f"exercise-{each}", SHARDS) for each in (name, *names)}
    beside = next(each for each in names if shards[each] != shards[name])
    return beside, next(each for each in names if shards[each] == shards[name])


def test_a_projection_goes_on_once_its_table_takes_the_row(
    book: Casebook, database: TestDatabase
) -> None:
    book.write("exercise-2019-q3", [opened("2019-q3")])
    constraint = "ALTER TABLE exercises {} CONSTRAINT places_few {}"
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(constraint.format("ADD", "CHECK (places < 5)"))
        with pytest.raises(ProjectionStopped, match="CheckViolation places_few"):
            runner.catch_up(book.store, book.models, "exercises")
        admin.execute(constraint.format("DROP", ""))
    assert runner.catch_up(book.store, book.models, "exercises") == 1
    assert [each.stop for each in queries.progress(book.models)] == [None] * len(NAMES)


def test_a_shard_that_another_worker_took_past_what_was_at_fault_is_not_stopped(
    book: Casebook,
) -> None:
    head = fill(book)
    follower = _follower(book)
    shard = number_of("exercise-2019-q3", SHARDS)
    runner.catch_up(book.store, book.models, "exercises")
    refused = RowRefused("exercises", "NumericValueOutOfRange")
    for position in (head - 3, head - 1):
        assert not follower._stop_narrowed(shard, position, refused)
    assert follower.stops == []
    assert [each.stop for each in queries.progress(book.models)] == [None] * len(NAMES)


def _follower(book: Casebook) -> runner._Follower:
    (generation,) = ours(book.models, catalogue.EXERCISES)
    return runner._Follower(
        store=book.store,
        models=book.models,
        generation=generation,
        until=None,
        batch=runner.BATCH,
        patience=None,
        stops=[],
    )


def test_a_shard_that_one_who_could_read_the_event_took_to_the_head_is_not_stopped(
    book: Casebook, database: TestDatabase
) -> None:
    head = fill(book)
    _rename(database, "exercise-opened", "unheard-of")
    follower = _follower(book)

    def taken_on(*_: object) -> None:
        # What is met is let go of, and the next batch not yet begun.
        _rename(database, "unheard-of", "exercise-opened")
        assert runner.catch_up(book.store, book.models, "exercises") == head

    event.listen(book.models.engine, "checkin", taken_on, once=True)
    assert follower._follow(number_of("exercise-2019-q3", SHARDS), wait=False)
    assert follower.stops == []
    assert [each.stop for each in queries.progress(book.models)] == [None] * len(NAMES)
