"""The page of letters and webhooks that were given up."""

from datetime import timedelta

import pytest

from services.notifications.entries import State
from services.notifications.fence import Choice
from services.notifications.planning import plan
from services.wiring import Office
from tests.integration.mailing import acknowledge, applicant
from tests.services.asking import AUDITOR, OFFICER, SUPERVISOR
from tests.services.exercising import PANEL
from tests.services.seeing import looking, recorded
from tests.services.visiting import Page, signed_in

_LEASE = timedelta(minutes=1)
_PATH = "/staff/notifications"


def _given_up(office: Office, count: int = 1) -> None:
    """So many letters are given up."""
    for number in range(count):
        acknowledge(office, applicant(number))
    plan(office)
    for claim in office.ledger.claim(limit=count, lease=_LEASE):
        office.ledger.fail(claim, "recipient 550 5.1.1")


def _numbers(page: Page) -> list[str]:
    return [row.one("th").text for row in page.root.one("tbody").all("tr")]


def test_what_was_given_up_is_listed_with_its_reason_and_without_the_address(
    office: Office,
) -> None:
    _given_up(office)
    visitor = signed_in(office, OFFICER.name)
    work = visitor.get("/staff/work")
    assert "1 letter or webhook was given up" in work.text
    page = visitor.get(_PATH)
    (row,) = office.ledger.rows(looking())
    assert row.reference in page.text
    assert "recipient 550 5.1.1" in page.text
    assert "example.com" not in page.text
    assert page.root.all("a", href=f"/staff/cases/{row.reference}")


@pytest.mark.parametrize("person", [OFFICER, SUPERVISOR])
def test_the_office_has_it_tried_again(office: Office, person: object) -> None:
    _given_up(office, 2)
    visitor = signed_in(office, getattr(person, "name", ""))
    page = visitor.get(_PATH)
    number = _numbers(page)[0]
    page = visitor.send(page, f"{_PATH}/{number}/retry")
    assert f"Number {number} is tried again now." in page.text
    assert _numbers(page) == [str(int(number) - 1)]
    assert office.ledger.standing().due == 1
    again = visitor.send(page, f"{_PATH}/{int(number) - 1}/retry")
    assert "Nothing is given up" in again.text


def test_a_number_that_was_not_given_up_is_a_look_at_no_case(office: Office) -> None:
    _given_up(office)
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(_PATH)
    number = int(_numbers(page)[0])
    form = page.form(f"{_PATH}/{number}/retry")
    before = len(recorded(office))
    visitor.client.post(f"{_PATH}/{number + 1}/retry", data=form)
    (look,) = recorded(office)[before:]
    assert (look["cases"], look["filters"]["notification"]) == ([], number + 1)


def test_a_form_sent_twice_does_no_harm(office: Office) -> None:
    _given_up(office)
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(_PATH)
    path = f"{_PATH}/{_numbers(page)[0]}/retry"
    visitor.send(page, path)
    assert "was not given up" in visitor.send(page, path).text


def test_who_audits_sees_it_and_changes_nothing_and_a_panel_sees_nothing(office: Office) -> None:
    _given_up(office)
    page = signed_in(office, AUDITOR.name).get(_PATH)
    assert "recipient 550 5.1.1" in page.text
    assert not [each for each in page.actions if each.endswith("/retry")]
    assert signed_in(office, PANEL.name).get(_PATH).status == 403


def test_older_ones_are_on_a_page_of_their_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.pages.undelivered._PAGE", 2)
    _given_up(office, 3)
    visitor = signed_in(office, OFFICER.name)
    first = visitor.get(_PATH)
    (older,) = [each for each in first.root.all("a") if each.text == "Older ones"]
    second = visitor.get(older.given["href"])
    assert len(_numbers(first)) == 2
    assert len(_numbers(second)) == 1
    assert not set(_numbers(first)) & set(_numbers(second))
    assert visitor.get(f"{_PATH}?before=nothing").status == 200


def test_a_closed_fence_is_told(office: Office) -> None:
    office.ledger.fence.passed()
    office.ledger.fence.close("this database is a copy")
    page = signed_in(office, OFFICER.name).get(_PATH)
    assert "Nothing is sent at present" in page.text
    assert "this database is a copy" in page.text


def test_a_fence_that_workers_will_close_is_told(office: Office) -> None:
    ledger = office.ledger.fence.passed()
    office.ledger.fence.marks.raise_to(ledger, 1)
    page = signed_in(office, OFFICER.name).get(_PATH)
    assert "Nothing is sent at present" in page.text
    assert "older than the last notifications that it sent: nothing is sent" in page.text
    assert office.ledger.fence.state().closed_at is None


def test_what_a_restore_withheld_stays_withheld(office: Office) -> None:
    _given_up(office)
    acknowledge(office, applicant(2))
    plan(office)
    office.ledger.fence.passed()
    office.ledger.fence.close("this database is a copy")
    assert office.ledger.fence.confirm(Choice.WITHHOLD, "cli.root") == 1
    withheld, failed = office.ledger.rows(looking())
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(_PATH)
    form = page.form(f"{_PATH}/{failed.id}/retry")
    visitor.post(f"{_PATH}/{withheld.id}/retry", form)
    assert office.ledger.rows(looking())[0].state is State.WITHHELD


def test_an_address_that_takes_no_mail_is_not_tried_again(office: Office) -> None:
    acknowledge(office, applicant(1, email="no address"))
    plan(office)
    page = signed_in(office, OFFICER.name).get(_PATH)
    assert "Can only be printed" in page.text
    assert not [each for each in page.actions if each.endswith("/retry")]


@pytest.mark.parametrize("number", ["0x1", "QM-1", "9" * 30, "9" * 5000])
def test_what_is_no_number_is_not_found(office: Office, number: str) -> None:
    _given_up(office)
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(_PATH)
    form = page.form(f"{_PATH}/{_numbers(page)[0]}/retry")
    assert visitor.post(f"{_PATH}/{number}/retry", form).status == 404
