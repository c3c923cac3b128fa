"""Who is let in: actions, signing in, sessions, tokens, and the headers of every answer."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from flask import Flask

from domain.access import Action
from services.identity import logins
from services.pages.app import ROUTES, create_pages
from services.pages.guard import UnguardedRoute, actions_of, serve
from services.pages.sessions import IDLE, LONGEST
from services.wiring import Office, open_office
from tests.services.visiting import Visitor, file_case, later, signed_in

GUESSED = "guessed-it"


def test_every_endpoint_names_an_action(office: Office) -> None:
    app = create_pages(office)
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(actions_of(app))
    assert set(actions_of(app).values()) <= set(Action)


def test_a_route_without_an_action_stops_the_pages_from_being_made(office: Office) -> None:
    app = Flask("services.pages")
    app.add_url_rule("/back-door", "back_door", lambda: "in")
    with pytest.raises(UnguardedRoute, match="back_door"):
        serve(app, office, ROUTES)


def test_nobody_gets_in_without_signing_in(office: Office) -> None:
    reference, client = file_case(office), Visitor(office).client
    guarded = [each for each in ROUTES if each.action is not Action.PUBLIC]
    assert len(guarded) > 8
    for route in guarded:
        path = route.path.replace("<reference>", reference).replace("<", "").replace(">", "")
        answer = client.open(path, method=route.methods[0])
        assert answer.status_code == 303, path
        door = answer.headers["Location"].partition("?")[0]
        assert door in {"/", "/staff/sign-in", "/audit/sign-in"}


def test_signing_in_leads_to_the_page_that_was_wanted(office: Office) -> None:
    reference = file_case(office)
    visitor = Visitor(office)
    door = visitor.get(f"/staff/cases/{reference}")
    assert door.heading == "Sign in to the office"
    page = visitor.sign_in(door, "officer.chan", "/staff/sign-in")
    assert page.path == f"/staff/cases/{reference}"


@pytest.mark.parametrize(
    "then",
    [
        *("https://evil.example/staff", "//evil.example", "/\\evil", "/", "https:evil.example"),
        *("javascript:alert(1)", "/staff\r\nLocation: //evil.example", "/staff\t//evil.example"),
        *(
            "\t//evil.example",
            "/%0d%0a//evil.example",
            "data:text/html,evil",
            "staff",
            "/evil/staff",
        ),
    ],
)
def test_signing_in_leads_to_no_other_site(office: Office, then: str) -> None:
    visitor = Visitor(office)
    door = visitor.get("/staff/sign-in", query_string={"then": then})
    assert visitor.sign_in(door, "officer.chan", "/staff/sign-in").path == "/staff"


@pytest.mark.parametrize(
    "then",
    [
        *("/staff/sign-in", "/audit/sign-in?then=/staff", "/status", "/static/pages.css"),
        *("/staffing", "/staff/nothing", "/staff/search", "/staff/work/next"),
        *("/staff//evil.example", "/audit/../..//evil.example", "/staff/../staff"),
    ],
)
def test_signing_in_leads_to_no_door_and_to_no_address_without_a_page(
    office: Office, then: str
) -> None:
    visitor = Visitor(office)
    door = visitor.get("/staff/sign-in", query_string={"then": then})
    page = visitor.sign_in(door, "officer.chan", "/staff/sign-in")
    assert (page.status, page.path) == (200, "/staff")


def test_a_wrong_password_is_told_and_not_shown_again(office: Office) -> None:
    visitor = Visitor(office)
    door = visitor.get("/staff/sign-in")
    page = visitor.send(door, "/staff/sign-in", name="officer.chan", password=GUESSED)
    assert page.status == 422
    assert page.problems == [
        "The name and the password do not belong together. Check both and try again"
    ]
    assert page.form("/staff/sign-in")["name"] == "officer.chan"
    assert GUESSED not in page.html


def test_signing_in_leaves_nothing_of_the_session_before(office: Office) -> None:
    visitor = Visitor(office)
    before = visitor.get("/staff/sign-in").form("/staff/sign-in")["csrf"]
    page = visitor.sign_in(visitor.get("/staff/sign-in"), "officer.chan", "/staff/sign-in")
    assert page.form("/sign-out")["csrf"] != before


def test_signing_out_ends_the_session(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    page = visitor.send(visitor.get("/staff"), "/sign-out")
    assert "You are signed out." in page.text
    assert visitor.get("/staff").path.startswith("/staff/sign-in")


@pytest.mark.parametrize("passed", [IDLE, LONGEST])
def test_a_session_ends_when_it_is_not_used(office: Office, passed: timedelta) -> None:
    visitor = signed_in(office, "officer.chan")
    visitor.reopen(later(office, passed + timedelta(seconds=2)))
    assert visitor.get("/staff").path.startswith("/staff/sign-in")


def test_use_keeps_a_session_but_not_for_ever(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    passed = timedelta(0)
    while passed + IDLE / 2 < LONGEST:
        passed += IDLE / 2
        visitor.reopen(later(office, passed))
        assert visitor.get("/staff").path == "/staff"
    visitor.reopen(later(office, LONGEST + timedelta(minutes=1)))
    assert visitor.get("/staff").path.startswith("/staff/sign-in")


def test_a_form_without_this_browsers_token_does_nothing(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "officer.chan")
    action = f"/staff/cases/{reference}/acknowledge-application"
    form = visitor.get(f"/staff/cases/{reference}").form(action)
    head = office.store.head()
    for token in ("", "of-another-browser"):
        page = visitor.post(action, {**form, "csrf": token})
        assert (page.status, page.heading) == (400, "This form has expired")
    assert office.store.sequence() == head


def test_whoever_only_asks_for_headers_is_signed_in_by_nothing(office: Office) -> None:
    (login,) = [each for each in logins(office.settings) if each.name == "officer.chan"]
    form = {"name": login.name, "password": login.password}
    client = Visitor(office).client
    answer = client.head("/staff/sign-in", data=form)
    assert answer.status_code == 200
    assert client.get("/staff").status_code == 303
    assert office.sessions.listed(office.clock()) == ()


def test_whoever_has_no_leave_is_told_so(office: Office) -> None:
    page = signed_in(office, "admin.ng").get("/staff")
    assert (page.status, page.heading) == (403, "Your role may not do this")
    assert page.root.one("p", **{"class": "lead"}).text.startswith(
        "You are admin.ng, whose role is administrator; seeing cases needs the role auditor or "
    )


def test_a_receipt_that_there_is_not_leads_back_to_the_case(office: Office) -> None:
    reference = file_case(office)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}/erasure/receipt")
    assert page.heading == "There is no erasure that a receipt could be of"
    assert page.root.one("a", href=f"/staff/cases/{reference}").text.endswith(reference)


@pytest.mark.parametrize(
    ("name", "links"),
    [
        ("admin.ng", ["/staff/sessions"]),
        ("officer.chan", ["/staff", "/audit"]),
        ("panel.cheung", ["/staff"]),
    ],
)
def test_a_refusal_leads_on_to_what_its_reader_may_do(
    office: Office, name: str, links: list[str]
) -> None:
    visitor = signed_in(office, name)
    page = visitor.get("/staff/nowhere")
    assert [each.given["href"] for each in page.root.one("main").all("a")] == links
    assert all(visitor.get(each).status == 200 for each in links)
    assert ("qmas doctor" in page.text) is (name == "admin.ng")


def test_a_refusal_leads_an_applicant_to_their_application(office: Office) -> None:
    page = Visitor(office).get("/nowhere")
    links = [each.given["href"] for each in page.root.one("main").all("a")]
    assert links == ["/"]


def test_a_program_is_let_into_no_page(office: Office) -> None:
    visitor = Visitor(office)
    page = visitor.sign_in(visitor.get("/staff/sign-in"), "service.intake", "/staff/sign-in")
    assert page.status == 422
    assert "This account is a program's, which calls the API" in page.text
    assert visitor.get("/staff").path.startswith("/staff/sign-in")


def test_an_officer_may_not_run_an_exercise(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    page = visitor.get("/staff/exercises")
    assert "/staff/exercises" not in page.actions
    token = visitor.get("/staff").form("/sign-out")["csrf"]
    assert visitor.post("/staff/exercises", {"csrf": token}).status == 403


def test_no_page_is_kept_or_may_run_anything(office: Office) -> None:
    visitor = signed_in(office, "officer.chan")
    for path in ("/", "/staff", "/staff/exercises", "/audit", "/nowhere"):
        headers = visitor.get(path).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "script-src" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_style_sheet_is_shared_and_carries_no_cookie(office: Office) -> None:
    with signed_in(office, "officer.chan").client.get("/static/pages.css") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert "Set-Cookie" not in answer.headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    cookie = Visitor(office).client.get("/").headers["Set-Cookie"]
    assert cookie.startswith("qmas=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_no_page_that_another_site_leads_to_takes_the_cookie_away(office: Office) -> None:
    client = Visitor(office).client
    for path in ("/", "/?lang=zh-Hant", "/staff/sign-in"):
        led = client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert led.status_code == 200
        assert "Set-Cookie" not in led.headers
        assert f'<meta http-equiv="refresh" content="0; url={path}">' in led.text
        assert "<form" not in led.text
        assert led.headers["Cache-Control"] == "private, no-store"
        assert "Content-Security-Policy" in led.headers
    opened_again = client.get("/", headers={"Sec-Fetch-Site": "same-origin"})
    assert "Set-Cookie" in opened_again.headers
    assert "refresh" not in opened_again.text
    chinese = {"Sec-Fetch-Site": "cross-site", "Accept-Language": "zh-HK"}
    assert "請按此繼續" in Visitor(office).client.get("/", headers=chinese).text


@pytest.mark.parametrize("path", ["/%5Cevil.example/", "/%09/evil.example/", "//evil.example/"])
def test_no_page_that_another_site_leads_to_leads_on_to_another(office: Office, path: str) -> None:
    led = Visitor(office).client.get(f"{path}?lang=en", headers={"Sec-Fetch-Site": "cross-site"})
    (to,) = re.findall(r'content="0; url=([^"]*)"', led.text)
    assert urljoin("http://ours.example/", to).startswith("http://ours.example/")
    assert not re.search(r"[\\\s]", to)


def test_under_https_the_cookie_is_sent_over_https_alone(office: Office) -> None:
    settings = replace(office.settings, public_url="https://cases.example")
    answer = create_pages(replace(office, settings=settings)).test_client().get("/")
    assert answer.headers["Set-Cookie"].startswith("__Host-qmas=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/", 405), ("OPTIONS", "/staff", 405)],
)
def test_what_is_not_there_is_a_page_too(
    office: Office, method: str, path: str, status: int
) -> None:
    answer = Visitor(office).client.open(path, method=method)
    assert answer.status_code == status
    assert "<h1>" in answer.get_data(as_text=True)
    assert ("Allow" in answer.headers) is (status == 405)


def test_a_database_that_is_away_is_told_without_saying_where_it_was(office: Office) -> None:
    address = "postgresql://somebody:secret@127.0.0.1:1/nowhere"
    gone = open_office(replace(office.settings, database_url=address))
    visitor = signed_in(office, "officer.chan")
    visitor.reopen(gone)
    for path in ("/staff", "/staff/cases/QM-AQP2Y-Q46AS"):
        page = visitor.get(path)
        assert (page.status, page.heading) == (503, "Not available just now")
        assert int(page.headers["Retry-After"]) > 0
        assert "127.0.0.1" not in page.html
    gone.close()


def test_too_large_a_form_is_refused(office: Office) -> None:
    page = Visitor(office).post("/", {"reference": "Q" * 100_000})
    assert (page.status, page.heading) == (413, "Too much at once")
