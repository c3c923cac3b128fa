"""Who sends the code twice, as by a double click, sees the status all the same."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from services.notifications.codes import TRIES
from services.wiring import Office
from tests.services.asking import filed_by
from tests.services.coming_in import ask_for_code, codes
from tests.services.visiting import Page, Visitor, file_case

Answer = tuple[int, str]


def _another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def _sent(visitor: Visitor, page: Page, code: str) -> Answer:
    """Return what the form is answered, and where it leads."""
    answer = visitor.client.post("/code", data={**page.form("/code"), "code": code})
    return answer.status_code, answer.headers.get("Location", "")


def _copy(visitor: Visitor) -> Visitor:
    """Return the same browser as it is now."""
    other, cookie = Visitor(visitor.office), visitor.client.get_cookie("qmas")
    assert cookie is not None
    other.client.set_cookie("qmas", cookie.value)
    return other


@pytest.mark.parametrize("wrong", [0, TRIES - 1])
def test_two_at_once_both_lead_to_the_status(office: Office, wrong: int) -> None:
    visitor = Visitor(office)
    page = ask_for_code(visitor, file_case(office))
    (code,) = codes(office)
    for _ in range(wrong):
        assert _sent(visitor, page, _another(code))[0] == 422
    both = Barrier(2, timeout=30)

    def click(browser: Visitor) -> Answer:
        both.wait()
        return _sent(browser, page, code)

    browsers = [_copy(visitor), _copy(visitor)]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(click, browsers)) == [(303, "/status")] * 2
    assert [each.get("/status").path for each in browsers] == ["/status"] * 2


def test_one_after_the_other_that_left_before_the_answer_leads_there_too(office: Office) -> None:
    visitor = Visitor(office)
    page = ask_for_code(visitor, file_case(office))
    (code,) = codes(office)
    for _ in range(TRIES - 1):
        assert _sent(visitor, page, _another(code))[0] == 422
    before = _copy(visitor)
    assert _sent(visitor, page, code) == (303, "/status")
    assert _sent(before, page, code) == (303, "/status"), "also where it took the last try"
    assert before.get("/status").path == "/status"


def test_one_that_left_after_the_answer_leads_there_too(office: Office) -> None:
    visitor = Visitor(office)
    page = ask_for_code(visitor, file_case(office))
    (code,) = codes(office)
    assert _sent(visitor, page, code) == (303, "/status")
    assert _sent(visitor, page, code) == (303, "/status")
    assert visitor.get("/code").path == "/status"


def test_no_other_code_and_no_other_browser_gets_there(office: Office) -> None:
    visitor, stranger = Visitor(office), Visitor(office)
    page = ask_for_code(visitor, file_case(office))
    (code,) = codes(office)
    before = _copy(visitor)
    assert _sent(visitor, page, code) == (303, "/status")
    assert _sent(before, page, _another(code)) == (422, "")
    assert before.get("/status").path == "/?again=1"
    theirs = ask_for_code(stranger, "QM-AQP2Y-Q46AS")
    assert _sent(stranger, theirs, code) == (422, "")
    assert stranger.get("/status").path == "/?again=1"


def test_the_form_of_another_question_does_not_lead_to_what_is_open(office: Office) -> None:
    visitor = Visitor(office)
    first = ask_for_code(visitor, file_case(office))
    emma = filed_by("emma").applicant.date_of_birth
    second = ask_for_code(visitor, file_case(office, "emma"), emma)
    one, two = codes(office)
    assert _sent(visitor, second, two) == (303, "/status")
    assert _sent(visitor, first, one) == (303, "/?again=1")
    assert visitor.get("/status").path == "/status"


def test_a_closed_status_is_not_opened_again_by_the_code(office: Office) -> None:
    visitor = Visitor(office)
    page = ask_for_code(visitor, file_case(office))
    (code,) = codes(office)
    before = _copy(visitor)
    opened = visitor.send(page, "/code", code=code)
    assert "You have closed" in visitor.send(opened, "/status/close").text
    assert _sent(visitor, page, code) == (303, "/?again=1")
    assert _sent(before, page, code) == (422, "")
