"""The pages of letters that mail could not deliver: the list, one to print, and its posting."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from domain import commands as c
from domain.application import Channel, Correspondence
from services.cases import carry_out, submit
from services.notifications import undelivered
from services.notifications.planning import plan
from services.pages.shown import day
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.domain.histories import JOHN
from tests.services.asking import OFFICER, asked
from tests.services.erasing import erase
from tests.services.resealing import reseal_first
from tests.services.seeing import looking
from tests.services.visiting import signed_in


def to_print(office: Office, language: str = "en") -> tuple[str, int]:
    """Return a case whose letter waits to be printed, and the number of the letter."""
    person = replace(
        JOHN.applicant,
        email="no address",
        correspondence_language=Correspondence(language),
        given_names="<b>Ada",
    )
    command = c.SubmitApplication(
        application=replace(JOHN, applicant=person), channel=Channel.ONLINE
    )
    filed = submit(office, command, asked())
    carry_out(office, filed.reference, c.AcknowledgeApplication(), asked())
    plan(office)
    (row,) = undelivered.waiting(office.ledger, looking())
    return filed.reference, row.id


def test_an_officer_finds_prints_and_posts_a_letter(office: Office) -> None:
    reference, number = to_print(office)
    visitor = signed_in(office, OFFICER.name)
    assert "1 letter has to be printed and posted" in visitor.get("/staff/work").text
    page = visitor.get("/staff/letters")
    assert page.root.one("tbody").one("th").text == f"{number}: acknowledgement"
    assert reference in page.text
    assert "address unusable" in page.text
    page = visitor.get(f"/staff/letters/{number}")
    letter = page.root.one("article")
    assert "Dear <b>Ada Carter," in letter.text
    assert "&lt;b&gt;Ada" in page.html
    page = visitor.send(page, f"/staff/letters/{number}")
    assert page.path == "/staff/letters"
    assert f"Letter {number} is recorded as sent by post" in page.text
    plan(office)
    assert "No letter waits to be printed." in visitor.get("/staff/letters").text
    assert "to be printed" not in visitor.get("/staff/work").text


def test_a_letter_is_marked_with_the_language_that_it_is_in(office: Office) -> None:
    _, number = to_print(office, "zh-Hant")
    page = signed_in(office, OFFICER.name).get(f"/staff/letters/{number}")
    letter = page.root.one("article")
    assert letter.given["lang"] == "zh-Hant"
    (row,) = undelivered.waiting(office.ledger, looking())
    assert day(row.planned_at, "zh-Hant") in letter.text


def test_a_letter_that_was_posted_meanwhile_is_refused_in_words(office: Office) -> None:
    _, number = to_print(office)
    visitor = signed_in(office, OFFICER.name)
    first = visitor.get(f"/staff/letters/{number}")
    second = visitor.get(f"/staff/letters/{number}")
    visitor.send(first, f"/staff/letters/{number}")
    page = visitor.send(second, f"/staff/letters/{number}")
    assert page.status == 422
    assert "sent by post already" in page.problems[0]


def _no_letter(office: Office, database: TestDatabase) -> None:
    reseal_first(office, database.owner_url, b"{}")


def _no_seal(_: Office, database: TestDatabase) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE notifications SET sealed = 'AAAA' || substr(sealed, 5)")


@pytest.mark.parametrize("damage", [_no_letter, _no_seal])
def test_a_letter_that_nobody_can_read_any_more_is_said_to_be_damaged_and_can_be_posted(
    office: Office, database: TestDatabase, damage: Callable[[Office, TestDatabase], None]
) -> None:
    reference, number = to_print(office)
    damage(office, database)
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(f"/staff/letters/{number}")
    assert page.status == 200
    assert "is damaged: nobody can read it any more" in page.text
    assert page.root.all("article") == []
    assert f"/staff/cases/{reference}" in page.html
    page = visitor.send(page, f"/staff/letters/{number}")
    assert f"Letter {number} is recorded as sent by post" in page.text
    plan(office)
    assert "No letter waits to be printed." in visitor.get("/staff/letters").text


def test_there_is_no_page_of_any_other_letter(office: Office) -> None:
    reference, number = to_print(office)
    visitor = signed_in(office, OFFICER.name)
    for other in (str(number + 1), "x", "9" * 30):
        assert visitor.get(f"/staff/letters/{other}").status == 404
    erase(office.store, reference)
    assert visitor.get(f"/staff/letters/{number}").status == 404


def test_an_auditor_does_not_see_letters(office: Office) -> None:
    _, number = to_print(office)
    page = signed_in(office, "auditor.ho").get(f"/staff/letters/{number}")
    assert page.status == 403


def test_what_can_only_be_printed_is_not_offered_to_be_tried_again(office: Office) -> None:
    _, number = to_print(office)
    page = signed_in(office, "supervisor.wong").get("/staff/notifications")
    assert [each.text for each in page.root.one("tbody").all("a")][1:] == ["printed"]
    assert page.root.one("tbody").all("form") == []
    assert f"/staff/letters/{number}" in page.html
