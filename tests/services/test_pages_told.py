"""What an applicant reads of the way of their application: what letters said, the latest first."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain import commands as c
from domain import papers as p
from domain.application import Correspondence
from services import cases, deadlines
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import SUPERVISOR, asked, filed_by, on_paper
from tests.services.coming_in import come_in
from tests.services.exercising import carry_out
from tests.services.visiting import TO_POOL, Page, Visitor, file_case, later

ASK = p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=date(2019, 6, 1))
HOLD = c.HoldCase(reason="An employer is looked into")


def lines(page: Page) -> list[str]:
    return [" ".join(each.text.split()) for each in page.root.one("ul", id="so-far").all("li")]


def test_the_way_of_an_application_is_told_as_its_letters_told_it(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL, ASK)
    page = come_in(Visitor(office), reference)
    assert lines(page) == [
        f"1 May 2019 Please send us documents by 1 June 2019: application {reference}",
        f"1 May 2019 Your application {reference} goes forward for selection",
        f"1 May 2019 We have received your application {reference}",
    ]


def test_a_day_that_passed_is_told_on_the_page_too(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL, ASK)
    assert deadlines.fire(office, at=datetime(2019, 6, 2, 4, tzinfo=UTC)) == 1
    catch_up_all(office.store, office.models)
    assert (
        f"The last day has passed: application {reference}"
        in lines(come_in(Visitor(office), reference))[0]
    )


def test_what_is_told_to_nobody_stands_on_no_page(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    before = lines(come_in(Visitor(office), reference))
    cases.carry_out(office, reference, HOLD, asked(SUPERVISOR))
    catch_up_all(office.store, office.models)
    assert lines(come_in(Visitor(office), reference)) == before


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-Hant", "你的申請 {} 將進入甄選程序"), ("zh-Hans", "你的申请 {} 将进入甄选程序")],
)
def test_it_is_told_in_the_applicants_language(office: Office, language: str, said: str) -> None:
    filed = filed_by("john")
    applicant = replace(filed.applicant, correspondence_language=Correspondence(language))
    command = replace(on_paper("john"), application=replace(filed, applicant=applicant))
    reference = cases.submit(office, command, asked()).reference
    for step in TO_POOL:
        carry_out(office, reference, step, asked())
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(later(office, timedelta(0))), reference)
    assert said.format(reference) in lines(page)[0]
