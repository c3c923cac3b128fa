"""Commands over HTTP: the whole path, repeats, versions, and what a refusal leaves behind."""

from typing import Any
from uuid import uuid4

import pytest

from domain.access import ACTION_OF
from domain.commands import CaseCommand
from services.api.commands import COMMANDS
from tests.services.api.calling import (
    AUDITOR,
    OFFICER,
    RECEIVED,
    SELECTING,
    SERVICE,
    SUPERVISOR,
    TO_THE_POOL,
    Caller,
    filed_by,
    is_problem,
)


def _selected(caller: Caller, name: str = "john") -> tuple[str, int]:
    """File and select the one applicant of an exercise; return reference and version."""
    reference = caller.submit(name)
    caller.take(reference, *TO_THE_POOL)
    caller.catch_up()
    opening = {"exercise": "2019-1", "title": "First of 2019", "places": 1, "shortlist_size": 1}
    opened = caller.command("/exercises", opening | {"effective_at": RECEIVED}, by=SUPERVISOR)
    assert opened.status_code == 201, opened.text
    assert opened.headers["Location"] == "/api/v1/exercises/2019-1"
    for step, by in SELECTING:
        taken = caller.step("2019-1", step, {"effective_at": RECEIVED}, by=by)
        cases = 0 if step == "propose-selection" else 1
        assert (taken.status_code, taken.json["cases"]) == (200, cases)
    return reference, 6


def test_an_application_goes_from_submission_to_a_visa(caller: Caller) -> None:
    reference, version = _selected(caller)
    version = caller.take(
        reference,
        "propose-approval-in-principle",
        "confirm-decision approval-in-principle",
        "verify-originals",
        "propose-approval",
        "confirm-decision approval",
        version=version,
    )
    due = caller.get(f"/cases/{reference}").json
    assert (due["stage"], due["possible"]) == (
        "approved",
        [
            "pay-visa-fee",
            "lapse",
            "propose-voiding",
            "documents",
            "correct",
            "propose-contact-change",
            "appoint-representative",
            "recuse",
            "hold",
            "place-legal-hold",
        ],
    )
    paid = caller.command(
        f"/cases/{reference}/pay-visa-fee",
        {"amount_hkd": due["due_hkd"], "effective_at": RECEIVED},
        version=version,
        by=SERVICE,
    )
    version = caller.take(reference, "issue-visa", version=paid.json["version"])
    active = caller.command(
        f"/cases/{reference}/activate-visa", {"entered_on": "2019-06-01"}, version=version
    )
    assert active.json == {"reference": reference, "version": 16, "stage": "visa-activated"}
    assert active.headers["ETag"] == '"16"'


def test_filing_answers_with_where_the_case_is(caller: Caller) -> None:
    body = {"application": filed_by("emma"), "received_at": RECEIVED}
    filed = caller.command("/applications", body)
    reference = filed.json["reference"]
    assert filed.headers["Location"] == f"/api/v1/cases/{reference}"
    assert caller.get(f"/cases/{reference}").json["application"] == _whole(filed_by("emma"))


def test_filing_as_received_before_the_scheme_is_refused_by_name(caller: Caller) -> None:
    young = filed_by("emma") | {"qualifications": [], "employment": [], "family": {"children": []}}
    body = {"application": young, "received_at": "2006-06-27T23:59:59+08:00"}
    is_problem(caller.command("/applications", body), 422, "no-ruleset")


def _whole(application: dict[str, Any]) -> dict[str, Any]:
    """Return the file with the one default that is not an absence written out."""
    for each in application["qualifications"]:
        each.setdefault("recognised_body", False)
    return application


def test_every_command_on_a_case_has_an_address_but_those_of_exercises() -> None:
    without = {each.__name__ for each in _all_commands()} - {
        each.__name__ for each in COMMANDS.values()
    }
    exercises = {"ShortlistCase", "TakeOutOfRank", "SelectCase", "PassOverCase"}
    assert without == {"SubmitApplication", "ReceiveDocument", *exercises}


def _all_commands() -> set[type[CaseCommand]]:
    return set(ACTION_OF)


def test_a_repeat_gets_the_first_answer_even_where_the_version_has_moved_on(
    caller: Caller,
) -> None:
    reference, key = caller.submit(), str(uuid4())
    path = f"/cases/{reference}/acknowledge"
    first = caller.command(path, version=1, key=key)
    caller.take(reference, version=2)
    moved = caller.command(f"/cases/{reference}/assess-prerequisites", version=2)
    assert moved.status_code == 200

    again = caller.command(path, version=1, key=key)
    assert (again.status_code, again.json, again.headers["ETag"]) == (
        first.status_code,
        first.json,
        first.headers["ETag"],
    )
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    without = caller.command(path, key=key)
    assert without.json == first.json
    assert caller.office.store.sequence() == 3


def test_filing_again_under_one_key_files_once(caller: Caller) -> None:
    key = str(uuid4())
    reference = caller.submit(key=key)
    again = caller.command(
        "/applications",
        {"application": filed_by("john"), "channel": "paper", "received_at": RECEIVED},
        key=key.upper(),
    )
    assert (again.status_code, again.json["reference"]) == (201, reference)
    assert again.headers["Location"] == f"/api/v1/cases/{reference}"
    assert again.headers["Idempotent-Replay"] == "true"
    assert caller.office.store.sequence() == 1


def test_one_key_for_another_body_is_refused(caller: Caller) -> None:
    key = str(uuid4())
    caller.submit("john", key=key)
    other = {"application": filed_by("emma"), "channel": "paper", "received_at": RECEIVED}
    is_problem(caller.command("/applications", other, key=key), 422, "command-reused")
    assert caller.office.store.sequence() == 1


@pytest.mark.parametrize("path", ["/applications", "/cases/{}/acknowledge", "/exercises"])
def test_a_command_without_a_key_is_refused(refused: Caller, standing_case: str, path: str) -> None:
    bodies = {
        "/applications": {"application": filed_by("emma"), "received_at": RECEIVED},
        "/exercises": {"exercise": "a", "title": "A", "places": 1, "shortlist_size": 1},
    }
    body = bodies.get(path, {})
    path = path.format(standing_case)
    answer = refused.command(path, body, key="", version=2, by=SUPERVISOR)
    is_problem(answer, 400, "idempotency-key-missing")
    answer = refused.command(path, body, key="1234", version=2, by=SUPERVISOR)
    is_problem(answer, 400, "idempotency-key-invalid")


def test_a_command_on_a_case_without_if_match_is_told_the_version(caller: Caller) -> None:
    reference = caller.submit()
    problem = is_problem(caller.command(f"/cases/{reference}/acknowledge"), 428, "if-match-missing")
    assert problem["current_version"] == 1
    assert caller.office.store.sequence() == 1


@pytest.mark.parametrize("version", [0, 1, 3, 999])
def test_a_version_too_low_or_too_high_is_stale(
    refused: Caller, standing_case: str, version: int
) -> None:
    answer = refused.command(f"/cases/{standing_case}/assess-prerequisites", version=version)
    problem = is_problem(answer, 412, "stale-version")
    assert (problem["expected_version"], problem["current_version"]) == (version, 2)
    assert answer.headers["ETag"] == '"2"'


@pytest.mark.parametrize("named", ["*", 'W/"1"', "1", '"1", "2"', '"one"', '"-1"', '"01"', '""'])
def test_if_match_names_exactly_one_version(
    refused: Caller, standing_case: str, named: str
) -> None:
    answer = refused.command(f"/cases/{standing_case}/assess-prerequisites", version=named)
    is_problem(answer, 400, "if-match-invalid")


def test_a_command_that_the_stage_forbids_names_what_is_possible(
    refused: Caller, standing_case: str
) -> None:
    answer = refused.command(f"/cases/{standing_case}/score", version=2)
    problem = is_problem(answer, 409, "not-allowed-now")
    assert problem["stage"] == "acknowledged"
    assert problem["possible"] == [
        "assess-prerequisites",
        "move-to-ruleset",
        "request-documents",
        "documents",
        "withdraw",
        "add-dependant",
        "correct",
        "propose-contact-change",
        "appoint-representative",
        "recuse",
        "hold",
        "place-legal-hold",
    ]


def test_a_second_live_application_of_one_person_is_refused(caller: Caller) -> None:
    live = caller.submit()
    body = {"application": filed_by("john"), "received_at": RECEIVED}
    told = is_problem(caller.command("/applications", body), 409, "duplicate-application")
    assert told["live_case"] == live
    hidden = caller.command("/applications", {"application": body["application"]}, by=SERVICE)
    assert live not in hidden.text
    is_problem(hidden, 409, "duplicate-application")


@pytest.mark.parametrize(
    ("address", "body", "path"),
    [
        ("pay-visa-fee", {}, "amount_hkd"),
        ("pay-visa-fee", {"amount_hkd": 230.0}, "amount_hkd"),
        ("pay-visa-fee", {"amount_hkd": True}, "amount_hkd"),
        ("activate-visa", {"entered_on": "2019-02-30"}, "entered_on"),
        ("propose-refusal", {"reasons": "too few points"}, "reasons"),
        ("propose-refusal", {"reasons": ["\0"]}, "reasons[0]"),
        ("withdraw", {"reason": "\ud800"}, "reason"),
        ("acknowledge", {"reason": "none"}, "reason"),
        ("acknowledge", {"effective_at": "2019-05-01"}, "effective_at"),
        ("acknowledge", {"effective_at": "2019-05-01T10:00:00"}, "effective_at"),
        ("acknowledge", {"effective_at": None}, "effective_at"),
    ],
)
def test_a_malformed_body_is_told_where(
    refused: Caller, standing_case: str, address: str, body: dict[str, Any], path: str
) -> None:
    answer = refused.command(f"/cases/{standing_case}/{address}", body, version=2)
    problem = is_problem(answer, 422, "invalid-request")
    assert [each["path"] for each in problem["errors"]] == [path]


@pytest.mark.parametrize(
    ("instant", "code"),
    [("2019-04-30T10:00:00+08:00", "earlier-than-history"), ("2999-01-01T00:00:00Z", "not-yet")],
)
def test_a_time_before_the_past_or_after_now_is_refused(
    refused: Caller, standing_case: str, instant: str, code: str
) -> None:
    body = {"effective_at": instant}
    answer = refused.command(f"/cases/{standing_case}/assess-prerequisites", body, version=2)
    is_problem(answer, 422, code)


def test_every_fault_of_an_application_is_told_at_once(refused: Caller) -> None:
    filed = filed_by("john")
    filed["applicant"]["date_of_birth"] = "2020-01-01"
    filed["employment"][0]["ended_on"] = "2011-01-01"
    filed["qualifications"][1]["awarded_on"] = "yesterday"
    filed["route"] = "sideways"
    filed["favourite_colour"] = "green"
    body = {"application": filed, "received_at": RECEIVED, "channel": "pigeon"}
    problem = is_problem(refused.command("/applications", body), 422, "invalid-request")
    assert {each["path"] for each in problem["errors"]} == {
        "application.applicant.date_of_birth",
        "application.employment[0].ended_on",
        "application.qualifications[1].awarded_on",
        "application.route",
        "application.favourite_colour",
        "channel",
    }


@pytest.mark.parametrize("reference", ["QM-4K7RT-9XWPR", "QM-4K7RT-9XWPX", "nonsense", "%00"])
def test_an_unknown_reference_is_told_as_such(caller: Caller, reference: str) -> None:
    is_problem(caller.command(f"/cases/{reference}/acknowledge", version=1), 404, "no-such-case")
    assert caller.office.store.sequence() == 0


def test_a_wrong_amount_is_told_what_is_due(caller: Caller) -> None:
    reference, version = _selected(caller)
    version = caller.take(
        reference,
        "propose-approval-in-principle",
        "confirm-decision approval-in-principle",
        "verify-originals",
        "propose-approval",
        "confirm-decision approval",
        version=version,
    )
    body = {"amount_hkd": 1, "effective_at": RECEIVED}
    answer = caller.command(f"/cases/{reference}/pay-visa-fee", body, version=version)
    assert "HK$1 was offered" in is_problem(answer, 422, "wrong-amount")["detail"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"exercise": "a b"}, "exercise"),
        ({"exercise": "../x"}, "exercise"),
        ({"exercise": "a" * 64}, "exercise"),
        ({"title": ""}, "title"),
        ({"shortlist_size": 2**31}, "shortlist_size"),
        ({"places": 2**53}, "places"),
    ],
)
def test_an_exercise_that_could_not_be_kept_is_refused(
    refused: Caller, change: dict[str, Any], path: str
) -> None:
    opening = {"exercise": "2019-1", "title": "First", "places": 1, "shortlist_size": 1} | change
    answer = refused.command("/exercises", opening, by=SUPERVISOR)
    problem = is_problem(answer, 422, "invalid-request")
    assert path in {each["path"] for each in problem["errors"]}


def test_an_empty_pool_and_an_unopened_exercise_are_told_as_such(refused: Caller) -> None:
    opening = {"exercise": "2019-1", "title": "First", "places": 1, "shortlist_size": 1}
    opening["effective_at"] = RECEIVED
    answer = refused.command("/exercises", opening, by=SUPERVISOR)
    is_problem(answer, 409, "nothing-to-select")
    answer = refused.command("/exercises/2019-1/draw-shortlist", by=SUPERVISOR)
    assert is_problem(answer, 409, "not-allowed-now")["stage"] == "unopened"
    answer = refused.command("/exercises/%00/draw-shortlist", by=SUPERVISOR)
    is_problem(answer, 404, "no-such-exercise")


@pytest.mark.parametrize("path", ["/applications", "/cases/QM-4K7RT-9XWPR/acknowledge"])
def test_an_auditor_commands_nothing(refused: Caller, path: str) -> None:
    body = {"application": filed_by("john")} if path == "/applications" else {}
    is_problem(refused.command(path, body, version=1, by=AUDITOR), 403, "forbidden")


MOVE = {"ruleset": "gpt-2015", "code": "review-or-court", "reason": "As the tribunal ordered"}


def test_a_case_is_moved_to_another_ruleset_and_has_no_points_until_it_is_scored(
    caller: Caller,
) -> None:
    reference = caller.submit()
    version = caller.take(reference, *TO_THE_POOL)
    path, body = f"/cases/{reference}/move-to-ruleset", MOVE | {"effective_at": RECEIVED}
    moved = caller.command(path, body, version=version, by=SUPERVISOR)
    assert moved.json == {"reference": reference, "version": 5, "stage": "acknowledged"}
    case = caller.get(f"/cases/{reference}").json
    assert (case["ruleset"], case["points"], case["assessment"]) == ("gpt-2015", None, None)
    last = caller.get(f"/cases/{reference}/history").json["events"][-1]
    assert last["type"] == "case-moved-to-ruleset"
    assert (last["payload"]["before"], last["payload"]["code"]) == ("gpt-2018", "review-or-court")
    caller.take(reference, "assess-prerequisites", "score", version=5)
    case = caller.get(f"/cases/{reference}").json
    assert (case["ruleset"], case["points"]) == ("gpt-2015", 145)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"ruleset": "gpt-2018"}, 409, "same-ruleset"),
        ({"ruleset": "apt-225"}, 422, "wrong-route"),
        ({"ruleset": "gpt-1999"}, 422, "unknown-ruleset"),
        ({"reason": " "}, 422, "reasons-missing"),
        ({"code": "whim"}, 422, "invalid-request"),
        ({"by": OFFICER}, 403, "forbidden"),
    ],
)
def test_a_move_that_cannot_be_made_is_a_problem_of_its_own(
    caller: Caller, change: dict[str, str], status: int, code: str
) -> None:
    reference = caller.submit()
    version = caller.take(reference, "acknowledge")
    body = MOVE | {"effective_at": RECEIVED} | change
    by = body.pop("by", SUPERVISOR)
    path = f"/cases/{reference}/move-to-ruleset"
    is_problem(caller.command(path, body, version=version, by=by), status, code)
