"""The office's pages: the list, a case, and the forms of what may be done on it."""

from dataclasses import replace
from typing import get_args
from urllib.parse import urlsplit

import pytest

from domain import commands as c
from domain.errors import Refusal
from domain.stages import Stage
from services.cases import case_at, submit
from services.pages import forms
from services.pages.problems import status_of
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import (
    AUDITOR,
    OFFICER,
    SUPERVISOR,
    asked,
    asked_for,
    filed_by,
    on_paper,
    together,
)
from tests.services.erasing import erase
from tests.services.exercising import carry_out
from tests.services.losing import lose
from tests.services.visiting import TO_POOL, Page, act, file_case, signed_in


def file_many(office: Office, count: int) -> list[str]:
    """Return the references of so many people's cases, all filed at once."""
    john = filed_by("john")
    references = []
    for number in range(count):
        document = replace(john.applicant.travel_document, number=f"P{number:07}")
        applicant = replace(john.applicant, travel_document=document)
        application = replace(john, applicant=applicant)
        filed = submit(office, replace(on_paper("john"), application=application), asked())
        references.append(filed.reference)
    catch_up_all(office.store, office.models)
    return references


def listed(page: Page) -> list[str]:
    return [row.one("th", scope="row").text for row in page.root.one("tbody").all("tr")]


def on_the_case(page: Page, path: str) -> list[str]:
    """Return where the forms on a case lead, without those on the office's work on it."""
    forms = [each for each in page.actions if each.startswith(path)]
    return [each for each in forms if not each.startswith(f"{path}/work/")]


def test_the_list_turns_page_by_page_and_shows_every_case_once(office: Office) -> None:
    references = file_many(office, 53)
    visitor = signed_in(office, "officer.chan")
    page = visitor.get("/staff")
    seen = listed(page)
    while following := page.root.all("a", rel="next"):
        page = visitor.get(following[0].given["href"])
        seen += listed(page)
    assert sorted(seen) == sorted(references)
    assert len(seen) == 53


def test_the_list_says_how_many_cases_are_at_each_stage(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    file_case(office, "emma")
    page = signed_in(office, "officer.chan").get("/staff")
    counts = page.root.one("nav", **{"aria-label": "Cases by stage"})
    assert [each.text for each in counts.all("a")] == [
        "2 in all",
        "1 Received",
        "1 Waiting for selection",
    ]
    assert "As of position 5 of the record" in page.text


def test_a_list_of_another_log_is_told_as_what_it_is(
    office: Office, database: TestDatabase
) -> None:
    visitor = signed_in(office, "officer.chan")
    for name in ("john", "emma"):
        file_case(office, name)
    lose(database.owner_url, 0)
    submit(office, on_paper("jackie"), asked())
    office.store.sequence()
    for path, name in (
        ("/staff", "case-list"),
        ("/staff?sort=due_on", "case-list"),
        ("/staff/work", "work"),
        ("/staff/exercises", "exercises"),
    ):
        (told,) = visitor.get(path).root.all("p", **{"class": "fresh"})
        assert "made from another record" in told.text
        assert "being taken in" not in told.text
        assert f"until they fill {name} anew" in told.text


def test_the_list_says_how_many_match_where_that_is_known(office: Office) -> None:
    file_many(office, 26)
    file_case(office, "jackie", *TO_POOL)
    visitor = signed_in(office, "officer.chan")
    for address, said in (
        ("", "25 of 27 cases"),
        ("?stage=submitted", "25 of 26 cases"),
        ("?stage=in-pool", "1 of 1 case,"),
        ("?route=general", "25 of 26 cases"),
        ("?route=achievement", "1 of 1 case,"),
    ):
        page = visitor.get(f"/staff{address}")
        assert page.root.one("caption").text.startswith(said), address
    page = visitor.get("/staff?route=general")
    rest = visitor.get(page.root.one("a", rel="next").given["href"])
    assert rest.root.one("caption").text.startswith("1 of 26 cases")


def test_the_list_is_filtered_by_stage_and_test(office: Office) -> None:
    john = file_case(office, "john", *TO_POOL)
    jackie = file_case(office, "jackie", *TO_POOL)
    emma = file_case(office, "emma")
    visitor = signed_in(office, "officer.chan")
    assert sorted(listed(visitor.get("/staff?stage=in-pool"))) == sorted([john, jackie])
    assert listed(visitor.get("/staff?stage=in-pool&route=achievement")) == [jackie]
    assert listed(visitor.get("/staff?stage=submitted&route=&exercise=")) == [emma]
    assert "No case fits this." in visitor.get("/staff?exercise=2019-q2").text


def test_a_name_is_found_by_whole_words_and_stands_in_no_address(office: Office) -> None:
    emma = file_case(office, "emma")
    file_case(office, "john")
    visitor = signed_in(office, "officer.chan")
    applicant = filed_by("emma").applicant
    typed = f"{applicant.given_names} {applicant.family_name}".upper()
    page = visitor.send(visitor.get("/staff"), "/staff/search", sought=typed)
    assert listed(page) == [emma]
    assert applicant.family_name.lower() not in page.path.lower()
    assert "named=" in page.path


def test_a_reference_that_is_searched_for_opens_its_case(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    page = visitor.send(visitor.get("/staff"), "/staff/search", sought=reference.lower())
    assert page.path == f"/staff/cases/{reference}"


@pytest.mark.parametrize(
    ("asked_for", "status"),
    [
        ("stage=nowhere", 422),
        ("route=%00", 422),
        ("exercise=%00", 422),
        ("sort=sideways", 422),
        ("named=abc", 422),
        ("named=%F0%9F%98%80", 422),
        ("after=nonsense", 400),
    ],
)
def test_a_list_that_cannot_be_is_refused_in_words(
    office: Office, asked_for: str, status: int
) -> None:
    page = signed_in(office, "officer.chan").get(f"/staff?{asked_for}")
    assert page.status == status
    assert page.heading


def test_the_timeline_tells_points_and_prerequisites_as_lists(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    scored, assessed = page.root.all("li", **{"class": "step"})[:2]
    assert "Work experience 45 of 55 points 30 points five-years-two-senior" in scored.text
    assert [each.text for each in scored.all("code")][:1] == ["age-18-39"]
    assert "Prerequisites Age Met Support Met" in assessed.text
    assert "Nationality Met (list: nationalities-2012)" in assessed.text


def test_a_case_shows_where_it_stands_and_how_it_came_there(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    assert page.heading == "Carter, John"
    assert page.facts["Stage"] == "Waiting for selection"
    assert page.facts["Points"] == "175 (80 needed), under gpt-2018"
    assert [each.one("h3").text for each in page.root.all("li", **{"class": "step"})] == [
        "Application scored",
        "Prerequisites assessed",
        "Application acknowledged",
        "Application submitted",
    ]
    assert "Aged 31 on 1 May 2019; 18 or over is required" in page.text


def test_a_reference_in_another_writing_leads_to_the_one_page_of_the_case(office: Office) -> None:
    reference = file_case(office)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference.lower()}")
    assert page.path == f"/staff/cases/{reference}"


@pytest.mark.parametrize("reference", ["QM-AQP2Y-Q46AS", "QM-1", "%00"])
def test_an_unknown_case_is_not_found(office: Office, reference: str) -> None:
    visitor = signed_in(office, "officer.chan")
    assert visitor.get(f"/staff/cases/{reference}").status == 404


def test_only_what_the_stage_and_the_role_allow_is_offered(office: Office) -> None:
    reference = file_case(office)
    path = f"/staff/cases/{reference}"
    officer = signed_in(office, "officer.chan").get(path)
    offered = [each.removeprefix(path) for each in on_the_case(officer, path)]
    assert offered[:2] == ["/acknowledge-application", "/request-documents"]
    assert offered[-4:] == ["/hold-case", "/place-legal-hold", "/documents", "/purpose"]
    auditor = signed_in(office, "auditor.ho").get(path)
    assert on_the_case(auditor, path) == [f"{path}/purpose"]
    assert "for others to do" in auditor.text


def test_what_happened_earlier_is_recorded_as_of_then(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    act(visitor, reference, "acknowledge-application", effective_at="2019-05-03T09:30")
    happened = case_at(office, reference).events[-1].effective_at
    assert happened.isoformat() == "2019-05-03T01:30:00+00:00"


def test_a_stale_form_records_nothing_and_shows_what_changed(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    stale = visitor.get(f"/staff/cases/{reference}")
    carry_out(office, reference, c.AcknowledgeApplication(), asked(SUPERVISOR))
    page = visitor.send(
        stale, f"/staff/cases/{reference}/withdraw-application", reason="Moved elsewhere"
    )
    assert page.status == 409
    assert "it is at version 2, and your form was made from version 1" in page.problems[0]
    changed = page.root.one("section", **{"aria-labelledby": "changed-title"})
    assert [each.text for each in changed.all("h3")] == ["Application acknowledged"]
    assert "supervisor.wong" in changed.text
    again = page.form(f"/staff/cases/{reference}/withdraw-application")
    assert (again["expected"], again["reason"]) == ("2", "Moved elsewhere")
    assert case_at(office, reference).version == 2


def test_a_form_that_is_sent_twice_is_carried_out_once(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    page = visitor.get(f"/staff/cases/{reference}")
    for _ in range(2):
        sent = visitor.send(page, f"/staff/cases/{reference}/acknowledge-application")
        assert (sent.status, sent.facts["Stage"]) == (200, "Acknowledged")
    assert case_at(office, reference).version == 2


def test_a_form_that_was_used_for_something_else_is_refused(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    page = visitor.get(f"/staff/cases/{reference}")
    action = f"/staff/cases/{reference}/withdraw-application"
    visitor.send(page, action, reason="One")
    again = visitor.send(page, action, reason="Another")
    assert again.status == 422


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"amount_hkd": "231", "effective_at": "2019-05-05T10:00"},
            "HK$230 is due and HK$231 was offered",
        ),
        ({"amount_hkd": "two hundred"}, "Enter a whole number in figures"),
        ({"amount_hkd": ""}, "This is needed; fill it in"),
        ({"amount_hkd": "230", "effective_at": "yesterday"}, "Enter a date and time"),
        ({"amount_hkd": "230", "effective_at": "2199-01-01T00:00"}, "is in the future"),
        ({"amount_hkd": "230", "effective_at": "2019-04-01T00:00"}, "the last event recorded"),
        ({"amount_hkd": "230", "expected": "x"}, "does not say which version"),
        ({"amount_hkd": "230", "command_id": "1"}, "has lost its number"),
    ],
)
def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(
    office: Office, typed: dict[str, str], said: str
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    for command in (
        c.ShortlistCase(exercise="2019-q2", rank=1),
        c.SelectCase(exercise="2019-q2", rank=1),
        *together(c.ProposeApprovalInPrinciple()),
        c.VerifyOriginals(),
        *together(c.ProposeApproval()),
    ):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    head = office.store.sequence()
    page = act(signed_in(office, "officer.chan"), reference, "pay-visa-fee", **typed)
    assert page.status == 422
    assert said in page.problems[0]
    assert page.title.startswith("Error: ")
    kept = page.form(f"/staff/cases/{reference}/pay-visa-fee")
    assert kept["amount_hkd"] == typed["amount_hkd"]
    assert office.store.sequence() == head
    for link in page.root.one("div", role="alert").all("a"):
        assert page.root.all("input", id=urlsplit(link.given["href"]).fragment)


def test_a_reason_with_a_character_that_cannot_be_kept_is_refused(office: Office) -> None:
    reference = file_case(office)
    page = act(signed_in(office, "officer.chan"), reference, "withdraw-application", reason="a\0b")
    assert page.status == 422
    assert "NUL" in page.problems[0]
    assert case_at(office, reference).version == 1


def test_a_command_that_the_stage_forbids_is_refused_in_words(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "supervisor.wong")
    path = f"/staff/cases/{reference}"
    form = visitor.get(path).form(f"{path}/acknowledge-application")
    page = visitor.post(f"{path}/issue-visa", form)
    assert page.status == 422
    assert (
        "“Issue the visa” is not possible at the stage “Received” of the case" in page.problems[0]
    )


def test_an_auditor_may_change_nothing(office: Office) -> None:
    reference = file_case(office)
    path = f"/staff/cases/{reference}"
    form = signed_in(office, "officer.chan").get(path).form(f"{path}/acknowledge-application")
    auditor = signed_in(office, AUDITOR.name)
    form["csrf"] = auditor.get(path).form("/sign-out")["csrf"]
    assert auditor.post(f"{path}/acknowledge-application", form).status == 403
    assert case_at(office, reference).version == 1


@pytest.mark.parametrize("slug", ["shortlist-case", "submit-application", "nothing-of-the-kind"])
def test_what_no_form_stands_for_cannot_be_sent(office: Office, slug: str) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "supervisor.wong")
    form = visitor.get("/staff").form("/sign-out")
    assert visitor.post(f"/staff/cases/{reference}/{slug}", form).status == 404


def test_reasons_are_taken_line_by_line(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    carry_out(office, reference, c.ShortlistCase(exercise="2019-q2", rank=1), asked(SUPERVISOR))
    visitor = signed_in(office, OFFICER.name)
    act(visitor, reference, "propose-refusal", reasons=" One.\r\n\r\n Two. ")
    second = signed_in(office, SUPERVISOR.name)
    page = act(second, reference, "confirm-decision", matter="refusal")
    assert page.facts["Stage"] == "Refused"
    assert "One. Two." in page.text


def test_an_erased_case_keeps_its_skeleton(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    erase(office.store, reference)
    visitor = signed_in(office, "officer.chan")
    page = visitor.get(f"/staff/cases/{reference}")
    assert page.heading == "Name erased"
    assert page.facts["Points"] == "175 (80 needed), under gpt-2018"
    assert "Carter" not in page.html
    assert "erased" in visitor.get("/staff").root.one("tbody").text


def test_nothing_personal_is_recorded_on_an_erased_case(office: Office) -> None:
    reference = file_case(office)
    erase(office.store, reference)
    visitor = signed_in(office, "officer.chan")
    page = act(visitor, reference, "withdraw-application", reason="Moved")
    assert page.status == 422
    assert "erased" in page.problems[0]
    assert case_at(office, reference).version == 4


def test_every_command_of_a_case_has_a_form_or_a_reason_for_none() -> None:
    by_hand = set(forms.COMMANDS.values())
    assert by_hand | forms.BY_INTAKE | set(c.BY_EXERCISE) == set(get_args(c.CaseCommand))
    for command in by_hand:
        assert all(each.kind for each in forms.inputs_of(command))


def test_every_stage_can_be_chosen_in_the_list(office: Office) -> None:
    page = signed_in(office, "officer.chan").get("/staff")
    options = page.root.one("select", id="stage").all("option")
    assert [each.given["value"] for each in options][1:] == [
        each for each in Stage if each is not Stage.DRAFT
    ]


def test_every_refusal_has_a_status_of_its_own_or_that_of_all() -> None:
    kinds = list(Refusal.__subclasses__())
    assert kinds
    assert all(400 <= status_of(kind.__new__(kind)) < 500 for kind in kinds)
