"""A place comes with its selection and by two people, held by the database against every role."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors, sql

from tests.conftest import TestDatabase
from tests.services.by_hand import ROLES, Stream, connected

WRONG_TIME = "events_by_exercise"
WRONG_NUMBER = "events_steps_add_up"
SAME_PERSON = "events_selection_by_second_person"
SHORTLISTED = {"type": "case-shortlisted", "exercise": "one"}
SELECTED = {"type": "case-selected", "exercise": "one"}
PASSED_OVER = {"type": "case-not-selected", "exercise": "one"}
PROPOSED = {"type": "selection-proposed", "proposed_by": "proposer", "digest": "d"}


def made(general: int, by: str = "confirmer", achievement: int = 0) -> dict[str, Any]:
    counts = {"general": general, "achievement": achievement, "digest": "d"}
    return {"type": "selection-made", "by": by, "made_by": by} | counts


def graded(by: str, name: str = "", exercise: str = "one") -> dict[str, Any]:
    return {"type": "case-graded", "by": by, "graded_by": name or by, "exercise": exercise}


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(database: TestDatabase, role: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection in which every statement stands for itself, for each role there is."""
    with connected(database, role) as opened:
        yield opened


@pytest.fixture
def exercise(connection: psycopg.Connection[Any]) -> Stream:
    """An exercise whose selection is proposed."""
    stream = Stream(connection, "exercise-one")
    stream.write(
        {"type": "exercise-opened", "by": "opener"},
        {"type": "shortlist-drawn", "by": "opener", "general": 0, "achievement": 0},
        PROPOSED | {"by": "proposer"},
    )
    return stream


def refused(constraint: str) -> AbstractContextManager[pytest.ExceptionInfo[errors.CheckViolation]]:
    """The block ends with the refusal of this name."""
    return pytest.raises(
        errors.CheckViolation, check=lambda e: e.diag.constraint_name == constraint
    )


def place(connection: psycopg.Connection[Any], fact: dict[str, Any] = SELECTED) -> None:
    """A case of its own has this fact."""
    Stream(connection).write(fact)


def places(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM events WHERE type = 'case-selected'").fetchone()
    assert row is not None
    return int(row[0])


def test_places_come_in_the_transaction_of_their_selection(
    connection: psycopg.Connection[Any], exercise: Stream
) -> None:
    with connection.transaction():
        with connection.transaction():
            place(connection)
        with connection.transaction():
            place(connection)
            raise psycopg.Rollback
        place(connection)
        place(connection, PASSED_OVER)
        with connection.transaction():
            exercise.write(made(1, achievement=1))
    assert places(connection) == 2


@pytest.mark.parametrize("fact", [SHORTLISTED, SELECTED, PASSED_OVER])
def test_no_place_comes_later_or_without_one(
    connection: psycopg.Connection[Any], exercise: Stream, fact: dict[str, Any]
) -> None:
    with refused(WRONG_TIME):
        place(connection, fact | {"exercise": "none"})
    with refused(WRONG_TIME):
        place(connection, fact | {"exercise": None})
    exercise.write(made(0))
    with refused(WRONG_TIME):
        place(connection, fact)


@pytest.mark.parametrize("forged", [False, True])
def test_no_place_comes_with_a_selection_of_another_transaction(
    database: TestDatabase,
    connection: psycopg.Connection[Any],
    exercise: Stream,
    role: str,
    forged: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    # The transaction is the older one, and has its id.
    with refused(WRONG_TIME), connection.transaction():
        place(connection)
        with connected(database, role) as other:
            Stream(other, exercise.name, exercise.version).write(made(0))
        if forged:
            columns = "commit_id" if role == "application" else "xid, commit_id"
            mine = "commit_id" if role == "application" else "pg_current_xact_id(), commit_id"
            connection.execute(
                sql.SQL(
                    "INSERT INTO pending ({}) SELECT {} FROM events WHERE type = 'selection-made'"
                ).format(sql.SQL(columns), sql.SQL(mine))
            )
    assert places(connection) == 0


def test_what_a_savepoint_undid_is_no_selection(
    connection: psycopg.Connection[Any], exercise: Stream
) -> None:
    with refused(WRONG_TIME), connection.transaction():
        place(connection)
        with connection.transaction():
            exercise.write(made(1))
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise psycopg.Rollback
    assert places(connection) == 0


def test_there_are_as_many_places_as_the_selection_says(
    connection: psycopg.Connection[Any], exercise: Stream
) -> None:
    version = exercise.version
    for said in (0, 1, 3):
        with refused(WRONG_NUMBER), connection.transaction():
            place(connection)
            place(connection)
            place(connection, PASSED_OVER)
            exercise.write(made(said))
        exercise.version = version
    with refused(WRONG_NUMBER):
        exercise.write({**made(0), "general": None})
    for more in (SELECTED, PASSED_OVER):
        with refused(WRONG_TIME), connection.transaction():
            place(connection)
            exercise.write(made(1))
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            place(connection, more)
        exercise.version = version
    # Nor does it help to hide the selection behind something that comes after it.
    with refused(WRONG_TIME), connection.transaction():
        place(connection)
        exercise.write(made(1))
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        exercise.write({"type": "result-published"})
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        place(connection)
    assert places(connection) == 0


def test_an_exercise_selects_once(connection: psycopg.Connection[Any], exercise: Stream) -> None:
    exercise.write(made(0), PROPOSED | {"by": "proposer"})
    with refused(WRONG_NUMBER), connection.transaction():
        place(connection)
        exercise.write(made(1, by="another"))
    assert places(connection) == 0


def test_a_shortlist_has_as_many_cases_as_it_says(connection: psycopg.Connection[Any]) -> None:
    exercise = Stream(connection, "exercise-one")
    exercise.write({"type": "exercise-opened"})
    drawn = {"type": "shortlist-drawn", "general": 1, "achievement": 0}
    with refused(WRONG_NUMBER):
        exercise.write(drawn)
    with refused(WRONG_NUMBER), connection.transaction():
        place(connection, SHORTLISTED)
        place(connection, SHORTLISTED)
        exercise.write(drawn)
    with connection.transaction():
        place(connection, SHORTLISTED)
        exercise.write(drawn)


def test_whoever_graded_for_an_exercise_does_not_confirm_it(
    connection: psycopg.Connection[Any], exercise: Stream
) -> None:
    place(connection, graded("panel-1"))
    place(connection, graded("panel-2", name="panel-3"))
    place(connection, graded("panel-4", exercise="another"))
    for name in ("panel-1", "panel-2", "panel-3"):
        exercise.refuses(SAME_PERSON, made(0, by=name))
        exercise.refuses(SAME_PERSON, made(0, by=name) | {"made_by": "confirmer"})
        exercise.refuses(SAME_PERSON, made(0) | {"made_by": name})
    exercise.write(made(0, by="panel-4"))


def test_what_is_confirmed_follows_a_whole_stream(
    connection: psycopg.Connection[Any], exercise: Stream
) -> None:
    gap = "events_confirmed_on_a_whole"
    exercise.version += 1
    exercise.refuses(gap, made(0))
    for kind, subject in (("decision", {"matter": "refusal"}), ("override", {"rule": "age"})):
        stream = Stream(connection, f"case-{uuid4()}")
        stream.write({"type": f"{kind}-proposed", "by": "officer-1"} | subject)
        stream.version += 1
        stream.refuses(gap, {"type": f"{kind}-confirmed", "by": "officer-2"} | subject)
        stream.version -= 1
        stream.write({"type": f"{kind}-confirmed", "by": "officer-2"} | subject)
