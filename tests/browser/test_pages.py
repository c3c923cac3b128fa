"""The pages as a browser without scripts shows them: walked by keyboard, wide and narrow."""

from datetime import timedelta

from domain import commands as c
from domain import exercise_commands as q
from domain.overrides import OverrideCode
from domain.papers import DocumentKind, RequestDocuments
from domain.work_commands import TakeCase
from services import deadlines, work
from services.cases import carry_out
from services.exercises import draw_shortlist, open_exercise, publish_result
from services.identity import logins
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.browser.chromium import Chromium
from tests.browser.looking import (
    FAINT_TEXTS,
    FAULTS_OF_STRUCTURE,
    FOCUS,
    HEADING,
    SCROLLING,
    TITLE,
    TOO_WIDE,
)
from tests.services.asking import SUPERVISOR, asked, asked_for, filed_by, together
from tests.services.coming_in import codes
from tests.services.exercising import select
from tests.services.visiting import TO_POOL, file_case


def enquire(browser: Chromium, served: str, office: Office, reference: str) -> None:
    born = filed_by("john").applicant.date_of_birth
    browser.open(served)
    for field, text in (
        ("reference", reference),
        ("day", str(born.day)),
        ("month", str(born.month)),
        ("year", str(born.year)),
    ):
        browser.type_into(field, text)
    browser.send()
    assert browser.look("location.pathname") == "/code"
    (code,) = codes(office)
    browser.type_into("code", code)
    browser.send()


def sign_in(browser: Chromium, served: str, office: Office, name: str) -> None:
    browser.open(f"{served}/staff/sign-in")
    password = next(each.password for each in logins(office.settings) if each.name == name)
    browser.type_into("name", name)
    browser.type_into("password", password)
    browser.send()


def faults_at(browser: Chromium, where: str) -> list[str]:
    """Return what is wrong with the page that is open, at both widths."""
    found = []
    for width in (320, 1280):
        browser.resize(width)
        found += [f"{where} at {width}: faint: {each}" for each in browser.look(FAINT_TEXTS)]
        found += [f"{where} at {width}: {each}" for each in browser.look(FAULTS_OF_STRUCTURE)]
        if browser.look(TOO_WIDE) > 0:
            found.append(f"{where} is too wide at {width}")
    found += [f"{where} is cut off at 1280: {each}" for each in browser.look(SCROLLING)]
    return found


def test_an_applicant_finds_the_status_by_keyboard(
    office: Office, served: str, browser: Chromium
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    enquire(browser, served, office, reference)
    assert browser.look("location.pathname + location.search") == "/status"
    assert browser.look(HEADING) == "Waiting for selection"
    assert faults_at(browser, "status") == []


def test_a_failed_enquiry_puts_the_focus_on_what_is_wrong(
    office: Office, served: str, browser: Chromium
) -> None:
    browser.open(served)
    browser.type_into("reference", "QM-1")
    browser.send()
    assert browser.await_look(FOCUS, "problems") == "problems"
    assert browser.look(TITLE).startswith("Error: ")
    assert faults_at(browser, "failed enquiry") == []


def test_an_officer_acknowledges_a_case_by_keyboard(
    office: Office, served: str, browser: Chromium
) -> None:
    reference = file_case(office)
    sign_in(browser, served, office, "officer.chan")
    assert browser.look(HEADING) == "Cases"
    browser.open(f"{served}/staff/cases/{reference}")
    browser.look("document.querySelector('details.offer button').focus()")
    browser.send()
    assert browser.look("document.querySelector('.done').textContent") == (
        "Acknowledge: done. The case is now at version 2."
    )


def test_the_first_tab_leads_past_the_head_of_a_page(served: str, browser: Chromium) -> None:
    browser.open(served)
    browser.press("Tab")
    assert browser.await_look(FOCUS, "skip") == "skip"
    browser.press("Enter")
    assert browser.await_look(FOCUS, "main") == "main"


def test_no_page_is_faint_unlabelled_or_too_wide(
    office: Office, served: str, browser: Chromium
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    fresh = file_case(office, "emma")
    open_exercise(
        office,
        q.OpenExercise(exercise="2019-q2", title="Second quarter", places=1, shortlist_size=1),
        asked(SUPERVISOR),
    )
    draw_shortlist(office, "2019-q2", asked(SUPERVISOR))
    select(office, "2019-q2")
    publish_result(office, "2019-q2", asked(SUPERVISOR))
    for command in together(c.ProposeApprovalInPrinciple()):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    sign_in(browser, served, office, "supervisor.wong")
    found = []
    for path in (
        "/",
        "/staff/sign-in",
        "/staff",
        f"/staff/cases/{reference}",
        f"/staff/cases/{fresh}",
        "/staff/exercises",
        "/staff/exercises/2019-q2",
        "/staff/exercises/2019-q2/redraw",
        "/staff/exercises/2019-q2/what-if",
        "/staff/exercises/2019-q2/what-if?places=5&ruleset=gpt-2015",
        "/staff/exercises/2019-q2/what-if?threshold=200",
        "/staff/exercises/2019-q2/what-if?places=many",
        "/audit",
        f"/audit/cases/{reference}",
        f"/audit/cases/{reference}?as_of=soon",
        "/results",
        "/results/2019-q2",
        "/rules",
        "/rules/gpt-2018",
        "/rules/gptq-2024",
        "/nowhere",
        "/?lang=zh-Hant",
        "/results/2019-q2?lang=zh-Hans",
        "/rules/gpt-2018?lang=zh-Hant",
    ):
        browser.open(served + path)
        found += faults_at(browser, path)
    assert found == []


def test_the_list_of_cases_fits_with_every_column_filled(
    office: Office, served: str, browser: Chromium
) -> None:
    selected, asked_of = file_case(office, "john", *TO_POOL), file_case(office, "emma")
    opened = q.OpenExercise(exercise="2019-q2", title="Second", places=1, shortlist_size=1)
    open_exercise(office, opened, asked(SUPERVISOR))
    draw_shortlist(office, "2019-q2", asked(SUPERVISOR))
    carry_out(office, asked_of, c.AcknowledgeApplication(), asked())
    by = office.clock().date() + timedelta(days=30)
    wanted = RequestDocuments(kinds=(DocumentKind.WORK,), due_on=by)
    carry_out(office, asked_of, wanted, asked(at=None))
    for reference in (selected, asked_of, file_case(office, "jackie")):
        work.carry_out(office, reference, TakeCase(), asked(SUPERVISOR, at=None))
    deadlines.fire(office, at=office.clock() + timedelta(days=32))
    catch_up_all(office.store, office.models)
    sign_in(browser, served, office, "supervisor.wong")
    assert faults_at(browser, "/staff") == []
    browser.resize(320)
    assert browser.look(SCROLLING), "the table scrolls in its own box"


def test_an_override_is_proposed_and_decided_on_readable_pages(
    office: Office, served: str, browser: Chromium
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    for rule, points in (("renowned-institution", 0), ("spouse-with-degree", 5)):
        proposal = c.ProposeOverride(
            rule=rule,
            points=points,
            code=OverrideCode.DOCUMENTS_SHOW_LESS if points == 0 else OverrideCode.FILED_IN_ERROR,
            evidence=("document 7", "document 8"),
            reason="The documents show otherwise than what was claimed",
        )
        carry_out(office, reference, proposal, asked())
    carry_out(office, reference, c.ConfirmOverride(rule="renowned-institution"), asked(SUPERVISOR))
    sign_in(browser, served, office, "supervisor.wong")
    found = []
    for path in (f"/staff/cases/{reference}", f"/audit/cases/{reference}"):
        browser.open(served + path)
        browser.look("document.querySelectorAll('details').forEach(each => each.open = true)")
        found += faults_at(browser, path)
    assert found == []


def test_an_opening_and_the_step_after_it_are_tried_out_on_readable_pages(
    office: Office, served: str, browser: Chromium
) -> None:
    for name in ("john", "emma"):
        file_case(office, name, *TO_POOL)
    sign_in(browser, served, office, "supervisor.wong")
    browser.open(f"{served}/staff/exercises")
    browser.type_into("places", "1")
    browser.click("[formaction]")
    assert browser.look(HEADING) == "Trial of an opening"
    assert faults_at(browser, "trial") == []
    browser.type_into("exercise", "2019-q2")
    browser.type_into("title", "Second quarter")
    browser.click("form[action='/staff/exercises'] button:not([formaction])")
    assert "The exercise is open" in browser.look("document.querySelector('.done').textContent")
    catch_up_all(office.store, office.models)
    browser.open(f"{served}/staff/exercises/2019-q2/dry-run")
    assert browser.look(HEADING) == "Trial of the next step: draw the shortlist"
    assert faults_at(browser, "dry run") == []
