"""Withdrawing and filing anew over HTTP."""

from uuid import uuid4

from tests.services.api.calling import RECEIVED, Caller, filed_by, is_problem

_AGAIN = {"application": filed_by("john"), "channel": "paper", "received_at": RECEIVED}


def test_the_reply_is_of_the_new_case_and_both_name_each_other(caller: Caller) -> None:
    old, key = caller.submit(), str(uuid4())
    path = f"/cases/{old}/withdraw-and-refile"
    answer = caller.command(path, _AGAIN, version=1, key=key)

    assert answer.status_code == 201, answer.text
    new = answer.json["reference"]
    assert answer.headers["Location"] == f"/api/v1/cases/{new}"
    assert answer.headers["ETag"] == '"1"'
    again = caller.command(path, _AGAIN, version=1, key=key)
    assert again.json == answer.json
    assert again.headers["Idempotent-Replay"] == "true"


def test_it_is_refused_without_a_version_or_on_another_one(caller: Caller) -> None:
    path = f"/cases/{caller.submit()}/withdraw-and-refile"
    is_problem(caller.command(path, _AGAIN), 428, "if-match-missing")
    is_problem(caller.command(path, _AGAIN, version=4), 412, "stale-version")


def test_a_fault_in_the_application_is_told_where(caller: Caller) -> None:
    path = f"/cases/{caller.submit()}/withdraw-and-refile"
    future = filed_by("john")
    future["applicant"]["date_of_birth"] = "2031-01-01"
    answer = caller.command(path, {"application": future}, version=1)
    is_problem(answer, 422, "invalid-request")
    assert answer.json["errors"][0]["path"] == "application.applicant.date_of_birth"
