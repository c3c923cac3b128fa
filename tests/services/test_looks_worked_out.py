"""What is worked out of many cases is read by a statement that records the look itself."""

from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from domain.access import Person
from domain.exercise_commands import OpenExercise
from domain.looks import What
from domain.rules.retention import RecordClass
from domain.rules.terms import Terms
from domain.work_events import CaseTaken
from services import exercises
from services.api.app import create_api
from services.looking import named
from services.openings import dry_run_opening
from services.privacy.retention import due_cases, schedule
from services.projections.looks import LookFilter, looks
from services.redrawing import redraw_seen
from services.simulation.simulate import Question, simulate
from services.store import MigrationFault, NewEvent, StoreUnreachable
from services.store.looks import LogSeen
from services.what_if import Change, what_if, what_if_present
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.api.calling import AUDITOR as HO
from tests.services.api.calling import Caller
from tests.services.asking import AUDITOR, SUPERVISOR, asked, filed_by
from tests.services.openings import TO_POOL, another, file, with_trial
from tests.services.seeing import looking, recorded
from tests.services.storing import EFFECTIVE, commit_of, writing
from tests.services.visiting import file_case, signed_in

OPENING = OpenExercise(exercise="second", title="Second", places=2)
Asked = Callable[[Office, Person], object]


def _look(person: Person) -> Any:
    return looking(What.EXERCISE, person)


ANSWERS: dict[str, tuple[Asked, str, dict[str, Any]]] = {
    "what-if": (
        lambda office, who: what_if(office, _look(who), "first", Change(places=1)),
        "log",
        {"asked": "what-if", "exercise": "first", "places": 1},
    ),
    "what-if of the pool as it is": (
        lambda office, who: what_if_present(office, _look(who), Terms(threshold=130)),
        "log",
        {"asked": "what-if", "threshold": 130, "measure": "points"},
    ),
    "replay": (
        lambda office, who: redraw_seen(office, _look(who), "first"),
        "log",
        {"asked": "replay", "exercise": "first"},
    ),
    "dry run": (
        lambda office, who: exercises.dry_run(office, _look(who), "first"),
        "exercise_pools",
        {"asked": "dry-run", "exercise": "first"},
    ),
    "dry run of an opening": (
        lambda office, who: dry_run_opening(office, _look(who), OPENING),
        "case_list",
        {"asked": "opening", "measure": "points"},
    ),
    "simulation": (
        lambda office, who: simulate(office, _look(who), Question(to="gpt-2023")),
        "log",
        {"asked": "simulation", "ruleset": "gpt-2023"},
    ),
    "retention": (
        lambda office, who: schedule(office, looking(What.LIST, who)),
        "case_list",
        {"asked": "retention"},
    ),
    "cases of the retention": (
        lambda office, who: due_cases(
            office, looking(What.LIST, who), RecordClass.REFUSED, on=date(2030, 1, 1)
        ),
        "case_list",
        {"asked": "retention", "on": "2030-01-01", "stage": "refused"},
    ),
}
"""What can be asked, the table that it is read from, and what is kept of the question."""

each_answer = pytest.mark.parametrize("name", ANSWERS)


@pytest.fixture
def held(office: Office) -> Office:
    """The office with an exercise on a pool of two, of which this process has the pool at hand."""
    for template in ("john", "emma"):
        file_case(office, template, *TO_POOL)
    opening = OpenExercise(exercise="first", title="First", places=2)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    return office


@each_answer
def test_the_statement_that_reads_records_the_look(
    held: Office, database: TestDatabase, name: str
) -> None:
    ask, table, kept = ANSWERS[name]
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE noted_by (statement text NOT NULL)")
        owner.execute("GRANT INSERT ON noted_by TO qmas_app")
        owner.execute(
            "CREATE FUNCTION keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO noted_by VALUES (current_query()); RETURN NULL; END $$"
        )
        owner.execute(
            "CREATE TRIGGER keep_statement AFTER INSERT ON reads"
            " FOR EACH ROW EXECUTE FUNCTION keep_statement()"
        )
        before = len(recorded(held))
        ask(held, SUPERVISOR)
        ((statement,),) = owner.execute("SELECT statement FROM noted_by").fetchall()
    (look,) = recorded(held)[before:]
    assert f"FROM {table}" in " ".join(statement.split())
    assert (look["who"], look["cases"]) == (SUPERVISOR.name, [])
    assert kept.items() <= look["filters"].items()
    if table == "log":
        assert 0 < look["filters"]["position"] <= held.store.head()


@each_answer
@pytest.mark.parametrize(
    "closing",
    [
        "REVOKE INSERT ON reads FROM qmas_app",
        "CREATE TRIGGER none BEFORE INSERT ON reads FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ],
)
def test_nothing_is_read_where_the_look_cannot_be_recorded(
    held: Office, database: TestDatabase, name: str, closing: str
) -> None:
    before = recorded(held)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(closing)
    with pytest.raises((MigrationFault, DBAPIError, errors.RestrictViolation)):
        ANSWERS[name][0](held, SUPERVISOR)
    assert recorded(held) == before


@pytest.mark.parametrize(
    ("path", "asked_for"),
    [
        ("/exercises/first/what-if?places=1", "what-if"),
        ("/exercises/first/replay", "replay"),
        ("/exercises/first/dry-run", "dry-run"),
    ],
)
def test_the_cases_that_an_answer_names_refer_to_the_look_that_read(
    held: Office, path: str, asked_for: str
) -> None:
    exercises.draw_shortlist(held, "first", asked(SUPERVISOR))
    caller = Caller(app=create_api(held), office=held)
    assert caller.get(path, by=HO).status_code == 200
    page = looks(held.models, looking(What.READS, AUDITOR), LookFilter(who=(HO,))).rows
    named_later, read_first = page
    assert (read_first.case_count, read_first.filters["asked"]) == (0, asked_for)
    assert named_later.case_count > 0
    assert named_later.filters == {**read_first.filters, "of": read_first.number}
    by_case = LookFilter(case=named_later.cases[0], who=(HO,))
    (found,) = looks(held.models, looking(What.READS, AUDITOR), by_case).rows
    assert found == named_later
    shown = signed_in(held, HO, "audit").get("/audit/reads", query_string={"who": HO})
    assert f"of look {read_first.number}" in shown.text


def test_an_answer_that_names_nobody_is_one_row(held: Office) -> None:
    before = len(recorded(held))
    noted, found = what_if(held, _look(AUDITOR), "first", Change())
    named(held, noted, (each.reference for each in found.moved))
    assert len(recorded(held)) == before + 1


def test_a_ruleset_that_there_is_not_is_kept_nowhere(held: Office) -> None:
    before = recorded(held)
    caller = Caller(app=create_api(held), office=held)
    for path in ("/exercises/first/what-if", "/pool/what-if"):
        assert caller.get(f"{path}?ruleset=Carter", by=HO).status_code == 422
    assert recorded(held) == before


def test_of_a_look_that_was_lost_nothing_more_is_read(held: Office, database: TestDatabase) -> None:
    log = LogSeen(held.store.looks, _look(AUDITOR), {"asked": "replay"})
    assert len(log.read(after=0, limit=3)) == 3
    assert log.read(after=3, limit=2) == held.store.read_log(after=3, limit=2, personal=False)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE reads DISABLE TRIGGER USER")
        owner.execute("DELETE FROM reads WHERE read_id = %s", (log.noted.number,))
    with pytest.raises(StoreUnreachable, match="is not on record"):
        log.read(after=5, limit=1)


def test_a_log_that_is_read_by_many_statements_is_one_look(office: Office) -> None:
    trying = with_trial(office)
    john = file(trying, filed_by("john"), *TO_POOL)
    taken = NewEvent(event=CaseTaken(officer="officer.chan"), effective_at=EFFECTIVE)
    for part in range(3):
        trying.store.append(commit_of(writing("work-none", part * 1_000, *[taken] * 1_000)))
    emma = file(trying, another("emma", "P1"), *TO_POOL)
    found: list[str] = []
    for processes in (1, 2):
        question = Question(to="trial", processes=processes)
        look = _look(AUDITOR)
        simulate(trying, look, question, each=lambda _, case: found.append(case.reference))
    assert found == [john, emma] * 2
    assert [each["filters"]["position"] for each in recorded(trying)] == [3_008, 3_008]
