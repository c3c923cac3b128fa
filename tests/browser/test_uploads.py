"""Files that the office and applicants send by a browser without scripts, and what they see."""

from pathlib import Path

import pytest

from domain import papers as p
from services.cases import case_at
from services.documents.receiving import documents_of
from services.wiring import Office
from tests.browser.chromium import Chromium
from tests.browser.looking import FOCUS, HEADING, TITLE
from tests.browser.test_pages import enquire, faults_at, sign_in
from tests.services.sample_files import PROGRAM, pdf, pdf_of
from tests.services.test_pages_documents import FIVE_MEGABYTES, request_documents
from tests.services.visiting import TO_POOL, file_case

KIND, FILE = "receive-document-kind", "receive-document-file"
SAID = "[...document.querySelectorAll('.problems li')].map(e => e.textContent)"
DONE = "document.querySelector('.done').textContent"
FAULT = f"document.getElementById('{FILE}-fault').textContent"
CHOSEN = f"document.getElementById('{KIND}').value"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A letter, one that is a byte too large, and a program that is called a letter."""
    written = {"letter": pdf(), "large": pdf_of(FIVE_MEGABYTES + 1), "program": PROGRAM}
    for name, content in written.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)
    return {name: tmp_path / f"{name}.pdf" for name in written}


def send(browser: Chromium, file: Path) -> None:
    """Fill in the form that brings a document, and send it."""
    browser.choose(KIND, "work")
    browser.attach(FILE, file)
    browser.click("form[enctype] button[type=submit]")


def number_held(office: Office, reference: str) -> int:
    return len(documents_of(case_at(office, reference)))


def test_an_officer_is_told_what_is_wrong_with_a_file_and_sends_another(
    office: Office, served: str, browser: Chromium, files: dict[str, Path]
) -> None:
    reference = file_case(office)
    sign_in(browser, served, office, "officer.chan")
    browser.open(f"{served}/staff/cases/{reference}")
    for name, said in (("large", "5 MB"), ("program", "PDF, JPEG, PNG, GIF")):
        send(browser, files[name])
        assert browser.look(TITLE).startswith("Error: ")
        (problem,) = browser.look(SAID)
        assert said in problem
        assert said in browser.look(FAULT)
        assert browser.await_look(FOCUS, "problems") == "problems"
        assert browser.look(CHOSEN) == "work"
        assert faults_at(browser, name) == []
    assert number_held(office, reference) == 0
    send(browser, files["letter"])
    assert browser.look(DONE).startswith("Add a document: done.")
    assert "letter.pdf" in browser.look("document.querySelector('#main').textContent")
    assert faults_at(browser, "one document") == []
    assert number_held(office, reference) == 1


def test_an_applicant_is_told_what_is_wrong_with_a_file_and_sends_another(
    office: Office, served: str, browser: Chromium, files: dict[str, Path]
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    request_documents(office, reference, p.DocumentKind.WORK)
    enquire(browser, served, office, reference)
    for name, said in (("large", "5 MB"), ("program", "PDF, JPEG, PNG, GIF")):
        send(browser, files[name])
        assert browser.look(HEADING) == "Waiting for selection"
        (problem,) = browser.look(SAID)
        assert said in problem
        assert said in browser.look(FAULT)
        assert faults_at(browser, name) == []
    browser.look(f"document.getElementById('{FILE}').value = ''")
    browser.click("form[enctype] button[type=submit]")
    assert len(browser.look(SAID)) == 1
    assert number_held(office, reference) == 0
    send(browser, files["letter"])
    assert browser.look(DONE) == "Your document has come in."
    assert faults_at(browser, "thanked") == []
    assert number_held(office, reference) == 1
