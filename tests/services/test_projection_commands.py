"""`qmas projections` shows how the read models get on, finds what is wrong and mends it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from domain.projections import case_list, status
from services.cli.projections import projections
from services.projections import runner, watching
from services.projections.checkpoints import SHARDS
from services.projections.errors import ProjectionStopped, StopsEarlier
from services.stack.redis import RedisServer
from services.store import number_of
from tests.conftest import TestDatabase
from tests.integration.working import environment
from tests.services import poisoned
from tests.services.casebook import START, Casebook, history, reference

Qmas = Callable[..., Result]


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    made.write(f"case-{reference(1)}", history(1))
    yield made
    made.close()


@pytest.fixture
def qmas(database: TestDatabase, redis_server: RedisServer, tmp_path: Path) -> Qmas:
    environ = {
        **environment(tmp_path / "home", database.app_url, redis_server.broker_url),
        "QMAS_OWNER_DATABASE_URL": database.owner_url,
    }

    def run(*words: str, typed: str | None = None) -> Result:
        return CliRunner(env=environ).invoke(projections, words, input=typed)

    return run


def test_status_tells_how_far_behind_each_read_model_is(book: Casebook, qmas: Qmas) -> None:
    book.store.sequence()
    runner.catch_up(book.store, book.models, "case-list")
    result = qmas("status")
    head, heads, first, second, *_ = (_cells(line) for line in result.stdout.splitlines())
    assert result.exit_code == 0
    assert head == ["the log has 12 events"]
    assert heads[4:] == ["BEHIND SINCE", "KNOWS UNTIL", "BESIDE"]
    assert first[:5] == ["case-list", str(case_list.VERSION), "12", "up to date", "-"]
    assert second[:4] == ["case-status", str(status.VERSION), "0", "12 behind"]
    assert second[4].startswith("20")
    assert second[5:] == ["never", "-"]


def _cells(line: str) -> list[str]:
    return re.split(" {2,}", line)


def test_status_says_who_is_asked_why_a_read_model_is_behind(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    book.store.sequence()
    assert qmas("status").stderr == ""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE log DISABLE TRIGGER USER")
        admin.execute("UPDATE log SET sequenced_at = sequenced_at - interval '2 minutes'")
    told = qmas("status").stderr
    assert told.startswith("qmas: case-list, case-status, ")
    assert "behind for more than a minute" in told
    assert "`qmas doctor` tells whether one answers" in told
    runner.catch_up_all(book.store, book.models)
    assert qmas("status").stderr == ""


def test_status_tells_what_a_stopped_read_model_stands_before(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        admin.execute(
            "UPDATE events SET body = replace(body::text, 'case-selected', 'unheard-of')::json"
            " WHERE version = 6"
        )
    with pytest.raises(ProjectionStopped):
        runner.catch_up(book.store, book.models, "case-list")
    result = qmas("status")
    assert result.exit_code == 1
    shard = number_of(f"case-{reference(1)}", SHARDS)
    assert f"shard {shard} of case-list stands before position 6" in result.stderr
    assert "qmas projections rebuild case-list" in result.stderr
    again = qmas("retry", "case-list")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "before position 6 " in again.stderr
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(
            "UPDATE events SET body = replace(body::text, 'unheard-of', 'case-selected')::json"
            " WHERE version = 6"
        )
    mended = qmas("retry", "case-list")
    assert (mended.exit_code, mended.stderr) == (0, "")
    assert mended.stdout == "case-list: folded on to position 12\n"


def test_a_read_model_of_an_earlier_version_is_named_and_the_others_verified(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    runner.catch_up_all(book.store, book.models)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "UPDATE projection_checkpoints SET version = 1 WHERE projection = 'case-status'"
        )
    shown = qmas("status")
    assert shown.exit_code == 1
    assert "outdated" in shown.stdout.splitlines()[3]
    assert "case-status was filled by version 1 of its fold" in shown.stderr
    verified = qmas("verify")
    assert verified.exit_code == 1
    assert [each.partition(":")[0] for each in verified.stdout.splitlines()] == [
        each for each in runner.PROJECTIONS if each != "case-status"
    ]
    assert "run `qmas projections rebuild case-status`" in verified.stderr


def test_verify_passes_read_models_that_equal_a_fold_of_the_log(book: Casebook, qmas: Qmas) -> None:
    runner.catch_up_all(book.store, book.models)
    result = qmas("verify")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{name}: equals a fold of the log up to position 12" for name in runner.PROJECTIONS
    ]


def test_verify_names_what_differs_and_rebuild_mends_it(book: Casebook, qmas: Qmas) -> None:
    runner.catch_up_all(book.store, book.models)
    with book.models.engine.begin() as connection:
        connection.execute(text("UPDATE case_list SET points = 1"))
    wrong = qmas("verify", "case-list")
    assert wrong.exit_code == 1
    assert wrong.stdout == f"case-list: {reference(1)} differs in points\n"
    assert wrong.stderr == (
        "qmas: case-list: 1 row differs from a fold of the log; to mend it: qmas projections "
        "rebuild case-list\n"
    )
    mended = qmas("rebuild", "case-list", "--yes")
    assert mended.stdout.splitlines() == [
        "case-list: of 1 rows at position 12, 0 go, 0 are new",
        "  points changes in 1",
        f"  for example {reference(1)}: points 1 -> 175",
        "case-list: folded again up to position 12",
    ]
    assert qmas("verify", "case-list").exit_code == 0


def test_verify_names_every_row_that_differs_however_many(book: Casebook, qmas: Qmas) -> None:
    for number in range(2, 22):
        book.write(f"case-{reference(number)}", history(number)[:2])
    runner.catch_up_all(book.store, book.models)
    with book.models.engine.begin() as connection:
        connection.execute(text("UPDATE case_list SET version = 99"))
    wrong = qmas("verify", "case-list")
    named = sorted(reference(number) for number in range(1, 22))
    assert wrong.stdout.splitlines() == [f"case-list: {each} differs in version" for each in named]
    assert "21 rows differ from a fold of the log" in wrong.stderr
    watching.watch(book.store, book.models, START)
    shown = qmas("status").stderr.splitlines()
    assert len(shown) == 21
    assert shown[-1] == "qmas: and 1 more: qmas projections verify names each"


def test_verify_names_what_cannot_be_read_and_every_other_row_that_differs(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    for number in (2, 3):
        book.write(f"case-{reference(number)}", history(number)[:2])
    runner.catch_up_all(book.store, book.models)
    poisoned.of_a_later_kind(database.admin_url, f"case-{reference(2)}", 2)
    assert f"case-{reference(2)}@2 cannot be read" in qmas("verify", "work").stdout
    with book.models.engine.begin() as connection:
        connection.execute(text("UPDATE case_list SET version = 99"))
    for options in ((), ("--sample", "500")):
        wrong = qmas("verify", "case-list", *options)
        assert wrong.exit_code == 1
        told = {each.split()[1]: each for each in wrong.stdout.splitlines()}
        assert set(told) == {reference(1), reference(2), reference(3)}
        assert "cannot be compared, for its log cannot be: event case-" in told[reference(2)]
        assert told[reference(3)] == f"case-list: {reference(3)} differs in version"
        assert "correct the reading of what cannot be read" in wrong.stderr
        assert "rebuild case-list" in wrong.stderr


def test_rebuild_mends_a_read_model_that_stands_still(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    book.write(f"case-{reference(2)}", history(2)[:2])
    runner.catch_up_all(book.store, book.models)
    with psycopg.connect(database.app_url) as connection:
        connection.execute("DELETE FROM case_list WHERE reference = %s", (reference(2),))
    book.write(f"case-{reference(2)}", history(2)[2:4], after=2)
    assert qmas("retry", "case-list").exit_code == 1
    result = qmas("rebuild", "case-list", "--yes")
    assert (result.exit_code, result.stdout) == (0, "case-list: folded again up to position 16\n")
    assert "case-list: the live one stands still, so that nothing can be compared" in result.stderr
    assert qmas("status").exit_code == 0
    assert qmas("verify", "case-list").exit_code == 0


def test_rebuild_changes_over_though_an_event_stops_a_shard_of_both(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    poisoned.with_a_broken_seal(database.admin_url, f"case-{reference(1)}", 1)
    assert qmas("retry", "case-list").exit_code == 1
    result = qmas("rebuild", "case-list", "--yes")
    shard = number_of(f"case-{reference(1)}", SHARDS)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "case-list: nothing changes in 0 rows at 12",
        "case-list: folded again up to position 0",
    ]
    new, both = result.stderr.splitlines()
    assert new.startswith("qmas: the new rows: projection case-list stopped before position 1 of")
    assert both == (
        f"case-list: shard {shard} of both stands before position 1: what the log has of it from "
        "there on is in neither"
    )
    assert f"shard {shard} of case-list stands before position 1" in qmas("status").stderr
    assert qmas("switch", "case-list", "--back").exit_code == 0


def test_rebuild_keeps_rows_beside_that_an_event_stops_alone(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    runner.catch_up_all(book.store, book.models)
    poisoned.with_a_broken_seal(database.admin_url, f"case-{reference(1)}", 1)
    result = qmas("rebuild", "case-list", "work", "--yes")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "work: nothing changes in 0 rows at 12",
        "work: folded again up to position 12",
    ]
    new, compared, kept = result.stderr.splitlines()
    assert new.startswith("qmas: the new rows: projection case-list stopped before position 1 of")
    assert compared == "case-list: the new one stands still, so that nothing can be compared"
    assert kept.startswith("qmas: case-list is as it was: the rows that would take its place stand")
    assert isinstance(qmas("diff", "case-list").exception, StopsEarlier)
    assert isinstance(qmas("switch", "case-list").exception, StopsEarlier)
    shown = qmas("status")
    shard = number_of(f"case-{reference(1)}", SHARDS)
    stands = f"qmas: shard {shard} of the rows beside case-list stands before position 1 ("
    assert (shown.exit_code, shown.stderr.startswith(stands)) == (0, True)
    retried = qmas("retry", "case-list")
    assert (retried.exit_code, retried.stdout) == (1, "case-list: folded on to position 12\n")
    assert retried.stderr.startswith(stands)
    poisoned.with_the_seal_mended(database.admin_url, f"case-{reference(1)}", 1)
    assert qmas("switch", "case-list").exit_code == 0
    assert qmas("verify", "case-list").exit_code == 0


def test_rebuild_changes_over_from_what_an_earlier_version_left_behind(
    book: Casebook, qmas: Qmas, database: TestDatabase
) -> None:
    runner.catch_up_all(book.store, book.models)
    with psycopg.connect(database.app_url) as connection:
        connection.execute("UPDATE projection_checkpoints SET version = 1")
    book.write(f"case-{reference(2)}", history(2)[:2])
    result = qmas("rebuild", "case-list", "--yes")
    assert (result.exit_code, result.stdout) == (0, "case-list: folded again up to position 14\n")
    assert qmas("verify", "case-list").exit_code == 0


def test_a_read_model_that_does_not_exist_is_answered_with_those_that_do(qmas: Qmas) -> None:
    result = qmas("rebuild", "nonsense")
    assert result.exit_code == 2
    assert "'case-list', 'case-status', 'exercises'" in result.stderr


def test_without_a_yes_the_new_rows_stay_beside_until_they_are_asked_for(
    book: Casebook, qmas: Qmas
) -> None:
    runner.catch_up_all(book.store, book.models)
    with book.models.engine.begin() as connection:
        connection.execute(text("UPDATE case_list SET points = 1"))
    left = qmas("rebuild", "case-list")
    assert left.exit_code == 0
    assert left.stdout.splitlines()[-1] == (
        "case-list: left beside the live one: qmas projections switch case-list"
    )
    assert qmas("status").stdout.splitlines()[2].endswith("  ready at 12")
    shown = qmas("diff", "case-list")
    assert (shown.exit_code, shown.stdout.splitlines()[1]) == (1, "  points changes in 1")
    named = qmas("diff", "case-list", "--all")
    assert (named.exit_code, named.stdout) == (1, f"case-list: {reference(1)}: points\n")
    switched = qmas("switch", "case-list")
    assert _switched_to(switched) == ("newer", "older")
    assert qmas("verify", "case-list").exit_code == 0
    assert _switched_to(qmas("switch", "case-list", "--back")) == ("older", "newer")
    assert qmas("verify", "case-list").exit_code == 1
    assert qmas("status").stdout.splitlines()[2].endswith("  former at 12")
    assert _switched_to(qmas("switch", "case-list", "--back")) == ("newer", "older")
    assert qmas("verify", "case-list").exit_code == 0
    assert qmas("discard", "case-list").stdout == "case-list: 1 dropped\n"
    nothing = qmas("switch", "case-list")
    assert nothing.exit_code != 0


def _switched_to(result: Result) -> tuple[str, str]:
    """Return which rows are live and which are kept, by what `switch` says."""
    said, live, kept = result.stdout.splitlines()
    assert said == "case-list: changed over at position 12"
    assert kept.endswith("to have them back: qmas projections switch case-list --back")
    made = re.compile(r"  (live|kept): the (newer|older) rows, made 20\d\d-")
    found = [made.match(line) for line in (live, kept)]
    assert [each and each[1] for each in found] == ["live", "kept"]
    return tuple(each[2] for each in found if each)  # type: ignore[return-value]  # there are two


@pytest.mark.parametrize("typed", ["", "n\n"])
def test_a_question_that_is_left_leaves_the_new_rows_ready(
    book: Casebook, qmas: Qmas, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    runner.catch_up_all(book.store, book.models)
    monkeypatch.setattr("services.cli.projections._is_asked", lambda: True)
    left = qmas("rebuild", "case-list", typed=typed)
    assert left.exit_code == 0
    assert "case-list: left beside the live one: qmas projections switch" in left.stdout
