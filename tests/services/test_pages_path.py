"""The office's pages: a case walked from filing to a visa, form by form, by two officers."""

from domain import commands as c
from domain.days import hong_kong_date
from services.cases import case_at
from services.wiring import Office
from tests.services.asking import SUPERVISOR, asked
from tests.services.exercising import carry_out
from tests.services.visiting import act, file_case, signed_in


def test_the_whole_path_to_a_visa_can_be_walked(office: Office) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, "supervisor.wong")
    when = {"effective_at": "2019-05-02T09:30"}
    for slug in ("acknowledge-application", "assess-prerequisites", "score-application"):
        assert "done. The case is now at version" in act(visitor, reference, slug, **when).text
    for command in (
        c.ShortlistCase(exercise="2019-q2", rank=1),
        c.SelectCase(exercise="2019-q2", rank=1),
    ):
        carry_out(office, reference, command, asked(SUPERVISOR, at=None))
    second = signed_in(office, "officer.chan")
    for slug, matter in (
        ("propose-approval-in-principle", "approval-in-principle"),
        ("verify-originals", ""),
        ("propose-approval", "approval"),
    ):
        act(visitor, reference, slug)
        if matter:
            act(second, reference, "confirm-decision", matter=matter)
    act(visitor, reference, "pay-visa-fee", amount_hkd="HK$ 230")
    page = act(visitor, reference, "issue-visa")
    assert page.facts["Stage"] == "Visa issued"
    entered = hong_kong_date(office.clock()).isoformat()
    page = act(visitor, reference, "activate-visa", entered_on=entered)
    assert page.facts["Stage"] == "Visa activated"
    assert f"/staff/cases/{reference}/seek-extension" in page.actions
    assert case_at(office, reference).events[-1].actor == "supervisor.wong"
