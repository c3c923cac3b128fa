"""Every answer says what a browser may do with it, and no text of a case runs on any page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from domain import commands as c
from domain import papers as p
from domain.work_commands import AddNote, TakeCase
from services import work
from services.api.app import create_api
from services.cases import carry_out, submit
from services.documents.receiving import Upload, receive
from services.pages.app import create_pages
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.integration.walking import Walked, address, readings
from tests.services.api.calling import AUDITOR, Caller
from tests.services.asking import SECOND, SUPERVISOR, asked, on_paper
from tests.services.coming_in import come_in
from tests.services.sample_files import pdf
from tests.services.visiting import Tag, Visitor, signed_in

HOSTILE = (
    "</title></textarea></select><script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
    "{{ 7 * 7 }}${7*7}\u202egnp.exe\u200b&lt;script&gt;javascript:alert(1)"
)
FIRST = "<img src=y onerror=alert(2)>'\" onmouseover=alert(3) x='"
_RUNS = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)
BORN = date(1988, 2, 3)
_NEVER = frozenset({"script", "style", "img", "iframe", "object", "embed", "svg", "base"})


def under_https(office: Office) -> Office:
    return replace(office, settings=replace(office.settings, public_url="https://cases.example"))


def answers(walked: Walked, app: Flask, client: FlaskClient) -> Iterator[tuple[str, TestResponse]]:
    """Yield what is answered at every address, right and wrong, by every method."""
    headers = Caller(app=app, office=walked.office).token(AUDITOR)
    for rule in readings(app):
        if rule.endpoint != "static":
            yield rule.rule, client.get(address(walked, rule), headers=headers)
            yield rule.rule, client.get(address(walked, rule))
    for path in ("/nowhere", "/api/v1/nowhere", "/staff/cases/%00", "/%ff", "/static/nothing.css"):
        for method in ("GET", "POST", "DELETE", "OPTIONS", "TRACE"):
            yield f"{method} {path}", client.open(path, method=method, headers=headers)
    too_large = {"data": b"a" * 2_000_000, "content_type": "application/x-www-form-urlencoded"}
    yield "too large", client.post("/staff/sign-in", **too_large)
    yield "too large", client.post("/api/v1/applications", headers=headers, data=b"[" * 2_000_000)
    with client.get("/static/pages.css") as style:
        yield "style", style


@pytest.mark.parametrize("make", [create_api, create_pages])
def test_every_answer_has_every_shield(walked: Walked, make: Any) -> None:
    app = make(under_https(walked.office))
    for door, answer in answers(walked, app, app.test_client()):
        told = answer.headers
        assert answer.status_code != 500, door
        assert told["X-Content-Type-Options"] == "nosniff", door
        assert told["X-Frame-Options"] == "DENY", door
        assert told["Cross-Origin-Resource-Policy"] == "same-origin", door
        assert told["Cross-Origin-Opener-Policy"] == "same-origin", door
        assert "max-age=31536000" in told["Strict-Transport-Security"], door
        assert told["Referrer-Policy"] in {"same-origin", "no-referrer"}, door
        assert "camera=()" in told["Permissions-Policy"], door
        policy = told["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'"), door
        assert "frame-ancestors 'none'" in policy, door
        assert "unsafe" not in policy, door
        assert "script-src" not in policy, door
        assert answer.mimetype == "text/html" or "sandbox" in policy, door


def with_hostile_texts(office: Office) -> str:
    """Return a case whose every text would run, if a page let it."""
    filed = on_paper("john")
    applicant = replace(
        filed.application.applicant,
        family_name=HOSTILE,
        given_names=FIRST,
        name_in_chinese=HOSTILE,
        date_of_birth=BORN,
        travel_document=replace(filed.application.applicant.travel_document, number="HOSTILE1"),
    )
    filed = replace(filed, application=replace(filed.application, applicant=applicant))
    case = submit(office, filed, asked()).reference
    receive(office, case, Upload(kind=p.DocumentKind.WORK, name=HOSTILE, content=pdf()), asked())
    due = date(2019, 12, 2)
    for command in (
        c.AcknowledgeApplication(),
        p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=due, text=HOSTILE),
        c.AppointRepresentative(name=HOSTILE, organisation=FIRST, email="x@agent.example"),
        c.HoldCase(reason=HOSTILE),
    ):
        carry_out(office, case, command, asked())
    carry_out(office, case, c.RecuseOfficer(reason=HOSTILE), asked(SUPERVISOR))
    work.carry_out(office, case, TakeCase(), asked(SECOND, at=None))
    work.carry_out(office, case, AddNote(text=HOSTILE), asked(SECOND, at=None))
    catch_up_all(office.store, office.models)
    return case


def runs(tag: Tag) -> set[str]:
    """Return what of a page could run, or lead where a script stands."""
    found = set()
    for each in tag._below():
        found |= {each.name} & _NEVER
        for name, value in each.given.items():
            if name.startswith("on") or name in {"style", "srcdoc"}:
                found.add(name)
            if name in {"href", "src", "action", "formaction"} and _RUNS.match(value):
                found.add(value)
    return found


def test_no_text_of_a_case_runs_on_any_page(walked: Walked) -> None:
    case = with_hostile_texts(walked.office)
    hostile = replace(walked, case=case)
    shown = set()
    visitors = [signed_in(walked.office, name) for name in ("supervisor.lee", "auditor.ho")]
    own = Visitor(walked.office)
    assert come_in(own, case, BORN).path == "/status"
    for visitor in (*visitors, own):
        for rule in readings(visitor.client.application):
            answer = visitor.client.get(address(hostile, rule))
            if answer.mimetype != "text/html" or answer.status_code >= 300:
                continue
            page = visitor._page(answer)
            assert not runs(page.root), rule.rule
            if "alert(1)" in page.html or "alert(2)" in page.html:
                shown.add(rule.endpoint)
    assert {"case", "case_list", "audit_case", "correction"} <= shown


def test_a_hostile_form_is_given_back_as_a_text(walked: Walked) -> None:
    visitor = signed_in(walked.office, "supervisor.wong")
    csrf = visitor.get("/staff").form("/sign-out")["csrf"]
    for path in (
        f"/staff/cases/{walked.case}/hold-case",
        f"/staff/cases/{walked.case}/work/add-note",
        "/staff/exercises",
        "/staff/sign-in",
        "/",
    ):
        names = ("reason", "text", "effective_at", "expected", "command_id", "exercise", "title")
        typed = dict.fromkeys((*names, "name", "reference", "then", "day"), HOSTILE)
        page = visitor.post(path, {**typed, "csrf": csrf})
        assert page.status != 500, path
        assert not runs(page.root), path
