"""Documents over HTTP: a file as a body, what is told of it, and what is refused of it."""

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from domain.papers import MediaType
from tests.services.api.calling import AUDITOR, OFFICER, SERVICE, V1, Caller, is_problem
from tests.services.coming_in import status_told
from tests.services.erasing import erase
from tests.services.sample_files import PROGRAM, SAMPLES, jpeg, pdf, pdf_of

FIVE_MEGABYTES = 5 * 1024 * 1024


def add(
    caller: Caller,
    reference: str,
    content: bytes = b"",
    *,
    version: int | None = 1,
    **how: Any,
) -> TestResponse:
    """Send a file as `curl --data-binary` does."""
    headers = {
        "Idempotency-Key": how.get("key") or str(uuid4()),
        "Content-Type": how.get("sent_as", "application/pdf"),
    }
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    path = f"{V1}/cases/{reference}/documents?{how.get('given', 'kind=work&name=letter.pdf')}"
    by = how.get("by", OFFICER)
    return caller.call("POST", path, headers=headers, data=content or pdf(), by=by)


def listed(caller: Caller, reference: str) -> dict[str, Any]:
    answer = caller.get(f"/cases/{reference}/documents")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_added_listed_and_fetched(caller: Caller, name: str) -> None:
    media_type, content = SAMPLES[name]
    reference = caller.submit()
    added = add(caller, reference, content, sent_as=media_type)
    assert (added.status_code, added.headers["ETag"]) == (201, '"2"')
    assert added.json == {"reference": reference, "version": 2, "stage": "submitted"}
    assert added.headers["Location"] == f"{V1}/cases/{reference}/documents"
    (document,) = listed(caller, reference)["documents"]
    assert (document["document"], document["kind"], document["size"]) == (1, "work", len(content))
    assert document["media_type"] == media_type
    assert document["received_from"] == OFFICER
    assert (document["checked"], document["verified"]) == (None, None)
    found = caller.get(f"/cases/{reference}/documents/1", by=AUDITOR)
    assert found.data == content
    assert found.mimetype == media_type
    assert found.headers["Content-Disposition"].startswith('attachment; filename="letter')
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Cache-Control"] == "private, no-store"
    assert found.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_document_is_asked_for_checked_and_verified(caller: Caller) -> None:
    reference = caller.submit()
    due = "2099-12-31"
    asked = caller.command(
        f"/cases/{reference}/request-documents",
        {"kinds": ["work", "language"], "due_on": due, "text": "your last payslip"},
        version=1,
    )
    assert (asked.status_code, asked.json["stage"]) == (200, "submitted")
    add(caller, reference, version=2)
    requested = listed(caller, reference)["requested"]
    assert requested == {
        "kinds": ["work", "language"],
        "missing": ["language"],
        "due_on": due,
        "requested_by": OFFICER,
        "text": "your last payslip",
    }
    caller.catch_up()
    told = status_told(caller, reference).json
    assert told["awaited"] == {"step": "documents", "party": "applicant"}
    assert told["documents_by"] == due
    checked = {"document": 1, "outcome": "illegible", "remarks": "page 2"}
    caller.command(f"/cases/{reference}/check-document", checked, version=3)
    verified = {"document": 1, "form": "copy", "finding": "genuine"}
    caller.command(f"/cases/{reference}/verify-document", verified, version=4)
    (document,) = listed(caller, reference)["documents"]
    assert (document["checked"]["outcome"], document["checked"]["remarks"]) == (
        "illegible",
        "page 2",
    )
    assert document["checked"]["checked_by"] == OFFICER
    assert (document["verified"]["form"], document["verified"]["finding"]) == ("copy", "genuine")
    assert listed(caller, reference)["requested"]["missing"] == ["work", "language"]
    for given in ("kind=work", "kind=language"):
        add(caller, reference, given=given, version=listed(caller, reference)["version"])
    assert listed(caller, reference)["requested"] is None


def test_a_cancelled_request_asks_the_applicant_for_nothing_more(caller: Caller) -> None:
    reference = caller.submit()
    path = f"/cases/{reference}"
    asked = {"kinds": ["work"], "due_on": "2099-01-01"}
    caller.command(f"{path}/request-documents", asked, version=1)
    assert "cancel-document-request" in caller.get(path).json["possible"]
    cancel = f"{path}/cancel-document-request"
    is_problem(caller.command(cancel, {"reason": " "}, version=2), 422, "reasons-missing")
    caller.command(cancel, {"reason": "It is proven already"}, version=2)
    assert listed(caller, reference)["requested"] is None
    caller.catch_up()
    told = status_told(caller, reference).json
    assert told["awaited"]["party"] == "office"
    assert told["documents_by"] is None
    again = caller.command(cancel, {"reason": "It is proven already"}, version=3)
    is_problem(again, 409, "not-allowed-now")


@pytest.mark.parametrize(
    ("content", "sent_as"),
    [
        (PROGRAM, "application/pdf"),
        (PROGRAM, "application/octet-stream"),
        (pdf()[:-30], "application/pdf"),
        (jpeg(), "application/pdf"),
        (pdf(), "image/jpeg"),
        (b"hello", "text/plain"),
        (b"kind=work", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_a_body_that_is_no_document_is_refused(
    refused: Caller, standing_case: str, content: bytes, sent_as: str
) -> None:
    answer = add(refused, standing_case, content, sent_as=sent_as, version=2)
    assert is_problem(answer, 415, answer.json["type"].rsplit("/", 1)[1])["title"]


def test_an_empty_body_is_refused(refused: Caller, standing_case: str) -> None:
    headers = {
        "Idempotency-Key": str(uuid4()),
        "If-Match": '"2"',
        "Content-Type": "application/pdf",
    }
    path = f"{V1}/cases/{standing_case}/documents?kind=work"
    answer = refused.call("POST", path, headers=headers, data=b"")
    assert "empty" in is_problem(answer, 415, "not-a-document")["detail"]


def test_five_megabytes_are_taken_and_not_a_byte_more(caller: Caller) -> None:
    reference = caller.submit()
    over = add(caller, reference, pdf_of(FIVE_MEGABYTES + 1))
    assert "5,242,880 bytes" in is_problem(over, 413, "file-too-large")["detail"]
    assert add(caller, reference, pdf_of(FIVE_MEGABYTES)).status_code == 201


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("", "kind"),
        ("kind=passport", "kind"),
        ("kind=work&kind=work", "kind"),
        ("kind=work&name=" + "x" * 1001, "name"),
        ("kind=work&colour=red", "colour"),
        ("kind=work&effective_at=yesterday", "effective_at"),
    ],
)
def test_a_query_that_is_wrong_is_told_by_its_parameter(
    refused: Caller, standing_case: str, given: str, path: str
) -> None:
    problem = is_problem(add(refused, standing_case, given=given), 422, "invalid-request")
    assert [each["path"] for each in problem["errors"]] == [path]


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "a%0D%0Ab.pdf", "%E6%8E%A8.pdf", ""])
def test_any_name_is_taken_and_made_safe(caller: Caller, name: str) -> None:
    reference = caller.submit()
    assert add(caller, reference, given=f"kind=work&name={name}").status_code == 201
    (document,) = listed(caller, reference)["documents"]
    assert document["name"] in {"passwd.pdf", "a b.pdf", "推.pdf", "work.pdf"}
    assert caller.get(f"/cases/{reference}/documents/1").status_code == 200


def test_a_file_sent_again_under_its_key_is_taken_once(caller: Caller) -> None:
    reference, key = caller.submit(), str(uuid4())
    first = add(caller, reference, key=key)
    again = add(caller, reference, key=key, version=None)
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(listed(caller, reference)["documents"]) == 1
    other = add(caller, reference, pdf(b"another"), key=key)
    is_problem(other, 422, "command-reused")


def test_a_version_is_asked_for_and_must_be_the_present_one(
    refused: Caller, standing_case: str
) -> None:
    is_problem(add(refused, standing_case, version=None), 428, "if-match-missing")
    is_problem(add(refused, standing_case, version=1), 412, "stale-version")


def test_who_may_send_no_document_sends_none(refused: Caller, standing_case: str) -> None:
    for nobody in (AUDITOR, SERVICE):
        is_problem(add(refused, standing_case, version=2, by=nobody), 403, "forbidden")


def test_what_is_not_there_is_not_found(refused: Caller, standing_case: str) -> None:
    is_problem(refused.get(f"/cases/{standing_case}/documents/1"), 404, "no-such-document")
    is_problem(refused.get("/cases/QM-AQP2Y-Q46AS/documents"), 404, "no-such-case")
    is_problem(refused.get("/cases/QM-AQP2Y-Q46AS/documents/1"), 404, "no-such-case")
    check = {"document": 9, "outcome": "sufficient"}
    answer = refused.command(f"/cases/{standing_case}/check-document", check, version=2)
    is_problem(answer, 404, "no-such-document")


def test_the_files_of_an_erased_person_are_given_to_nobody(caller: Caller) -> None:
    reference = caller.submit()
    add(caller, reference)
    erase(caller.office.store, reference)
    is_problem(caller.get(f"/cases/{reference}/documents/1"), 409, "person-erased")
    (document,) = listed(caller, reference)["documents"]
    assert (document["name"], document["sha256"]) == (None, None)
    is_problem(add(caller, reference, version=2), 409, "person-erased")


def test_the_description_tells_how_a_file_is_sent_and_fetched(caller: Caller) -> None:
    paths = caller.get("/openapi.json").json["paths"]
    sent = paths[f"{V1}/cases/{{reference}}/documents"]["post"]["requestBody"]["content"]
    assert set(sent) == {*MediaType, "application/octet-stream"}
    fetched = paths[f"{V1}/cases/{{reference}}/documents/{{number}}"]["get"]["responses"]["200"]
    assert set(fetched["content"]) == set(MediaType)


@pytest.mark.parametrize("number", ["0", "-1", "x", "01", "9" * 30, "%00"])
def test_what_is_no_number_is_not_found(refused: Caller, standing_case: str, number: str) -> None:
    answer = refused.get(f"/cases/{standing_case}/documents/{number}")
    is_problem(answer, 404, "no-such-document")


def test_a_file_that_was_cut_off_on_its_way_is_told_as_such(
    refused: Caller, standing_case: str
) -> None:
    headers = {
        "Idempotency-Key": str(uuid4()),
        "If-Match": '"2"',
        "Content-Type": "application/pdf",
    }
    # As a server hands it over that ends the body itself when its sender goes away.
    environ = {"CONTENT_LENGTH": "100000", "wsgi.input_terminated": True}
    path = f"{V1}/cases/{standing_case}/documents?kind=work"
    answer = refused.call("POST", path, headers=headers, data=pdf(), environ_overrides=environ)
    is_problem(answer, 400, "upload-cut-off")
