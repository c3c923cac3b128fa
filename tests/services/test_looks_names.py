"""A name that is typed where an account or an exercise is asked for is not kept as typed."""

import json
from dataclasses import replace
from typing import Any, Final

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import errors

from domain.access import Person, Role
from domain.looks import What
from domain.work_commands import AssignCase, TakeCase
from services import work
from services.api.app import create_api
from services.cli.main import qmas
from services.looking import case_seen
from services.projections import queries
from services.projections.looks import LookFilter, looks
from services.projections.queries import CaseFilter
from services.projections.queue import held_by
from services.projections.runner import catch_up_all
from services.store.noting import UNKNOWN
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.api.calling import V1, Caller, is_problem
from tests.services.asking import AUDITOR as HO
from tests.services.asking import OFFICER, SUPERVISOR, asked
from tests.services.issuing import Issuer, provided
from tests.services.seeing import looking, recorded
from tests.services.test_pages_exercises import open_one
from tests.services.visiting import TO_POOL, file_case, signed_in

TYPED: Final = "preferred_username"


def filters(office: Office) -> dict[str, Any]:
    """Return what the last look on record had asked for, without which looks it showed."""
    found: dict[str, Any] = recorded(office)[-1]["filters"]
    return {name: asked_for for name, asked_for in found.items() if name != "rows"}


@pytest.mark.parametrize("typed", ["carter", "John Carter", "陳大文", "x" * 101, UNKNOWN])
def test_a_name_that_nobody_has_is_kept_as_unknown(office: Office, typed: str) -> None:
    file_case(office, "john")
    catch_up_all(office.store, office.models)
    looks(office.models, looking(What.READS, HO), LookFilter(who=(typed,)))
    assert filters(office) == {"who": UNKNOWN}
    held_by(office.models, looking(What.WORK), typed)
    assert filters(office) == {"holder": UNKNOWN}
    queries.case_list(office.models, looking(What.LIST), CaseFilter(exercise=typed))
    assert filters(office) == {"exercise": UNKNOWN, "sort": "-submitted_at"}


def test_what_there_is_is_kept_by_its_name(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    work.carry_out(office, reference, AssignCase(officer="officer.lee"), asked(SUPERVISOR, at=None))
    open_one(signed_in(office, SUPERVISOR.name))
    catch_up_all(office.store, office.models)
    # Whoever looks is known at once, whoever has a case by having it, and whoever looked by that.
    for officer in (OFFICER.name, "officer.lee", SUPERVISOR.name):
        held_by(office.models, looking(What.WORK), officer)
        assert filters(office) == {"holder": officer}
    for person in (HO.name, OFFICER.name):
        looks(office.models, looking(What.READS, HO), LookFilter(who=(person,)))
        assert filters(office) == {"who": person}
    queries.case_list(office.models, looking(What.LIST), CaseFilter(exercise="2019-q2"))
    assert filters(office) == {"exercise": "2019-q2", "sort": "-submitted_at"}


def test_an_account_that_could_be_a_persons_name_has_its_list_of_cases(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    chan = Person(name="陳 大文", role=Role.OFFICER)
    work.carry_out(office, reference, TakeCase(), asked(chan, at=None))
    catch_up_all(office.store, office.models)
    for held, kept in ((chan, UNKNOWN), (OFFICER, OFFICER.name)):
        wanted = CaseFilter(holder=held.name, exercise="2019-q2")
        queries.case_list(office.models, looking(What.LIST, held), replace(wanted, exercise=None))
        assert filters(office) == {"holder": kept, "sort": "-submitted_at"}
        queries.case_list(office.models, looking(What.LIST, held), wanted)
        assert filters(office) == {"holder": kept, "exercise": UNKNOWN, "sort": "-submitted_at"}
    mine = CaseFilter(holder=chan.name)
    page = queries.case_list(office.models, looking(What.LIST, chan), mine)
    assert [each.reference for each in page.rows] == [reference]


def test_what_no_exercise_is_called_is_a_fault_of_the_field(office: Office) -> None:
    caller = Caller(app=create_api(office), office=office)
    for typed in ("John Carter", "2019-q2\n"):
        said = caller.app.test_client().get(
            f"{V1}/cases", query_string={"exercise": typed}, headers=caller.token(OFFICER.name)
        )
        is_problem(said, 422, "invalid-request")
        assert [each["path"] for each in (said.json or {})["errors"]] == ["exercise"]
    page = signed_in(office, OFFICER.name).get("/staff", query_string={"exercise": "John Carter"})
    assert page.status == 422
    assert "John Carter" not in str(recorded(office))


@pytest.mark.parametrize("name", ["exercise", "who", "holder", "case"])
def test_the_database_takes_no_name_of_another_form(database: TestDatabase, name: str) -> None:
    with (
        psycopg.connect(database.app_url) as application,
        pytest.raises(errors.CheckViolation, match="reads_names_asked_for"),
    ):
        application.execute(
            "INSERT INTO reads (who, role, purpose, what, door, correlation_id, cases, filters)"
            " VALUES ('x', 'officer', 'casework', 'list', 'page', '', '{}',"
            " json_build_object(%s::text, 'John Carter'))",
            (name,),
        )


def test_looks_are_found_by_each_spelling_that_a_name_was_recorded_under(office: Office) -> None:
    told = provided(office.settings, Issuer("http://127.0.0.1:9"), QMAS_OIDC_ACCOUNT=TYPED)
    reference = file_case(office, "john")
    for name in ("Chan", "chan", "cli.Jane", "cli.jane", "lee", reference):
        case_seen(office, looking(person=Person(name=name, role=Role.OFFICER)), reference)
    env = told.child_environ()
    for typed, found, kept in (
        ("Chan", ["chan", "Chan"], "chan"),
        ("cli.Jane", ["cli.Jane"], "cli.Jane"),
        (reference.removeprefix("QM-").replace("-", "").lower(), [reference], reference),
    ):
        said = CliRunner(env=env).invoke(qmas, ["audit", "reads", "--who", typed, "--json"]).stdout
        assert [json.loads(line)["who"] for line in said.splitlines()] == found
        assert filters(office) == {"who": kept}
