"""Nobody reaches a view without the leave that its route names."""

import pytest
from flask import Flask

from domain.access import Action
from services.api import guard
from services.wiring import Office
from tests.services.api.calling import Caller, is_problem

PUBLIC = {
    "v1.status-enquiry",
    "v1.status-enquiry-code",
    "v1.assessment",
    "v1.rulesets",
    "v1.ruleset",
    "v1.results",
    "v1.result",
    "v1.openapi",
    "operations.alive",
    "operations.ready",
    "operations.metrics",
    "operations.problem",
}


def test_every_route_names_its_action_and_few_are_public(api: Flask) -> None:
    found = guard.actions(api)
    assert {rule.endpoint for rule in api.url_map.iter_rules()} == set(found)
    assert {name for name, action in found.items() if action is Action.PUBLIC} == PUBLIC


def test_an_application_with_an_unguarded_route_is_not_made(api: Flask) -> None:
    fresh = Flask("fresh", static_folder=None)
    fresh.add_url_rule("/open", "open", lambda: "")
    with pytest.raises(guard.Unguarded, match="open"):
        guard.actions(fresh)


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer ", "Bearer nobody", "Basic b2ZmaWNlcjpjaGFu", "nonsense", "Bearer é"]
)
def test_a_token_of_nobody_is_refused(refused: Caller, sent: str) -> None:
    answer = refused.call(
        "GET", "/api/v1/cases", by=None, headers={"Authorization": sent.encode().decode("latin-1")}
    )
    is_problem(answer, 401, "sign-in-needed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_every_guarded_route_refuses_a_stranger_before_anything_else(
    caller: Caller, api: Flask, office: Office
) -> None:
    for rule in api.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        path = rule.rule.replace("<reference>", "QM-4K7RT-9XWPR").replace("<exercise>", "x")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            is_problem(caller.call(method, path, by=None, data=b"{"), 401, "sign-in-needed")
    assert office.store.sequence() == 0
