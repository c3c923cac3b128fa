"""Every address asks for the leave that is documented for it, whoever comes by whatever door.

What is to be is read from `docs/reference/who-may-do-what.md`, as people read it; what is so comes
of asking. Whoever adds an address that asks nobody, or another leave than that, fails here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from domain.access import Action, Role
from services.api.app import create_api
from services.identity import LOCAL_PEOPLE
from services.identity.tokens import ServiceToken, new_id
from services.pages.guard import Route, UnguardedRoute, serve
from services.wiring import Office
from tests.contract import who_may_do_what
from tests.integration.walking import Walked, address, references
from tests.services.api.calling import V1, Caller
from tests.services.asking import filed_by
from tests.services.coming_in import come_in
from tests.services.visiting import Visitor, signed_in

PEOPLE = tuple((name, role) for name, role in LOCAL_PEOPLE if role is not Role.SERVICE)
BEYOND_THE_PAGE = {f"{V1}/openapi.json", "/livez", "/readyz", "/metrics", "/problems/<code>"}
_ROW = re.compile(r"\| `([^`]+)` \| (.*) \|")
_OF_EMMA = re.compile("laurent|emma|QM-[2-9A-Z]{5}-", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """What the page says: the roles of each action, and the action of each address."""

    roles: Mapping[str, frozenset[str]]
    actions: Mapping[str, str]

    def let_in(self, address: str, role: Role | None, only: Action | None = None) -> bool:
        """Say whether whoever has a role is let in at an address; None is nobody."""
        action = self.actions[address]
        if action == Action.PUBLIC:
            return True
        return role in self.roles[action] and (only is None or action == only)


@cache
def documented() -> Documented:
    rows = dict(_ROW.findall(who_may_do_what.PAGE.read_text(encoding="utf-8")))
    marked = {name: told.split(" | ") for name, told in rows.items() if " " not in name}
    roles = {
        name: frozenset(role for role, mark in zip(Role, marks, strict=True) if "●" in mark)
        for name, marks in marked.items()
    }
    actions = {name: told.strip("`") for name, told in rows.items() if " " in name}
    return Documented(roles=roles, actions=actions)


def doors(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Yield every method and rule that somebody wrote down."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint != "static" and rule.rule not in BEYOND_THE_PAGE:
                yield method, rule


def is_silent(text: str) -> bool:
    """Say whether an answer tells nothing of a case but what was asked for."""
    return not _OF_EMMA.search(text)


def test_the_page_has_every_address_that_is_served(walked: Walked) -> None:
    api = {f"{method} {rule.rule}" for method, rule in doors(create_api(walked.office))}
    app = signed_in(walked.office, "officer.chan").client.application
    pages = {f"{method} {rule.rule}" for method, rule in doors(app)}
    assert api | pages == set(documented().actions)


def narrow(office: Office, role: Role, only: Action) -> str:
    wanted = ServiceToken(
        id=new_id(),
        name="narrow",
        role=role,
        only=frozenset({only}),
        until=office.clock() + timedelta(days=1),
        made=office.clock(),
        made_by="cli.test",
        used=None,
        revoked=None,
        revoked_by=None,
    )
    return office.tokens.make(wanted)


@pytest.mark.parametrize(("name", "role"), [*LOCAL_PEOPLE, (None, None)])
def test_the_api_lets_in_whom_the_page_names_and_tells_others_nothing(
    walked: Walked, name: str | None, role: Role | None
) -> None:
    app = create_api(walked.office)
    headers = Caller(app=app, office=walked.office).token(name)
    before = walked.office.store.head()
    for method, rule in doors(app):
        for query in ("", "?believed_at=2030-01-01&as_of=2030-01-01", "?name=laurent"):
            path = address(walked, rule) + query
            answer = app.test_client().open(path, method=method, headers=headers)
            door = (method, path, answer.status_code)
            assert answer.status_code != 500, door
            if documented().let_in(f"{method} {rule.rule}", role):
                assert answer.status_code not in {401, 403}, door
            else:
                assert answer.status_code == (403 if name else 401), door
                assert is_silent(answer.text), (door, answer.text)
    assert walked.office.store.sequence() == before, "a call without a key changed something"


@pytest.mark.parametrize(
    ("role", "only"),
    [(Role.SERVICE, Action.RECORD_PAYMENT), (Role.AUDITOR, Action.READ_STATISTICS)],
)
def test_a_narrow_token_opens_its_own_doors_alone(walked: Walked, role: Role, only: Action) -> None:
    app = create_api(walked.office)
    headers = {"Authorization": f"Bearer {narrow(walked.office, role, only)}"}
    opened = set()
    for method, rule in doors(app):
        answer = app.test_client().open(address(walked, rule), method=method, headers=headers)
        let_in = documented().let_in(f"{method} {rule.rule}", role, only)
        assert (answer.status_code != 403) is let_in, (method, rule.rule, answer.status_code)
        if let_in and documented().actions[f"{method} {rule.rule}"] != Action.PUBLIC:
            opened.add(rule.endpoint)
    assert opened


@pytest.mark.parametrize(("name", "role"), PEOPLE)
def test_the_pages_let_in_whom_the_page_names_and_tell_others_nothing(
    walked: Walked, name: str, role: Role
) -> None:
    visitor = signed_in(walked.office, name)
    csrf = visitor.get("/staff/sessions").form("/sign-out")["csrf"]
    for method, rule in doors(visitor.client.application):
        action = documented().actions[f"{method} {rule.rule}"]
        if method == "POST" and action in {Action.PUBLIC, Action.MANAGE_OWN_SESSIONS}:
            continue  # these would sign out, or in as somebody else
        form = {"csrf": csrf} if method == "POST" else None
        answer = visitor.client.open(address(walked, rule), method=method, data=form)
        door = (method, rule.rule, answer.status_code)
        assert answer.status_code != 500, door
        if documented().let_in(f"{method} {rule.rule}", role):
            assert answer.status_code != 403, door
        elif action == Action.READ_OWN_STATUS:
            assert (answer.status_code, answer.location) == (303, "/?again=1"), door
        else:
            assert answer.status_code == 403, door
            assert is_silent(answer.text), door


def test_a_form_of_a_command_asks_for_the_leave_of_the_command(walked: Walked) -> None:
    asked = {  # the command, and its form's address
        row[0]: row[1].strip("`")
        for row in re.findall(r"\| ([a-z-]+) \| (`[a-z.-]+`) \|", who_may_do_what.present())
    }
    seen = set()
    for name, role in PEOPLE:
        visitor = signed_in(walked.office, name)
        csrf = visitor.get("/staff/sessions").form("/sign-out")["csrf"]
        for command, action in asked.items():
            for part in ("", "work/"):
                path = f"/staff/cases/{walked.case}/{part}{command}"
                status = visitor.client.post(path, data={"csrf": csrf}).status_code
                if role not in documented().roles[action]:
                    assert status in {403, 404}, (name, path, status)
                seen.add(status)
    assert {403, 404, 422} <= seen


@pytest.mark.parametrize("applicant", [None, "jackie"])
def test_nobody_and_an_applicant_are_sent_to_sign_in_and_shown_no_case_of_another(
    walked: Walked, applicant: str | None
) -> None:
    visitor, own = Visitor(walked.office), ""
    if applicant:
        own = walked.other
        assert come_in(visitor, own, filed_by(applicant).applicant.date_of_birth).path == "/status"
    for method, rule in doors(visitor.client.application):
        if method == "POST":
            continue
        answer = visitor.client.get(address(walked, rule))
        action = documented().actions[f"GET {rule.rule}"]
        door = (rule.rule, answer.status_code, answer.location)
        if action == Action.PUBLIC:
            assert answer.status_code != 500, door
        elif action == Action.READ_OWN_STATUS and applicant:
            assert answer.status_code == 200, door
        else:
            assert answer.status_code == 303, door
            assert "sign-in" in answer.location or answer.location == "/?again=1", door
        if answer.status_code != 303:  # which says where to, as it was asked for
            assert references(answer.text) <= {own}, door
        assert "Laurent" not in answer.text, door


def test_every_form_is_refused_without_the_token_of_its_own_session(walked: Walked) -> None:
    other = signed_in(walked.office, "officer.lee").get("/staff").form("/sign-out")["csrf"]
    before = walked.office.store.sequence()
    for name, _ in PEOPLE:
        visitor = signed_in(walked.office, name)
        for method, rule in doors(visitor.client.application):
            if method != "POST" or documented().actions[f"POST {rule.rule}"] == "status.read-own":
                continue
            for form in ({}, {"csrf": ""}, {"csrf": other}):
                sent = {**form, "command_id": str(uuid4())}
                answer = visitor.client.post(address(walked, rule), data=sent)
                assert answer.status_code == 400, (name, rule.rule, form)
        assert visitor.get("/staff/sessions").status == 200, "signed out by a form without a token"
    assert walked.office.store.sequence() == before


@pytest.mark.parametrize(("name", "role"), PEOPLE)
def test_no_page_leads_to_one_that_its_visitor_may_not_open(
    walked: Walked, name: str, role: Role
) -> None:
    visitor = signed_in(walked.office, name)
    app = visitor.client.application
    found, left = {"/staff/sessions"}, ["/staff/sessions", f"/staff/cases/{walked.case}"]
    while left:
        page = visitor.client.get(path := left.pop())
        if page.status_code >= 300 or page.mimetype != "text/html":
            continue
        shown = visitor._page(page)
        links = [each.given["href"] for each in shown.root.all("a") if "href" in each.given]
        forms = [
            (each.given.get("method", "get").upper(), each.given["action"])
            for each in shown.root.all("form")
        ]
        for method, target in [*(("GET", each) for each in links), *forms]:
            bare = target.split("?")[0].split("#")[0]
            if not bare.startswith("/"):
                continue
            rule, _ = app.url_map.bind("localhost").match(bare, method=method, return_rule=True)
            leave = documented().let_in(f"{method} {rule.rule}", role)
            assert leave, f"{path} leads {role} to {method} {bare}"
            if method == "GET" and bare not in found:
                found.add(bare)
                left.append(bare)
    assert len(found) > 1


def test_an_address_that_asks_nobody_stops_the_pages(walked: Walked) -> None:
    app = Flask("unguarded")
    app.add_url_rule("/everything", "everything", lambda: "everything")
    known = Route(path="/", endpoint="home", view=lambda _: "home", action=Action.PUBLIC)
    with pytest.raises(UnguardedRoute, match="everything"):
        serve(app, walked.office, [known])
