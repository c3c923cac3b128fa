"""Every look at a case is on record, and nothing is shown that could not be recorded."""

import json
from collections.abc import Callable

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import errors

from domain import commands as c
from domain.access import Role
from domain.errors import NoSuchCase
from domain.looks import What
from domain.work_commands import TakeCase
from services.api.app import create_api
from services.cases import case_at
from services.cli.asking import operator
from services.cli.main import qmas as root
from services.looking import AT_ONCE, case_seen, named, work_seen
from services.projections import queries
from services.projections.looks import LookFilter, LookPage, looks
from services.projections.queries import CaseFilter, name_tokens
from services.projections.runner import catch_up_all
from services.store import MigrationFault, StoreUnreachable
from services.wiring import Office
from services.work import carry_out as carry_out_work
from services.work import work_at
from tests.conftest import TestDatabase
from tests.services.api.calling import AUDITOR, Caller, is_problem
from tests.services.asking import AUDITOR as HO
from tests.services.asking import OFFICER, asked, filed_by
from tests.services.coming_in import come_in
from tests.services.erasing import erase
from tests.services.seeing import looking, recorded, told
from tests.services.visiting import TO_POOL, Visitor, file_case, signed_in

UNKNOWN = "QM-4K7RT-9XWPR"
Qmas = Callable[..., Result]


@pytest.fixture
def caller(office: Office) -> Caller:
    return Caller(app=create_api(office), office=office)


@pytest.fixture
def qmas(office: Office) -> Qmas:
    settings = office.settings
    environ = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }

    def run(*words: str) -> Result:
        return CliRunner(env=environ).invoke(root, words)

    return run


def test_a_look_is_recorded_with_who_what_and_why(office: Office) -> None:
    reference = file_case(office)
    assert recorded(office) == []
    case_seen(office, looking(), reference.lower().replace("-", " "))
    assert recorded(office) == [
        {
            "who": OFFICER.name,
            "role": "officer",
            "purpose": "casework",
            "what": "case",
            "door": "cli",
            "correlation_id": "a-look",
            "cases": [reference],
            "filters": {},
        }
    ]


def test_a_look_that_finds_nothing_is_recorded(office: Office) -> None:
    with pytest.raises(NoSuchCase):
        case_seen(office, looking(), UNKNOWN)
    with pytest.raises(NoSuchCase):
        work_seen(office, looking(What.WORK), UNKNOWN)
    assert [each["cases"] for each in recorded(office)] == [[UNKNOWN], [UNKNOWN]]


def test_what_is_no_reference_is_kept_nowhere(office: Office) -> None:
    with pytest.raises(NoSuchCase):
        case_seen(office, looking(), "Chan Tai Man")
    assert recorded(office) == []


def test_the_case_is_the_same_with_a_look_and_without(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    assert case_seen(office, looking(), reference) == case_at(office, reference)
    assert work_seen(office, looking(), reference) == work_at(office, reference)


def test_a_look_leaves_the_connection_as_durable_as_it_was(office: Office) -> None:
    case_seen(office, looking(), file_case(office))
    with office.store._connections.borrow() as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


@pytest.mark.parametrize(("cases", "rows"), [(0, [0]), (AT_ONCE, [1000]), (2001, [1000, 1000, 1])])
def test_a_look_at_many_cases_is_recorded_a_thousand_at_a_time(
    office: Office, cases: int, rows: list[int]
) -> None:
    named(office, looking(), map(str, range(cases)))
    assert [len(each["cases"]) for each in recorded(office)] == rows


FULL_DISK = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON reads FOR EACH ROW EXECUTE FUNCTION no_room()
"""


@pytest.fixture(
    params=["REVOKE INSERT ON reads FROM qmas_app", "DROP TABLE reads", FULL_DISK],
    ids=["closed", "gone", "full"],
)
def closed(
    request: pytest.FixtureRequest, office: Office, database: TestDatabase
) -> Callable[[], None]:
    """Close the record of looks, once what the test needs before is done."""

    def close() -> None:
        with psycopg.connect(database.owner_url) as owner:
            owner.execute(request.param)

    return close


def test_what_cannot_be_recorded_is_not_shown(office: Office, closed: Callable[[], None]) -> None:
    reference = file_case(office)
    closed()
    with pytest.raises((MigrationFault, StoreUnreachable)):
        case_seen(office, looking(), reference)
    with pytest.raises((MigrationFault, StoreUnreachable)):
        looks(office.models, looking(What.READS), LookFilter())


def test_the_doors_stay_shut_where_looks_cannot_be_recorded(
    office: Office, caller: Caller, qmas: Qmas, closed: Callable[[], None]
) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, "auditor.ho", "audit")
    closed()
    for path in (f"/staff/cases/{reference}", f"/audit/cases/{reference}", "/audit/reads"):
        page = visitor.get(path)
        assert page.status == 503
        assert "Carter" not in page.html
    for path in (f"/cases/{reference}", f"/cases/{reference}/history", "/reads"):
        is_problem(caller.get(path, by=AUDITOR), 503, "unavailable")
    for command in ("case", "history", "explain"):
        done = qmas(command, reference)
        assert isinstance(done.exception, MigrationFault | StoreUnreachable)
        assert done.output == ""


def test_looks_are_kept_apart_from_the_history(office: Office) -> None:
    reference = file_case(office)
    before = office.store.sequence()
    case_seen(office, looking(), reference)
    assert office.store.sequence() == before


@pytest.mark.parametrize(
    "change",
    ["UPDATE reads SET who = ''", "DELETE FROM reads WHERE false", "TRUNCATE reads"],
)
def test_nobody_changes_what_is_on_record(database: TestDatabase, change: str) -> None:
    with (
        psycopg.connect(database.app_url) as application,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        application.execute(change)
    for url in (database.owner_url, database.admin_url):
        with psycopg.connect(url) as connection, pytest.raises(errors.RestrictViolation):
            connection.execute(change)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO reads (read_at) VALUES (now())",
        "INSERT INTO reads (read_id) OVERRIDING SYSTEM VALUE VALUES (1)",
    ],
)
def test_the_application_cannot_say_when_a_look_was(database: TestDatabase, statement: str) -> None:
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def everyone(office: Office, **wanted: object) -> LookPage:
    return looks(office.models, looking(What.READS, HO), LookFilter(**wanted))


def test_looks_are_found_by_case_by_person_and_by_time(office: Office) -> None:
    john, emma = file_case(office, "john"), file_case(office, "emma")
    case_seen(office, looking(), john)
    case_seen(office, looking(person=HO, stated="A check"), john)
    case_seen(office, looking(), emma)
    by_case = everyone(office, case=john).rows
    assert [each.who for each in by_case] == [HO.name, OFFICER.name]
    who = (OFFICER.name,)
    by_who = everyone(office, who=who).rows
    assert [each.cases for each in by_who] == [(emma,), (john,)]
    last = by_who[0].at
    assert [each.cases for each in everyone(office, since=last, who=who).rows] == [(emma,)]
    assert [each.cases for each in everyone(office, until=last, who=who).rows] == [
        (emma,),
        (john,),
    ]


def test_looks_come_page_by_page_whatever_is_added_meanwhile(office: Office) -> None:
    reference = file_case(office)
    for _ in range(5):
        case_seen(office, looking(), reference)
    found: list[int] = []
    before = None
    while True:
        page = looks(
            office.models,
            looking(What.READS, HO),
            LookFilter(case=reference, who=(OFFICER.name,)),
            before=before,
            limit=2,
        )
        case_seen(office, looking(), reference)
        found += [each.number for each in page.rows]
        if page.older is None:
            break
        before = page.older
    assert found == sorted(found, reverse=True)
    assert len(found) == 5


def test_pages_record_what_they_show(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    visitor = signed_in(office, "officer.chan")
    assert visitor.get(f"/staff/cases/{reference}").status == 200
    assert visitor.get(f"/audit/cases/{reference}").status == 200
    seen = [each for each in told(office) if reference in each[3]]
    assert ("officer.chan", "case", "page", (reference,)) in seen
    assert ("officer.chan", "history", "page", (reference,)) in seen


def test_an_applicants_own_look_is_recorded(office: Office) -> None:
    reference = file_case(office, "emma")
    visitor = Visitor(office)
    page = come_in(visitor, reference, filed_by("emma").applicant.date_of_birth)
    assert page.path == "/status"
    (own,) = recorded(office)
    assert (own["who"], own["role"], own["purpose"]) == (reference, "applicant", "own-status")
    assert (own["what"], own["cases"]) == ("status", [reference])


def test_an_auditor_sees_who_looked(office: Office) -> None:
    reference = file_case(office)
    signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    auditor = signed_in(office, "auditor.ho", "audit")
    history = auditor.get(f"/audit/cases/{reference}")
    assert f"/audit/reads?case={reference}" in history.html
    page = auditor.get("/audit/reads", query_string={"case": reference})
    assert "officer.chan" in page.text
    faulty = auditor.get("/audit/reads", query_string={"case": "QM-1", "since": "soon"})
    assert (faulty.status, len(faulty.problems)) == (422, 2)


def test_who_looked_is_for_auditors_alone(office: Office, caller: Caller) -> None:
    assert signed_in(office, "supervisor.wong").get("/audit/reads").status == 403
    is_problem(caller.get("/reads"), 403, "forbidden")
    assert caller.get("/reads", by=AUDITOR).status_code == 200


def test_the_api_lists_looks(office: Office, caller: Caller) -> None:
    reference = file_case(office)
    caller.get(f"/cases/{reference}")
    caller.get(f"/cases/{reference}/work")
    found = caller.get(f"/reads?case={reference}&limit=1", by=AUDITOR).json
    assert [(each["what"], each["door"]) for each in found["items"]] == [("work", "api")]
    older = f"/reads?case={reference}&who=officer.chan&before={found['older']}"
    rest = caller.get(older, by=AUDITOR)
    assert [each["what"] for each in rest.json["items"]] == ["case"]
    is_problem(caller.get("/reads?case=QM-1", by=AUDITOR), 404, "no-such-case")
    is_problem(caller.get("/reads?before=0", by=AUDITOR), 422, "invalid-request")


def test_looks_at_a_terminal_are_recorded_and_listed(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john", *TO_POOL)
    me = operator(Role.ADMINISTRATOR).name
    for command in ("case", "history", "explain"):
        assert qmas(command, reference).exit_code == 0
    told_as_json = qmas("audit", "reads", "--case", reference, "--json").stdout
    lines = [json.loads(line) for line in told_as_json.splitlines()]
    assert [(each["who"], each["what"], each["purpose"]) for each in lines] == [
        (me, "history", "operation"),
        (me, "history", "operation"),
        (me, "case", "operation"),
    ]
    assert reference in qmas("audit", "reads", "--who", me, "--limit", "1").output
    assert qmas("audit", "reads", "--who", "nobody").output == "no looks\n"


def test_what_was_searched_for_goes_with_the_key_of_the_person(
    office: Office, database: TestDatabase
) -> None:
    john, emma = file_case(office, "john"), file_case(office, "emma")
    carter, laurent = (name_tokens(office.models, name) for name in ("Carter", "Laurent"))
    searches = [(carter, [john]), (laurent, [emma]), (carter, []), (laurent, [john])]
    with psycopg.connect(database.owner_url) as owner:
        for number, (tokens, cases) in enumerate(searches, start=1):
            owner.execute(
                "INSERT INTO reads (who, role, purpose, what, door, correlation_id, cases)"
                " VALUES ('officer.chan', 'officer', 'casework', 'search', 'page', '', %s)",
                (cases,),
            )
            owner.execute("INSERT INTO read_words VALUES (%s, %s)", (number, list(tokens)))
    erase(office.store, john)
    with psycopg.connect(database.app_url) as connection:
        left = connection.execute("SELECT read_id FROM read_words").fetchall()
    assert left == [(2,)]
    assert len(recorded(office)) == 4


def test_a_page_of_the_list_is_one_look_at_every_case_on_it(office: Office) -> None:
    references = {file_case(office, name) for name in ("john", "emma", "jackie")}
    page = queries.case_list(office.models, looking(What.LIST), CaseFilter(unheld=True), limit=2)
    (look,) = recorded(office)
    assert sorted(look["cases"]) == sorted(row.reference for row in page.rows)
    assert len(references - set(look["cases"])) == 1
    assert (look["what"], look["filters"]) == ("list", {"unheld": True, "sort": "-submitted_at"})


def test_a_search_keeps_tokens_and_never_what_was_typed(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, "officer.chan")
    found = visitor.send(visitor.get("/staff"), "/staff/search", sought="Carter")
    assert reference in found.text
    nothing = visitor.send(visitor.get("/staff"), "/staff/search", sought="Nobodysname")
    assert nothing.status == 200
    hit, miss = (each for each in recorded(office) if each["what"] == "search")
    assert (hit["cases"], miss["cases"]) == ([reference], [])
    with psycopg.connect(database.app_url) as connection:
        kept = connection.execute("SELECT tokens FROM read_words ORDER BY read_id").fetchall()
        every = str(connection.execute("SELECT * FROM reads").fetchall()).lower()
    assert kept == [
        (sorted(name_tokens(office.models, each)),) for each in ("Carter", "Nobodysname")
    ]
    assert "carter" not in every
    assert "nobodysname" not in every
    erase(office.store, reference)
    with psycopg.connect(database.app_url) as connection:
        left = connection.execute("SELECT tokens FROM read_words").fetchall()
    assert left == kept[1:]


def test_what_happened_last_is_a_look_at_every_case_in_it(office: Office) -> None:
    references = {file_case(office, name, *TO_POOL) for name in ("john", "emma")}
    assert signed_in(office, "officer.chan").get("/staff/recent").status == 200
    look = recorded(office)[-1]
    assert (look["what"], set(look["cases"])) == ("recent", references)


def test_other_cases_of_a_person_are_looked_at_where_there_are_any(office: Office) -> None:
    first = file_case(office, "john", c.WithdrawApplication(reason="Elsewhere"))
    visitor = signed_in(office, "officer.chan")
    visitor.get(f"/staff/cases/{first}")
    assert [each["what"] for each in recorded(office)] == ["list", "case"]
    second = file_case(office, "john")
    visitor.get(f"/staff/cases/{first}")
    assert told(office)[2:] == [
        ("officer.chan", "case", "page", (first,)),
        ("officer.chan", "linked", "page", (second,)),
    ]


def test_ones_own_cases_are_looked_at_as_work(office: Office) -> None:
    reference = file_case(office, "john")
    carry_out_work(office, reference, TakeCase(), asked())
    catch_up_all(office.store, office.models)
    signed_in(office, OFFICER.name).get("/staff/work")
    look = recorded(office)[-1]
    assert (look["what"], look["cases"]) == ("work", [reference])
    assert look["filters"] == {"holder": OFFICER.name}
