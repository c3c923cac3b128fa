"""The forms of an override: proposed from a list of rules, decided by somebody else."""

from dataclasses import replace

from domain import commands as c
from domain.overrides import OverrideCode
from services.cases import carry_out, case_at
from services.pages.overriding import barred
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import OFFICER, SUPERVISOR, asked, asked_for, filed_by, together
from tests.services.coming_in import come_in
from tests.services.visiting import TO_POOL, Page, Visitor, file_case, signed_in

RULE = "renowned-institution"
TYPED = {
    "rule": RULE,
    "points": "0",
    "code": "documents-show-less",
    "evidence": "document 7\ndocument 8",
    "reason": "The diploma is of another school",
}


def act(visitor: Visitor, reference: str, slug: str, **typed: str) -> Page:
    page = visitor.get(f"/staff/cases/{reference}")
    return visitor.send(page, f"/staff/cases/{reference}/{slug}", **typed)


def offered(page: Page, reference: str, slug: str, field: str) -> list[str]:
    """Return the values to choose from in a field of a form."""
    form = page.root.one("form", action=f"/staff/cases/{reference}/{slug}")
    (select,) = [each for each in form.all("select") if each.given["name"] == field]
    options = select.all("option")
    return [each.given["value"] for each in options]


def test_the_rules_of_the_score_and_the_codes_are_there_to_choose(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    page = signed_in(office, OFFICER.name).get(f"/staff/cases/{reference}")
    rules = offered(page, reference, "propose-override", "rule")
    assert rules[0] == ""
    assert RULE in rules
    assert "age-51-up" not in rules  # it gives nothing, whatever is decided
    assert "Qualifications: renowned-institution (0 or 30)" in page.text
    assert "Family: dependent-children (0 or 5 or 10)" in page.text
    assert offered(page, reference, "propose-override", "code")[1:] == list(OverrideCode)


def test_one_officer_proposes_and_another_confirms(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    first = signed_in(office, OFFICER.name)
    page = act(first, reference, "propose-override", **TYPED)
    assert page.status == 200, page.problems
    assert "Awaiting a second officer" in page.text
    assert "computed 30, proposed 0" in page.text
    assert "officer.chan (you): another officer decides" in page.text
    assert f"/staff/cases/{reference}/confirm-override" not in page.actions
    assert f"/staff/cases/{reference}/decline-override" not in page.actions
    assert RULE not in offered(page, reference, "propose-override", "rule")

    second = signed_in(office, SUPERVISOR.name)
    page = second.get(f"/staff/cases/{reference}")
    assert "document 8" in page.text
    assert "(you)" not in page.text
    # Of one that is open there is nothing to choose.
    assert offered(page, reference, "confirm-override", "rule") == [RULE]
    assert f"{RULE}: computed 30, proposed 0" in page.text
    page = act(second, reference, "confirm-override", rule=RULE)
    assert page.facts["Points"] == "145 (80 needed; computed 175), under gpt-2018"
    assert (
        "renowned-institution: computed 30, decided 0; documents show less; "
        "by officer.chan, confirmed by supervisor.wong"
    ) in page.text
    assert "20 (computed 50)" in page.text
    assert "145 (computed 175)" in page.text


def test_the_list_marks_points_that_officers_decided(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    file_case(office, "emma", *TO_POOL)
    act(signed_in(office, OFFICER.name), reference, "propose-override", **TYPED)
    second = signed_in(office, SUPERVISOR.name)
    act(second, reference, "confirm-override", rule=RULE)
    catch_up_all(office.store, office.models)
    page = second.get("/staff")
    assert "145 (computed 175)" in page.text
    assert page.text.count("computed") == 1  # of Emma's points nothing was decided


def test_whoever_proposed_is_told_that_somebody_else_decides(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    first = signed_in(office, OFFICER.name)
    page = act(first, reference, "propose-override", **TYPED)
    form = page.form(f"/staff/cases/{reference}/propose-override")
    sent = {**form, "rule": RULE, "effective_at": ""}
    page = first.post(f"/staff/cases/{reference}/confirm-override", sent)
    assert page.status == 422
    assert "somebody else has to decide on it" in page.problems[0]
    assert barred(OFFICER, case_at(office, reference).state, c.ConfirmOverride)
    assert not barred(SUPERVISOR, case_at(office, reference).state, c.ConfirmOverride)


def test_a_decision_is_in_the_history_that_auditors_read(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    act(signed_in(office, OFFICER.name), reference, "propose-override", **TYPED)
    said = "It is the same school under its former name"
    act(signed_in(office, SUPERVISOR.name), reference, "decline-override", rule=RULE, reason=said)
    page = signed_in(office, "auditor.ho").get(f"/audit/cases/{reference}")
    assert "renowned-institution: computed 30, proposed 0; documents show less" in page.text
    assert f"proposed by officer.chan, declined by supervisor.wong: {said}" in page.text


def test_what_is_missing_is_said_beside_each_field(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    page = act(signed_in(office, OFFICER.name), reference, "propose-override", points="some")
    assert page.status == 422
    assert page.problems == [
        "Rule: This is needed; fill it in",
        "Points that the rule is to give in all: Enter a whole number in figures, such as 1300",
        "Kind of reason: This is needed; fill it in",
        "Where the evidence is found, one document a line: This is needed; fill it in",
        "Why these points are right: This is needed; fill it in",
    ]
    page = act(
        signed_in(office, OFFICER.name), reference, "propose-override", **TYPED | {"points": "29"}
    )
    assert "gives 0 or 30 points, not 29" in page.problems[0]


def denied(office: Office, *rules: str) -> str:
    """Return Emma's case, after officers decided that some rules give her nothing."""
    reference = file_case(office, "emma", *TO_POOL)
    for rule in rules:
        proposal = c.ProposeOverride(
            rule=rule,
            points=0,
            code=OverrideCode.CLAIM_NOT_PROVEN,
            evidence=("interview",),
            reason="Nothing shows it",
        )
        carry_out(office, reference, proposal, asked())
        carry_out(office, reference, c.ConfirmOverride(rule=rule), asked(SUPERVISOR))
    return reference


def test_an_applicant_reads_nothing_of_what_the_test_gives_as_well(office: Office) -> None:
    reference = denied(office, "age-18-39", "international-exposure")
    filed = filed_by("emma")
    at_home = tuple(replace(each, outside_home_jurisdiction=False) for each in filed.employment)
    corrected = c.CorrectApplication(application=replace(filed, employment=at_home), reason="So")
    for command in (corrected, *TO_POOL[1:], *together(c.ProposeRefusal())):
        carry_out(office, reference, command, asked_for(command))
    staff = signed_in(office, OFFICER.name).get(f"/staff/cases/{reference}")
    assert "international-exposure: computed 0, decided 0; claim not proven" in staff.text
    page = own_page(office, reference)
    assert "18至39歲：0 分，而非 30 分" in page.text
    assert "0 分，而非 0 分" not in page.text


def test_an_applicant_reads_that_officers_decided_and_not_which(office: Office) -> None:
    reference = denied(office, "age-18-39", "international-exposure")
    for command in together(c.ProposeRefusal()):
        carry_out(office, reference, command, asked_for(command))
    page = own_page(office, reference)
    assert "總分為 75 分，須達 80 分方獲考慮。" in page.text
    said = "由計劃人員決定；只按計分規則則為"
    assert f"0 分（最高 30 分），{said} 30 分" in page.text
    assert f"40 分（最高 55 分），{said} 55 分" in page.text
    assert "由審批人員裁定為0分，按測試計算則為15分" in page.text
    assert "18至39歲：0 分，而非 30 分" in page.text
    assert "在原居地以外的2年學位程度或專家水平工作經驗：0 分，而非 15 分" in page.text
    assert "officer.chan" not in page.html
    assert "supervisor.wong" not in page.html


def own_page(office: Office, reference: str) -> Page:
    """Return Emma's status page."""
    catch_up_all(office.store, office.models)
    return come_in(Visitor(office), reference, filed_by("emma").applicant.date_of_birth)
