"""The pages of cases with all that can stand around them, in a browser without scripts."""

from contextlib import suppress

from domain import commands as c
from domain.decisions import Matter
from domain.errors import DuplicateApplication
from domain.particulars import Relation
from services.cases import carry_out, submit
from services.projections.runner import catch_up_all
from services.refiling import withdraw_and_refile
from services.wiring import Office
from tests.browser.chromium import Chromium
from tests.browser.looking import HEADING
from tests.browser.test_pages import enquire, faults_at, sign_in
from tests.services.asking import SECOND, asked, asked_for, filed_by, on_paper, seen, together
from tests.services.visiting import file_case

_AROUND: tuple[c.CaseCommand, ...] = (
    c.AddDependant(
        relation=Relation.SPOUSE,
        family_name="Carter",
        given_names="Anna Maria Magdalena",
        date_of_birth=filed_by("john").applicant.date_of_birth,
        nationality="CAN",
    ),
    c.AppointRepresentative(name="Mei Lam", organisation="Lam and Co", email="mei@lam.example"),
    c.HoldCase(reason="The degree may be forged: ask the university"),
)


def _filed_with_all(office: Office) -> tuple[str, str]:
    """File a case anew and bring about everything that can stand around both."""
    old = file_case(office, "john")
    new = withdraw_and_refile(office, old, on_paper("john"), asked()).reference
    for command in _AROUND:
        carry_out(office, new, command, asked())
    carry_out(office, new, c.RecuseOfficer(reason="A cousin of the applicant"), asked(SECOND))
    carry_out(office, old, c.ProposeErasure(), asked())
    carry_out(
        office, old, c.DeclineDecision(matter=Matter.ERASURE, reason="Too soon"), asked(SECOND)
    )
    with suppress(DuplicateApplication):
        submit(office, on_paper("john"), asked())
    catch_up_all(office.store, office.models)
    return old, new


def test_no_page_of_a_case_with_all_around_it_is_faint_unlabelled_or_too_wide(
    office: Office, served: str, browser: Chromium
) -> None:
    old, new = _filed_with_all(office)
    erased = file_case(office, "emma")
    for command in (*_AROUND[:2], c.WithdrawApplication(), *together(c.ProposeErasure())):
        carry_out(office, erased, seen(office, erased, command), asked_for(command))
    waiting = file_case(office, "jackie")
    carry_out(office, waiting, c.WithdrawApplication(), asked())
    carry_out(office, waiting, c.ProposeErasure(), asked())
    catch_up_all(office.store, office.models)
    sign_in(browser, served, office, "officer.lee")
    found = []
    for path in (
        f"/staff/cases/{old}",
        f"/staff/cases/{new}",
        f"/staff/cases/{new}/correction",
        f"/staff/cases/{erased}",
        f"/staff/cases/{waiting}",
        "/staff?mark=duplicates",
        "/staff?mark=held",
    ):
        browser.open(served + path)
        found += faults_at(browser, path)
    assert found == []


def test_a_correction_that_is_wrong_says_so_on_a_readable_page(
    office: Office, served: str, browser: Chromium
) -> None:
    reference = file_case(office, "john")
    sign_in(browser, served, office, "officer.lee")
    browser.open(f"{served}/staff/cases/{reference}/correction")
    browser.type_into("application", '{"route": "general", "applicant": {"email": "nobody"}}')
    browser.type_into("reason", "Misread")
    browser.send()
    assert browser.look("document.querySelectorAll('.problems li').length") > 1
    assert browser.look("document.title").startswith("Error: ")
    assert faults_at(browser, "wrong correction") == []


def test_an_applicant_reads_under_which_reference_the_application_goes_on(
    office: Office, served: str, browser: Chromium
) -> None:
    old, new = _filed_with_all(office)
    enquire(browser, served, office, old)
    assert browser.look(HEADING) == "Withdrawn"
    assert new in browser.look("document.querySelector('main').textContent")
    assert faults_at(browser, "refiled") == []


AREAS = (
    ("admin.ng", []),
    ("panel.cheung", [["Cases", "Exercises"]]),
    # Who audits is asked why they look at the case before they see it.
    ("auditor.ho", [["Cases", "Work", "Exercises", "Statistics", "Audit"]]),
)


def test_whoever_may_open_little_is_led_nowhere_else_on_readable_pages(
    office: Office, served: str, browser: Chromium
) -> None:
    reference = file_case(office, "john")
    areas = "[...document.querySelectorAll('nav.areas')].map(e => e.innerText.split(/\\s+/))"
    found = []
    for name, wanted in AREAS:
        sign_in(browser, served, office, name)
        for path in ("/staff/sessions", f"/staff/cases/{reference}", "/staff/statistics"):
            browser.open(served + path)
            assert browser.look(areas) == wanted
            found += faults_at(browser, f"{path} of {name}")
    assert found == []
