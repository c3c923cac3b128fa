"""What happened last, in words, page by page from the end of the log."""

import pytest

from domain.projections.stage_after import CASE_STREAM
from services.pages.recent import LIMIT
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import AUDITOR, OFFICER
from tests.services.casebook import Casebook, opened
from tests.services.poisoned import of_a_later_kind
from tests.services.test_work import file_one
from tests.services.visiting import Page, file_case, signed_in


def rows(page: Page) -> list[str]:
    return [" ".join(each.text.split()) for each in page.root.one("tbody").all("tr")]


def test_the_latest_comes_first_in_words_and_leads_to_its_case(office: Office) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    work = visitor.get("/staff/work")
    assert "/staff/recent" in [each.given.get("href") for each in work.root.all("a")]
    page = visitor.get("/staff/recent")
    head = office.store.head()
    assert len(rows(page)) == head
    first = rows(page)[0]
    assert first.startswith(f"{head} ")
    assert reference in first
    assert "officer" in first
    (case, *_) = page.root.one("tbody").all("a")
    assert case.given["href"] == f"/staff/cases/{reference}"
    assert "Carter" not in page.text


def test_every_entry_is_on_one_page_and_in_order(office: Office) -> None:
    for number in range(1, LIMIT + 8):
        file_one(office, number)
    visitor = signed_in(office, AUDITOR.name, area="audit")
    seen: list[int] = []
    path = "/staff/recent"
    while path:
        page = visitor.get(path)
        seen += [int(each.partition(" ")[0]) for each in rows(page)]
        links = {each.text: each.given["href"] or "" for each in page.root.all("a")}
        assert ("Latest" in links) == (path != "/staff/recent")
        path = links.get("Earlier", "")
    assert seen == list(range(office.store.head(), 0, -1))


def test_an_exercise_is_told_of_too(office: Office) -> None:
    book = Casebook(store=office.store, models=office.models)
    book.write("exercise-2019-q3", [opened("2019-q3")])
    page = signed_in(office, OFFICER.name).get("/staff/recent")
    assert "2019-q3" in rows(page)[0]
    assert CASE_STREAM not in page.text


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30, "²"])
def test_what_is_no_position_is_told(office: Office, before: str) -> None:
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get("/staff/recent", query_string={"before": before})
    assert "Name a position of the record" in page.text


def test_a_panel_does_not_see_the_work_of_the_office(office: Office) -> None:
    assert signed_in(office, "panel.cheung").get("/staff/recent").status == 403


def test_what_cannot_be_read_is_said_and_hides_nothing_else(
    office: Office, database: TestDatabase
) -> None:
    reference = file_one(office, 1)
    file_one(office, 2)
    of_a_later_kind(database.admin_url, f"{CASE_STREAM}{reference}", 1)
    found = rows(signed_in(office, OFFICER.name).get("/staff/recent"))
    told = [each for each in found if "cannot be read" in each]
    assert len(found) == office.store.head()
    assert len(told) == 1
    assert f"{CASE_STREAM}{reference}@1" in told[0]
