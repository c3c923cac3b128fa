"""The pages as one Flask application: plain HTML that works without scripts.

Law: a page is another client of the same functions as the API and the command line; it knows
neither tables nor JSON. Nothing is fetched from anywhere else, and nothing that was personal on a
screen is kept by a cache.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, g, request
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from structlog.contextvars import bind_contextvars, unbind_contextvars

from services.catalogue import load_catalogue
from services.overrides import override_told
from services.pages import (
    audit,
    cases,
    casework,
    correcting,
    erasing,
    exercises,
    guard,
    letters,
    looks,
    own_sessions,
    problems,
    recent,
    results,
    retention,
    rules,
    sessions,
    shown,
    signing_in,
    stating,
    statistics,
    status,
    tongues,
    trials,
    undelivered,
    uploads,
    work,
)
from services.pages.incoming import LARGEST_FORM, BrowserRequest
from services.privacy.again import settled
from services.reasons import say
from services.shields import FILE_POLICY, shields
from services.tracing import request_begun
from services.wiring import Office

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

Answered = Callable[[str, str, str, int, float], None]
"""Takes that a part answered a request: its name, the method, the route, the status, seconds."""

ROUTES: Final = (
    *status.ROUTES,
    *signing_in.ROUTES,
    *own_sessions.ROUTES,
    *cases.ROUTES,
    *correcting.ROUTES,
    *erasing.ROUTES,
    *casework.ROUTES,
    *uploads.ROUTES,
    *work.ROUTES,
    *recent.ROUTES,
    *statistics.ROUTES,
    *retention.ROUTES,
    *letters.ROUTES,
    *undelivered.ROUTES,
    *exercises.ROUTES,
    *trials.ROUTES,
    *audit.ROUTES,
    *looks.ROUTES,
    *stating.ROUTES,
    *rules.ROUTES,
    *results.ROUTES,
)
"""Every page there is."""


def create_pages(office: Office, answered: Answered | None = None) -> Flask:
    """Return the pages of an office; raise `UnguardedRoute` when one names no action.

    `answered` hears of every request that they answer.
    """
    app = Flask("services.pages", static_folder="static", template_folder="templates")
    app.request_class = BrowserRequest
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=200,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    words = load_catalogue()
    app.jinja_env.filters.update(
        clock=_clock_time,
        exact=shown.exact_time,
        second=_second_time,
        number=shown.number,
        day=_day,
        money=shown.money,
        size=shown.size,
        in_english=shown.in_english,
        said=say,
    )
    app.jinja_env.globals.update(
        t=words,
        factor_label=partial(shown.label_of, words),
        override_told=override_told,
        office_stage=partial(shown.stage_name, words),
        form_token=sessions.form_token,
        form_held=guard.form_held,
        signed_in=lambda: g.get("person"),
        may_open=guard.may_open,
    )
    sessions.keep_sessions(app, office.settings)
    app.before_request(_name_request)
    app.before_request(partial(settled, office))
    app.teardown_request(_forget_request)
    guard.serve(app, office, ROUTES)
    app.after_request(partial(_finish, shields(office.settings.public_url)))
    if answered is not None:
        app.after_request(partial(_counted, answered))
    problems.show_problems(app)
    stating.ask_where_needed(app)
    app.after_request(tongues.led_on)  # the last is the first: what it returns is finished like all
    return app


@pass_context
def _clock_time(page: Context, at: datetime | None) -> str:
    return shown.clock_time(at, page["t"].language)


@pass_context
def _second_time(page: Context, at: datetime | None) -> str:
    return shown.second_time(at, page["t"].language)


@pass_context
def _day(page: Context, on: date | None, language: str = "") -> str:
    return shown.day(on, language or page["t"].language)


def _name_request() -> None:
    g.started = time.perf_counter()
    g.correlation_id = secrets.token_hex(16)
    bind_contextvars(correlation_id=g.correlation_id)
    if request.endpoint != "static":
        # Whoever looks at a page chooses no id of ours: what their header names is linked.
        g.ended = request_begun(
            *_kind(),
            g.correlation_id,
            request.headers.get("traceparent", ""),
        )


def _kind() -> tuple[str, str]:
    """The method and the route of the request, of which there are few: no reference is in it."""
    rule = request.url_rule
    return (request.method, rule.rule) if rule else ("other", "none")


def _counted(answered: Answered, response: Response) -> Response:
    answered("pages", *_kind(), response.status_code, time.perf_counter() - g.started)
    return response


def _forget_request(_: BaseException | None) -> None:
    if ended := g.pop("ended", None):
        ended(g.get("status", HTTPStatus.INTERNAL_SERVER_ERROR))
    unbind_contextvars("correlation_id")


def _finish(headers: Mapping[str, str], response: Response) -> Response:
    """Give every answer the headers that keep it private and unable to run anything."""
    response.headers.update(headers)
    is_page = response.mimetype == "text/html"
    response.headers["Content-Security-Policy"] = _POLICY if is_page else FILE_POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Request-ID"] = g.correlation_id
    g.status = response.status_code
    kept = request.endpoint == "static" and response.status_code < 400  # noqa: PLR2004 - any error
    response.headers["Cache-Control"] = "public, max-age=3600" if kept else "private, no-store"
    return response
