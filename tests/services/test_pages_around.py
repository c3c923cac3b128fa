"""What stands around a case on its page: who decides, the hold, its people, linked cases."""

import json
import re
from urllib.parse import quote

import pytest

from domain import commands as c
from domain.access import Person, Role
from domain.decisions import Matter, VoidingCode
from domain.errors import DuplicateApplication
from domain.gradings import Grade
from domain.particulars import Relation
from services.api.app import create_api
from services.cases import case_at, submit
from services.intake.application import read_application
from services.projections.runner import catch_up_all
from services.refiling import withdraw_and_refile
from services.wiring import Office
from tests.services.api.calling import Caller
from tests.services.asking import (
    MAY_2019,
    OFFICER,
    SECOND,
    SUPERVISOR,
    asked,
    asked_for,
    filed_by,
    on_paper,
    seen,
    together,
)
from tests.services.coming_in import come_in
from tests.services.exercising import PANEL, carry_out
from tests.services.filed import changed, person
from tests.services.visiting import TO_POOL, Visitor, file_case, signed_in

_SPOUSE = c.AddDependant(
    relation=Relation.SPOUSE,
    family_name="Carter",
    given_names="Anna",
    date_of_birth=on_paper("john").application.applicant.date_of_birth,
    nationality="CAN",
)
_AGENT = c.AppointRepresentative(name="Mei Lam", organisation="Lam and Co", email="mei@lam.example")


def _carry(office: Office, reference: str, *commands: c.CaseCommand) -> None:
    for command in commands:
        carry_out(office, reference, seen(office, reference, command), asked_for(command))
    catch_up_all(office.store, office.models)


def test_what_awaits_a_second_officer_is_told_with_its_reasons(office: Office) -> None:
    reference = file_case(office, "john")
    _carry(office, reference, c.WithdrawApplication(), c.ProposeErasure())
    page = signed_in(office, OFFICER.name).get(f"/staff/cases/{reference}")
    assert page.facts["Decision"] == "Erasure of the person"
    assert page.facts["Proposed by"].startswith("officer.chan (you), 1 May 2019")
    assert page.facts["Who decides"] == "Another officer than officer.chan"
    assert not [each for each in page.actions if each.endswith("confirm-decision")]
    other = signed_in(office, "officer.lee").get(f"/staff/cases/{reference}")
    assert [each for each in other.actions if each.endswith("confirm-decision")]


def test_decisions_are_told_from_proposal_to_end(office: Office) -> None:
    reference = file_case(office, "john")
    refuse = c.ProposeRefusal(reasons=("The plans do not convince",))
    selected = (c.ShortlistCase(exercise="1", rank=1), c.SelectCase(exercise="1", rank=1))
    scored = (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication())
    for command in (*scored, *selected):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    _carry(office, reference, refuse)
    declined = c.DeclineDecision(matter=Matter.REFUSAL, reason="They do")
    carry_out(office, reference, declined, asked(SECOND))
    page = signed_in(office, OFFICER.name).get(f"/staff/cases/{reference}")
    assert page.facts["Declined"].startswith("by supervisor.lee, 1 May 2019")
    assert page.facts["Declined"].endswith(": They do")
    assert "Refusal: declined" in page.text
    assert "The plans do not convince" in page.facts["Reasons"]


def test_a_held_case_says_so_until_the_hold_is_lifted(office: Office) -> None:
    reference = file_case(office, "john")
    _carry(office, reference, c.HoldCase(reason="Is the degree forged?"))
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(f"/staff/cases/{reference}")
    (banner,) = page.root.all("div", role="status")
    assert banner.text.startswith("Held for an investigation since 1 May 2019")
    assert banner.text.endswith("Is the degree forged?")
    assert "held" in visitor.get("/staff?mark=held").root.one("tbody").text
    _carry(office, reference, c.LiftHold())
    assert not visitor.get(f"/staff/cases/{reference}").root.all("div", role="status")


def test_the_people_of_a_case_are_shown_and_sealed_with_it(office: Office) -> None:
    reference = file_case(office, "john")
    _carry(office, reference, _SPOUSE, _AGENT, c.WithdrawApplication())
    visitor = signed_in(office, "officer.lee")
    page = visitor.get(f"/staff/cases/{reference}")
    assert page.facts["Spouse"].startswith("Carter, Anna, born")
    assert page.facts["Representative"].startswith("Mei Lam, Lam and Co, mei@lam.example, since")
    _carry(office, reference, *together(c.ProposeErasure()))
    page = visitor.get(f"/staff/cases/{reference}")
    assert page.facts["Spouse"] == "[erased] (dependant 1)"
    assert page.facts["Representative"].startswith("[erased]")
    assert "Anna" not in page.html


def test_an_officer_who_stepped_aside_is_named(office: Office) -> None:
    reference = file_case(office, "john")
    carry_out(office, reference, c.RecuseOfficer(reason="A cousin"), asked(SECOND))
    page = signed_in(office, OFFICER.name).get(f"/staff/cases/{reference}")
    assert page.facts["Stepped aside"].startswith("supervisor.lee, 1 May 2019")
    assert page.facts["Stepped aside"].endswith(": A cousin")


def test_the_grade_that_stands_is_shown_and_to_the_panel_their_own(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    shortlist = c.ShortlistCase(exercise="1", rank=1)
    carry_out(office, reference, shortlist, asked_for(shortlist, SUPERVISOR))
    path, caller = f"/staff/cases/{reference}", Caller(app=create_api(office), office=office)
    panel = signed_in(office, PANEL.name)
    before = panel.get(path)
    assert "Grade" not in before.facts
    page = panel.send(before, f"{path}/grade-case", exercise="1", grade="average")
    assert page.facts["Grade"] == "Average, by panel.cheung"
    another = Person(name="panel.other", role=Role.PANEL)
    later = c.GradeCase(exercise="1", grade=Grade.OUTSTANDING)
    carry_out(office, reference, later, asked(another, at=None))
    assert panel.get(path).facts["Grade"] == "Average, by panel.cheung"
    page = signed_in(office, OFFICER.name).get(path)
    assert page.facts["Grade"] == "Outstanding, by panel.other"
    for who, grade, by in (
        (PANEL.name, "average", "panel.cheung"),
        (OFFICER.name, "outstanding", "panel.other"),
    ):
        told = caller.get(f"/cases/{reference}", by=who).json["grade"]
        assert told == {"grade": grade, "graded_by": by}
    carry_out(office, reference, c.PassOverCase(exercise="1", rank=1), asked(SUPERVISOR, at=None))
    shortlist = c.ShortlistCase(exercise="2", rank=1)
    carry_out(office, reference, shortlist, asked_for(shortlist, SUPERVISOR, at=None))
    assert caller.get(f"/cases/{reference}", by=OFFICER.name).json["grade"] is None


def test_a_panel_member_reads_no_word_among_officers_at_any_door(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    shortlist = c.ShortlistCase(exercise="1", rank=1)
    carry_out(office, reference, shortlist, asked_for(shortlist, SUPERVISOR))
    path = f"/staff/cases/{reference}"
    panel = signed_in(office, "panel.cheung")
    stale = panel.get(path)
    carry_out(office, reference, c.ProposeRefusal(reasons=("Planted A",)), asked())
    declined = c.DeclineDecision(matter=Matter.REFUSAL, reason="Planted B")
    carry_out(office, reference, declined, asked(SECOND))
    carry_out(office, reference, c.RecuseOfficer(reason="Planted C"), asked(SECOND))
    stepped_aside = case_at(office, reference).events[-1].effective_at.isoformat()
    carry_out(office, reference, c.HoldCase(reason="Planted D"), asked())
    officers, panels = signed_in(office, OFFICER.name).get(path), panel.get(path)
    assert set(re.findall("Planted .", officers.html)) == {f"Planted {each}" for each in "ABCD"}
    refused = panel.send(stale, f"{path}/grade-case", exercise="1", grade="average")
    assert refused.status == 409
    assert refused.problems[0].endswith("Nothing was recorded. Look at it again, then decide again")
    for page in (panels, refused):
        assert "Planted" not in page.html
        assert "[erased]" not in page.html
        told = {each.text for each in page.root.all("h2")}
        assert told.isdisjoint({"Decisions", "What changed since you opened the case"})
    assert panels.facts["Stepped aside"].startswith("somebody else, 1 May 2019")
    (banner,) = panels.root.all("div", role="status")
    assert banner.text.endswith("Nothing is decided on this case until the hold is lifted.")
    caller = Caller(app=create_api(office), office=office)
    for query in ("", f"?as_of={quote(stepped_aside)}"):
        answer = caller.get(f"/cases/{reference}{query}", by="panel.cheung")
        assert answer.json["recused"] == ["somebody else"]
        assert "Planted" not in answer.text
        assert (
            "Planted"
            not in caller.get(f"/cases/{reference}/history{query}", by="panel.cheung").text
        )


def test_refiled_cases_lead_to_each_other_and_duplicates_are_told(office: Office) -> None:
    old = file_case(office, "john")
    new = withdraw_and_refile(office, old, on_paper("john"), asked()).reference
    with pytest.raises(DuplicateApplication, match=new):
        submit(office, on_paper("john"), asked())
    catch_up_all(office.store, office.models)
    visitor = signed_in(office, OFFICER.name)
    page = visitor.get(f"/staff/cases/{new}")
    assert page.facts["In place of"] == old
    assert "this case took its place" in page.text
    assert "Possible duplicate: another application, on paper, was refused" in page.text
    assert visitor.get(f"/staff/cases/{old}").facts["Filed anew as"] == new
    listed = visitor.get("/staff?mark=duplicates").root.one("tbody").text
    assert new in listed
    assert old not in listed


def test_a_correction_is_typed_as_the_application_and_told_field_by_field(office: Office) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    path = f"/staff/cases/{reference}/correction"
    page = visitor.get(path)
    shown = page.form(path)["application"].encode()
    assert read_application(shown, MAY_2019.date()) == filed_by("john")

    wrong = changed(person("john"), "applicant", "date_of_birth", to="2031-01-01")
    wrong = changed(wrong, "applicant", "email", to="nobody")
    page = visitor.send(page, path, application=json.dumps(wrong), reason="Misread")
    assert page.status == 422
    assert [each.split()[0] for each in page.problems] == [
        "applicant.email",
        "applicant.date_of_birth",
    ]
    page = visitor.send(page, path, application=json.dumps(person("john")), reason="")
    assert page.problems == ["Why it is corrected: This is needed; fill it in"]
    page = visitor.send(page, path, application=json.dumps(person("john")), reason="Misread")
    assert page.problems[0].startswith("The application says this already")
    right = changed(person("john"), "applicant", "given_names", to="Jon")
    page = visitor.send(page, path, application=json.dumps(right), reason="Misread")
    assert (page.status, page.heading) == (200, "Carter, Jon")
    assert case_at(office, reference).version == 2


def test_a_correction_made_from_an_older_version_is_shown_why(office: Office) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    path = f"/staff/cases/{reference}/correction"
    page = visitor.get(path)
    _carry(office, reference, c.AcknowledgeApplication())
    right = changed(person("john"), "applicant", "given_names", to="Jon")
    page = visitor.send(page, path, application=json.dumps(right), reason="Misread")
    assert page.status == 409
    assert "at version 2" in page.problems[0]


_TO_ENTRY: tuple[c.CaseCommand, ...] = (
    c.AcknowledgeApplication(),
    c.AssessPrerequisites(),
    c.ScoreApplication(),
    c.ShortlistCase(exercise="2019-1", rank=1),
    c.SelectCase(exercise="2019-1", rank=1),
    *together(c.ProposeApprovalInPrinciple()),
    c.VerifyOriginals(),
    *together(c.ProposeApproval()),
    c.PayVisaFee(amount_hkd=230),
    c.IssueVisa(),
    c.ActivateVisa(entered_on=MAY_2019.date()),
)


def test_an_applicant_reads_why_a_visa_is_void_and_never_of_a_hold(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    voided = c.ProposeVoiding(
        code=VoidingCode.FALSE_DOCUMENT, reasons=("The degree was never awarded",)
    )
    for command in (*_TO_ENTRY, c.HoldCase(reason="Is it forged?")):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), reference)
    assert (page.heading, "nvestigation" in page.html) == ("Visa activated", False)
    for command in together(voided):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), reference)
    assert page.heading == "Visa void"
    assert "A document that was relied on is false." in page.text
    assert "The degree was never awarded" in page.text
    assert "supervisor" not in page.html
