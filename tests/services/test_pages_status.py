"""The applicant's page: who may see it, what it tells, and what it never tells."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from domain import commands as c
from services.cases import submit
from services.notifications.codes import HOLDS, OPEN, TRIES
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import (
    OFFICER,
    SUPERVISOR,
    asked,
    asked_for,
    filed_by,
    on_paper,
    together,
)
from tests.services.coming_in import JOHN_BORN, ask_for_code, codes, come_in, typed_for
from tests.services.erasing import erase
from tests.services.exercising import carry_out
from tests.services.visiting import TO_POOL, Visitor, file_case, later


def test_whoever_has_the_code_sees_the_status(office: Office) -> None:
    page = come_in(Visitor(office), file_case(office, "john", *TO_POOL))
    assert page.status == 200
    assert page.heading == "Waiting for selection"
    assert page.title.startswith("Status of your application: Waiting for selection")
    assert page.facts["Since"] == "1 May 2019, 10:00"
    assert page.facts["What is awaited"] == "The next selection exercise"
    assert page.facts["From whom"] == "The office"
    assert page.facts["Rules in force for your application"] == (
        "General Points Test, as in force from 28 August 2018 gpt-2018"
    )


def test_a_reference_is_taken_however_it_is_typed(office: Office) -> None:
    reference = file_case(office)
    typed = f"  {reference.lower().replace('-', ' ')} "
    assert come_in(Visitor(office), typed).path == "/status"


def test_neither_reference_nor_date_of_birth_nor_code_stands_in_an_address(office: Office) -> None:
    visitor = Visitor(office)
    form = {**visitor.get("/").form("/"), **typed_for(file_case(office))}
    answer = visitor.client.post("/", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/code")
    (code,) = codes(office)
    form = {**visitor.get("/code").form("/code"), "code": f" {code[:3]} {code[3:]} "}
    answer = visitor.client.post("/code", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/status")
    kept = visitor.client.get_cookie("qmas")
    assert kept is not None
    assert JOHN_BORN.isoformat() not in kept.decoded_value
    assert code not in kept.decoded_value


def test_every_question_gets_one_and_the_same_answer(office: Office) -> None:
    reference, erased = file_case(office), file_case(office, "emma")
    erase(office.store, erased)
    pages = [
        ask_for_code(Visitor(office), asked, **typed)
        for asked, typed in (
            (reference, {}),
            (reference, {"year": "1961"}),
            ("QM-AQP2Y-Q46AS", {}),
            (erased, {}),
        )
    ]
    assert {(page.path, page.status) for page in pages} == {("/code", 200)}
    assert len({page.text for page in pages}) == 1
    assert len({tuple(sorted(page.headers.keys())) for page in pages}) == 1
    assert "If both are right, a code of six digits has been sent" in pages[0].text
    assert len(codes(office)) == 1


def test_a_wrong_code_an_old_one_and_one_for_nobody_get_one_answer(office: Office) -> None:
    reference = file_case(office)
    visitor, other, late = Visitor(office), Visitor(office), Visitor(office)
    page = ask_for_code(visitor, reference)
    (code,) = codes(office)
    wrong = visitor.send(page, "/code", code=f"{(int(code) + 1) % 10**6:06}")
    nobody = other.send(ask_for_code(other, "QM-AQP2Y-Q46AS"), "/code", code=code)
    asked = ask_for_code(late, reference)
    (second,) = codes(office)
    late.reopen(later(office, HOLDS))
    expired = late.send(asked, "/code", code=second)
    pages = (wrong, nobody, expired)
    assert {page.status for page in pages} == {422}
    assert len({page.text for page in pages}) == 1
    (said,) = wrong.problems
    assert said.startswith("This code is not right or holds no longer. ")
    assert visitor.send(page, "/code", code=code).path == "/status"
    assert visitor.get("/code").path == "/status", "back, while it is open"


def test_a_right_code_is_kept_while_there_is_no_status_to_show(office: Office) -> None:
    visitor = Visitor(office)
    page = ask_for_code(visitor, submit(office, on_paper("john"), asked()).reference)
    (code,) = codes(office)
    behind = page
    for _ in range(TRIES + 1):
        behind = visitor.send(behind, "/code", code=code)
        assert (behind.status, behind.heading) == (503, "Not available just now")
        assert behind.headers["Retry-After"]
        assert "Your code is right and still holds" in behind.text
        assert "press “Continue” again in a minute" in behind.text
        assert behind.root.one("main").all("a") == [], "no code is to be asked for anew"
    catch_up_all(office.store, office.models)
    assert behind.form("/code")["code"] == code
    assert visitor.send(behind, "/code").path == "/status"


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-Hant", "請在一分鐘後再按「繼續」"), ("zh-Hans", "请在一分钟后再按“继续”")],
)
def test_that_a_right_code_holds_on_is_told_in_the_language_that_is_read(
    office: Office, language: str, said: str
) -> None:
    visitor = Visitor(office)
    visitor.get(f"/?lang={language}")
    page = ask_for_code(visitor, submit(office, on_paper("john"), asked()).reference)
    (code,) = codes(office)
    behind = visitor.send(page, "/code", code=code)
    assert behind.status == 503
    assert said in behind.text


@pytest.mark.parametrize(
    ("typed", "said"), [("", "Enter the code"), ("12345", "A code is six digits"), ("١٢٣٤٥٦", "A ")]
)
def test_what_is_no_code_costs_no_try(office: Office, typed: str, said: str) -> None:
    visitor = Visitor(office)
    page = ask_for_code(visitor, file_case(office))
    (code,) = codes(office)
    for _ in range(TRIES + 1):
        fault = visitor.send(page, "/code", code=typed)
        assert fault.status == 422
        assert fault.problems[0].startswith(said)
    assert visitor.send(page, "/code", code=code).path == "/status"


def test_the_field_of_the_code_is_filled_in_by_what_reads_mail(office: Office) -> None:
    page = ask_for_code(Visitor(office), file_case(office))
    (field,) = page.root.all("input", id="code")
    assert (field.given["autocomplete"], field.given["inputmode"]) == ("one-time-code", "numeric")
    assert page.root.all("a", href="/")[-1].text == "Ask for a new code"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reference": ""}, "Enter your application reference"),
        ({"reference": "QM-11111-11111"}, "This is not a complete reference"),
        ({"reference": "\0"}, "This is not a complete reference"),
        ({"day": "", "month": "", "year": ""}, "Enter your date of birth"),
        ({"day": "31", "month": "2"}, "Enter a date of birth that exists"),
        ({"year": "٢٠٠٠"}, "Enter a date of birth that exists"),
        ({"day": "x"}, "Enter a date of birth that exists"),
    ],
)
def test_what_is_wrong_in_the_form_is_said_beside_its_field(
    office: Office, typed: dict[str, str], said: str
) -> None:
    page = come_in(Visitor(office), **{"reference": "QM-AQP2Y-Q46AS", **typed})
    assert page.status == 422
    assert len(page.problems) == 1
    assert page.problems[0].startswith(said)
    assert page.title.startswith("Error: ")
    (link,) = page.root.one("div", role="alert").all("a")
    assert page.root.all("input", id=link.given["href"].removeprefix("#"))


def test_what_was_typed_is_kept_in_a_form_that_failed(office: Office) -> None:
    form = come_in(Visitor(office), "QM-1", day="7").form("/")
    assert (form["reference"], form["day"]) == ("QM-1", "7")


def test_the_status_page_closes_by_itself(office: Office) -> None:
    visitor = Visitor(office)
    page = come_in(visitor, file_case(office))
    assert page.path == "/status"
    visitor.reopen(later(office, OPEN + timedelta(seconds=2)))
    page = visitor.get("/status")
    assert page.path == "/?again=1"
    assert "Enter your details to see your application" in page.text


def test_a_closed_status_page_is_gone(office: Office) -> None:
    visitor = Visitor(office)
    enquired = come_in(visitor, file_case(office))
    assert "You have closed" in visitor.send(enquired, "/status/close").text
    assert visitor.get("/status").path == "/?again=1"


def test_a_closed_status_page_is_gone_for_a_copy_of_its_cookie_too(office: Office) -> None:
    visitor, thief = Visitor(office), Visitor(office)
    enquired = come_in(visitor, file_case(office))
    cookie = visitor.client.get_cookie("qmas")
    assert cookie is not None
    thief.client.set_cookie("qmas", cookie.value)
    assert thief.get("/status").path == "/status"
    visitor.send(enquired, "/status/close")
    assert thief.get("/status").path == "/?again=1"


def test_the_close_of_one_window_closes_nothing_that_another_opened(office: Office) -> None:
    visitor = Visitor(office)
    first = come_in(visitor, file_case(office))
    emma = filed_by("emma").applicant.date_of_birth
    second = come_in(visitor, file_case(office, "emma"), emma)
    expired = visitor.send(first, "/status/close")
    assert (expired.status, expired.heading) == (400, "This form has expired")
    assert visitor.get("/status").path == "/status"
    assert "You have closed" in visitor.send(second, "/status/close").text
    assert "You have closed" in visitor.send(second, "/status/close").text, "and once more"


def test_a_code_is_tried_on_the_question_of_its_own_window_alone(office: Office) -> None:
    visitor = Visitor(office)
    asked_first = ask_for_code(visitor, file_case(office))
    emma = filed_by("emma").applicant.date_of_birth
    asked_second = ask_for_code(visitor, file_case(office, "emma"), emma)
    *_, code = codes(office)
    for _ in range(TRIES):
        expired = visitor.send(asked_first, "/code", code=f"{(int(code) + 1) % 10**6:06}")
        assert (expired.status, expired.heading) == (400, "This form has expired")
    assert visitor.send(asked_second, "/code", code=code).path == "/status"


def test_whoever_can_sign_a_cookie_opens_no_status_by_its_reference(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    come_in(visitor, reference)
    with visitor.client.session_transaction() as kept:
        assert reference not in str(dict(kept))
        kept["opened"] = uuid4().hex
    assert visitor.get("/status").path == "/?again=1"


def _without_tokens(html: str) -> str:
    """Return a page without what its forms carry hidden, where chance may write any figure."""
    return re.sub(r'value="[^"]*"', "", html)


def test_no_rank_score_or_officer_is_told(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    carry_out(office, reference, c.ShortlistCase(exercise="2019-q2", rank=977), asked(SUPERVISOR))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), reference)
    assert page.heading == "Before the committee"
    for untold in ("977", "2019-q2", "175", OFFICER.name, SUPERVISOR.name, "Carter"):
        assert untold not in _without_tokens(page.html)


def test_a_refusal_is_told_with_its_class_and_reasons(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    for command in (
        c.ShortlistCase(exercise="2019-q2", rank=3),
        *together(c.ProposeRefusal(reasons=("No plan for settling was given.",))),
    ):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), reference)
    assert page.heading == "Refused"
    assert "did not reach the standard for approval" in page.text
    assert "No plan for settling was given." in page.text


def test_whoever_was_refused_sees_the_points_of_each_factor_and_no_rank(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    assert "Your points" not in come_in(Visitor(office), reference).text
    for command in (
        c.ShortlistCase(exercise="2019-q2", rank=977),
        *together(c.ProposeRefusal(reasons=("No plan for settling was given.",))),
    ):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), reference)
    assert "175 points in all, where 80 are needed to be considered." in page.text
    assert page.facts["Work experience"].startswith("45 of 55 points +30 Worked 6 years 275 days")
    assert page.facts["Family"].startswith("0 of 20 points Needs a spouse, parent")
    for untold in ("977", "2019-q2", "five-years-two-senior", SUPERVISOR.name):
        assert untold not in _without_tokens(page.html)


def test_whoever_was_refused_before_scoring_is_told_no_points(office: Office) -> None:
    john = filed_by("john")
    unfit = replace(john, prerequisites=replace(john.prerequisites, criminal_record=True))
    filed = submit(office, replace(on_paper("john"), application=unfit), asked())
    for command in (*TO_POOL[:2], *together(c.ProposeRefusal(reasons=()))):
        carry_out(office, filed.reference, command, asked_for(command))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), filed.reference)
    assert page.heading == "Refused"
    assert "Not every prerequisite of the scheme was met." in page.text
    assert "Your points" not in page.text


def test_a_refusal_is_told_in_the_applicants_language_and_the_offices_words_as_written(
    office: Office,
) -> None:
    emma = filed_by("emma")
    unfit = replace(emma, prerequisites=replace(emma.prerequisites, criminal_record=True))
    filed = submit(office, replace(on_paper("emma"), application=unfit), asked())
    for command in (*TO_POOL[:2], *together(c.ProposeRefusal(reasons=("You may apply again.",)))):
        carry_out(office, filed.reference, command, asked_for(command))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), filed.reference, emma.applicant.date_of_birth)
    (found,) = page.root.all("li", lang="zh-Hant")
    assert found.text == "有刑事紀錄；申請人不得有刑事紀錄或不良入境紀錄"
    (written,) = (each for each in page.root.all("li") if "apply again" in each.text)
    assert (written.text, written.given) == ("You may apply again.", {})


def test_too_few_points_are_told_with_what_lacks_in_the_applicants_language(
    office: Office,
) -> None:
    emma = filed_by("emma")
    short = replace(emma, employment=(), family=replace(emma.family, spouse=None))
    filed = submit(office, replace(on_paper("emma"), application=short), asked())
    for command in (*TO_POOL, *together(c.ProposeRefusal(reasons=()))):
        carry_out(office, filed.reference, command, asked_for(command))
    catch_up_all(office.store, office.models)
    page = come_in(Visitor(office), filed.reference, emma.applicant.date_of_birth)
    said = [each.text for each in page.root.all("li", lang="zh-Hant")]
    assert said[0] == "得60分，合格分數為80分，尚差20分"
    assert "+30 34歲" in said
    assert "須有具學位或以上學歷的隨行配偶，方可多得5分；現時並無配偶" in said


def test_a_visa_is_told_with_its_conditions(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    selected: tuple[c.CaseCommand, ...] = (
        c.ShortlistCase(exercise="2019-q2", rank=1),
        c.SelectCase(exercise="2019-q2", rank=1),
        *together(c.ProposeApprovalInPrinciple()),
    )
    for command in selected:
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    assert come_in(Visitor(office), reference).facts["By when"] == "1 August 2019"
    for command in (c.VerifyOriginals(), *together(c.ProposeApproval())):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    due = come_in(Visitor(office), reference).facts
    assert (due["Amount to pay"], due["By when"]) == ("HK$230", "1 November 2019")
    for command in (c.PayVisaFee(amount_hkd=230), c.IssueVisa()):
        carry_out(office, reference, command, asked_for(command, SUPERVISOR))
    catch_up_all(office.store, office.models)
    visa = come_in(Visitor(office), reference).facts
    assert visa["Period of stay"] == "2 years from the day you enter"
    assert visa["Enter Hong Kong by"] == "1 November 2019"
    assert (visa["May work"], visa["May study"]) == ("Yes", "Yes")
