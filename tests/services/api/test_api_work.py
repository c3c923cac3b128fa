"""The work on cases over HTTP: a version of its own, one POST per command, the next case."""

import hashlib
from base64 import b64encode
from uuid import uuid4

import pytest

from domain.days import hong_kong_date
from services.api.work import COMMANDS, ON_ANY_VERSION
from tests.services.api.calling import (
    AUDITOR,
    OFFICER,
    RECEIVED,
    SUPERVISOR,
    V1,
    Caller,
    filed_by,
    is_problem,
)

LEE = "officer.lee"


def work_of(caller: Caller, reference: str, **given: object) -> dict[str, object]:
    answer = caller.call("GET", f"{V1}/cases/{reference}/work", **given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    return dict(answer.json)


def test_a_case_on_which_nothing_was_done_is_with_nobody(caller: Caller) -> None:
    reference = caller.submit()
    assert work_of(caller, reference) == {
        "reference": reference,
        "version": 0,
        "holder": None,
        "since": None,
        "returned": False,
        "reason": None,
        "notes": [],
        "duplicates": [],
        "data_access": None,
    }


def test_a_case_tells_of_the_duplicate_that_was_refused_beside_it(caller: Caller) -> None:
    reference = caller.submit()
    again = {"application": filed_by("john"), "channel": "paper", "received_at": RECEIVED}
    is_problem(caller.command("/applications", again), 409, "duplicate-application")
    (told,) = work_of(caller, reference)["duplicates"]  # type: ignore[misc]  # a list
    assert (told["channel"], told["by"]) == ("paper", "officer.chan")


def test_a_case_is_taken_noted_on_and_returned(caller: Caller) -> None:
    reference = caller.submit()
    path = f"/cases/{reference}/work"
    taken = caller.command(f"{path}/take", version=0)
    assert taken.json == {"reference": reference, "version": 1, "holder": OFFICER}
    assert taken.headers["ETag"] == '"1"'
    noted = caller.command(f"{path}/note", {"text": "Ask for the diploma"}, by=LEE)
    assert noted.json["version"] == 2
    corrected = {"note": 1, "text": "The diploma is there"}
    caller.command(f"{path}/supersede-note", corrected, version=2)
    caller.command(f"{path}/return", {"reason": "I know the family"}, version=3)
    found = work_of(caller, reference, by=AUDITOR)
    assert (found["holder"], found["returned"], found["reason"]) == (
        None,
        True,
        "I know the family",
    )
    notes = found["notes"]
    assert isinstance(notes, list)
    assert [(each["author"], each["text"], each["superseded_by"]) for each in notes] == [
        (LEE, "Ask for the diploma", 2),
        (OFFICER, "The diploma is there", None),
    ]
    # The case itself is as it was.
    assert caller.call("GET", f"{V1}/cases/{reference}").headers["ETag"] == '"1"'


def test_data_are_asked_for_and_given(caller: Caller) -> None:
    reference = caller.submit()
    path = f"/cases/{reference}/work"
    asked = {"received_on": "2019-05-02", "channel": "letter", "asked_by": "John", "text": "All"}
    caller.command(f"{path}/record-data-access-request", asked, by=LEE)
    assert work_of(caller, reference)["data_access"] == {
        "request": 1,
        "received_on": "2019-05-02",
        "due_on": "2019-06-11",
    }
    again = caller.command(f"{path}/record-data-access-request", asked, by=LEE)
    is_problem(again, 409, "data-access-open")
    caller.command(f"{path}/answer-data-access", {"outcome": "in-full"}, version=1)
    assert work_of(caller, reference)["data_access"] is None


def test_a_version_that_is_had_is_not_sent_again(caller: Caller) -> None:
    reference = caller.submit()
    caller.command(f"/cases/{reference}/work/take", version=0)
    path = f"{V1}/cases/{reference}/work"
    answer = caller.call("GET", path, headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.data) == (304, b"")


@pytest.mark.parametrize(
    "address", sorted(each for each in COMMANDS if COMMANDS[each] not in ON_ANY_VERSION)
)
def test_what_depends_on_what_was_seen_needs_its_version(caller: Caller, address: str) -> None:
    reference = caller.submit()
    path = f"/cases/{reference}/work/{address}"
    body = {
        "assign": {"officer": LEE},
        "hand-over": {"officer": LEE},
        "return": {"reason": "Ill"},
        "supersede-note": {"note": 1, "text": "x"},
        "delay-data-access": {"due_on": "2030-01-01", "reason": "x"},
        "answer-data-access": {"outcome": "in-full"},
    }.get(address, {})
    caller.command(f"/cases/{reference}/work/take", version=0)
    missing = caller.command(path, body, by=SUPERVISOR)
    assert is_problem(missing, 428, "if-match-missing")["current_version"] == 1
    stale = caller.command(path, body, version=0, by=SUPERVISOR)
    is_problem(stale, 412, "stale-version")


def test_the_next_case_is_taken_and_a_repeat_gets_the_same(caller: Caller) -> None:
    # Both were received at one instant, so the reference decides.
    first, second = sorted((caller.submit(), caller.submit("emma")))
    key = str(uuid4())
    taken = caller.command("/next-case", key=key)
    assert taken.json == {"reference": first, "version": 1, "holder": OFFICER}
    assert taken.headers["Location"] == f"{V1}/cases/{first}"
    again = caller.command("/next-case", key=key)
    assert (again.json, again.headers["Idempotent-Replay"]) == (taken.json, "true")
    assert caller.command("/next-case", by=LEE).json["reference"] == second
    is_problem(caller.command("/next-case"), 409, "nothing-waits")


def test_the_next_case_is_of_the_kind_that_is_asked_for(caller: Caller) -> None:
    caller.submit()
    jackie = caller.submit("jackie")
    taken = caller.command("/next-case", {"route": "achievement", "stage": "submitted"})
    assert taken.json["reference"] == jackie
    is_problem(caller.command("/next-case", {"stage": "refused"}), 409, "nothing-waits")
    is_problem(caller.command("/next-case", {"stage": "lost"}), 422, "invalid-request")


def test_refusals_are_told_as_problems(caller: Caller) -> None:
    reference = caller.submit()
    path = f"/cases/{reference}/work"
    caller.command(f"{path}/take", version=0)
    for address, body, by, status, code in (
        ("take", {}, LEE, 409, "held-by-another"),
        ("take", {}, OFFICER, 409, "already-held"),
        ("release", {}, LEE, 409, "not-the-holder"),
        ("hand-over", {"officer": "officer.x"}, OFFICER, 422, "no-such-officer"),
        ("supersede-note", {"note": 7, "text": "x"}, OFFICER, 422, "no-such-note"),
        ("return", {"reason": " "}, OFFICER, 422, "words-missing"),
        ("record-posting", {"letter": 7}, OFFICER, 422, "no-such-letter"),
        ("assign", {"officer": LEE}, OFFICER, 403, "forbidden"),
    ):
        is_problem(caller.command(f"{path}/{address}", body, version=1, by=by), status, code)
    assert work_of(caller, reference)["version"] == 1
    is_problem(
        caller.command("/cases/QM-4K7RT-9XWPR/work/note", {"text": "x"}), 404, "no-such-case"
    )


def test_only_the_office_sees_who_works_on_what(caller: Caller) -> None:
    reference = caller.submit()
    for path in (f"{V1}/cases/{reference}/work", f"{V1}/work", f"{V1}/cases?held=mine"):
        is_problem(caller.call("GET", path, by="service.intake"), 403, "forbidden")
    for address in COMMANDS:
        answer = caller.command(f"/cases/{reference}/work/{address}", {}, by=AUDITOR)
        assert answer.status_code in {403, 422}, address
    is_problem(caller.command("/next-case", by=AUDITOR), 403, "forbidden")


def test_ones_own_cases_and_the_load_of_others_are_listed(caller: Caller) -> None:
    john, emma, jackie = (caller.submit(name) for name in ("john", "emma", "jackie"))
    caller.command(f"/cases/{john}/work/take", version=0)
    caller.command(f"/cases/{emma}/work/assign", {"officer": LEE}, version=0, by=SUPERVISOR)
    caller.catch_up()
    own = caller.call("GET", f"{V1}/work").json
    assert [each["reference"] for each in own["items"]] == [john]
    assert (own["waiting"], own["on_hold"], own["workload"]) == (1, 0, None)
    load = caller.call("GET", f"{V1}/work", by=SUPERVISOR).json
    assert load["items"] == []
    assert [(each["officer"], each["cases"]) for each in load["workload"]] == [
        (OFFICER, 1),
        (LEE, 1),
    ]
    for held, expected in (("mine", [john]), ("nobodys", [jackie])):
        found = caller.call("GET", f"{V1}/cases?held={held}").json
        assert [each["reference"] for each in found["items"]] == expected
    is_problem(caller.call("GET", f"{V1}/cases?held=lost"), 422, "invalid-request")


def test_all_that_is_held_on_a_person_is_given_as_a_file_under_its_digest(caller: Caller) -> None:
    reference = caller.submit()
    path = f"{V1}/cases/{reference}/work/export-data"
    key = {"Idempotency-Key": str(uuid4())}
    refused = caller.call("POST", path, headers=key, json={})
    assert is_problem(refused, 409, "no-data-access-open")
    asked = {"channel": "letter", "asked_by": "John Carter", "text": "All"}
    received = {"received_on": hong_kong_date(caller.office.clock()).isoformat(), **asked}
    opened = caller.call(
        "POST",
        f"{V1}/cases/{reference}/work/record-data-access-request",
        headers={"Idempotency-Key": str(uuid4())},
        json=received,
    )
    assert opened.status_code == 200, opened.text
    given = caller.call("POST", path, headers=key, json={"keep_back": ["notes"]})
    assert (given.status_code, given.mimetype) == (200, "application/zip")
    digest = b64encode(hashlib.sha256(given.data).digest()).decode()
    assert given.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    again = caller.call("POST", path, headers=key, json={"keep_back": ["notes"]})
    assert again.data == given.data
    assert again.headers["Idempotent-Replay"] == "true"
    assert is_problem(caller.call("POST", path, headers=key, json={}), 422, "command-reused")
    other = {"Idempotency-Key": str(uuid4())}
    assert caller.call("POST", path, headers=other, json={}, by=AUDITOR).status_code == 403
