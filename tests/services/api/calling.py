"""Somebody who calls the API as its clients do, and what they send."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
from flask import Flask
from werkzeug.test import TestResponse

from domain.exercise_events import SelectionProposed
from services.identity import logins
from services.projections.runner import PROJECTIONS, catch_up
from services.wiring import Office

PEOPLE = Path(__file__).parents[2] / "data" / "people"
RECEIVED = "2019-05-01T10:00:00+08:00"
V1 = "/api/v1"
OFFICER = "officer.chan"
SUPERVISOR = "supervisor.wong"
SECOND = "supervisor.lee"
SELECTING = (
    ("draw-shortlist", SUPERVISOR),
    ("propose-selection", SUPERVISOR),
    ("make-selection", SECOND),
)
"""What leads an open exercise to its places, each step with who takes it."""
AUDITOR = "auditor.ho"
SERVICE = "service.intake"
TO_THE_POOL = ("acknowledge", "assess-prerequisites", "score")


def filed_by(name: str) -> dict[str, Any]:
    """Return the application file of John, Emma or Jackie, to be altered at will."""
    filed: dict[str, Any] = json.loads((PEOPLE / f"{name}.json").read_text("utf-8"))
    return filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Calls as one of the local people, an officer unless another is named; None is nobody."""

    app: Flask
    office: Office = field(repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        by: str | None = OFFICER,
        headers: dict[str, str] | None = None,
        **given: Any,
    ) -> TestResponse:
        """Call, and hold the answer against what the API says of itself."""
        sent = {**self.token(by), **(headers or {})}
        answer = self.app.test_client().open(path, method=method, headers=sent, **given)
        as_described(self.app, method, answer)
        return answer

    def get(self, path: str, **given: Any) -> TestResponse:
        return self.call("GET", V1 + path, **given)

    def command(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        version: int | str | None = None,
        key: str | None = None,
        **given: Any,
    ) -> TestResponse:
        """Send a command under a new key unless one is given, on a version if one is."""
        headers = {"Idempotency-Key": str(uuid4()) if key is None else key}
        if version is not None:
            headers["If-Match"] = f'"{version}"' if isinstance(version, int) else version
        headers |= given.pop("headers", {})
        return self.call("POST", V1 + path, json=body or {}, headers=headers, **given)

    def submit(self, name: str = "john", **given: Any) -> str:
        """File an application on paper in May 2019 and return its reference."""
        body = {"application": filed_by(name), "channel": "paper", "received_at": RECEIVED}
        answer = self.command("/applications", body, **given)
        assert answer.status_code == 201, answer.text
        return str(answer.json["reference"])

    def take(self, reference: str, *addresses: str, version: int = 1) -> int:
        """Send commands one after the other; return the version reached.

        An address may name a matter after it, which a second person then confirms.
        """
        for each in addresses:
            address, _, matter = each.partition(" ")
            body = {"effective_at": RECEIVED} | ({"matter": matter} if matter else {})
            by = {"by": SUPERVISOR} if matter else {}
            answer = self.command(f"/cases/{reference}/{address}", body, version=version, **by)
            assert answer.status_code == 200, answer.text
            version = answer.json["version"]
        return version

    def step(
        self, exercise: str, step: str, body: dict[str, Any] | None = None, **given: Any
    ) -> TestResponse:
        """Take a step of an exercise; a confirmation is one of what is proposed by then."""
        proposed = [
            each.event.digest
            for each in self.office.store.read_stream(f"exercise-{exercise}")
            if isinstance(each.event, SelectionProposed)
        ]
        seen = {"digest": proposed[-1]} if step == "make-selection" else {}
        return self.command(f"/exercises/{exercise}/{step}", seen | (body or {}), **given)

    def token(self, by: str | None) -> dict[str, str]:
        """Return the headers by which a local person is known, and says why they look."""
        if by is None:
            return {}
        known = {each.name: each.token for each in logins(self.office.settings)}
        why = {"Look-Purpose": "A%20check"} if by == AUDITOR else {}
        return {"Authorization": f"Bearer {known[by]}", **why}

    def catch_up(self) -> None:
        """Bring every read model up with the log, as the workers do."""
        for name in PROJECTIONS:
            catch_up(self.office.store, self.office.models, name)


_SAID: dict[str, Any] = {}


def described(app: Flask) -> dict[str, Any]:
    """Return what the API says of itself: the same for every office, so that one is asked."""
    if not _SAID:
        _SAID.update(app.test_client().get(f"{V1}/openapi.json").json)
    return _SAID


def as_described(app: Flask, method: str, answer: TestResponse) -> None:
    """Assert that the body is of the schema that is documented for this route and status."""
    rule = answer.request.path and _rule(app, method, answer.request.path)
    if not rule or method == "HEAD" or not answer.is_json:
        return
    document = described(app)
    operation = document["paths"][re.sub("<([a-z]+)>", "{\\1}", rule)][method.lower()]
    said = operation["responses"].get(str(answer.status_code), operation["responses"]["default"])
    if "$ref" in said:
        said = document["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
    if answer.mimetype in said.get("content", {}):
        schema = said["content"][answer.mimetype]["schema"]
        jsonschema.validate(answer.json, {**schema, "components": document["components"]})
    else:
        assert (rule, answer.mimetype) == (f"{V1}/openapi.json", "application/json")


def _rule(app: Flask, method: str, path: str) -> str:
    with app.test_request_context(path, method=method) as context:
        return context.request.url_rule.rule if context.request.url_rule else ""


def is_problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer tells this problem and return its body."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), (
        answer.text
    )
    body: dict[str, Any] = answer.json
    assert (body["type"], body["status"]) == (f"/problems/{code}", status)
    assert body["title"]
    assert body["detail"]
    assert body["correlation_id"] == answer.headers["X-Request-ID"]
    return body
