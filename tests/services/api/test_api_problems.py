"""How errors are told: every refusal has a status, and nothing of ours is shown."""

import json
import logging
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from uuid import uuid4

import pytest

from domain.errors import Refusal
from services.api import problems
from services.api.app import create_api
from services.api.inputs import JSON
from services.documents.files import FileLost
from services.pages.problems import status_of
from services.projections.errors import OfAnotherLog, ProjectionStopped
from services.store import EventOfLater, EventUnreadable, LogCorrupt, SealBroken, StoreFault
from services.wiring import Office, open_office
from tests.services.api.calling import V1, Caller, filed_by, is_problem

OUR_FAULTS = {EventOfLater, EventUnreadable, FileLost, LogCorrupt, SealBroken}


def _below(kind: type[Exception]) -> set[type[Exception]]:
    return {each for sub in kind.__subclasses__() for each in {sub, *_below(sub)}}


def test_every_refusal_has_a_status_of_its_own() -> None:
    ours = {each for each in _below(Refusal) if each.__module__.startswith(("domain", "services"))}
    assert {each.__name__ for each in ours - set(problems.STATUS)} == set()


def test_every_fault_of_the_store_is_told_or_is_our_own() -> None:
    told = {each for each in problems.STORE if issubclass(each, StoreFault)}
    assert {each.__name__ for each in _below(StoreFault) - told - OUR_FAULTS} == set()


def test_no_two_sorts_of_problem_share_a_code() -> None:
    counted = Counter((each.code, each.status) for each in problems.kinds())
    codes = Counter(code for code, _ in counted)
    assert [code for code, times in codes.items() if times > 1] == []


def test_a_type_of_problem_can_be_looked_up(refused: Caller) -> None:
    for kind in problems.kinds():
        told = refused.call("GET", kind.type, by=None)
        assert told.json == {"type": kind.type, "title": kind.title, "status": kind.status}
    is_problem(refused.call("GET", "/problems/none", by=None), 404, "no-such-problem")


def test_an_unknown_address_and_another_method_are_problems(refused: Caller) -> None:
    for path in ("/nothing", "/cases/QM-4K7RT-9XWPR/explode", "/cases/", "//cases"):
        missing = is_problem(refused.get(path), 404, "no-such-route")
        assert missing["detail"] == "every address is described at /api/v1/openapi.json"
    answer = refused.call("DELETE", f"{V1}/cases")
    other_way = is_problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert other_way["detail"] == "it takes GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"{", 400, "malformed-json"),
        (b"\xff{}", 400, "malformed-json"),
        (b"[]", 400, "malformed-json"),
        (b"null", 400, "malformed-json"),
        (b'{"reason": NaN}', 422, "invalid-request"),
        (b'{"reason": "a", "reason": "b"}', 422, "invalid-request"),
        (b'{"reason": ' + b"9" * 5000 + b"}", 422, "invalid-request"),
        (b'{"reason": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "malformed-json"),
        (b'{"reason": "' + b"a" * 1024 * 1024 + b'"}', 413, "body-too-large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    refused: Caller, data: bytes, status: int, code: str
) -> None:
    path = f"{V1}/cases/QM-4K7RT-9XWPR/withdraw"
    headers = {"If-Match": '"1"', "Idempotency-Key": "0190a5b2-6f2e-7c31-9d52-3f0c8f1f7a10"}
    answer = refused.call("POST", path, data=data, content_type="application/json", headers=headers)
    is_problem(answer, status, code)
    answer = refused.call("POST", path, data=b"{}", content_type="text/plain", headers=headers)
    is_problem(answer, 415, "type-unsupported")


def test_who_is_nobody_has_no_long_document_gone_through(refused: Caller) -> None:
    data = b'{"qualifications":[' + b"{}," * 20_000 + b"{}]}"
    answer = refused.call("POST", f"{V1}/assessments", by=None, data=data, content_type=JSON)
    told = is_problem(answer, 400, "malformed-json")
    assert told["detail"] == "the body holds more than 2,000 values"


def test_of_many_faults_the_first_are_told_and_how_many_there_are(refused: Caller) -> None:
    data = json.dumps({"qualifications": [1] * 1_000})
    answer = refused.call("POST", f"{V1}/assessments", by=None, data=data, content_type=JSON)
    told = is_problem(answer, 422, "invalid-request")
    assert len(told["errors"]) == problems.MOST_FAULTS
    assert int(told["detail"].split()[-2]) > 1_000


def test_a_command_without_content_needs_no_body(caller: Caller) -> None:
    reference = caller.submit()
    headers = {"If-Match": '"1"', "Idempotency-Key": "0190a5b2-6f2e-7c31-9d52-3f0c8f1f7a10"}
    answer = caller.call("POST", f"{V1}/cases/{reference}/acknowledge", headers=headers)
    assert answer.json["stage"] == "acknowledged"


def test_a_fault_of_ours_says_nothing_of_itself_but_its_id(
    office: Office, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> datetime:
        raise RuntimeError("the secret of the clock")

    caplog.set_level(logging.DEBUG)
    broken_office = replace(office, clock=broken)
    caller = Caller(app=create_api(broken_office), office=broken_office)
    headers = {"X-Request-ID": (given := uuid4().hex)}
    answer = caller.call(
        "POST", f"{V1}/assessments", by=None, json=filed_by("john"), headers=headers
    )
    assert is_problem(answer, 500, "internal-error")["correlation_id"] == given
    assert "secret" not in answer.text
    assert "the secret of the clock" in caplog.text + "".join(capsys.readouterr())


def test_a_database_that_is_away_is_told_as_such(office: Office) -> None:
    away = open_office(
        replace(office.settings, database_url="postgresql://qmas_app@/none?host=/nowhere")
    )
    caller = Caller(app=create_api(away), office=away)
    for path in ("/cases/QM-4K7RT-9XWPR", "/cases", "/counts", "/exercises"):
        answer = caller.get(path)
        is_problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert "nowhere" not in answer.text
    away.close()


@pytest.mark.parametrize(
    "given",
    ["", "with space", "a" * 65, "<script>", "é", "carter.john", "1971-03-07", "K1234567"],
)
def test_a_request_id_that_may_be_somebodys_name_or_number_is_replaced(
    refused: Caller, given: str
) -> None:
    kept = refused.get("/counts", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", kept)


def test_a_request_id_that_reads_like_a_uuid_is_kept(refused: Caller) -> None:
    for given in (str(uuid4()), uuid4().hex, uuid4().hex.upper()):
        answer = refused.get("/counts", headers={"X-Request-ID": given})
        assert answer.headers["X-Request-ID"] == given.lower()


def test_every_answer_is_private(refused: Caller) -> None:
    for answer in (refused.get("/cases"), refused.get("/nothing"), refused.get("/cases", by=None)):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_statuses_fit_what_they_say() -> None:
    assert all(HTTPStatus(each.status).value >= 400 for each in problems.kinds())


@pytest.mark.parametrize(
    "fault",
    [
        OfAnotherLog("case-list", 5, 3),
        ProjectionStopped("case-list", 5, "ApplicationSubmitted, case-QM-4K7RT-9XWPR", "KeyError"),
    ],
)
def test_what_stands_still_is_told_with_who_mends_it_and_of_no_case(fault: Exception) -> None:
    told = problems.problem_of(fault)
    assert (told.kind.status, told.kind.code) == (503, "stands-still")
    assert "qmas projections status" in told.detail
    assert "QM-" not in told.detail
    assert status_of(fault) == 503
