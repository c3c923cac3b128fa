"""Every route of the API and of the pages, and every command, that names a case records a look.

Every address that reads is asked for as everybody in a whole office, and what the answer names has
to be among what was recorded while it was made. Whoever adds an address that shows a case without a
look fails here, whatever it is called.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner

from services.api import guard as api_guard
from services.api.app import create_api
from services.cli.main import qmas as root
from services.identity import logins
from services.pages import guard as pages_guard
from tests.integration.walking import (
    EMMA_BORN,
    Walked,
    address,
    readings,
    references,
)
from tests.services.api.calling import AUDITOR, Caller
from tests.services.coming_in import come_in, status_told
from tests.services.visiting import Visitor, signed_in

TELLING = {"current_version", "stage", "possible", "live_case"}
"""What a problem tells of a case."""


def named_without_a_look(walked: Walked, text: str, since: int) -> set[str]:
    return references(text) - walked.recorded(since)


def test_every_route_of_the_api_records_the_cases_that_it_names(walked: Walked) -> None:
    app = create_api(walked.office)
    caller = Caller(app=app, office=walked.office)
    shown: set[str] = set()
    for rule in readings(app):
        if rule.rule.startswith("/problems/"):
            continue
        for login in logins(walked.office.settings):
            since = walked.looks()
            path = address(walked, rule)
            answer = app.test_client().get(path, headers=caller.token(login.name))
            # What is not shown is told by the reference that was asked for, and by no other.
            asked = references(path) if answer.status_code >= 400 else set()
            left = named_without_a_look(walked, answer.text, since) - asked
            assert not left, (rule.rule, login.name, answer.status_code, left)
            if answer.status_code < 400 and references(answer.text):
                shown.add(rule.endpoint)
    assert {
        "v1.case", "v1.case-list", "v1.case-history", "v1.case-work", "v1.document-list",
        "v1.work", "v1.read-list", "v1.exercise-dry-run", "v1.case-assessments",
    } <= shown  # fmt: skip


def test_every_page_records_the_cases_that_it_names(walked: Walked) -> None:
    shown: set[str] = set()
    for login in logins(walked.office.settings):
        if login.name.startswith("service."):
            continue
        visitor = signed_in(walked.office, login.name)
        app = visitor.client.application
        for rule in readings(app):
            if rule.endpoint == "static":
                continue
            since, path = walked.looks(), address(walked, rule)
            answer = visitor.client.get(path)
            text = answer.get_data().decode("latin-1")
            left = named_without_a_look(walked, text, since)
            asked = references(path) if answer.status_code >= 300 else set()
            assert left <= asked, (rule.rule, login.name, answer.status_code, left)
            if answer.status_code < 300 and references(text):
                shown.add(rule.endpoint)
    assert {
        "case", "case_list", "audit_case", "recent", "work_list", "letter_list", "letter",
        "read_list", "correction", "exercise_dry_run", "undelivered",
    } <= shown  # fmt: skip


@pytest.mark.parametrize("name", ["officer.chan", "supervisor.wong"])
def test_every_command_of_the_api_that_is_refused_records_the_case_that_it_tells_of(
    walked: Walked, name: str
) -> None:
    app = create_api(walked.office)
    headers = Caller(app=app, office=walked.office).token(name)
    before, told = walked.office.store.sequence(), 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or "reference" not in rule.arguments:
            continue
        since, key = walked.looks(), {"Idempotency-Key": str(uuid4())}
        answer = app.test_client().post(address(walked, rule), json={}, headers=headers | key)
        assert answer.status_code >= 400, rule.rule
        if TELLING & answer.json.keys():
            assert walked.recorded(since) == {walked.case}, (rule.rule, answer.json)
            told += 1
    assert walked.office.store.sequence() == before, "something was done"
    assert told > 10


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/staff/search", {"sought": "Laurent"}),
        ("/staff/cases/{case}/acknowledge-application", {}),
        ("/staff/cases/{case}/work/take-case", {}),
        ("/staff/cases/{case}/correction", {}),
        ("/staff/cases/{case}/documents", {}),
    ],
)
def test_a_form_that_is_answered_with_a_case_records_it(
    walked: Walked, path: str, typed: dict[str, str]
) -> None:
    visitor = signed_in(walked.office, "officer.chan")
    csrf = visitor.get("/staff").form("/staff/search")["csrf"]
    form = {"csrf": csrf, "command_id": str(uuid4()), "expected": "1", **typed}
    since = walked.looks()
    page = visitor.post(path.format(case=walked.case), form)
    assert walked.case in references(page.html)
    assert not named_without_a_look(walked, page.html, since)


def test_an_applicant_s_own_status_is_recorded_and_shows_no_other_case(walked: Walked) -> None:
    since = walked.looks()
    page = come_in(Visitor(walked.office), walked.case, EMMA_BORN)
    assert page.path == "/status"
    assert references(page.html) == {walked.case} == walked.recorded(since)
    since = walked.looks()
    app = create_api(walked.office)
    answer = status_told(Caller(app=app, office=walked.office), walked.case, EMMA_BORN)
    assert references(answer.text) == {walked.case} == walked.recorded(since)


COMMANDS = (
    "case {case}",
    "history {case}",
    "explain {case}",
    "documents list {case}",
    "documents fetch {case} 1 --to {file}",
    "work list --of officer.chan",
    "work data-open",
    "notifications list",
    "notifications list --case {case}",
    "notifications show {letter}",
    "exercise dry-run 2019-q2 --list",
    "exercise what-if 2019-q2 --places 2",
    "exercise what-if 2019-q2 --places 2 --json",
    "rules simulate --to gpt-2023 --processes 1 --json",
    "rules simulate --to gpt-2023 --processes 1 --csv -",
    "audit reads",
    "privacy erase-preview {case}",
)


NAMELESS = {"documents list {case}", "documents fetch {case} 1 --to {file}", "work data-open"}
"""Which of them name no case, or have none to name in this office."""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_records_the_cases_that_it_names(
    walked: Walked, command: str, tmp_path: Path
) -> None:
    words = command.format(case=walked.case, letter=walked.letter, file=tmp_path / "file")
    since = walked.looks()
    done = CliRunner(env=walked.environ).invoke(root, words.split())
    assert done.exit_code == 0, (done.output, done.exception)
    assert walked.looks() > since
    assert not named_without_a_look(walked, done.output, since)
    assert references(done.output) or command in NAMELESS


@pytest.fixture
def closed(walked: Walked) -> Iterator[None]:
    """The record of looks takes none while the test runs."""
    columns = "who, role, purpose, what, door, correlation_id, cases, filters"
    with psycopg.connect(walked.owner_url, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON reads FROM qmas_app")
        yield
        owner.execute(f"GRANT INSERT ({columns}) ON reads TO qmas_app")


@pytest.mark.usefixtures("closed")
def test_no_door_names_a_case_while_looks_cannot_be_recorded(walked: Walked) -> None:
    away: set[str] = set()
    api = create_api(walked.office)
    headers = Caller(app=api, office=walked.office).token(AUDITOR)
    visitor = Visitor(walked.office)
    visitor.sign_in(visitor.get("/audit/sign-in"), AUDITOR, "/audit/sign-in")
    for app, client in ((api, api.test_client()), (visitor.client.application, visitor.client)):
        for rule in readings(app):
            answer = client.get(address(walked, rule), headers=headers)
            if rule.endpoint != "static":
                assert not references(answer.text), rule.rule
            if answer.status_code == 503:
                away.add(rule.endpoint)
    assert {"v1.case", "v1.case-list", "v1.read-list", "case", "case_list", "audit_case"} <= away


def test_lists_ask_the_same_leave_as_a_case_itself(walked: Walked) -> None:
    actions = api_guard.actions(create_api(walked.office))
    assert actions["v1.case"] is actions["v1.case-list"]


def test_pages_of_lists_ask_the_same_leave_as_the_page_of_a_case(walked: Walked) -> None:
    actions = pages_guard.actions_of(signed_in(walked.office, "officer.chan").client.application)
    assert actions["case"] is actions["case_list"] is actions["search"]
