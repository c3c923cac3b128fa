"""The API's description of itself is valid OpenAPI 3.1 and complete."""

from typing import Any

import pytest
from openapi_spec_validator import validate

from services.api.app import create_api
from services.wiring import Office


@pytest.fixture
def document(office: Office) -> dict[str, Any]:
    described: dict[str, Any] = (
        create_api(office).test_client().get("/api/v1/openapi.json").get_json()
    )
    return described


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }


def _headers(operation: dict[str, Any]) -> set[str]:
    return {
        each["name"]
        for each in operation.get("parameters", ())
        if each["in"] == "header" and each["required"]
    }


def test_the_description_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_described(office: Office, document: dict[str, Any]) -> None:
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in create_api(office).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert set(_operations(document)) == routes


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    operations = _operations(document).values()
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["summary"] for each in operations)


def test_commands_say_which_headers_they_need(document: dict[str, Any]) -> None:
    for (path, method), operation in _operations(document).items():
        commands = method == "post" and not path.endswith(
            ("/status-enquiries", "/status-enquiries/{challenge}", "/assessments")
        )
        # What came in, went out or was noted depends on nothing that its writer saw.
        recording = ("note", "record-posting", "record-data-access-request", "export-data")
        free = path.endswith(tuple(f"work/{each}" for each in recording))
        on_case = path.startswith("/api/v1/cases/") and not free
        needed = {"Idempotency-Key"} if commands else set()
        assert _headers(operation) == needed | ({"If-Match"} if commands and on_case else set()), (
            path
        )


def test_whoever_may_say_why_they_look_is_told_that_it_may_be_refused(
    document: dict[str, Any],
) -> None:
    stating = [
        operation
        for operation in _operations(document).values()
        if any(each["name"] == "Look-Purpose" for each in operation.get("parameters", ()))
    ]
    assert len(stating) >= 9
    assert all("422" in each["responses"] for each in stating)


def test_moments_say_what_a_bare_day_means(document: dict[str, Any]) -> None:
    operation = _operations(document)["/api/v1/cases/{reference}", "get"]
    told = {each["name"]: each for each in operation["parameters"]}
    for name in ("as_of", "believed_at"):
        assert "a day, such as 2019-05-01" in told[name]["description"]
        assert "last microsecond in Hong Kong" in told[name]["description"]
        assert "format" not in told[name]["schema"]


def test_errors_are_described_as_problems(document: dict[str, Any]) -> None:
    for (path, _), operation in _operations(document).items():
        assert "default" in operation["responses"], path
    for name, response in document["components"]["responses"].items():
        assert set(response.get("content", {"application/problem+json": 1})) == {
            "application/problem+json"
        }, name


def test_an_application_is_described_strictly(document: dict[str, Any]) -> None:
    application = document["components"]["schemas"]["Application"]
    assert application["additionalProperties"] is False
    assert "annual_income_hkd" not in application["required"]
    assert application["properties"]["annual_income_hkd"]["type"] == "integer"
