"""Why somebody looks at a case, in their own words: asked, kept sealed, found, and gone again."""

from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask

from domain import commands as c
from domain.errors import PurposeInvalid, PurposeNeeded
from domain.looks import Look, What
from domain.references import RANDOM_BYTES, make_reference
from services.api.app import create_api
from services.cases import carry_out
from services.cli.main import qmas
from services.looking import case_seen, work_seen
from services.projections.looks import Looked, LookFilter, looks, words_of
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.api.calling import AUDITOR as AUDITOR_NAME
from tests.services.api.calling import V1, Caller, is_problem
from tests.services.asking import AUDITOR, OFFICER, asked_for, seen, together
from tests.services.seeing import looking
from tests.services.visiting import Visitor, file_case, signed_in

SAID = "Complaint of Chan Tai Man, 3 May"
PATHS = ("", "/history", "/assessments", "/documents", "/linked", "/work")
UNKNOWN = make_reference(bytes(RANDOM_BYTES))


def auditing(stated: str = "") -> Look:
    return looking(person=AUDITOR, stated=stated)


def listed(office: Office, **wanted: Any) -> list[Looked]:
    found = looks(office.models, looking(What.READS), LookFilter(**wanted))
    return [each for each in found.rows if each.what != What.READS]


def kept(office: Office) -> list[tuple[bytes | None, list[bytes]]]:
    with psycopg.connect(office.settings.database_url) as connection:
        query = "SELECT sealed, tokens FROM read_purposes ORDER BY read_id"
        return connection.execute(query).fetchall()


def test_whoever_audits_says_why_they_look_and_officers_may(office: Office) -> None:
    reference = file_case(office)
    for see in (case_seen, work_seen):
        with pytest.raises(PurposeNeeded, match=f"say why you look at {reference}"):
            see(office, auditing(), reference)
    assert listed(office) == []
    case_seen(office, auditing(SAID), reference)
    case_seen(office, looking(stated="A call"), reference)
    case_seen(office, looking(), reference)
    told = [(each.who, each.purpose, each.stated) for each in listed(office, case=reference)]
    assert told == [
        (OFFICER.name, "casework", ""),
        (OFFICER.name, "casework", "A call"),
        (AUDITOR.name, "audit", SAID),
    ]


def test_what_was_stated_counts_for_an_hour_and_for_one_case(
    office: Office, database: TestDatabase
) -> None:
    john, emma = file_case(office), file_case(office, "emma")
    case_seen(office, auditing(SAID), john)
    case_seen(office, auditing(), john)
    with pytest.raises(PurposeNeeded):
        case_seen(office, auditing(), emma)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("ALTER TABLE reads DISABLE TRIGGER reads_append_only")
        admin.execute("UPDATE reads SET read_at = read_at - interval '1 hour'")
        admin.execute("ALTER TABLE reads ENABLE ALWAYS TRIGGER reads_append_only")
    with pytest.raises(PurposeNeeded):
        case_seen(office, auditing(), john)


def test_it_is_sealed_and_found_by_whole_words_alone(office: Office) -> None:
    reference = file_case(office)
    case_seen(office, auditing(SAID), reference)
    ((sealed, tokens),) = kept(office)
    assert sealed is not None
    assert b"Chan" not in sealed
    assert len(tokens) == len(SAID.split())
    for typed, found in (("chan", 1), ("complaint MAY", 1), ("cha", 0), ("chan june", 0)):
        stated = words_of(office.blind, typed)
        assert len(listed(office, stated=stated)) == found, typed


def test_words_that_were_spoiled_hide_no_look(office: Office, database: TestDatabase) -> None:
    john, emma = file_case(office), file_case(office, "emma")
    for each in (john, emma):
        case_seen(office, auditing(SAID), each)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "UPDATE read_purposes SET sealed = sha256('x')"
            " WHERE read_id = (SELECT max(read_id) FROM read_purposes)"
        )
        # And words of a look at no case, which nobody can have said.
        looks(office.models, looking(What.READS), LookFilter())
        owner.execute(
            "INSERT INTO read_purposes (read_id, sealed, tokens)"
            " SELECT max(read_id), sha256('x'), '{}' FROM reads"
        )
    assert [(each.cases, each.stated) for each in listed(office)] == [
        ((emma,), "[does not open]"),
        ((john,), SAID),
    ]
    visitor = signed_in(office, AUDITOR.name, "audit")
    page = visitor.get("/audit/reads").text
    assert "audit: [does not open]" in page
    assert f"audit: {SAID}" in page


def test_it_goes_with_the_key_of_the_case(office: Office) -> None:
    reference, other = file_case(office), file_case(office, "emma")
    for each in (reference, other):
        case_seen(office, auditing(SAID), each)
    for command in (c.WithdrawApplication(), *together(c.ProposeErasure())):
        carry_out(office, reference, seen(office, reference, command), asked_for(command))
    assert len(kept(office)) == 1
    case_seen(office, auditing("After it"), reference)
    assert kept(office)[-1] == (None, [])
    case_seen(office, auditing(), reference)
    assert [each.stated for each in listed(office)] == ["", "", SAID, ""]


def test_of_no_case_nothing_is_kept_but_that_it_was_said(office: Office) -> None:
    with pytest.raises(Exception, match="no case has the reference"):
        case_seen(office, auditing(SAID), UNKNOWN)
    assert kept(office) == [(None, [])]


@pytest.mark.parametrize("said", ["long " * 50, "with \0 in it"])
def test_what_cannot_be_kept_is_refused(said: str) -> None:
    with pytest.raises(PurposeInvalid, match="at most 200 characters"):
        auditing(said)


@pytest.fixture
def api(office: Office) -> Flask:
    return create_api(office)


def test_the_api_asks_for_it_in_a_header_and_lists_it(office: Office, api: Flask) -> None:
    reference, caller = file_case(office), Caller(app=api, office=office)
    for path in PATHS:
        nothing = {"Look-Purpose": ""}
        asked = caller.get(f"/cases/{reference}{path}", by=AUDITOR_NAME, headers=nothing)
        is_problem(asked, 403, "purpose-needed")
    said = {"Look-Purpose": "%E6%8A%95%E8%A8%B4 3"}
    assert caller.get(f"/cases/{reference}", by=AUDITOR_NAME, headers=said).status_code == 200
    (found,) = caller.get("/reads?stated=%E6%8A%95%E8%A8%B4", by=AUDITOR_NAME).json["items"]
    assert (found["stated"], found["cases"]) == ("投訴 3", [reference])
    for invalid in ("a" * 201, "%ED%A0%80", "%FF", "%00"):
        headers = {"Look-Purpose": invalid}
        refused = caller.get(f"/cases/{reference}", by=AUDITOR_NAME, headers=headers)
        is_problem(refused, 422, "purpose-invalid")


def test_a_page_asks_for_it_and_leads_on(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, AUDITOR.name, "audit")
    path = f"/audit/cases/{reference}?as_of=2019-06-01"
    asked = visitor._page(visitor.client.get(path))
    assert (asked.status, asked.heading) == (403, "Why do you look at this case?")
    assert "Carter" not in asked.html
    action = f"/staff/cases/{reference}/purpose"
    empty = visitor.send(asked, action, stated=" ")
    assert (empty.status, empty.problems) == (422, ["Say why you look at this case"])
    long = visitor.send(empty, action, stated="a" * 201)
    assert long.status == 422
    assert "at most 200 characters" in long.problems[0]
    shown = visitor.send(long, action, stated=SAID)
    assert (shown.status, shown.path) == (200, path)


def test_words_of_it_are_searched_for_and_stand_in_no_address(office: Office) -> None:
    john, emma = file_case(office), file_case(office, "emma")
    case_seen(office, auditing(SAID), john)
    case_seen(office, auditing("A sample"), emma)
    visitor = signed_in(office, AUDITOR.name, "audit")
    page = visitor.get("/audit/reads")
    found = visitor.send(page, "/audit/reads", stated="chan COMPLAINT")
    assert f"audit: {SAID}" in found.text
    assert "A sample" not in found.text
    assert "the 2 words searched for were all stated" in found.text
    assert "chan" not in found.path.lower()
    # They stay searched for while something else is asked for besides.
    assert SAID not in visitor.send(found, "/audit/reads", case=emma).text
    assert SAID in visitor.send(found, "/audit/reads", case=john).text
    assert visitor.get("/audit/reads?said=chan").status == 422


def test_a_page_leads_to_no_other_site(office: Office) -> None:
    reference = file_case(office)
    visitor: Visitor = signed_in(office, OFFICER.name)
    case = visitor.get(f"/staff/cases/{reference}")
    action = f"/staff/cases/{reference}/purpose"
    shown = visitor.send(case, action, stated=SAID, then="https://elsewhere.example/")
    assert shown.path == f"/staff/cases/{reference}"


def test_a_command_takes_it_and_the_record_finds_it(office: Office) -> None:
    settings = office.settings
    environment = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    reference = file_case(office)
    for command in ("case", "history", "explain", "documents list"):
        words = [*command.split(), reference, "--purpose", f"Of {command}"]
        assert CliRunner().invoke(qmas, words, env=environment).exit_code == 0
    asked = ["audit", "reads", "--why", "explain", "--json"]
    said = CliRunner().invoke(qmas, asked, env=environment)
    assert '"stated":"Of explain"' in said.output
    assert "Of history" not in said.output


def test_the_header_is_described(api: Flask) -> None:
    told = api.test_client().get(f"{V1}/openapi.json").json
    assert told is not None
    of_cases = {
        path: each["get"]
        for path, each in told["paths"].items()
        if "{reference}" in path and "get" in each
    }
    assert {f"{V1}/cases/{{reference}}{path}" for path in PATHS} <= of_cases.keys()
    for path, each in of_cases.items():
        named = {one["name"] for one in each["parameters"] if "name" in one}
        assert "Look-Purpose" in named, path
