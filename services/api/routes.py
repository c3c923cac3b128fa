"""A route as data: its address, the leave it asks for, what goes in and what comes out.

Tables of these are all there is to the API's addresses; `mount` makes the guarded, documented view
of each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial, wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import flask
from flask_smorest import Blueprint
from marshmallow import Schema

from domain.access import Action, Person
from domain.looks import Door, Look, What, look_of
from services.api.conditions import already_has, command_id, stated_purpose
from services.api.guard import guarded
from services.api.inputs import JSON, StrictParser
from services.intake.faults import Fault
from services.requests import Request
from services.wiring import Office

Header = Mapping[str, Any]

IDEMPOTENCY_KEY: Final[Header] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A UUID made by the caller. The same command sent again under it is answered "
    "as the first time, with Idempotent-Replay: true, and is not carried out again.",
    "schema": {"type": "string", "format": "uuid"},
}
IF_MATCH: Final[Header] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The version that the sender has looked at, in quotes as its ETag had it. "
    "Exactly one: a list, a weak tag or * is refused.",
    "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
}
IF_NONE_MATCH: Final[Header] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "A version that the caller has; the answer is 304 while it is still the one.",
    "schema": {"type": "string"},
}
PREFER: Final[Header] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N` waits up to N seconds, at most 1, until everything recorded before "
    "the request (or the position in `wait_for`) is shown.",
    "schema": {"type": "string"},
}
LOOK_PURPOSE: Final[Header] = {
    "name": "Look-Purpose",
    "in": "header",
    "required": False,
    "description": "Why you look at this case, in at most 200 characters: UTF-8, with what is not "
    "ASCII as %XX. It is on record with the look, and kept as long as the key of the case is. "
    "Auditors are asked for it; it counts for an hour.",
    "schema": {"type": "string"},
}
ETAG: Final[Mapping[str, Any]] = MappingProxyType(
    {"ETag": {"description": "The version, in quotes.", "schema": {"type": "string"}}}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a view works with: the office, its action and, but on public routes, who signed in."""

    office: Office
    action: Action
    person: Person | None = None
    correlation_id: str = ""

    @property
    def asker(self) -> Person:
        """Whoever signed in."""
        if self.person is None:
            raise TypeError("nobody signs in on a public route")
        return self.person

    def look(self, what: What, person: Person | None = None) -> Look:
        """The look that this answer is of what it shows; on public routes of `person`."""
        seer = person or self.asker
        told = (seer, self.action, what, Door.API, self.correlation_id)
        return look_of(*told, stated=stated_purpose())

    def request(self, **given: Any) -> Request:
        """The shell's request for a command, under the id in Idempotency-Key."""
        if self.person is None:
            raise TypeError("a public route carries out no command")
        return Request(
            person=self.person,
            command_id=command_id(),
            correlation_id=self.correlation_id,
            door=Door.API,
            **given,
        )


def call_of(office: Office, action: Action) -> Call:
    """The call that this request is, which asks that action."""
    return Call(
        office=office,
        action=action,
        person=flask.g.get("person"),
        correlation_id=flask.g.get("correlation_id", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A body with headers of its own."""

    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address and method.

    `view` takes the call, then the path's parts, `query` and `body` by name, and returns what
    `gives` dumps (as it is where that is None), a `Reply` of it, or a whole response. `check`
    finds faults in a body beyond its schema. `body_shown` documents a body that the view reads,
    `body_files` and `gives_files` the media types of one that is a file; `refuses` the statuses
    of refusals that nothing else of the route tells of.
    """

    method: str
    path: str
    name: str
    action: Action
    view: Callable[..., Any]
    summary: str
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    body_shown: type[Schema] | None = None
    check: Callable[[Office, object], Iterable[Fault]] | None = None
    body_files: tuple[str, ...] = ()
    gives: type[Schema] | None = None
    gives_files: tuple[str, ...] = ()
    status: int = 200
    headers: tuple[Header, ...] = ()
    tells: Mapping[str, Any] = field(default_factory=dict)
    refuses: tuple[int, ...] = ()


def carried_out(
    result: Any,
    *,
    repeated: bool,
    version: int | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    """The reply to a command; a repeat differs by one header only."""
    tag = {} if version is None else {"ETag": f'"{version}"'}
    return Reply(body=result, headers={**tag, **replayed(repeated=repeated), **more})


def replayed(*, repeated: bool) -> Mapping[str, str]:
    """The header of the answer to a command that was carried out before."""
    return {"Idempotent-Replay": "true"} if repeated else {}


def tagged(version: int, body: Any) -> Any:
    """The body under its version's tag, or 304 to a caller that has this version."""
    headers = {"ETag": f'"{version}"'}
    if already_has(version):
        return flask.Response(status=304, headers=headers)
    return Reply(body=body, headers=headers)


class StrictBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint that reads strictly."""

    ARGUMENTS_PARSER = StrictParser()


def mount(blueprint: StrictBlueprint, office: Office, routes: Iterable[Route]) -> None:
    """Every route has its address in `blueprint`."""
    for route in routes:
        view = _answering(office, route)
        view = blueprint.response(
            route.status, _instance(route.gives), headers=dict(route.tells) or None
        )(view)
        view = _reading(blueprint, office, route, view)
        view = blueprint.doc(**_documented(route))(view)
        blueprint.add_url_rule(
            route.path,
            route.name,
            guarded(office, route.action, view),
            methods=[route.method],
        )


def _answering(office: Office, route: Route) -> Callable[..., Any]:
    @wraps(route.view)
    def answered(**given: Any) -> Any:
        reply = route.view(call_of(office, route.action), **given)
        return (reply.body, dict(reply.headers)) if isinstance(reply, Reply) else reply

    return answered


def _reading(
    blueprint: StrictBlueprint, office: Office, route: Route, view: Callable[..., Any]
) -> Callable[..., Any]:
    if route.body is not None:
        check = partial(route.check, office) if route.check else None
        view = blueprint.arguments(
            _instance(route.body), location="json", arg_name="body", validate=check
        )(view)
    if route.query is not None:
        view = blueprint.arguments(_instance(route.query), location="query", arg_name="query")(view)
    return view


def _documented(route: Route) -> dict[str, Any]:
    said: dict[str, Any] = {"summary": route.summary, "operationId": route.name}
    parameters = [dict(each) for each in route.headers]
    if route.query is not None:
        parameters.append({"in": "query", "schema": _instance(route.query)})
    if parameters:
        said["parameters"] = parameters
    said["responses"] = {status: HTTPStatus(status).name for status in _refusals(route)}
    if route.action is Action.PUBLIC:
        said["security"] = []
    if route.body_files:
        said["requestBody"] = {"required": True, "content": _any_of(route.body_files)}
    if route.gives_files:
        content = _any_of(route.gives_files)
        said["responses"][route.status] = {"description": "The file", "content": content}
    if route.body_shown is not None:
        content = {JSON: {"schema": _instance(route.body_shown)}}
        said["requestBody"] = {"required": True, "content": content}
    return said


def _any_of(media_types: tuple[str, ...]) -> dict[str, Any]:
    return {str(each): {} for each in media_types}


def _refusals(route: Route) -> Iterator[int]:
    """The statuses that are told of beside the success and the default."""
    if route.action is not Action.PUBLIC:
        yield from (401, 403)
    if IF_NONE_MATCH in route.headers:
        yield 304
    if IDEMPOTENCY_KEY in route.headers:
        yield from (400, 409)
    if route.body is not None or route.body_shown is not None:
        yield from (400, 408, 413, 415)
    if IF_MATCH in route.headers:
        yield from (412, 428)
    if LOOK_PURPOSE in route.headers:
        yield 422
    if PREFER in route.headers:
        yield 503
    if "<" in route.path:
        yield 404
    if route.body_files:
        yield from (408, 413, 415)
    yield from route.refuses


@cache
def _instance(schema: type[Schema] | None) -> Schema | None:
    """The only instance of it, which nobody changes: every copy of it is itself.

    flask-smorest copies all that describes a route at each step of its making, and that is half of
    the time in which an application is made.
    """
    if schema is None:
        return None
    made = schema()
    vars(made)["__deepcopy__"] = lambda _: made
    return made
