"""Nobody finds more by a list, a search, a count or any other address than detail shows them.

Every address that reads is asked for as everybody in an office with cases at several stages; what
it names has to be among the cases whose own address lets the same person in, and what lists has to
be all of them. Whoever adds a list that asks only for leave, and not whose cases it may hold, fails
here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from domain.access import PERMITTED, SEEN_AT, Action, Person, Role, sees
from domain.gradings import Grade
from domain.references import RANDOM_BYTES, make_reference
from domain.stages import Stage
from services.api.app import create_api
from services.identity import LOCAL_PEOPLE
from services.projections.queries import Sort
from services.wiring import Office
from tests.integration.walking import EXERCISE, Walked, address, readings, references
from tests.services.api.calling import V1, Caller
from tests.services.visiting import Visitor, signed_in

NAMES = ("laurent", "wong", "chan", "nobody-of-this-name")
UNKNOWN = make_reference(bytes(RANDOM_BYTES))
PEOPLE = tuple((name, role) for name, role in LOCAL_PEOPLE if role is not Role.SERVICE)
OFFICERS = re.compile(r"\b(?:officer|supervisor|auditor|admin|service)\.[a-z]+\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Somebody who calls the API."""

    staged: Walked
    client: FlaskClient
    headers: dict[str, str]

    def json(self, path: str) -> dict[str, object]:
        answer = self.client.get(f"{V1}{path}", headers=self.headers)
        return answer.json if answer.status_code == 200 else {}

    def listed(self, query: str) -> set[str]:
        """Return what all the pages of a list hold, one case a page."""
        found: set[str] = set()
        after = ""
        while True:
            page = self.json(f"/cases?limit=1&{query}{after}")
            found |= {each["reference"] for each in page.get("items", ())}
            if not page.get("next"):
                return found
            after = f"&after={page['next']}"

    def shown(self) -> dict[str, str]:
        """Return the stage of each case whose own address lets them in."""
        cases = (self.json(f"/cases/{each}") for each in every(self.staged.office))
        return {str(each["reference"]): str(each["stage"]) for each in cases if each}


def every(office: Office) -> set[str]:
    app = create_api(office)
    headers = Caller(app=app, office=office).token("auditor.ho")
    return Looking(
        staged=Walked(office=office, case="", other="", letter=1, owner_url=""),
        client=app.test_client(),
        headers=headers,
    ).listed("")


def looking_as(staged: Walked, name: str) -> Looking:
    app = create_api(staged.office)
    headers = Caller(app=app, office=staged.office).token(name)
    return Looking(staged=staged, client=app.test_client(), headers=headers)


def pages_read(staged: Walked, visitor: Visitor) -> Iterator[tuple[str, str]]:
    for rule in readings(visitor.client.application):
        if rule.endpoint != "static":
            answer = visitor.client.get(path := address(staged, rule))
            if answer.status_code < 300:
                yield path, answer.get_data().decode("latin-1")


def api_read(looking: Looking) -> Iterator[tuple[str, str]]:
    for rule in readings(looking.client.application):
        path = address(looking.staged, rule)
        answer = looking.client.get(path, headers=looking.headers)
        if answer.status_code < 300:
            yield path, answer.text


@pytest.mark.parametrize(("name", "role"), LOCAL_PEOPLE)
def test_the_api_lists_finds_and_counts_what_detail_shows(
    staged: Walked, name: str, role: Role
) -> None:
    looking = looking_as(staged, name)
    shown = looking.shown()
    assert len(every(staged.office)) == 3
    assert {Stage(each) for each in shown.values()} <= SEEN_AT.get(role, frozenset(Stage))
    for sort in set(Sort) - {Sort.NEXT_DUE}:
        assert looking.listed(f"sort={sort}") == set(shown), sort
    for stage in Stage:
        at_it = {each for each, found in shown.items() if found == stage}
        assert looking.listed(f"stage={stage}") == at_it, stage
    found = set().union(*(looking.listed(f"name={each}") for each in NAMES))
    assert found <= set(shown)
    counted = looking.json("/counts")
    told = {each["stage"]: each["cases"] for each in counted.get("stages", ())}
    assert counted.get("total", 0) == len(shown) == sum(told.values())
    assert set(told) == set(shown.values())
    for path, text in api_read(looking):
        assert references(text) <= set(shown), path


@pytest.mark.parametrize(("name", "role"), PEOPLE)
def test_the_pages_name_no_case_that_their_detail_does_not_show(
    staged: Walked, name: str, role: Role
) -> None:
    visitor = signed_in(staged.office, name)
    shown = {
        each
        for each in every(staged.office)
        if visitor.client.get(f"/staff/cases/{each}").status_code == 200
    }
    listed = visitor.client.get("/staff").text
    assert references(listed) == shown
    person = Person(name=name, role=role)
    assert f"<strong>{len(shown)}</strong> in all" in listed or not shown
    for stage in Stage:
        assert sees(person, stage) or f"stage={stage}" not in listed
    for path, text in pages_read(staged, visitor):
        assert references(text) <= shown, path


def test_a_panel_member_sees_the_cases_before_the_panel_and_no_others(staged: Walked) -> None:
    looking = looking_as(staged, "panel.cheung")
    assert set(looking.shown()) == {staged.case}
    assert looking.listed("") == {staged.case}
    for case in (staged.other, staged.aside):
        for path in ("", "/documents", "/linked"):
            away = looking.client.get(f"{V1}/cases/{case}{path}", headers=looking.headers)
            none = looking.client.get(f"{V1}/cases/{UNKNOWN}{path}", headers=looking.headers)
            assert (away.status_code, none.status_code) == (404, 404)
            assert away.json["detail"].replace(case, UNKNOWN) == none.json["detail"]
    then = f"{V1}/cases/{staged.case}?as_of=2019-05-02"
    assert looking.client.get(then, headers=looking.headers).status_code == 404


@pytest.mark.parametrize("asked", ["mark=duplicates", "mark=overdue", "sort=due_on"])
def test_what_tells_of_the_work_on_a_case_is_asked_of_a_list_by_whoever_reads_it(
    staged: Walked, asked: str
) -> None:
    for name, role in PEOPLE:
        looking = looking_as(staged, name)
        leave = 200 if role in PERMITTED[Action.READ_WORK] else 403
        answer = looking.client.get(f"{V1}/cases?{asked}", headers=looking.headers)
        assert answer.status_code == leave, (name, asked)
        visitor = signed_in(staged.office, name)
        assert visitor.get(f"/staff?{asked}").status == leave, (name, asked)
        if role in PERMITTED[Action.READ_CASES]:
            offered = f'value="{asked.partition("=")[2]}"' in visitor.get("/staff").html
            assert offered is (leave == 200), (name, asked)


def test_whoever_stepped_aside_sees_nothing_of_the_case_when_they_had_not_yet(
    staged: Walked,
) -> None:
    aside = staged.office.store.read_stream(f"case-{staged.aside}")[-1].effective_at
    before = (aside - timedelta(microseconds=1)).isoformat()
    member, officer = looking_as(staged, "panel.cheung"), looking_as(staged, "officer.chan")
    for moment in ("as_of", "believed_at"):
        query = {moment: before}
        path = f"{V1}/cases/{staged.aside}"
        then = member.client.get(path, headers=member.headers, query_string=query)
        assert then.status_code == 404, moment
        shown = officer.client.get(path, headers=officer.headers, query_string=query)
        assert shown.json["stage"] == Stage.SHORTLISTED, moment


def test_a_panel_member_grades_no_case_that_is_not_before_the_panel(staged: Walked) -> None:
    app = create_api(staged.office)
    caller = Caller(app=app, office=staged.office)
    for case, status in ((staged.other, 404), (staged.aside, 404), (staged.case, 200)):
        body = {"exercise": EXERCISE, "grade": Grade.AVERAGE.value}
        version = len(staged.office.store.read_stream(f"case-{case}"))
        by = "panel.cheung"
        answer = caller.command(f"/cases/{case}/grade", body, version=version, by=by)
        assert answer.status_code == status, answer.text


def test_a_panel_member_is_told_the_name_of_no_officer(staged: Walked) -> None:
    read = dict(api_read(looking_as(staged, "panel.cheung")))
    read |= dict(pages_read(staged, signed_in(staged.office, "panel.cheung")))
    assert f"{V1}/cases/{staged.case}" in read
    assert f"/staff/cases/{staged.case}" in read
    for path, text in read.items():
        assert not OFFICERS.findall(text), path
    assert "somebody else" in read[f"/staff/cases/{staged.case}"]
    by_officer = dict(api_read(looking_as(staged, "officer.chan")))
    assert OFFICERS.findall(by_officer[f"{V1}/cases/{staged.case}"])


def test_a_panel_member_sees_a_case_and_no_history_of_it(staged: Walked) -> None:
    titles = {}
    for name in ("officer.chan", "panel.cheung"):
        page = signed_in(staged.office, name).get(f"/staff/cases/{staged.case}")
        titles[name] = {each.text for each in page.root.all("h2")}
        assert ("Whole history" in page.text) is (name == "officer.chan")
    assert titles["officer.chan"] - titles["panel.cheung"] >= {"Timeline"}
    assert "What was filed" in titles["panel.cheung"]
