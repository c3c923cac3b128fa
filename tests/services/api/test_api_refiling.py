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


def test_the_detail_tells_what_stands_around_the_case(caller: Caller) -> None:
    old = caller.submit()
    path = f"/cases/{old}/withdraw-and-refile"
    new = caller.command(path, _AGAIN, version=1).json["reference"]
    spouse = {
        "relation": "spouse",
        "family_name": "Carter",
        "given_names": "Anna",
        "date_of_birth": "1990-01-31",
        "nationality": "CAN",
    }
    caller.command(f"/cases/{new}/add-dependant", spouse, version=1)
    caller.command(f"/cases/{new}/hold", {"reason": "Forged?"}, version=2)
    caller.command(f"/cases/{old}/propose-erasure", version=2)

    told = caller.get(f"/cases/{new}").json
    assert (told["held"], told["refiles"], told["refiled_as"]) == (True, old, None)
    assert told["dependants"] == [{"dependant": 1, "relation": "spouse"}]
    assert (told["represented"], told["recused"], told["reconsiderations"]) == (False, [], 0)
    assert told["decision"] is None
    ended = caller.get(f"/cases/{old}").json
    assert ended["refiled_as"] == new
    assert (ended["decision"]["matter"], ended["decision"]["proposed_by"]) == (
        "erasure",
        "officer.chan",
    )


def test_the_other_cases_of_a_person_are_listed_and_cases_by_their_marks(caller: Caller) -> None:
    old = caller.submit()
    path = f"/cases/{old}/withdraw-and-refile"
    new = caller.command(path, _AGAIN, version=1).json["reference"]
    is_problem(caller.command("/applications", _AGAIN), 409, "duplicate-application")
    caller.catch_up()

    (item,) = caller.get(f"/cases/{new}/linked").json["items"]
    assert (item["reference"], item["stage"], item["refiled_as"]) == (old, "withdrawn", new)
    listed = caller.get("/cases?mark=duplicates").json["items"]
    assert [each["reference"] for each in listed] == [new]
    assert caller.get("/cases?mark=held").json["items"] == []
    is_problem(caller.get("/cases?mark=lost"), 422, "invalid-request")
