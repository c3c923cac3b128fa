"""Whoever asks the API what its description allows, or does not, is answered as it says.

Applicants sign in to pages alone: to the API they are nobody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4
from zlib import crc32

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi import checks
from werkzeug.routing import Rule

from domain.access import Action, Person, permitted
from services.api import guard
from services.api.app import create_api
from services.identity import LOCAL_PEOPLE, logins
from tests.integration.walking import Walked
from tests.services.api.calling import V1, Caller

Operation = APIOperation[Any, Any, Any, Any]

NAMES: Final = (*{role: name for name, role in reversed(LOCAL_PEOPLE)}.values(), None)
"""One person of each role, and nobody."""

CHECKS: Final = [
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
# What an answer never has: where the program is, and what it is made of.
_OF_OURS: Final = re.compile(r'Traceback|File "|psycopg|sqlalchemy|werkzeug|site-packages')
# Made up, these are of no day and no position that there is, and nothing else is looked at.
_MOMENTS: Final = ("effective_at", "as_of", "believed_at", "wait_for")
_EXAMPLES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who asks, if it is somebody, and what there is to ask of."""

    walked: Walked
    person: Person | None
    token: dict[str, str]

    def may(self, action: Action) -> bool:
        """Say whether this is somebody who may."""
        public = action is Action.PUBLIC
        return public if self.person is None else permitted(self.person, action)

    def named(self, case: Case, rule: Rule) -> None:
        """Have a request name what there is, for what is made up is refused at the first look."""
        parts = self.walked.parts(rule)
        for name in case.path_parameters or {}:
            case.path_parameters[name] = parts[name]
        headers: Any = case.headers or {}
        if "Idempotency-Key" in headers:
            headers["Idempotency-Key"] = str(uuid4())
        if "If-Match" in headers:
            stream = f"{'work' if '/work/' in rule.rule else 'case'}-{self.walked.case}"
            headers["If-Match"] = f'"{len(self.walked.office.store.read_stream(stream))}"'
        for given_in in (case.body, case.query):
            if isinstance(given_in, dict):
                for name in _MOMENTS:
                    given_in.pop(name, None)

    def ask(self, case: Case) -> int:
        """Return the status of an answer that is one of those described, as it is described."""
        # Nobody waits: a position that is made up is far beyond all that there are.
        answer = case.call(headers={**self.token, "Prefer": "wait=0"})
        described = case.operation.definition.raw["responses"]
        assert str(answer.status_code) in described, (answer.status_code, answer.text)
        assert answer.status_code != 500, answer.text
        assert not _OF_OURS.search(answer.text), answer.text
        case.validate_response(answer, checks=CHECKS)
        return answer.status_code


def modes(operation: Operation) -> Iterator[GenerationMode]:
    """Yield what can be sent: what is allowed, and what is not where anything would not be."""
    yield GenerationMode.POSITIVE
    said = operation.definition.raw
    narrow = (
        each for each in said.get("parameters", ()) if each["in"] == "query" or each["required"]
    )
    if "requestBody" in said or any(each["in"] != "path" for each in narrow):
        yield GenerationMode.NEGATIVE


def asked(asker: Asker, operation: Operation, rule: Rule, mode: GenerationMode, times: int) -> None:
    """Ask so many times, for the same each time that the test is run."""

    @seed(crc32(f"{operation.label} {mode}".encode()))
    @settings(
        max_examples=times,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), turn=st.integers(0, 3))
    def answered(case: Case, turn: int) -> None:
        if mode is GenerationMode.POSITIVE and turn:
            asker.named(case, rule)
        asker.ask(case)

    answered()


@pytest.fixture(scope="module")
def described(walked: Walked) -> tuple[Flask, dict[str, Operation]]:
    """The API, and each address as it is described, by the name of its endpoint."""
    app = create_api(walked.office)
    schema = schemathesis.openapi.from_wsgi(f"{V1}/openapi.json", app)
    schema.config.generation.with_security_parameters = False
    found = [each.ok() for each in schema.get_all_operations()]
    return app, {each.definition.raw["operationId"]: each for each in found}


@pytest.mark.parametrize("name", NAMES, ids=[str(each) for each in NAMES])
def test_the_api_answers_everybody_as_it_is_described(
    walked: Walked,
    described: tuple[Flask, dict[str, Operation]],
    name: str | None,
    request: pytest.FixtureRequest,
) -> None:
    app, operations = described
    known = {each.name: each.person for each in logins(walked.office.settings)}
    token = Caller(app=app, office=walked.office).token(name)
    asker = Asker(walked=walked, person=known[name] if name else None, token=token)
    rules = {each.endpoint: each for each in app.url_map.iter_rules()}
    examples = request.config.getoption("--examples-times") * _EXAMPLES
    for endpoint, action in guard.actions(app).items():
        operation = operations.get(endpoint.rpartition(".")[2])
        if operation is None:
            assert endpoint == "v1.openapi"
            continue
        if not asker.may(action):
            asked(asker, operation, rules[endpoint], GenerationMode.POSITIVE, 1)
            continue
        for mode in modes(operation):
            asked(asker, operation, rules[endpoint], mode, examples)
