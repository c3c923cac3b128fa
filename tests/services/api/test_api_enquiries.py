"""What anybody may ask: an application's status with the right date of birth, and a score."""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from services.notifications.codes import TRIES
from tests.services.api.calling import RECEIVED, TO_THE_POOL, V1, Caller, filed_by, is_problem
from tests.services.coming_in import JOHN_BORN, codes, status_told
from tests.services.erasing import erase


def _enquire(caller: Caller, **body: Any) -> TestResponse:
    return caller.call("POST", f"{V1}/status-enquiries", by=None, json=body)


def _assess(caller: Caller, filed: Any, query: str = "?on=2019-05-01") -> TestResponse:
    return caller.call("POST", f"{V1}/assessments{query}", by=None, json=filed)


def _enter(caller: Caller, challenge: str, code: str) -> TestResponse:
    path = f"{V1}/status-enquiries/{challenge}"
    return caller.call("POST", path, by=None, json={"code": code})


def test_an_applicant_learns_where_the_application_stands_and_no_more(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    caller.catch_up()
    answer = status_told(caller, f" {reference.lower()} ")
    assert (answer.status_code, answer.json["stage"]) == (200, "in-pool")
    assert answer.json["awaited"] == {"step": "exercise", "party": "office"}
    for hidden in ("rank", "points", "175", "officer", "name", "Carter"):
        assert hidden not in answer.text


def test_right_unknown_mismatched_and_erased_get_one_answer(caller: Caller) -> None:
    reference = caller.submit("john")
    erased = caller.submit("emma")
    caller.catch_up()
    erase(caller.office.store, erased)
    told = [
        _enquire(caller, **asked)
        for asked in (
            {"reference": reference, "date_of_birth": "1988-04-12"},
            {"reference": "QM-4K7RT-9XWPR", "date_of_birth": "1988-04-12"},
            {"reference": reference, "date_of_birth": "1988-04-13"},
            {"reference": erased, "date_of_birth": "1984-09-30"},
            {"reference": erased, "date_of_birth": "0001-01-01"},
        )
    ]
    assert {each.status_code for each in told} == {202}
    assert {each.json["minutes"] for each in told} == {10}
    assert len({each.json["challenge"] for each in told}) == len(told)
    assert len({tuple(sorted(each.headers.keys())) for each in told}) == 1
    assert len(codes(caller.office)) == 1


def test_a_right_code_is_kept_while_there_is_no_status_to_show(caller: Caller) -> None:
    reference = caller.submit()
    enquiry = {"reference": reference, "date_of_birth": JOHN_BORN.isoformat()}
    challenge = _enquire(caller, **enquiry).json["challenge"]
    (code,) = codes(caller.office)
    for _ in range(TRIES + 1):
        behind = _enter(caller, challenge, code)
        is_problem(behind, 503, "not-shown-yet")
        assert behind.headers["Retry-After"]
    assert _enter(caller, challenge, f"{(int(code) + 1) % 10**6:06}").status_code == 403
    caller.catch_up()
    assert _enter(caller, challenge, code).status_code == 200
    assert _enter(caller, challenge, code).status_code == 403


def test_wrong_used_and_unknown_codes_get_one_answer(caller: Caller) -> None:
    reference = caller.submit()
    caller.catch_up()
    enquiry = {"reference": reference, "date_of_birth": JOHN_BORN.isoformat()}
    challenge = _enquire(caller, **enquiry).json["challenge"]
    (code,) = codes(caller.office)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refused = [
        _enter(caller, challenge, wrong),
        _enter(caller, challenge, "\u0661\u0662\u0663\u0664\u0665\u0666"),
        _enter(caller, str(uuid4()), code),
        _enter(caller, "none", code),
    ]
    assert _enter(caller, challenge, code).status_code == 200
    refused.append(_enter(caller, challenge, code))
    told = [is_problem(each, 403, "code-refused") for each in refused]
    assert len({json.dumps(each | {"correlation_id": "", "instance": ""}) for each in told}) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"reference": "QM-4K7RT-9XWPX", "date_of_birth": "1988-04-12"}, "reference"),
        ({"reference": "", "date_of_birth": "1988-04-12"}, "reference"),
        ({"reference": "QM-4K7RT-9XWPR", "date_of_birth": "12 April"}, "date_of_birth"),
        ({"reference": "QM-4K7RT-9XWPR"}, "date_of_birth"),
    ],
)
def test_a_mistyped_enquiry_is_told_where(refused: Caller, body: dict[str, Any], path: str) -> None:
    problem = is_problem(_enquire(refused, **body), 422, "invalid-request")
    assert [each["path"] for each in problem["errors"]] == [path]


@pytest.mark.parametrize(
    ("name", "ruleset", "total"),
    [("john", "gpt-2018", 175), ("emma", "gpt-2018", 120), ("jackie", "apt-225", 225)],
)
def test_an_application_file_is_scored_without_being_filed(
    refused: Caller, name: str, ruleset: str, total: int
) -> None:
    score = _assess(refused, filed_by(name)).json
    assert (score["ruleset"], score["total"], score["eligible"]) == (ruleset, total, True)
    named = _assess(refused, filed_by(name), f"?on=2019-05-01&ruleset={ruleset}").json
    assert named == score


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?on=2019-05-01&ruleset=gpt-1066", "unknown-ruleset"),
        ("?on=2019-05-01&ruleset=apt-225", "wrong-route"),
        ("?on=2019-05-32", "invalid-request"),
        ("?ruleset=%00", "invalid-request"),
        ("?on=9999-12-31&ruleset=gpt-2018&on=2019-05-01", "invalid-request"),
    ],
)
def test_a_score_that_cannot_be_given_is_told_why(refused: Caller, query: str, code: str) -> None:
    is_problem(_assess(refused, filed_by("john"), query), 422, code)


def test_a_day_before_the_scheme_has_no_rules(refused: Caller) -> None:
    young = filed_by("john") | {"qualifications": [], "employment": []}
    is_problem(_assess(refused, young, "?on=2006-06-27"), 422, "no-ruleset")
    assert _assess(refused, young, "?on=2006-06-28").json["ruleset"] == "gpt-2006"


@pytest.mark.parametrize("on", ["9999-12-31", "1990-01-01"])
def test_a_far_day_is_scored_under_a_named_ruleset_or_refused(refused: Caller, on: str) -> None:
    answer = _assess(refused, filed_by("john"), f"?on={on}&ruleset=gpt-2018")
    assert answer.status_code in {200, 422}


def test_every_fault_of_a_file_is_told_at_once_with_its_path(refused: Caller) -> None:
    filed = filed_by("john")
    filed["qualifications"][1]["awarded_on"] = "soon"
    filed["applicant"]["date_of_birth"] = "2020-01-01"
    filed["applicant"]["name_in_chinese"] = None
    del filed["languages"]
    text = json.dumps(filed).replace('"route":', '"route": "general", "route":', 1)
    answer = refused.call(
        "POST",
        f"{V1}/assessments?on=2019-05-01",
        by=None,
        data=text,
        content_type="application/json",
    )
    problem = is_problem(answer, 422, "invalid-request")
    assert {each["path"] for each in problem["errors"]} == {
        "qualifications[1].awarded_on",
        "applicant.date_of_birth",
        "applicant.name_in_chinese",
        "languages",
        "route",
    }


def _refused_for_a_record(caller: Caller) -> str:
    """The reference of a refused application whose applicant is written to in Chinese."""
    filed = filed_by("emma")
    filed["prerequisites"]["criminal_record"] = True
    body = {"application": filed, "channel": "paper", "received_at": RECEIVED}
    reference = str(caller.command("/applications", body).json["reference"])
    version = caller.take(reference, "acknowledge", "assess-prerequisites")
    refusal = {"effective_at": RECEIVED, "reasons": []}
    answer = caller.command(f"/cases/{reference}/propose-refusal", refusal, version=version)
    assert answer.status_code == 200, answer.text
    caller.take(reference, "confirm-decision refusal", version=answer.json["version"])
    caller.catch_up()
    return reference


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "有刑事紀錄；申請人不得有刑事紀錄或不良入境紀錄"),
        ("?language=zh-Hans", "有犯罪记录；申请人不得有犯罪记录或不良出入境记录"),
        (
            "?language=en",
            "Has a criminal record; no criminal and no adverse immigration record is required",
        ),
    ],
)
def test_a_refusal_is_said_in_the_applicants_language_unless_another_is_asked_for(
    caller: Caller, query: str, said: str
) -> None:
    reference = _refused_for_a_record(caller)
    answer = status_told(caller, reference, date(1984, 9, 30), query)
    assert (answer.status_code, answer.json["reasons"]) == (200, [said])
    assert answer.json["language"] == "zh-Hant"


@pytest.mark.parametrize(
    ("query", "said"),
    [("", "Aged 31"), ("&language=zh-Hant", "31歲"), ("&language=zh-Hans", "31岁")],
)
def test_a_score_is_said_in_the_language_asked_for(refused: Caller, query: str, said: str) -> None:
    score = _assess(refused, filed_by("john"), f"?on=2019-05-01{query}").json
    assert score["factors"][0]["awards"][0]["reason"] == said


def test_an_unknown_language_is_told_with_those_there_are(refused: Caller) -> None:
    answer = _assess(refused, filed_by("john"), "?on=2019-05-01&language=fr")
    problem = is_problem(answer, 422, "invalid-request")
    assert problem["errors"] == [
        {"path": "language", "message": "must be one of en, zh-Hant, zh-Hans"}
    ]


def test_the_assessment_of_a_case_is_said_in_the_language_asked_for(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    told = [
        caller.get(f"/cases/{reference}{query}").json["assessment"]["factors"][0]["awards"][0]
        for query in ("", "?language=zh-Hans")
    ]
    assert [each["reason"] for each in told] == ["Aged 31", "31岁"]
    assert [each["source"] for each in told] == [["S4", "S5"]] * 2


def test_a_test_of_criteria_is_answered_with_criteria_and_no_factors(caller: Caller) -> None:
    answer = _assess(caller, filed_by("emma"), "?on=2024-11-01").json
    assert "factors" not in answer
    assert (answer["ruleset"], answer["total"], answer["pass_mark"]) == ("gptq-2024", 6, 6)
    assert [each["id"] for each in answer["criteria"]] == [f"C{n}" for n in range(1, 13)]
    first, second = answer["criteria"][:2]
    assert first == {
        "id": "C1",
        "met": True,
        "reason": "Aged 40",
        "evidence": ["applicant.date_of_birth"],
        "source": ["S21", "S22", "S52"],
    }
    assert (second["met"], second["edition"]) == (False, "universities-2024")
