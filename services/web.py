"""The web application: the API and the pages behind one WSGI callable.

Law: importing this module opens nothing; the first use builds what serves.
"""

import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

import structlog

from services import tracing
from services.api.app import create_api
from services.api.metrics import Metrics
from services.arriving import Served
from services.identity import refuse_open_door
from services.logs import log_as_json
from services.pages.app import create_pages
from services.settings import Settings, SettingsFault
from services.wiring import open_office

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API_PATHS: Final = ("/api", "/livez", "/readyz", "/metrics", "/problems")

_BODY_SECONDS: Final = 5.0

_building = threading.Lock()


def create_application(bound: str | None = None) -> "WSGIApplication":
    """The application that this process's settings describe; what it logs is JSON.

    Raises `SettingsFault`, also where the host that it is `bound` to lets local people be reached.
    """
    settings = Settings.from_environment()
    refuse_open_door(settings, bound)
    log_as_json()
    tracing.start(settings, "web")
    office = open_office(settings)
    metrics = Metrics(office)
    return dispatch(create_api(office, metrics), create_pages(office, metrics.answered))


def dispatch(api: "WSGIApplication", pages: "WSGIApplication") -> "WSGIApplication":
    """One application that gives each request to the one whose path it is."""

    def chosen(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return (api if _is_api(environ.get("PATH_INFO", "")) else pages)(environ, start_response)

    return chosen


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve a request, after building the application for the first one."""
    with _building:
        serve: Callable[..., Iterable[bytes]] = _once(environ.get("SERVER_NAME") or None)
    return serve(environ, start_response)


@cache
def _body_seconds() -> float:
    try:
        return float(Settings.from_environment().web_body_seconds)
    except SettingsFault:
        return _BODY_SECONDS  # nothing is served, as every request is told


server: Final = Served(application, _body_seconds)
"""What the web server serves: `application`, with bodies awaited beside each other."""


def _is_api(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in API_PATHS)


@cache
def _once(bound: str | None) -> "WSGIApplication":
    try:
        return create_application(bound)
    except SettingsFault as fault:
        structlog.get_logger(__name__).error("web_refuses_to_serve", reason=str(fault))
        return _refuse


def _refuse(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer every request that nothing is served; why is in the log and nobody else's business."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
    start_response("503 Service Unavailable", headers)
    return [b"qmas: not configured; its log says why\n"]
