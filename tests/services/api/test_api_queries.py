"""Questions over HTTP: lists and their filters, a case at any moment, and how fresh it is."""

import re
from datetime import datetime
from urllib.parse import quote
from uuid import uuid4

import pytest

from domain import commands as c
from domain.days import HONG_KONG
from services.cases import carry_out
from services.projections.runner import catch_up
from tests.services.api.calling import (
    AUDITOR,
    SECOND,
    SELECTING,
    SERVICE,
    SUPERVISOR,
    TO_THE_POOL,
    Caller,
    is_problem,
)
from tests.services.asking import asked
from tests.services.erasing import erase


def test_a_case_tells_what_it_was_filed_and_scored_with(caller: Caller) -> None:
    reference = caller.submit("emma")
    caller.take(reference, *TO_THE_POOL)
    case = caller.get(f"/cases/{reference.lower().replace('-', ' ')}")
    assert case.headers["ETag"] == '"4"'
    assert case.json["application"]["applicant"]["family_name"] == "Laurent"
    assert (case.json["points"], case.json["assessment"]["total"]) == (120, 120)
    assert case.json["assessment"]["eligible"] is True
    assert (case.json["stage"], case.json["possible"]) == (
        "in-pool",
        [
            "score",
            "propose-override",
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
        ],
    )


def test_a_caller_that_has_the_version_is_not_sent_it_again(caller: Caller) -> None:
    reference = caller.submit()
    for path in (f"/cases/{reference}", f"/cases/{reference}/history"):
        for tag in ('"1"', 'W/"1"', '"0", "1"'):
            answer = caller.get(path, headers={"If-None-Match": tag})
            assert (answer.status_code, answer.data) == (304, b"")
            assert answer.headers["ETag"] == '"1"'
        assert caller.get(path, headers={"If-None-Match": '"2"'}).status_code == 200


def test_a_case_is_shown_as_it_stood(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, "acknowledge")
    body = {"effective_at": "2019-05-03T00:00:00Z"}
    caller.command(f"/cases/{reference}/assess-prerequisites", body, version=2)
    then = caller.get(f"/cases/{reference}?as_of=2019-05-02T08:00:00%2B08:00")
    assert (then.json["stage"], then.headers["ETag"]) == ("acknowledged", '"2"')
    unescaped = caller.get(f"/cases/{reference}?as_of=2019-05-02T08:00:00+08:00")
    assert unescaped.json == then.json
    before = caller.get(f"/cases/{reference}?as_of=2019-04-01T00:00:00Z")
    is_problem(before, 404, "no-such-case")
    unknown_then = caller.get(f"/cases/{reference}?believed_at=2019-05-02T00:00:00Z")
    is_problem(unknown_then, 404, "no-such-case")


def _select(caller: Caller, exercise: str = "2019-1") -> None:
    """Take whoever waits through an exercise of one place."""
    caller.catch_up()
    when = {"effective_at": "2019-05-20T10:00:00+08:00"}
    opening = {"exercise": exercise, "title": "First", "places": 1, "shortlist_size": 2}
    caller.command("/exercises", opening | when, by=SUPERVISOR)
    for step, by in SELECTING:
        taken = caller.step(exercise, step, when, by=by)
        assert taken.status_code == 200, taken.text
    caller.catch_up()


def test_a_case_agrees_with_the_list(caller: Caller) -> None:
    references = [caller.submit(name) for name in ("john", "emma")]
    for reference in references:
        caller.take(reference, *TO_THE_POOL)
    unscored = caller.submit("jackie")
    _select(caller)
    listed = {each["reference"]: each for each in caller.get("/cases").json["items"]}
    assert set(listed) == {*references, unscored}
    for reference, item in listed.items():
        case = caller.get(f"/cases/{reference}").json
        also = item.keys() - {"name"}
        assert {name: case[name] for name in also} == {name: item[name] for name in also}
    assert sorted(listed[each]["rank"] for each in references) == [1, 2]
    assert {listed[each]["exercise"] for each in references} == {"2019-1"}


def test_a_case_tells_the_exercise_that_it_had_come_before_by_then(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    known = caller.get(f"/cases/{reference}/history").json["events"][-1]["sequenced_at"]
    _select(caller)
    for query in ("as_of=2019-05-19", f"believed_at={quote(known)}"):
        then = caller.get(f"/cases/{reference}?{query}").json
        assert (then["points"], then["exercise"], then["rank"]) == (175, None, None), query
    then = caller.get(f"/cases/{reference}?as_of=2019-05-20").json
    assert (then["stage"], then["exercise"], then["rank"]) == ("selected", "2019-1", 1)


def test_a_day_stands_for_its_last_instant_in_hong_kong(caller: Caller) -> None:
    reference = caller.submit()
    for address, version, at in (
        ("acknowledge", 1, "2019-05-02T23:59:59.999999+08:00"),
        ("assess-prerequisites", 2, "2019-05-03T00:00:00+08:00"),
    ):
        body = {"effective_at": at}
        caller.command(f"/cases/{reference}/{address}", body, version=version)
    for path in (f"/cases/{reference}", f"/cases/{reference}/history"):
        assert caller.get(f"{path}?as_of=2019-05-02").json["version"] == 2
        assert caller.get(f"{path}?as_of=2019-05-03&believed_at=9999-12-31").json["version"] == 3
        is_problem(caller.get(f"{path}?believed_at=2019-05-03"), 404, "no-such-case")


@pytest.mark.parametrize("moment", ["2019-02-30", "2019-05-01T09:30:00", "soon", "%00", ""])
def test_a_moment_that_is_none_is_told_where(refused: Caller, moment: str) -> None:
    answer = refused.get(f"/cases/QM-4K7RT-9XWPR?believed_at={moment}")
    (fault,) = is_problem(answer, 422, "invalid-request")["errors"]
    assert fault["path"] == "believed_at"


def test_every_instant_in_an_answer_is_in_utc(caller: Caller) -> None:
    reference = caller.submit()
    here = datetime(2019, 5, 2, 9, 30, tzinfo=HONG_KONG)
    carry_out(caller.office, reference, c.AcknowledgeApplication(), asked(at=here))
    body = {"effective_at": "2019-05-03T09:30:00+08:00"}
    caller.command(f"/cases/{reference}/assess-prerequisites", body, version=2)
    caller.catch_up()
    for path in (f"/cases/{reference}", f"/cases/{reference}/history", "/cases"):
        told = caller.get(path).text
        instants = re.findall(r"\d{4}-\d\d-\d\dT[^\"]*", told)
        assert instants, path
        assert [each for each in instants if not each.endswith("+00:00")] == [], path


def test_a_case_is_shown_as_it_was_believed_to_stand(caller: Caller) -> None:
    reference = caller.submit()
    known = caller.get(f"/cases/{reference}/history").json["events"]
    caller.take(reference, "acknowledge")
    moment = quote(known[0]["sequenced_at"])
    then = caller.get(f"/cases/{reference}/history?believed_at={moment}", by=AUDITOR)
    assert [each["type"] for each in then.json["events"]] == ["application-submitted"]


def test_the_assessments_of_a_case_are_made_again(caller: Caller) -> None:
    reference = caller.submit("emma")
    caller.take(reference, *TO_THE_POOL)
    told = caller.get(f"/cases/{reference}/assessments", by=AUDITOR).json
    assert (told["reference"], told["version"]) == (reference, 4)
    assert [
        (each["version"], each["type"], each["ruleset"], each["extent"], each["differences"])
        for each in told["assessments"]
    ] == [
        (3, "prerequisites-assessed", "gpt-2018", "whole", []),
        (4, "application-scored", "gpt-2018", "whole", []),
    ]
    assert all(each["identical"] for each in told["assessments"])


def test_a_history_tells_who_did_what_when(caller: Caller) -> None:
    given = str(uuid4())
    reference = caller.submit(headers={"X-Request-ID": given})
    caller.take(reference, "acknowledge")
    history = caller.get(f"/cases/{reference}/history", by=AUDITOR).json
    first, second = history["events"]
    assert (history["reference"], history["version"]) == (reference, 2)
    assert (first["type"], first["actor"], first["role"], first["correlation_id"]) == (
        "application-submitted",
        "officer.chan",
        "officer",
        given,
    )
    assert first["payload"]["personal"]["applicant"]["given_names"] == "John"
    assert [first["position"], second["position"]] == [1, 2]


def test_an_erased_person_is_shown_nowhere(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    caller.catch_up()
    erase(caller.office.store, reference)
    case = caller.get(f"/cases/{reference}")
    assert (case.json["application"], case.json["assessment"]) == (None, None)
    assert case.json["points"] == 175
    listed = caller.get("/cases")
    assert listed.json["items"][0]["name"] is None
    history = caller.get(f"/cases/{reference}/history")
    assert b"Carter" not in case.data + listed.data + history.data


def test_cases_are_listed_by_what_is_asked(caller: Caller) -> None:
    john, jackie = caller.submit("john"), caller.submit("jackie")
    caller.take(john, *TO_THE_POOL)
    caller.catch_up()

    def found(query: str) -> set[str]:
        page = caller.get(f"/cases?{query}")
        assert page.status_code == 200, page.text
        return {each["reference"] for each in page.json["items"]}

    assert found("") == {john, jackie}
    assert found("stage=in-pool") == {john}
    assert found("route=achievement") == {jackie}
    assert found("points_from=175&points_to=175") == {john}
    assert found("name=naidoo") == {jackie}
    assert found("name=nobody") == set()
    assert found("exercise=2019-1") == set()
    assert found("submitted_from=2019-05-01T10:00:00+08:00") == {john, jackie}
    assert found("submitted_to=2019-04-30T00:00:00Z") == set()
    counted = caller.get("/counts").json
    assert counted["total"] == 2
    assert {each["stage"]: each["cases"] for each in counted["stages"]} == {
        "submitted": 1,
        "in-pool": 1,
    }


def test_pages_follow_one_another_without_gap_or_repeat(caller: Caller) -> None:
    filed = {caller.submit(name) for name in ("john", "emma", "jackie")}
    caller.catch_up()
    seen: list[str] = []
    after = ""
    for _ in filed:
        page = caller.get(f"/cases?limit=1{after}").json
        seen += [each["reference"] for each in page["items"]]
        after = f"&after={page['next']}"
    assert (set(seen), len(seen), page["next"]) == (filed, 3, None)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("_schema=1", "_schema"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("stage=lost", "stage"),
        ("sort=name", "sort"),
        ("submitted_from=2019-05-01", "submitted_from"),
        ("points_from=1.5", "points_from"),
        ("points_from=9999999999999999999", "points_from"),
        ("after=zzzz", "after"),
        ("after=%00", "after"),
        ("name=%00", "name"),
        ("exercise=%00", "exercise"),
        ("colour=green", "colour"),
        ("wait_for=-1", "wait_for"),
    ],
)
def test_a_malformed_query_is_told_where(refused: Caller, query: str, path: str) -> None:
    problem = is_problem(refused.get(f"/cases?{query}"), 422, "invalid-request")
    assert [each["path"] for each in problem["errors"]] == [path]


def test_points_beyond_any_score_find_nothing(refused: Caller) -> None:
    refused.catch_up()
    assert refused.get("/cases?points_from=9007199254740991").json["items"] == []
    assert refused.get("/cases?points_to=-9007199254740991").json["items"] == []
    assert refused.get("/cases?points_to=9007199254740991").status_code == 200


def test_an_answer_says_how_fresh_it_is(caller: Caller) -> None:
    caller.submit("john")
    caller.catch_up()
    caller.submit("emma")
    caller.office.store.sequence()
    fresh = caller.get("/cases").json["freshness"]
    assert (fresh["position"], fresh["lag"]) == (1, 1)
    assert fresh["as_of"] is not None


@pytest.mark.parametrize("path", ["/cases", "/counts", "/exercises"])
def test_a_caller_can_wait_for_its_own_writes_but_not_for_ever(caller: Caller, path: str) -> None:
    caller.submit()
    late = caller.get(f"{path}?wait_for=1")
    is_problem(late, 503, "not-shown-yet")
    assert int(late.headers["Retry-After"]) > 0
    is_problem(caller.get(path, headers={"Prefer": "wait=0"}), 503, "not-shown-yet")
    caller.catch_up()
    assert caller.get(f"{path}?wait_for=1").status_code == 200
    waited = caller.get(path, headers={"Prefer": "respond-async, wait=5"})
    assert (waited.status_code, waited.headers["Preference-Applied"]) == (200, "wait=5")


def test_the_order_of_what_is_due_next_waits_for_both_of_its_read_models(caller: Caller) -> None:
    caller.submit()
    catch_up(caller.office.store, caller.office.models, "case-list")
    assert caller.get("/cases?wait_for=1").status_code == 200
    is_problem(caller.get("/cases?sort=due_on&wait_for=1"), 503, "not-shown-yet")
    assert caller.get("/cases?sort=due_on").json["freshness"]["position"] == 0
    caller.catch_up()
    assert caller.get("/cases?sort=due_on&wait_for=1").json["freshness"]["position"] == 1


def test_an_exercise_is_shown_and_drawn_again_to_the_same_lists(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, *TO_THE_POOL)
    caller.catch_up()
    opening = {"exercise": "2019-1", "title": "First", "places": 1, "shortlist_size": 1}
    tried = caller.get("/pool/dry-run?places=1&threshold=0", by=SUPERVISOR).json
    assert (tried["pool_size"], tried["selected"], tried["refusal"]) == (1, 1, None)
    assert tried["left_out"]["held"] == 0
    strata = "strata=finance=1,other=2/3&archetype=rank-within-strata"
    within = caller.get(f"/pool/what-if?{strata}", by=AUDITOR)
    assert (within.status_code, within.json["pool_before"]) == (200, 1)
    assert caller.get("/exercises", by=AUDITOR).json["items"] == []
    caller.command("/exercises", opening, by=SUPERVISOR)
    for step, by in SELECTING[:2]:
        caller.step("2019-1", step, by=by)
    told = caller.get("/exercises/2019-1/dry-run", by=SUPERVISOR).json
    assert [each["reference"] for each in told["taken"]] == [reference]
    alone = caller.step("2019-1", "make-selection", by=SUPERVISOR)
    is_problem(alone, 403, "second-officer-needed")
    other = {"digest": "sha256:another"}
    stale = caller.step("2019-1", "make-selection", other, by=SECOND)
    is_problem(stale, 409, "selection-changed")
    blind = caller.command("/exercises/2019-1/make-selection", by=SECOND)
    is_problem(blind, 422, "invalid-request")
    caller.step("2019-1", "make-selection", by=SECOND)
    caller.catch_up()
    shown = caller.get("/exercises/2019-1", by=AUDITOR).json
    assert (shown["stage"], shown["selected"], shown["cut_off"]) == ("selected", 1, 175)
    assert caller.get("/exercises").json["items"] == [shown]
    again = caller.get("/exercises/2019-1/replay", by=AUDITOR).json
    assert (again["equal"], again["differences"]) == (True, [])
    assert [each["reference"] for each in again["selection"]] == [reference]
    other = caller.get("/exercises/2019-1/what-if?places=5&order=points-reference", by=AUDITOR)
    assert (other.json["then"], other.json["moved"]) == (1, [])
    present = caller.get("/pool/what-if?places=1", by=AUDITOR)
    is_problem(present, 409, "nothing-to-select")


def test_a_published_result_is_for_everybody(caller: Caller) -> None:
    caller.take(caller.submit(), *TO_THE_POOL)
    _select(caller)
    is_problem(caller.get("/results/2019-1", by=None), 404, "no-such-exercise")
    assert caller.get("/results", by=None).json == {"items": []}
    published = caller.command("/exercises/2019-1/publish-result", by=SUPERVISOR)
    assert published.status_code == 200
    caller.catch_up()
    result = caller.get("/results/2019-1", by=None).json
    assert (result["pool_size"], result["cut_off"], result["funnel"]["selected"]) == (1, None, None)
    (listed,) = caller.get("/results", by=None).json["items"]
    assert (listed["exercise"], listed["pool_size"], listed["cut_off"]) == ("2019-1", 1, None)


@pytest.mark.parametrize("name", ["2031-1", "%00", "A", "a" * 200])
def test_an_unknown_exercise_is_told_as_such(refused: Caller, name: str) -> None:
    for path in (f"/exercises/{name}", f"/exercises/{name}/replay"):
        is_problem(refused.get(path), 404, "no-such-exercise")


@pytest.mark.parametrize("path", ["/cases", "/counts", "/cases/QM-4K7RT-9XWPR", "/exercises"])
def test_personal_data_is_for_those_who_may_read_cases(refused: Caller, path: str) -> None:
    is_problem(refused.get(path, by=SERVICE), 403, "forbidden")
    is_problem(refused.get(path, by=None), 401, "sign-in-needed")
