"""The API as one Flask application."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import flask
import structlog
from flask_smorest import Api

from domain.access import Action
from services.api import (
    cases,
    commands,
    documents,
    enquiries,
    exercises,
    guard,
    operations,
    privacy,
    problems,
    reads,
    rulesets,
    statistics,
    what_if,
    work,
)
from services.api.conditions import correlation_id
from services.api.metrics import Metrics
from services.api.outputs import ProblemSchema
from services.api.routes import Route, StrictBlueprint, mount
from services.privacy.again import settled
from services.shields import FILE_POLICY, shields
from services.store import StoreUnreachable
from services.tracing import request_begun
from services.wiring import Office

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_BODY: Final = 1024 * 1024
PREFIX: Final = "/api/v1"

ROUTES: Final = (
    *commands.routes(),
    *cases.ROUTES,
    *exercises.ROUTES,
    *enquiries.ROUTES,
    *what_if.ROUTES,
    *work.routes(),
    *rulesets.ROUTES,
    *documents.ROUTES,
    *statistics.ROUTES,
    *reads.ROUTES,
    *privacy.ROUTES,
)
"""Every address below the prefix but that of their description."""

_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": FILE_POLICY,
    "Referrer-Policy": "no-referrer",
}
_CONFIG: Final = {
    "MAX_CONTENT_LENGTH": LARGEST_BODY,
    "API_TITLE": "Quality Migrant Admission Scheme case management",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "API_SPEC_OPTIONS": {
        "security": [{"token": []}],
        "info": {
            "description": "Every command is one POST and is carried out once under its "
            "Idempotency-Key. Errors are problems as RFC 9457 has them, with stable types. "
            "Instants are aware; X-Request-ID in a request is kept as its correlation id where "
            "it is a UUID or 32 hexadecimal digits, and else the trace id of a traceparent."
        },
    },
}


class _Application(flask.Flask):
    """Flask, which does not ask of each view and hook, for each request, if it is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is one."""
        return func


class _Api(Api):  # type: ignore[misc]  # flask-smorest has no types
    """smorest's API, whose errors are told as problems, described when somebody first asks.

    To describe every address takes almost half of the time in which an application is made.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: flask.Flask) -> None:
        self._undescribed: list[StrictBlueprint] = []
        self._describing = threading.Lock()
        super().__init__(app)

    def register_blueprint(self, blueprint: StrictBlueprint) -> None:
        """Every address of the blueprint is served."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._undescribed.append(blueprint)

    def described(self) -> dict[str, Any]:
        """Return the description of all that is served."""
        with self._describing:
            while self._undescribed:
                each = self._undescribed[0]
                each.register_views_in_doc(
                    self, self._app, self.spec, name=each.name, parameters=None
                )
                self.spec.tag({"name": each.name, "description": each.description})
                del self._undescribed[0]
            found: dict[str, Any] = self.spec.to_dict()
            return found

    def _register_error_handlers(self) -> None:
        self._app.register_error_handler(Exception, problems.answer)

    def _register_responses(self) -> None:
        super()._register_responses()
        for name in [*self.spec.components.responses, *self.spec.components.responses_lazy]:
            self._told_as_problem(name)

    def _told_as_problem(self, name: str) -> None:
        for kept in (self.spec.components.responses, self.spec.components.responses_lazy):
            content = kept.get(name, {}).get("content", {})
            if self.DEFAULT_RESPONSE_CONTENT_TYPE in content:
                content[problems.MEDIA_TYPE] = content.pop(self.DEFAULT_RESPONSE_CONTENT_TYPE)


def create_api(office: Office, metrics: Metrics | None = None) -> flask.Flask:
    """The API of an office; raises `Unguarded` when a route names no action.

    It counts its requests in `metrics`, and shows them with whatever else is counted there.
    """
    app = _Application("services.api", static_folder=None)
    app.config.update(_CONFIG)
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    metrics = metrics or Metrics(office)
    _observe(app, metrics)
    headers = {**_HEADERS, **shields(office.settings.public_url)}
    app.wsgi_app = _with_headers(app.wsgi_app, headers)  # type: ignore[assignment]  # Flask says so
    app.before_request(partial(_settle, office))
    api = _Api(app)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    v1 = StrictBlueprint("v1", __name__, url_prefix=PREFIX, description="Cases and exercises")
    mount(v1, office, (*ROUTES, _openapi(api)))
    running = StrictBlueprint("operations", __name__, description="For those who run the system")
    mount(running, office, operations.routes(metrics))
    api.register_blueprint(v1)
    api.register_blueprint(running)
    guard.actions(app)
    return app


def _openapi(api: _Api) -> Route:
    """The description of all of this, by itself."""
    return Route(
        method="GET",
        path="/openapi.json",
        name="openapi",
        action=Action.PUBLIC,
        view=lambda _: flask.jsonify(api.described()),
        summary="Describe this API as OpenAPI 3.1",
    )


def _with_headers(app: "WSGIApplication", headers: Mapping[str, str]) -> "WSGIApplication":
    """Every answer carries what keeps it private.

    To put ten headers through those of the framework costs as much as to find the route.
    """
    told = tuple((name.lower(), (name, value)) for name, value in headers.items())

    def answered(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, said: list[tuple[str, str]], *fault: Any) -> Callable[..., Any]:
            # What anybody may know says itself how long it may be kept.
            own = {name.lower() for name, _ in said}
            more = [header for name, header in told if name not in own]
            return start_response(status, [*said, *more], *fault)

        return app(environ, start)

    return answered


def _observe(app: flask.Flask, metrics: Metrics) -> None:
    """Every request has an id and is counted."""

    @app.before_request
    def begin() -> None:
        flask.g.started = time.perf_counter()
        flask.g.correlation_id = correlation_id()
        structlog.contextvars.bind_contextvars(correlation_id=flask.g.correlation_id)
        # Probes ask every few seconds, and are nobody's request.
        if flask.request.blueprint != "operations":
            caller = flask.request.headers.get("traceparent", "")
            flask.g.ended = request_begun(*_kind(), flask.g.correlation_id, caller)

    @app.after_request
    def finish(response: flask.Response) -> flask.Response:
        response.headers["X-Request-ID"] = flask.g.correlation_id
        if applied := flask.g.get("preference_applied"):
            response.headers["Preference-Applied"] = applied
        flask.g.status = response.status_code
        metrics.answered(
            "api", *_kind(), response.status_code, time.perf_counter() - flask.g.started
        )
        return response

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        if ended := flask.g.pop("ended", None):
            ended(flask.g.get("status", HTTPStatus.INTERNAL_SERVER_ERROR))
        structlog.contextvars.unbind_contextvars("correlation_id")


def _settle(office: Office) -> None:
    """Nobody is answered before whoever was erased is so; only those who run this are."""
    if flask.request.blueprint != "operations":
        settled(office)
    elif office.same.is_lost and flask.request.endpoint != "operations.alive":
        # They ask the database, which answers nobody before it was looked over: and a server that
        # says that it is not ready is asked for nothing else.
        with suppress(StoreUnreachable):
            settled(office)


def _kind() -> tuple[str, str]:
    """The method and the route of the request, of which there are few."""
    rule = flask.request.url_rule
    return (flask.request.method, rule.rule) if rule else ("other", "none")
