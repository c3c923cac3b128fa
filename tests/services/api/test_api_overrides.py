"""Overrides over HTTP: proposed by one, decided by another, shown with what was computed."""

from typing import Any

import pytest

from tests.services.api.calling import (
    AUDITOR,
    RECEIVED,
    SERVICE,
    SUPERVISOR,
    TO_THE_POOL,
    Caller,
    is_problem,
)

RULE = "renowned-institution"
PROPOSAL = {
    "rule": RULE,
    "points": 0,
    "code": "documents-show-less",
    "evidence": ["document 7"],
    "reason": "The diploma is of another school",
    "effective_at": RECEIVED,
}
DECISION = {"rule": RULE, "effective_at": RECEIVED}


@pytest.fixture
def pooled(caller: Caller) -> str:
    """John's case, at version 4, in the pool."""
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    return reference


def send(caller: Caller, reference: str, address: str, body: Any, **given: Any) -> Any:
    return caller.command(f"/cases/{reference}/{address}", body, **given)


def test_an_override_is_proposed_and_confirmed(caller: Caller, pooled: str) -> None:
    proposed = send(caller, pooled, "propose-override", PROPOSAL, version=4)
    assert proposed.json == {"reference": pooled, "version": 5, "stage": "in-pool"}
    case = caller.get(f"/cases/{pooled}").json
    assert case["proposals"] == [
        {
            "rule": RULE,
            "factor": "qualifications",
            "computed": 30,
            "decided": 0,
            "code": "documents-show-less",
            "proposed_by": "officer.chan",
            "personal": {
                "text": "The diploma is of another school",
                "evidence": ["document 7"],
            },
        }
    ]
    assert case["possible"][:3] == ["propose-override", "confirm-override", "decline-override"]
    assert (case["points"], case["computed_points"], case["overrides"]) == (175, None, [])
    assert "overrides" not in case["assessment"]

    confirmed = send(caller, pooled, "confirm-override", DECISION, version=5, by=SUPERVISOR)
    assert (confirmed.status_code, confirmed.json["version"]) == (200, 7)
    case = caller.get(f"/cases/{pooled}").json
    assert (case["points"], case["computed_points"], case["proposals"]) == (145, 175, [])
    assert case["overrides"] == [
        {
            "rule": RULE,
            "computed": 30,
            "decided": 0,
            "code": "documents-show-less",
            "proposed_by": "officer.chan",
            "confirmed_by": "supervisor.wong",
        }
    ]
    assessment = case["assessment"]
    assert (assessment["total"], assessment["computed_total"]) == (145, 175)
    assert assessment["overrides"] == [{"rule": RULE, "computed": 30, "decided": 0}]
    assert [each.get("computed") for each in assessment["factors"]] == [None, 50, *[None] * 4]


def test_the_list_has_computed_points_where_officers_decided(caller: Caller, pooled: str) -> None:
    def listed() -> Any:
        caller.catch_up()
        (item,) = caller.get("/cases").json["items"]
        return item["points"], item["computed_points"]

    send(caller, pooled, "propose-override", PROPOSAL, version=4)
    assert listed() == (175, None)
    send(caller, pooled, "confirm-override", DECISION, version=5, by=SUPERVISOR)
    assert listed() == (145, 175)
    move = {"ruleset": "gpt-2015", "code": "applicant-request", "reason": "He asked for it"}
    given = {"version": 7, "by": SUPERVISOR}
    moved = send(caller, pooled, "move-to-ruleset", move | {"effective_at": RECEIVED}, **given)
    assert moved.status_code == 200
    assert listed() == (None, None)
    assert caller.get(f"/cases/{pooled}").json["computed_points"] is None


def test_an_exercise_lists_computed_points_where_officers_decided(
    caller: Caller, pooled: str
) -> None:
    emma = caller.submit("emma")
    caller.take(emma, *TO_THE_POOL)
    send(caller, pooled, "propose-override", PROPOSAL, version=4)
    send(caller, pooled, "confirm-override", DECISION, version=5, by=SUPERVISOR)
    caller.catch_up()
    opening = {"exercise": "one", "title": "One", "places": 2, "shortlist_size": 2}
    caller.command("/exercises", opening, by=SUPERVISOR)
    caller.command("/exercises/one/draw-shortlist", by=SUPERVISOR)
    again = caller.get("/exercises/one/replay", by=AUDITOR).json
    told = [(each["points"], each["computed_points"]) for each in again["shortlist"]]
    assert told == [(145, 175), (120, None)]


def test_an_override_is_declined(caller: Caller, pooled: str) -> None:
    send(caller, pooled, "propose-override", PROPOSAL, version=4)
    body = DECISION | {"reason": "It is the same school under its former name"}
    declined = send(caller, pooled, "decline-override", body, version=5, by=SUPERVISOR)
    assert declined.status_code == 200
    case = caller.get(f"/cases/{pooled}").json
    assert (case["points"], case["proposals"], case["overrides"]) == (175, [], [])
    told = caller.get(f"/cases/{pooled}/history", by=AUDITOR).json["events"][-1]
    assert told["type"] == "override-declined"
    assert told["payload"]["personal"]["text"] == body["reason"]


def test_nobody_confirms_what_they_proposed(caller: Caller, pooled: str) -> None:
    send(caller, pooled, "propose-override", PROPOSAL, version=4)
    own = send(caller, pooled, "confirm-override", DECISION, version=5)
    is_problem(own, 403, "second-officer-needed")
    machine = send(caller, pooled, "confirm-override", DECISION, version=5, by=SERVICE)
    is_problem(machine, 403, "forbidden")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"points": 29}, 422, "points-impossible"),
        ({"points": 30}, 409, "already-given"),
        ({"rule": "charm"}, 422, "no-such-rule"),
        ({"evidence": []}, 422, "grounds-missing"),
        ({"reason": " "}, 422, "grounds-missing"),
        ({"code": "whim"}, 422, "invalid-request"),
        ({"points": "0"}, 422, "invalid-request"),
    ],
)
def test_an_override_that_cannot_be_is_told_why(
    caller: Caller, pooled: str, changed: dict[str, Any], status: int, code: str
) -> None:
    answer = send(caller, pooled, "propose-override", PROPOSAL | changed, version=4)
    is_problem(answer, status, code)


def test_of_one_rule_there_is_one_proposal(caller: Caller, pooled: str) -> None:
    send(caller, pooled, "propose-override", PROPOSAL, version=4)
    again = send(caller, pooled, "propose-override", PROPOSAL, version=5)
    is_problem(again, 409, "awaits-second-officer")
    other = send(caller, pooled, "confirm-override", {"rule": "charm"}, version=5, by=SUPERVISOR)
    is_problem(other, 409, "no-such-proposal")
