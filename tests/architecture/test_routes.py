"""Every route of the API and of the pages is guarded by a named action."""

from collections.abc import Mapping

import pytest
from flask import Flask
from werkzeug.routing import Rule

from domain.access import Action
from services.api import guard as api_guard
from services.api.app import create_api
from services.pages import guard as pages_guard
from services.pages.app import create_pages
from services.wiring import Office

PUBLIC = {
    # The API: whether it runs, what it offers, the rules, what exercises led to, a
    # score without a case, one's status.
    "operations.alive",
    "operations.ready",
    "operations.metrics",
    "operations.problem",
    "v1.openapi",
    "v1.rulesets",
    "v1.ruleset",
    "v1.results",
    "v1.result",
    "v1.assessment",
    "v1.status-enquiry",
    "v1.status-enquiry-code",
    # The pages: an applicant's enquiry, the rules, what exercises led to, and the doors.
    "static",
    "enquiry",
    "enquire",
    "code",
    "enter",
    "finish",
    "rule_list",
    "ruleset",
    "result_list",
    "result",
    "staff_sign_in",
    "audit_sign_in",
    "begin_sign_in",
    "finish_sign_in",
    "sign_out",
}
"""The routes that anybody may use; whoever adds one says so here."""

TURNED_AWAY = {303, 401}


def applications(office: Office) -> tuple[tuple[Flask, Mapping[str, Action]], ...]:
    api, pages = create_api(office), create_pages(office)
    return ((api, api_guard.actions(api)), (pages, pages_guard.actions_of(pages)))


def address(rule: Rule) -> str:
    parts = dict.fromkeys(rule.arguments, "QM-4K7RT-9XWPR")
    built = rule.build(parts, append_unknown=False)
    assert built is not None
    return built[1]


def test_every_route_names_its_action(office: Office) -> None:
    for app, actions in applications(office):
        endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
        assert endpoints
        assert endpoints <= set(actions)


def test_what_is_public_is_said_to_be(office: Office) -> None:
    public = {
        endpoint
        for _, actions in applications(office)
        for endpoint, action in actions.items()
        if action is Action.PUBLIC
    }
    assert public == PUBLIC


def test_nobody_unknown_gets_past_a_guard(office: Office) -> None:
    # The office reaches nothing, so a view that ran before its guard would fail otherwise.
    for app, actions in applications(office):
        client = app.test_client()
        for rule in app.url_map.iter_rules():
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                if actions[rule.endpoint] is Action.PUBLIC:
                    continue
                answer = client.open(address(rule), method=method)
                assert answer.status_code in TURNED_AWAY, (method, rule.rule)


def test_an_api_with_an_unguarded_route_is_not_made(office: Office) -> None:
    api = create_api(office)
    api.view_functions["forgotten"] = lambda: "open to all"
    with pytest.raises(api_guard.Unguarded, match="forgotten"):
        api_guard.actions(api)


def test_pages_with_an_unguarded_route_are_not_made(office: Office) -> None:
    app = Flask("forgetful", static_folder=None)
    app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    with pytest.raises(pages_guard.UnguardedRoute, match="forgotten"):
        pages_guard.serve(app, office, ())
