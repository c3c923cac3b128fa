"""The pages of the work on cases: the next case, who has what, and notes."""

import pytest

from domain import commands as cc
from domain import work_commands as c
from domain.access import Person
from services import work
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import AUDITOR, OFFICER, SUPERVISOR, asked
from tests.services.coming_in import come_in
from tests.services.erasing import erase
from tests.services.visiting import TO_POOL, Page, Visitor, file_case, signed_in

LEE = "officer.lee"


def ask(office: Office, reference: str, command: c.WorkCommand, by: Person = OFFICER) -> None:
    work.carry_out(office, reference, command, asked(by, at=None))
    catch_up_all(office.store, office.models)


def act(visitor: Visitor, reference: str, slug: str, **typed: str) -> Page:
    page = visitor.get(f"/staff/cases/{reference}")
    return visitor.send(page, f"/staff/cases/{reference}/work/{slug}", **typed)


def work_forms(page: Page) -> set[str]:
    return {each.rpartition("/")[2] for each in page.actions if "/work/" in each}


def test_an_officer_takes_the_next_case_and_sees_it(office: Office) -> None:
    first = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get("/staff/work")
    assert "1 case waits for an officer" in page.text
    assert "You have no case." in page.text
    page = visitor.send(page, "/staff/work/next")
    assert page.path == f"/staff/cases/{first}"
    assert "This case is yours." in page.text
    assert page.facts["With"].startswith("officer.chan (you), since")
    catch_up_all(office.store, office.models)
    page = visitor.get("/staff/work")
    assert "0 cases wait" in page.text
    assert page.root.one("tbody").one("th").text == first


def test_when_nothing_waits_the_page_says_so(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    visitor = signed_in(office, OFFICER.name)
    page = visitor.send(visitor.get("/staff/work"), "/staff/work/next")
    assert page.status == 422
    assert page.problems[0].startswith("No case waits that nobody has")
    page = visitor.send(page, "/staff/work/next", stage="in-pool", route="general")
    assert page.path.startswith("/staff/cases/")


def test_a_form_sent_twice_takes_one_case(office: Office) -> None:
    file_case(office, "john")
    file_case(office, "emma")
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get("/staff/work")
    first = visitor.send(page, "/staff/work/next")
    assert visitor.send(page, "/staff/work/next").path == first.path


def test_each_sees_the_forms_for_what_they_may_do(office: Office) -> None:
    reference = file_case(office, "john")
    path = f"/staff/cases/{reference}"
    officer, supervisor, auditor = (
        signed_in(office, OFFICER.name),
        signed_in(office, SUPERVISOR.name),
        signed_in(office, AUDITOR.name),
    )
    always = {"add-note", "record-data-access-request"}
    assert work_forms(officer.get(path)) == {"take-case"} | always
    assert work_forms(supervisor.get(path)) == {"take-case", "assign-case"} | always
    ask(office, reference, c.TakeCase())
    ask(office, reference, c.AddNote(text="Seen"))
    passing = {"release-case", "hand-over-case", "return-case"}
    noting = {"supersede-note"} | always
    assert work_forms(officer.get(path)) == passing | noting
    assert work_forms(supervisor.get(path)) == {"assign-case"} | noting
    page = auditor.get(path)
    assert work_forms(page) == set()
    assert "officer.chan, since" in page.facts["With"]
    assert "Seen" in page.text


def test_a_case_is_handed_over_and_returned_with_a_reason(office: Office) -> None:
    reference = file_case(office, "john")
    chan, lee = signed_in(office, OFFICER.name), signed_in(office, LEE)
    act(chan, reference, "take-case")
    page = act(chan, reference, "hand-over-case")
    assert page.status == 422
    assert page.problems == ["Officer: This is needed; fill it in"]
    page = act(chan, reference, "hand-over-case", officer=LEE)
    assert page.facts["With"].startswith("officer.lee, since")
    page = act(lee, reference, "return-case", reason="I know the family")
    assert page.facts["With"].startswith("officer.chan, since")
    assert page.facts["Returned because"] == "I know the family"


def test_an_old_form_shows_who_has_the_case_now(office: Office) -> None:
    reference = file_case(office, "john")
    chan = signed_in(office, OFFICER.name)
    page = chan.get(f"/staff/cases/{reference}")
    act(signed_in(office, LEE), reference, "take-case")
    late = chan.send(page, f"/staff/cases/{reference}/work/take-case")
    assert late.status == 409
    assert "it is at version 1, and your form was made from version 0" in late.problems[0]
    assert late.facts["With"].startswith("officer.lee")
    # The case itself has not changed, so a form on it is carried out, and so is a note.
    done = chan.send(page, f"/staff/cases/{reference}/acknowledge-application")
    assert "Acknowledge: done" in done.text
    noted = chan.send(page, f"/staff/cases/{reference}/work/add-note", text="Acknowledged")
    assert "Add a note: done" in noted.text


def test_a_corrected_note_is_struck_through_and_readable(office: Office) -> None:
    reference = file_case(office, "john")
    chan = signed_in(office, OFFICER.name)
    act(chan, reference, "add-note", text="Born in 1980 <b>")
    page = act(chan, reference, "supersede-note", note="1", text="Born in 1981")
    first, second = page.root.one("ol", **{"class": "notes"}).all("li")
    assert first.one("s").text == "Born in 1980 <b>"
    assert "superseded by note 2" in first.text
    assert second.all("s") == []
    assert "Born in 1981" in second.text
    assert "in place of note 1" in second.text


def test_what_was_noted_on_an_erased_person_is_marked_as_erased(office: Office) -> None:
    reference = file_case(office, "john")
    ask(office, reference, c.TakeCase())
    ask(office, reference, c.AddNote(text="His wife is ill"))
    ask(office, reference, c.ReturnCase(reason="I know his wife"))
    visitor, path = signed_in(office, OFFICER.name), f"/staff/cases/{reference}"
    before = visitor.get(path)
    erase(office.store, reference)
    page = visitor.get(path)
    assert page.root.one("ol", **{"class": "notes"}).one("li").text.endswith("[erased]")
    assert page.facts["Returned because"] == "[erased]"
    refused = visitor.send(before, f"{path}/work/add-note", text="More")
    assert refused.status == 422
    assert "erased" in refused.problems[0]
    for said in ("add-note", "supersede-note"):
        assert (before.html.count(f"work/{said}"), page.html.count(f"work/{said}")) == (1, 0)


def test_the_list_shows_who_has_a_case_and_finds_ones_own(office: Office) -> None:
    john, emma = file_case(office, "john"), file_case(office, "emma")
    ask(office, john, c.TakeCase())
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get("/staff")
    with_whom = {
        row.one("th").text: row.all("td")[-1].text for row in page.root.one("tbody").all("tr")
    }
    assert with_whom == {john: "officer.chan", emma: "–"}
    for held, expected in (("mine", john), ("nobodys", emma)):
        found = visitor.get(f"/staff?held={held}")
        assert found.root.one("tbody").one("th").text == expected
    assert "No case fits this." in signed_in(office, LEE).get("/staff?held=mine").text
    assert visitor.get("/staff?held=lost").status == 422


def test_supervisors_and_auditors_see_who_has_how_many(office: Office) -> None:
    reference = file_case(office, "john")
    ask(office, reference, c.AssignCase(officer=LEE), SUPERVISOR)
    for name in (SUPERVISOR.name, AUDITOR.name):
        rows = signed_in(office, name).get("/staff/work").root.one("table").all("tr")
        assert rows[1].text.startswith("officer.lee 1 ")
    assert "Who has how many" not in signed_in(office, OFFICER.name).get("/staff/work").text


@pytest.mark.parametrize("slug", ["acknowledge-application", "lost"])
def test_there_are_no_other_forms_on_the_work(office: Office, slug: str) -> None:
    reference = file_case(office, "john", cc.AcknowledgeApplication())
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(f"/staff/cases/{reference}")
    form = page.form(f"/staff/cases/{reference}/work/add-note")
    assert visitor.post(f"/staff/cases/{reference}/work/{slug}", form).status == 404


def test_applicants_see_nothing_of_it(office: Office) -> None:
    reference = file_case(office, "john")
    ask(office, reference, c.TakeCase())
    ask(office, reference, c.AddNote(text="Wealthy uncle"))
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    assert page.path == "/status"
    assert reference in page.text
    for word in ("officer.chan", "Wealthy", "Work on this case"):
        assert word not in page.html
    assert visitor.get("/staff/work").path.startswith("/staff/sign-in")
