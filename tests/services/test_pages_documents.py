"""Documents on the pages: the office asks and looks, an applicant sends to their own case alone."""

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from domain import commands as c
from domain import papers as p
from domain.application import Correspondence
from services.cases import carry_out, case_at, submit
from services.documents.receiving import documents_of, fetch
from services.pages.incoming import LARGEST_WITH_FILE
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import asked, filed_by, on_paper
from tests.services.coming_in import come_in
from tests.services.sample_files import PROGRAM, pdf, pdf_of
from tests.services.visiting import TO_POOL, Page, Visitor, file_case, signed_in

FIVE_MEGABYTES = 5 * 1024 * 1024


def file_in(office: Office, language: Correspondence) -> str:
    """Return the reference of the case of who wants to be written to in that language."""
    john = filed_by("john")
    told = replace(john.applicant, correspondence_language=language)
    command = replace(on_paper("john"), application=replace(john, applicant=told))
    reference = submit(office, command, asked()).reference
    catch_up_all(office.store, office.models)
    return reference


def send_file(
    visitor: Visitor,
    page: Page,
    action: str,
    content: bytes = b"",
    *,
    name: str = "letter.pdf",
    **typed: str,
) -> Page:
    """Fill in the form that brings a file, as a browser does, and return what comes of it."""
    form: dict[str, Any] = {**page.form(action), "kind": "work", **typed}
    file = BytesIO(content or pdf())
    form["file"] = FileStorage(file, filename=name, content_type="image/x-whatever")
    boundary, body = encode_multipart(form)
    sent_as = f"multipart/form-data; boundary={boundary}"
    answer = visitor.client.post(action, data=body, content_type=sent_as, follow_redirects=True)
    return visitor._page(answer)


def request_documents(office: Office, reference: str, *kinds: p.DocumentKind) -> None:
    due = office.clock().date() + timedelta(days=30)
    command = p.RequestDocuments(kinds=kinds, due_on=due, text="Your last payslip")
    carry_out(office, reference, command, asked(at=None))
    catch_up_all(office.store, office.models)


def test_an_officer_adds_a_document_sees_it_and_saves_it(office: Office) -> None:
    reference = file_case(office)
    path = f"/staff/cases/{reference}"
    officer = signed_in(office, "officer.chan")
    page = send_file(officer, officer.get(path), f"{path}/documents", effective_at="2019-05-02")
    assert (page.status, page.problems) == (200, [])
    assert "Add a document: done." in page.root.text
    (row,) = (
        page.root.one("section", **{"aria-labelledby": "documents-title"}).one("tbody").all("tr")
    )
    assert "1: letter.pdf PDF, 1 kB" in row.text
    assert "2 May 2019, 00:00 , from officer.chan" in row.text
    (link,) = row.all("a")
    saved = officer.client.get(link.given["href"])
    assert saved.data == pdf()
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="letter.pdf"')
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert saved.headers["Cache-Control"] == "private, no-store"


def test_an_officer_checks_verifies_and_asks_for_documents(office: Office) -> None:
    reference = file_case(office)
    path = f"/staff/cases/{reference}"
    officer = signed_in(office, "officer.chan")
    page = send_file(officer, officer.get(path), f"{path}/documents")
    page = officer.send(
        page, f"{path}/check-document", document="1", outcome="illegible", remarks="Page 2"
    )
    page = officer.send(
        page, f"{path}/verify-document", document="1", form="copy", finding="genuine"
    )
    assert "Illegible: Page 2" in page.text
    assert "Genuine, copy" in page.text
    due = (office.clock().date() + timedelta(days=30)).isoformat()
    ticks = {"kinds.work": "yes", "kinds.family": "yes"}
    page = officer.send(page, f"{path}/request-documents", due_on=due, **ticks)
    assert "as officer.chan asked: Work Family" in page.text
    state: Any = case_at(office, reference).state
    assert state.filed.papers.missing == (p.DocumentKind.WORK, p.DocumentKind.FAMILY)


def test_a_request_without_kinds_is_told_at_its_field_and_keeps_what_was_ticked(
    office: Office,
) -> None:
    reference = file_case(office)
    path = f"/staff/cases/{reference}"
    officer = signed_in(office, "officer.chan")
    page = officer.send(officer.get(path), f"{path}/request-documents", due_on="2099-01-01")
    assert (page.status, page.problems) == (
        422,
        ["Kinds of documents: This is needed; fill it in"],
    )
    page = officer.send(page, f"{path}/request-documents", due_on="", **{"kinds.work": "yes"})
    assert page.problems == ["To be sent by: This is needed; fill it in"]
    assert page.form(f"{path}/request-documents")["kinds.work"] == "yes"
    assert "kinds.other" not in page.form(f"{path}/request-documents")


def test_who_may_not_send_is_offered_nothing_and_refused(office: Office) -> None:
    reference = file_case(office)
    path = f"/staff/cases/{reference}"
    auditor = signed_in(office, "auditor.ho")
    page = auditor.get(path)
    assert page.status == 200
    assert f"{path}/documents" not in page.actions
    token = next(
        each.given["value"] for each in page.root.all("input") if each.given.get("name") == "csrf"
    )
    assert auditor.post(f"{path}/documents", {"csrf": token}).status == 403


def test_an_applicant_sees_what_is_asked_for_and_sends_it(office: Office) -> None:
    reference = file_case(office)
    request_documents(office, reference, p.DocumentKind.WORK, p.DocumentKind.OTHER)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    due = office.clock().date() + timedelta(days=30)
    assert page.facts["What is awaited"] == "The documents that were asked for"
    assert page.facts["From whom"] == "You"
    assert page.facts["By when"] == f"{due.day} {due:%B %Y}"
    assert "Your last payslip" in page.text
    page = send_file(visitor, page, "/status/documents")
    assert (page.status, page.path) == (200, "/status")
    assert "Your document has come in." in page.root.text
    assert "Work (has come in)" in page.text
    page = send_file(visitor, page, "/status/documents", kind="other")
    catch_up_all(office.store, office.models)
    page = visitor.get("/status")
    assert page.facts["What is awaited"] == "The acknowledgement of your application"
    assert "Documents that have come in so far: 2" in page.text
    case = case_at(office, reference)
    assert [each.paper.received.received_from for each in documents_of(case)] == [reference] * 2
    assert fetch(office, case, 1).content == pdf()


def test_an_officer_cancels_on_the_case_s_page_what_was_asked_for(office: Office) -> None:
    reference = file_case(office)
    request_documents(office, reference, p.DocumentKind.WORK)
    officer = signed_in(office, "officer.chan")
    path = f"/staff/cases/{reference}"
    page = officer.send(officer.get(path), f"{path}/cancel-document-request", reason="Proven")
    assert page.status == 200
    assert "Request for documents cancelled" in page.text
    assert not any(each.endswith("/cancel-document-request") for each in page.actions)
    visitor = Visitor(office)
    assert "Your last payslip" not in come_in(visitor, reference).text


def test_an_open_status_page_gives_nobody_a_file(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    page = send_file(visitor, come_in(visitor, reference), "/status/documents")
    assert page.status == 200
    assert "letter.pdf" not in page.html
    answer = visitor.client.get(f"/staff/cases/{reference}/documents/1")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/staff/sign-in")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PROGRAM, "not a document of a kind that is taken: the file is none of PDF, JPEG"),
        (pdf()[:-30], "the file begins as a PDF, but it has no end"),
        (pdf_of(FIVE_MEGABYTES + 1), "The file is too large: a file has at most 5,242,880 bytes"),
        (b"x" * (3 * FIVE_MEGABYTES), "The file is too large"),
    ],
    ids=["program", "cut-off", "one-byte-more", "three-times"],
)
def test_a_file_that_is_not_taken_is_told_at_its_field(
    office: Office, content: bytes, said: str
) -> None:
    reference = file_case(office)
    visitor, officer = Visitor(office), signed_in(office, "officer.chan")
    own = come_in(visitor, reference)
    path = f"/staff/cases/{reference}"
    for page in (
        send_file(visitor, own, "/status/documents", content),
        send_file(officer, officer.get(path), f"{path}/documents", content),
    ):
        assert page.status == 422
        (problem,) = page.problems
        assert said in problem
        # What was chosen stays chosen.
        assert page.root.one("option", value="work").given.get("selected") is not None
    assert case_at(office, reference).version == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Correspondence.ENGLISH, "Your document could not be taken in"),
        (Correspondence.TRADITIONAL_CHINESE, "未能接收這份文件"),
        (Correspondence.SIMPLIFIED_CHINESE, "未能接收这份材料"),
    ],
)
def test_an_applicant_whose_case_moved_on_is_refused_in_their_own_words(
    office: Office, language: Correspondence, said: str
) -> None:
    reference = file_in(office, language)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    carry_out(office, reference, c.WithdrawApplication(reason="We are moving"), asked())
    page = send_file(visitor, page, "/status/documents")
    assert page.status == 422
    (problem,) = page.problems
    assert said in problem
    assert "withdrawn" not in problem


def test_a_form_that_was_used_for_another_file_says_so(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    assert send_file(visitor, page, "/status/documents").status == 200
    page = send_file(visitor, page, "/status/documents", pdf_of(10_000))
    assert page.problems == ["This form was used before. Choose the file again and send it anew"]
    assert len(documents_of(case_at(office, reference))) == 1


def test_more_than_is_read_at_all_is_cut_off(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    page = send_file(visitor, page, "/status/documents", b"x" * LARGEST_WITH_FILE)
    assert (page.status, page.heading) == (413, "Too much at once")


def test_no_file_and_no_kind_are_told(office: Office) -> None:
    visitor = Visitor(office)
    page = come_in(visitor, file_case(office))
    page = visitor.send(page, "/status/documents")
    assert page.status == 422
    assert page.problems == [
        "What it is: Choose what the document is",
        "File: Choose a file",
    ]


def test_a_file_from_another_site_is_refused(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    page = send_file(visitor, page, "/status/documents", csrf="guessed")
    assert (page.status, page.heading) == (400, "This form has expired")
    assert case_at(office, reference).version == 1


def test_a_file_sent_from_one_window_never_reaches_the_case_of_another(office: Office) -> None:
    first, second = file_case(office), file_case(office, "emma")
    visitor = Visitor(office)
    shown = come_in(visitor, first)
    other = come_in(visitor, second, filed_by("emma").applicant.date_of_birth)
    page = send_file(visitor, shown, "/status/documents")
    assert (page.status, page.heading) == (400, "This form has expired")
    assert [case_at(office, each).version for each in (first, second)] == [1, 1]
    assert send_file(visitor, other, "/status/documents").status == 200
    assert [case_at(office, each).version for each in (first, second)] == [1, 2]


def test_a_form_sent_twice_brings_one_document(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    for _ in range(2):
        assert send_file(visitor, page, "/status/documents").status == 200
    assert len(documents_of(case_at(office, reference))) == 1


def test_no_other_form_may_bring_a_file(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    come_in(visitor, reference)
    form = {"csrf": "x", "file": (BytesIO(b"x" * 100_000), "a.pdf")}
    assert visitor.client.post("/status/close", data=form).status_code == 413


@pytest.mark.parametrize(
    ("language", "heading", "since", "too_large"),
    [
        ("zh-Hant", "等待甄選", "2019年5月1日 10:00", "檔案過大。每個檔案最大 5 MB"),
        ("zh-Hans", "等待甄选", "2019年5月1日 10:00", "文件过大。每个文件最大 5 MB"),
    ],
)
def test_the_whole_page_speaks_the_applicants_language(
    office: Office, language: str, heading: str, since: str, too_large: str
) -> None:
    reference = file_in(office, Correspondence(language))
    for each in TO_POOL:
        carry_out(office, reference, each, asked())
    request_documents(office, reference, p.DocumentKind.WORK)
    visitor = Visitor(office)
    page = come_in(visitor, reference)
    assert page.root.one("html").given["lang"] == language
    assert page.heading == heading
    assert since in page.facts.values()
    ours = r"QM-\S+|gpt-2018|PDF|JPEG|PNG|GIF|TIFF|MB|UTC|Your last payslip"
    assert re.findall(r"[A-Za-z]{2,}", re.sub(ours, "", page.root.text)) == []
    content = pdf_of(FIVE_MEGABYTES + 1)
    refused = send_file(visitor, page, "/status/documents", content)
    assert (refused.status, too_large in refused.problems[0]) == (422, True)
    assert send_file(visitor, page, "/status/documents").root.one("html").given["lang"] == language
