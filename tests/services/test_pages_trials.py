"""What an exercise would do and would have done, on pages that record nothing."""

import pytest

from services.openings import UNNAMED
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.exercising import propose_otherwise
from tests.services.seeing import recorded
from tests.services.test_pages_exercises import OPENING, open_one, run
from tests.services.visiting import TO_POOL, Page, Visitor, file_case, signed_in

PATH = "/staff/exercises/2019-q2"


def attempt(visitor: Visitor, **typed: str) -> Page:
    """Send the form of an opening by its other button."""
    form = visitor.get("/staff/exercises").form("/staff/exercises")
    return visitor.post("/staff/exercises/trial", {**form, **OPENING, **typed})


def opened(office: Office) -> tuple[Visitor, str, str]:
    john, emma = (file_case(office, name, *TO_POOL) for name in ("john", "emma"))
    visitor = signed_in(office, "supervisor.wong")
    open_one(visitor)
    catch_up_all(office.store, office.models)
    return visitor, john, emma


def test_an_opening_is_tried_out_before_it_is_made(office: Office) -> None:
    for name in ("john", "emma"):
        file_case(office, name, *TO_POOL)
    visitor = signed_in(office, "supervisor.wong")
    head = office.store.sequence()
    page = attempt(visitor, exercise="", title="", threshold="130")
    assert page.heading == "Trial of an opening"
    assert "Nothing of this is recorded." in page.text
    assert page.facts["Pool"].startswith("2 cases with points")
    assert page.facts["Quota of the year"] == "1,000, of which 0 are taken and 1,000 left"
    assert page.facts["Below the threshold"] == "1"
    assert page.facts["Would be selected"].startswith("1 cases, 0 of them by achievement")
    assert office.store.sequence() == head
    kept = page.form("/staff/exercises")
    assert (kept["threshold"], kept["exercise"]) == ("130", "")
    assert UNNAMED not in page.text


def test_an_opening_that_would_be_refused_says_why_beside_its_figures(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    visitor = signed_in(office, "supervisor.wong")
    page = attempt(visitor, places="1001", shortlist_size="")
    assert "1001 places are more than the 1000" in page.problems[0]
    assert page.facts["Pool"].startswith("1 cases")
    assert "Would be selected" not in page.facts
    wrong = attempt(visitor, places="many")
    assert (wrong.status, "whole number" in wrong.problems[0]) == (422, True)
    later = attempt(visitor, effective_at="2999-01-01T10:00")
    assert (later.status, "is in the future" in later.problems[0]) == (422, True)


def test_the_next_step_is_tried_out_from_the_page_of_the_exercise(office: Office) -> None:
    visitor, john, emma = opened(office)
    head = office.store.sequence()
    links = [each.given["href"] for each in visitor.get(PATH).root.all("a")]
    assert f"{PATH}/dry-run" in links
    page = visitor.get(f"{PATH}/dry-run")
    assert page.heading == "Trial of the next step: draw the shortlist"
    assert "Nothing of this is recorded." in page.text
    assert page.facts["Would be taken"] == "2 cases, 0 of them by achievement"
    assert [each.text for each in page.root.one("tbody").all("th")] == [john, emma]
    assert office.store.sequence() == head
    for step in ("draw-shortlist", "propose-selection"):
        run(visitor, step)
    run(signed_in(office, "supervisor.lee"), "make-selection")
    over = visitor.get(f"{PATH}/dry-run")
    assert over.status == 422
    assert f"{PATH}/dry-run" not in visitor.get(PATH).html


@pytest.mark.parametrize("first", ["1", "0", "-3", "99999999999", "%C2%B2", "x", ""])
def test_whatever_part_is_asked_for_a_list_is_shown(office: Office, first: str) -> None:
    visitor, john, _ = opened(office)
    page = visitor.get(f"{PATH}/dry-run?from={first}")
    assert page.root.one("tbody").all("th")[0].text == john


def test_other_terms_tell_who_gains_and_who_loses(office: Office) -> None:
    visitor, john, emma = opened(office)
    head = office.store.sequence()
    asked = visitor.get(f"{PATH}/what-if")
    assert "Gain a place" not in asked.facts
    more = visitor.get(f"{PATH}/what-if?places=2&ruleset=&order=&threshold=&as_of=")
    assert (more.facts["Selected"], more.facts["Gain a place"]) == ("1 before, 2 then", "1")
    assert [each.text for each in more.root.one("tbody").all("th")] == [emma]
    assert recorded(office)[-1]["cases"] == [emma]
    none = visitor.get(f"{PATH}/what-if?threshold=200")
    assert [each.text for each in none.root.one("tbody").all("th")] == [john]
    assert recorded(office)[-1]["cases"] == [john]
    under = visitor.get(f"{PATH}/what-if?ruleset=gpt-2015")
    assert (under.facts["Come into the pool"], under.facts["Leave the pool"]) == ("None", "0")
    assert office.store.sequence() == head
    auditor = signed_in(office, "auditor.ho", "audit")
    assert auditor.get(f"{PATH}/what-if?places=2").facts["Gain a place"] == "1"
    assert auditor.get(f"{PATH}/dry-run").facts["Would be taken"].startswith("2 cases")
    assert f"{PATH}/dry-run" in auditor.get(PATH).html
    assert signed_in(office, "officer.chan").get(f"{PATH}/dry-run").status == 403
    assert office.store.sequence() == head


def test_a_page_of_other_terms_says_where_another_selection_was_recorded(office: Office) -> None:
    visitor, _, _ = opened(office)
    run(visitor, "draw-shortlist")
    said = "Another selection was recorded than the one compared with"
    assert said not in visitor.get(f"{PATH}/what-if?places=2").text
    propose_otherwise(office, "2019-q2")
    page = visitor.get(f"{PATH}/what-if?places=2")
    assert said in page.text
    assert f"{PATH}/redraw" in [each.given["href"] for each in page.root.all("a")]


def test_terms_that_cannot_be_are_told_beside_their_fields(office: Office) -> None:
    visitor, _, _ = opened(office)
    wrong = visitor.get(f"{PATH}/what-if?places=many&order=best&as_of=then")
    assert wrong.status == 422
    assert [each.partition(":")[0] for each in wrong.problems] == [
        "Places",
        "Order",
        "The pool as it stood then",
    ]
    for terms in ("ruleset=gpt-1999", "order=instant-reference", "places=0"):
        refused = visitor.get(f"{PATH}/what-if?{terms}")
        assert (refused.status, len(refused.problems)) == (422, 1)
    assert visitor.get("/staff/exercises/%00/what-if").status == 404
