"""A read model that was folded from another log: told everywhere, folded no further, mended."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from services.api.metrics import Metrics
from services.cli.main import qmas as root
from services.projections import runner
from services.projections.errors import OfAnotherLog
from services.projections.verify import verify
from services.stack.redis import RedisServer
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.working import environment
from tests.services.casebook import Casebook, history, reference

Qmas = Callable[..., Result]


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    """A log of twelve events, and a case list that says it holds a hundred more."""
    made = Casebook.opened(database.app_url, database.owner_url)
    made.write(f"case-{reference(1)}", history(1))
    runner.catch_up_all(made.store, made.models)
    beyond(made, "UPDATE projection_checkpoints SET position = 112 WHERE projection = 'case-list'")
    yield made
    made.close()


@pytest.fixture
def qmas(database: TestDatabase, redis_server: RedisServer, tmp_path: Path) -> Qmas:
    environ = {
        **environment(tmp_path / "home", database.app_url, redis_server.broker_url),
        "QMAS_OWNER_DATABASE_URL": database.owner_url,
    }

    def run(*words: str) -> Result:
        return CliRunner(env=environ).invoke(root, words)

    return run


def beyond(book: Casebook, change: str) -> None:
    with book.models.engine.begin() as connection:
        connection.execute(text(change))


def test_it_is_named_and_the_others_are_compared(book: Casebook, qmas: Qmas) -> None:
    status = qmas("projections", "status")
    assert status.exit_code == 1
    (line,) = (each for each in status.stdout.splitlines() if each.startswith("case-list "))
    assert "of another log" in line
    told = "case-list is at position 112 of another log, perhaps of one before a restore"
    assert f"{told}, and this one ends at 12" in status.stderr
    found = qmas("projections", "verify", "case-list", "case-status")
    assert found.exit_code == 1
    assert "case-status: equals a fold of the log up to position 12" in found.stdout
    assert "run `qmas projections rebuild case-list`" in found.stderr
    with pytest.raises(OfAnotherLog):
        verify(book.store, book.models, "case-list")


def test_it_is_a_figure(book: Casebook, office: Office) -> None:
    figures = Metrics(office).text().decode().splitlines()
    assert 'qmas_projection_of_another_log{name="case-list"} 1.0' in figures
    assert 'qmas_projection_of_another_log{name="case-status"} 0.0' in figures


@pytest.mark.parametrize(
    "change",
    [
        r"UPDATE projection_checkpoints SET leaf = '\x00' WHERE projection = 'case-list'",
        (
            "UPDATE projection_checkpoints SET leaf = NULL, as_of = as_of - INTERVAL '1 second'"
            " WHERE projection = 'case-list'"
        ),
    ],
)
def test_a_log_that_went_on_past_it_is_not_taken_for_its_own(
    book: Casebook, qmas: Qmas, change: str
) -> None:
    # As if it had folded twelve events that were lost, and this log had other ones since.
    beyond(book, "UPDATE projection_checkpoints SET position = 12 WHERE projection = 'case-list'")
    beyond(book, change)
    book.write(f"case-{reference(2)}", history(2))
    with pytest.raises(OfAnotherLog):
        runner.catch_up(book.store, book.models, "case-list")
    assert runner.catch_up(book.store, book.models, "case-status") == 24
    with pytest.raises(OfAnotherLog), book.models.engine.begin() as connection:
        runner.level(book.store, book.models, connection, "case-list")
    assert "of another log" in qmas("projections", "status").stdout
    assert qmas("projections", "rebuild", "case-list").exit_code == 0
    assert qmas("projections", "switch", "case-list").exit_code == 0
    assert runner.catch_up(book.store, book.models, "case-list") == 24
    assert verify(book.store, book.models, "case-list") == ()


def test_a_rebuild_takes_its_place(book: Casebook, qmas: Qmas) -> None:
    book.write(f"case-{reference(2)}", history(2)[:2])
    book.store.sequence()
    left = qmas("projections", "rebuild", "case-list")
    assert left.exit_code == 0
    assert "case-list: the live one is of another log" in left.stderr
    switched = qmas("projections", "switch", "case-list")
    assert switched.stdout.startswith("case-list: changed over at position 14")
    assert verify(book.store, book.models, "case-list") == ()
    assert qmas("projections", "status").exit_code == 0
    # Nor can what is of another log be had back.
    back = qmas("projections", "switch", "case-list", "--back")
    assert isinstance(back.exception, OfAnotherLog)


def test_a_plan_of_another_log_is_named(book: Casebook, qmas: Qmas) -> None:
    beyond(book, "UPDATE notifications_checkpoint SET position = 112")
    status = qmas("notifications", "status")
    assert status.exit_code == 1
    assert "position 112 of 12 (of another log)" in status.stdout
    assert "planned up to position 112 of another log" in status.stderr
    told = qmas("notifications", "fence").stdout
    assert "open, but notifications were planned from another log" in told
    assert "--confirm withhold" in told
    assert qmas("notifications", "fence", "--confirm", "withhold").exit_code == 0
    assert "position 12 of 12" in qmas("notifications", "status").stdout
