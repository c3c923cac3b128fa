"""`qmas notifications` shows references, states and numbers, and makes failed rows due again."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from click.testing import CliRunner, Result

from domain.events import ApplicationAcknowledged
from domain.references import references_in
from services.cli.notifications import notifications
from services.notifications.planning import PlanningStopped, plan
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    acknowledge,
    an_office,
    applicant,
    new_reference,
    record,
)
from tests.services.seeing import looking, recorded

_LEASE = timedelta(minutes=1)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


def _qmas(told: Settings, *words: str) -> Result:
    result = CliRunner(env=told.child_environ()).invoke(notifications, words)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def _fail(office: Office) -> None:
    """The one planned notification is given up."""
    claims = office.ledger.claim(limit=1, lease=_LEASE)
    office.ledger.fail(claims[0], "recipient 550 5.1.1")


def test_status_says_how_far_the_log_was_read_and_what_is_due(
    told: Settings, office: Office
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    acknowledge(office, applicant(2))
    office.store.sequence()
    result = _qmas(told, "status")
    assert result.exit_code == 0
    output = result.output
    assert "position 2 of 4 (2 behind)" in output
    assert "planned        1\n" in output
    assert "due now        1, the oldest since 20" in output


def test_status_says_which_event_stopped_the_planning_and_fails(
    told: Settings, office: Office
) -> None:
    acknowledge(office, applicant(1))
    record(office, new_reference(), 0, ApplicationAcknowledged())
    with pytest.raises(PlanningStopped):
        plan(office)
    result = _qmas(told, "status")
    assert result.exit_code == 1
    assert "position 2 of 3 (1 behind)" in result.output
    assert "planning stands still: the notifications of event 3 (case-" in result.output
    (look,) = recorded(office)
    assert (look["what"], set(look["cases"])) == ("notifications", references_in(result.output))
    assert office.ledger.standing().position == 2


def test_status_says_that_nobody_plans_and_fails(
    told: Settings, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.notifications._PROMPT", timedelta())
    acknowledge(office, applicant(1))
    result = _qmas(told, "status")
    assert (result.exit_code, "nothing is planned since 20" in result.output) == (1, True)
    plan(office)
    result = _qmas(told, "status")
    assert (result.exit_code, "nothing is planned" in result.output) == (0, False)


def test_list_shows_each_notification_on_a_line_without_the_address(
    told: Settings, office: Office
) -> None:
    references = [acknowledge(office, applicant(number)) for number in range(3)]
    plan(office)
    _fail(office)
    output = _qmas(told, "list").output
    assert [line.split()[1] for line in output.splitlines()[1:]] == references[::-1]
    assert "recipient 550 5.1.1" in output
    assert "example.com" not in output
    assert len(_qmas(told, "list", "--state", "failed").output.splitlines()) == 2
    assert "older ones: --before 2" in _qmas(told, "list", "--limit", "2").output


def test_list_says_when_there_is_nothing(told: Settings, office: Office) -> None:
    assert _qmas(told, "list").output == "no notifications\n"


def test_retry_makes_the_failed_ones_of_a_case_due_now(told: Settings, office: Office) -> None:
    reference = acknowledge(office, applicant(1))
    plan(office)
    _fail(office)
    assert office.ledger.standing().due == 0
    spoken = reference.replace("-", " ").lower()
    assert _qmas(told, "retry", "--case", spoken).output == "1 due now\n"
    assert office.ledger.standing().due == 1


def test_retry_by_number_leaves_the_others_alone(told: Settings, office: Office) -> None:
    for number in range(2):
        acknowledge(office, applicant(number))
    plan(office)
    _fail(office)
    _fail(office)
    first = office.ledger.rows(looking())[-1].id
    assert _qmas(told, "retry", str(first)).output == "1 due now\n"
    assert _qmas(told, "retry", "--all").output == "1 due now\n"
    last = office.ledger.rows(looking())[0].id
    result = _qmas(told, "retry", str(last + 1))
    assert (result.exit_code, "0 due now" in result.output) == (2, True)
    assert f"there is no notification {last + 1}" in result.output


def test_retry_says_of_each_that_is_not_tried_again_why(told: Settings, office: Office) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (claim,) = office.ledger.claim(limit=1, lease=_LEASE)
    assert f"{claim.id} is sending" in _qmas(told, "retry", str(claim.id)).output
    office.ledger.sent(claim)
    result = _qmas(told, "retry", str(claim.id))
    assert (result.exit_code, "0 due now" in result.output) == (2, True)
    assert f"{claim.id} is sent since 20" in result.output


@pytest.mark.parametrize("command", ["show", "retry"])
def test_a_number_that_nothing_has_is_a_look_at_no_case(
    told: Settings, office: Office, command: str
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (row,) = office.ledger.rows(looking())
    before = len(recorded(office))
    for number in (row.id + 1, row.id):
        _qmas(told, command, str(number))
    looks = [(each["cases"], each["filters"]) for each in recorded(office)[before:]]
    assert looks == [
        ([], {"notification": row.id + 1}),
        ([row.reference], {"notification": row.id}),
    ]


def test_retry_of_what_is_due_already_is_no_mistake(told: Settings, office: Office) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    (row,) = office.ledger.rows(looking())
    result = _qmas(told, "retry", str(row.id))
    assert (result.exit_code, result.output) == (0, "0 due now\n")


def test_list_and_show_name_the_event_of_a_webhook(told: Settings, office: Office) -> None:
    office.subscriptions.add("https://hooks.example/", ("application-acknowledged",), "test")
    acknowledge(office, applicant(1))
    plan(office)
    (row,) = (each for each in office.ledger.rows(looking()) if each.effect == "webhook")
    for words in (("list",), ("show", str(row.id))):
        heads, *lines = _qmas(told, *words).output.splitlines()
        assert heads.split()[:4] == ["no", "case", "what", "of"]
        (line,) = (each for each in lines if " webhook " in each)
        assert line.split()[2:4] == ["webhook", "application-acknowledged"]


@pytest.mark.parametrize("words", [[], ["1", "--all"], ["--all", "--case", "QM-22222-22222"]])
def test_retry_wants_to_be_told_exactly_what(told: Settings, words: list[str]) -> None:
    result = _qmas(told, "retry", *words)
    assert result.exit_code == 2
    assert "one of the three" in result.output


def test_a_case_that_is_no_reference_is_named(told: Settings) -> None:
    result = _qmas(told, "list", "--case", "QM-1")
    assert result.exit_code == 2
    assert "QM-1 is no case reference" in result.output


def test_the_ledger_goes_on_when_its_connections_were_cut(
    office: Office, database: TestDatabase
) -> None:
    acknowledge(office, applicant(1))
    plan(office)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'qmas-notifications' AND datname = current_database()"
        )
    assert office.ledger.standing().due == 1
