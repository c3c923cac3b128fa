"""The pages of selection exercises, from their opening to the places."""

from datetime import datetime
from uuid import uuid4

from domain import commands as c
from domain import exercise_commands as q
from domain.access import Person, Role
from domain.days import HONG_KONG
from domain.errors import Refusal
from domain.exercise_events import ExerciseOpened
from domain.gradings import DepartureCode, Direction, Grade
from domain.rules.terms import Archetype
from services import exercises
from services.cases import carry_out
from services.pages.problems import status_of
from services.projections.runner import catch_up_all
from services.store import Commit, NewEvent, StreamWrite
from services.wiring import Office
from tests.services.asking import MAY_2019, SUPERVISOR, asked
from tests.services.visiting import TO_POOL, Page, Visitor, act, file_case, signed_in

OPENING = {
    "exercise": "2019-q2",
    "title": "Second quarter of 2019",
    "places": "1",
    "shortlist_size": "2",
    "effective_at": "2019-05-20T10:00",
}


COMMITTEE = datetime(2019, 5, 20, 11, tzinfo=HONG_KONG)


def open_one(visitor: Visitor, **typed: str) -> Page:
    return visitor.send(visitor.get("/staff/exercises"), "/staff/exercises", **{**OPENING, **typed})


def run(visitor: Visitor, slug: str) -> Page:
    path = "/staff/exercises/2019-q2"
    sent = visitor.send(visitor.get(path), f"{path}/{slug}", effective_at="2019-05-20T11:00")
    catch_up_all(visitor.office.store, visitor.office.models)
    return sent


def test_an_exercise_can_be_run_from_its_opening_to_the_places(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    file_case(office, "emma", *TO_POOL)
    visitor = signed_in(office, "supervisor.wong")
    assert "The exercise is open" in open_one(visitor).text
    catch_up_all(office.store, office.models)
    assert "Draw the shortlist: done, with 2 cases." in run(visitor, "draw-shortlist").text
    assert "Propose the selection: done" in run(visitor, "propose-selection").text
    alone = run(visitor, "make-selection")
    assert "supervisor.wong took part in this exercise before" in alone.problems[0]
    second = signed_in(office, "supervisor.lee")
    assert "Make the selection: done, with 2 cases." in run(second, "make-selection").text
    assert "Publish the result: done" in run(second, "publish-result").text
    page = visitor.get("/staff/exercises/2019-q2")
    assert page.heading == "Second quarter of 2019"
    assert page.facts["State"] == "Result published"
    assert page.facts["Cut-off"] == "175 points"
    assert "1 May 2019, 10:00:00" in page.facts["Tie-break"]
    assert "this one is local policy" in page.text
    assert page.facts["Selection"].startswith("sha256:")
    assert page.actions == ["/sign-out"]


def test_a_page_left_open_confirms_only_what_it_showed(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    emma = file_case(office, "emma", *TO_POOL)
    proposer = signed_in(office, "supervisor.wong")
    open_one(proposer)
    catch_up_all(office.store, office.models)
    run(proposer, "draw-shortlist")
    run(proposer, "propose-selection")
    second = signed_in(office, "supervisor.lee")
    left_open = second.get("/staff/exercises/2019-q2")
    panel = Person(name="panel.cheung", role=Role.PANEL)
    carry_out(
        office, emma, c.GradeCase(exercise="2019-q2", grade=Grade.AVERAGE), asked(panel, at=None)
    )
    place = q.DepartFromRank(
        reference=emma, direction=Direction.PLACE, code=DepartureCode.NEEDS, reason="The only one"
    )
    exercises.depart_from_rank(office, "2019-q2", place, asked(SUPERVISOR, at=COMMITTEE))
    catch_up_all(office.store, office.models)
    run(proposer, "propose-selection")
    path = "/staff/exercises/2019-q2/make-selection"
    refused = second.send(left_open, path, effective_at="")
    assert (refused.status, "look at that one" in refused.problems[0]) == (422, True)
    assert "Make the selection: done" in second.send(refused, path, effective_at="").text


def test_a_panel_member_who_steps_aside_goes_on_to_the_list_without_the_case(
    office: Office,
) -> None:
    john, emma = (file_case(office, each, *TO_POOL) for each in ("john", "emma"))
    supervisor = signed_in(office, "supervisor.wong")
    open_one(supervisor)
    catch_up_all(office.store, office.models)
    run(supervisor, "draw-shortlist")
    panel = signed_in(office, "panel.cheung")
    done = act(panel, john, "recuse-officer", reason="We wrote a book together")
    assert (done.status, "Step aside: done" in done.text) == (200, True)
    catch_up_all(office.store, office.models)
    listed = panel.get("/staff").text
    assert (john in listed, emma in listed) == (False, True)


def test_an_auditor_draws_an_exercise_again(office: Office) -> None:
    john = file_case(office, "john", *TO_POOL)
    emma = file_case(office, "emma", *TO_POOL)
    supervisor = signed_in(office, "supervisor.wong")
    open_one(supervisor)
    catch_up_all(office.store, office.models)
    auditor = signed_in(office, "auditor.ho", "audit")
    path = "/staff/exercises/2019-q2"
    (link,) = (each for each in auditor.get(path).root.all("a") if each.text == "Draw it again")
    opened = auditor.get(link.given["href"])
    assert (opened.facts["Pool"], opened.facts["Shortlist"]) == ("2 cases", "Not drawn yet")
    run(supervisor, "draw-shortlist")
    drawn = auditor.get(link.given["href"])
    assert [each.text for each in drawn.root.one("tbody").all("th")] == [john, emma]
    run(supervisor, "propose-selection")
    run(signed_in(office, "supervisor.lee"), "make-selection")
    page = auditor.get(link.given["href"])
    assert "Identical: the record alone gives every figure" in page.text
    assert page.problems == []
    assert [each.text for each in page.root.one("tbody").all("th")] == [john]
    assert [each.text for each in page.root.one("tbody").all("td")] == [
        "1",
        "175",
        "1 May 2019, 10:00:00",
    ]


def test_what_is_not_drawn_again_as_recorded_is_shown(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    at = MAY_2019
    opened = ExerciseOpened(
        exercise="2019-q3",
        title="Third quarter of 2019",
        archetype=Archetype.RANK_TO_QUOTA,
        places=1,
        shortlist_size=1,
        pool_position=4,
        pool_size=7,
        pool_digest="sha256:0",
    )
    write = StreamWrite(
        stream="exercise-2019-q3", expected=0, events=(NewEvent(event=opened, effective_at=at),)
    )
    office.store.append(
        Commit(
            command_id=uuid4(),
            fingerprint=b"forged",
            writes=(write,),
            actor="nobody",
            role="supervisor",
            command="OpenExercise",
            causation_id="1",
            correlation_id="1",
            result={},
        )
    )
    page = signed_in(office, "auditor.ho", "audit").get("/staff/exercises/2019-q3/redraw")
    assert page.title.startswith("Not the same: Third quarter of 2019 drawn again")
    assert page.problems[0] == "exercise-opened pool_size: recorded 7, drawn again 1"
    assert page.problems[1].startswith("exercise-opened pool_digest: recorded sha256:0, drawn")


def test_only_readers_of_the_history_draw_again(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    for name in ("2031-q1", "%00", "A"):
        page = visitor.get(f"/staff/exercises/{name}/redraw")
        assert (page.status, page.heading) == (404, "No exercise has this name")
    panel = signed_in(office, "panel.cheung")
    assert panel.get("/staff/exercises/2031-q1/redraw").status == 403


def test_the_list_shows_places_and_cut_off(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    visitor = signed_in(office, "supervisor.wong")
    open_one(visitor)
    catch_up_all(office.store, office.models)
    row = visitor.get("/staff/exercises").root.one("tbody").one("tr")
    assert [each.text for each in row.all("td")][1:] == [
        "Pool frozen",
        "1",
        "1",
        "\u2013",
        "\u2013",
    ]


def test_what_is_wrong_with_an_opening_is_said(office: Office) -> None:
    visitor = signed_in(office, "supervisor.wong")
    nothing = open_one(visitor)
    assert (nothing.status, "no case is waiting" in nothing.problems[0]) == (422, True)
    file_case(office, "john", *TO_POOL)
    small = open_one(visitor, places="2", shortlist_size="1")
    assert "cannot fill" in small.problems[0]
    blank = open_one(visitor, title="")
    assert blank.problems == [
        "Title: This is needed; fill it in",
    ]
    assert blank.form("/staff/exercises")["exercise"] == "2019-q2"
    assert "No exercise has been opened." in blank.text


def test_an_unknown_exercise_is_not_found(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    for name in ("2031-q1", "%00"):
        page = visitor.get(f"/staff/exercises/{name}")
        assert (page.status, page.heading) == (404, "No exercise has this name")


def test_a_fault_that_no_table_names_is_ours() -> None:
    assert status_of(RuntimeError()) == 500
    assert status_of(Refusal()) == 422
