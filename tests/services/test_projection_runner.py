"""The runner: rows and checkpoint together, whatever the batches, whoever else runs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from domain import events as e
from domain.record import Recorded
from domain.rules.reasons import as_written
from services.projections import queries, runner
from services.projections.errors import (
    UnknownProjection,
)
from services.projections.verify import verify
from tests.conftest import TestDatabase
from tests.domain.histories import HISTORIES, REFUSED
from tests.services.casebook import (
    Casebook,
    history,
    reference,
)
from tests.services.erasing import erase
from tests.services.read_models import NAMES, differences, fill, rows


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    yield made
    made.close()


@pytest.mark.parametrize("batch", [1, 2, 7, 1000])
def test_any_batching_equals_a_fold_from_nothing(book: Casebook, batch: int) -> None:
    head = fill(book)
    reached = {runner.catch_up(book.store, book.models, name, batch=batch) for name in NAMES}
    assert reached == {head}
    assert differences(book) == {}
    assert len(rows(book, "case_list")) == len(HISTORIES) - 1


def test_catching_up_ends_though_events_keep_coming(
    book: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(range(1, 20))
    read = book.store.read_log

    def read_busily(**asked: Any) -> tuple[Recorded[e.Event], ...]:
        if number := next(numbers, None):
            book.write(f"case-{reference(number)}", history(number)[:1])
        return read(**asked)

    monkeypatch.setattr(book.store, "read_log", read_busily)
    assert runner.catch_up(book.store, book.models, "case-list") == 1
    assert next(numbers) == 2


def test_a_row_is_folded_on_without_losing_what_is_sealed_in_it(book: Casebook) -> None:
    first, *rest = history(1)
    stream = f"case-{reference(1)}"
    book.write(stream, [first])
    runner.catch_up_all(book.store, book.models)
    book.write(stream, rest, after=1)
    runner.catch_up_all(book.store, book.models)
    row = queries.case_row(book.models, reference(1))
    status = queries.status(book.models, reference(1))
    assert row is not None
    assert row.name == "Carter, John N1"
    assert status is not None
    assert status.date_of_birth is not None
    assert differences(book) == {}


def test_a_refusal_adds_its_reasons_to_what_is_sealed(book: Casebook) -> None:
    stream = f"case-{reference(1)}"
    before = history(1)[:5]
    book.write(stream, before)
    runner.catch_up_all(book.store, book.models)
    book.write(stream, [REFUSED], after=len(before))
    runner.catch_up_all(book.store, book.models)
    status = queries.status(book.models, reference(1))
    assert status is not None
    assert status.reasons == (as_written("The claims were not borne out"),)
    assert status.language is not None
    assert differences(book) == {}


def test_no_name_stands_in_clear_in_any_table(book: Casebook, database: TestDatabase) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    tables = (
        "case_list",
        "case_names",
        "case_status",
        "exercises",
        "work",
        "paths",
        "deadlines",
    )
    held = "".join(str(rows(book, table)) for table in (*tables, "projection_checkpoints"))
    assert "maiden name" not in held
    assert "French" not in held
    assert "Carter" not in held
    assert "1988" not in held
    assert "borne out" not in held


def test_catching_up_stops_at_the_position_asked_for(book: Casebook) -> None:
    head = fill(book)
    assert runner.catch_up(book.store, book.models, "case-list", until=20, batch=7) == 20
    fresh = queries.freshness(book.models, "case-list")
    assert (fresh.position, fresh.lag) == (20, head - 20)
    assert fresh.as_of is not None
    assert differences(book) == {}


def test_two_runners_of_one_projection_fold_every_event_once(book: Casebook) -> None:
    head = fill(book, cases=3)

    def run(_: int) -> int:
        return runner.catch_up(book.store, book.models, "case-list", batch=11)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, range(4))) == {head}
    assert differences(book) == {}


def test_an_empty_log_is_an_empty_read_model(book: Casebook) -> None:
    assert runner.catch_up_all(book.store, book.models) == dict.fromkeys(NAMES, 0)
    assert queries.freshness(book.models, "case-list").as_of is None
    assert differences(book) == {}


def test_an_unknown_projection_is_named_with_those_that_exist(book: Casebook) -> None:
    with pytest.raises(UnknownProjection, match="case-list, case-status, exercises"):
        runner.catch_up(book.store, book.models, "nonsense")


def test_verifying_names_every_row_that_differs(book: Casebook) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    with book.models.engine.begin() as connection:
        for change in (
            f"UPDATE case_list SET points = 1 WHERE reference = '{reference(7)}'",  # noqa: S608 - our own
            f"DELETE FROM case_list WHERE reference = '{reference(2)}'",  # noqa: S608 - our own
            f"DELETE FROM case_names WHERE reference = '{reference(3)}'",  # noqa: S608 - our own
            f"UPDATE case_list SET sealed = NULL WHERE reference = '{reference(4)}'",  # noqa: S608 - our own
        ):
            connection.execute(text(change))
    found = {each.key: str(each) for each in verify(book.store, book.models, "case-list")}
    assert found == {
        reference(7): f"{reference(7)} differs in points",
        reference(2): f"{reference(2)} is missing",
        reference(3): f"{reference(3)} differs in name tokens",
        reference(4): f"{reference(4)} differs in personal",
    }


def test_a_row_that_no_event_gives_is_named(book: Casebook) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    with book.models.engine.begin() as connection:
        connection.execute(text("UPDATE exercises SET exercise = 'another'"))
    found = [str(each) for each in verify(book.store, book.models, "exercises")]
    assert found == ["2019-q3 is missing", "another should not be there"]


def test_an_erasure_while_it_is_verified_is_no_difference(
    book: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    numbers, read = iter([5]), book.store.read_log

    def read_beside_an_erasure(**asked: Any) -> tuple[Recorded[e.Event], ...]:
        if number := next(numbers, None):
            erase(book.store, reference(number))
        return read(**asked)

    monkeypatch.setattr(book.store, "read_log", read_beside_an_erasure)
    assert verify(book.store, book.models, "case-list") == ()
    assert next(numbers, None) is None


def test_an_erased_person_is_gone_from_the_read_models_at_once(book: Casebook) -> None:
    fill(book)
    runner.catch_up_all(book.store, book.models)
    known = queries.case_row(book.models, reference(5))
    erase(book.store, reference(5))
    row = queries.case_row(book.models, reference(5))
    status = queries.status(book.models, reference(5))
    assert known is not None
    assert known.name is not None
    assert row == known._replace(personal=None)
    assert status is not None
    assert status.date_of_birth is None
    runner.catch_up_all(book.store, book.models)
    assert rows(book, f"case_names WHERE reference = '{reference(5)}'") == []
    assert differences(book) == {}


def test_a_case_of_an_erased_person_is_still_folded_on(book: Casebook) -> None:
    stream = f"case-{reference(1)}"
    before = history(1)[:5]
    book.write(stream, before)
    erase(book.store, reference(1))
    runner.catch_up_all(book.store, book.models)
    book.write(stream, [replace(REFUSED, personal=None)], after=len(before) + 3)
    runner.catch_up_all(book.store, book.models)
    row = queries.case_row(book.models, reference(1))
    assert row is not None
    assert (row.stage, row.name) == ("refused", None)
    assert differences(book) == {}
