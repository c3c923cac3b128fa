"""What anybody may ask: an application's status with the right date of birth, and a score."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.services.api.calling import TO_THE_POOL, V1, Caller, filed_by, is_problem


def _enquire(caller: Caller, **body: Any) -> TestResponse:
    return caller.call("POST", f"{V1}/status-enquiries", by=None, json=body)


def _assess(caller: Caller, filed: Any, query: str = "?on=2019-05-01") -> TestResponse:
    return caller.call("POST", f"{V1}/assessments{query}", by=None, json=filed)


def test_an_applicant_learns_where_the_application_stands_and_no_more(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    caller.catch_up()
    answer = _enquire(caller, reference=f" {reference.lower()} ", date_of_birth="1988-04-12")
    assert (answer.status_code, answer.json["stage"]) == (200, "in-pool")
    assert answer.json["awaited"] == {"step": "exercise", "party": "office"}
    for hidden in ("rank", "points", "175", "officer", "name", "Carter"):
        assert hidden not in answer.text


def test_unknown_mismatched_and_erased_get_one_answer(caller: Caller) -> None:
    reference = caller.submit("john")
    erased = caller.submit("emma")
    caller.catch_up()
    caller.office.store.destroy_key(erased)
    told = [
        is_problem(_enquire(caller, **asked), 404, "no-such-application")
        for asked in (
            {"reference": "QM-4K7RT-9XWPR", "date_of_birth": "1988-04-12"},
            {"reference": reference, "date_of_birth": "1988-04-13"},
            {"reference": erased, "date_of_birth": "1984-09-30"},
            {"reference": erased, "date_of_birth": "0001-01-01"},
        )
    ]
    assert len({json.dumps(each | {"correlation_id": ""}) for each in told}) == 1


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
