"""What those who run the system ask of it: does it live, is it ready, how is it getting on."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import flask
import structlog

from domain.access import Action
from domain.errors import Forbidden
from services.api import guard, problems
from services.api.faults import NoSuchProblem
from services.api.metrics import MEDIA_TYPE, Metrics
from services.api.outputs import ProblemKind
from services.api.routes import Call, Route
from services.intake.schema import schema_for
from services.notifications.another_log import PLANNED
from services.projections import queries
from services.store import migrate
from services.store.migrate import Standing
from services.wiring import Office

MOST_LAG: Final = 50_000
"""Events that a read model may be behind while its answers are still worth giving."""

KEPT_SECONDS: Final = 1.0
"""How long what the checks found is told again."""


class Unfit(Exception):
    """A check found the system not fit to serve; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Every check passed; `checks` names them.

    `notes` says what bears being so for a while: what is as it is only during an upgrade, and what
    stands still until a person has seen to it. Both are empty for anybody but those who run the
    system.
    """

    ready: bool
    checks: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """The process answers."""

    alive: bool


def database(office: Office) -> Iterable[str]:
    """The database answers, and the log takes what was committed."""
    office.store.sequence()
    return ()


def migrations(office: Office) -> Iterable[str]:
    """The schema is the one this program needs, or a later one, which bears the program before."""
    state = migrate.state(office.settings.database_url)
    told = f"the schema is {state.standing} (at {state.current}, head {state.head})"
    if state.standing is Standing.AHEAD:
        return (f"{told}: a newer version was installed",)
    if state.standing is not Standing.AT_HEAD:
        raise Unfit(told)
    return ()


def broker(office: Office) -> Iterable[str]:
    """The broker answers."""
    if office.pokes.flags is not None:
        office.pokes.flags.ping()
        return ()
    with office.pokes.sender.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
    return ()


def projections(office: Office) -> Iterable[str]:
    """Every read model is close enough behind the log, whichever version folds it.

    How far is judged by the shard that is furthest ahead: one event that cannot be folded holds its
    own shard back, on every web server alike, and is told where somebody is called for it. So is
    one of another log, which falls behind for ever on all of them.
    """
    found = queries.progress(office.models)
    late = [each for each in found if each.least_lag > MOST_LAG and not each.of_another_log]
    if late:
        raise Unfit("; ".join(f"{each.name} is {each.least_lag} events behind" for each in late))
    outdated = [
        f"{each.name} is folded by version {each.outdated}, and this program's is {each.version}"
        for each in found
        if each.outdated is not None
    ]
    return outdated + [
        f"{each.name} is of another log, and stands still until it is filled anew"
        for each in found
        if each.of_another_log
    ]


def notifications(office: Office) -> Iterable[str]:
    """Letters are planned from this log; where they are not, people are served all the same."""
    if office.ledger.fence.is_of_another_log():
        return (f"{PLANNED}, and none are sent",)
    return ()


CHECKS: Final[Mapping[str, Callable[[Office], Iterable[str]]]] = MappingProxyType(
    {each.__name__: each for each in (database, migrations, broker, projections, notifications)}
)


def alive(_: Call) -> Liveness:
    """The process answers; nothing else is asked."""
    return Liveness(alive=True)


class _Looks:
    """What was found by the checks, at most `KEPT_SECONDS` ago: anybody may ask, at any rate.

    While one looks, others are told what was found before.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._looking = threading.Lock()
        self._found: tuple[Sequence[str], Sequence[tuple[str, str]]] | None = None
        self._until = 0.0

    def ready(self, call: Call) -> Readiness | flask.Response:
        """Every check passes, or a problem that names each one that does not."""
        notes, failing = self._now(call.office)
        near = guard.runs_this(call.office)
        if failing:
            return _not_ready(failing if near else ())
        if not near:
            return Readiness(ready=True, checks=(), notes=())
        return Readiness(ready=True, checks=tuple(CHECKS), notes=tuple(notes))

    def _now(self, office: Office) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
        found = self._found
        if not self._looking.acquire(blocking=found is None):
            return found or ((), ())
        try:
            if self._found is None or self._clock() >= self._until:
                self._found = _looked(office)
                self._until = self._clock() + KEPT_SECONDS
            return self._found
        finally:
            self._looking.release()


def _looked(office: Office) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """Return the notes of those checks that pass, and which others do not and why."""
    notes: list[str] = []
    failing: list[tuple[str, str]] = []
    for name, check in CHECKS.items():
        try:
            notes += check(office)
        except Unfit as why:
            failing.append((name, str(why)))
        except Exception as fault:  # noqa: BLE001 - whatever the fault is, the check fails
            structlog.get_logger().warning("not-ready", check=name, exc_info=fault)
            failing.append((name, "does not answer"))
    return notes, failing


def _figures(metrics: Metrics, call: Call) -> flask.Response:
    if not guard.runs_this(call.office):
        raise Forbidden("figures are for this machine itself and for who has QMAS_SCRAPE_TOKEN")
    return flask.Response(metrics.text(), content_type=MEDIA_TYPE)


def problem(_: Call, code: str) -> ProblemKind:
    """What a sort of problem means."""
    for kind in problems.kinds():
        if kind.code == code:
            return ProblemKind(type=kind.type, title=kind.title, status=kind.status)
    raise NoSuchProblem("read the type of a problem as it was given")


def routes(metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> Iterator[Route]:
    """The routes that stand outside the API's own prefix."""
    yield Route(
        method="GET",
        path="/livez",
        name="alive",
        action=Action.PUBLIC,
        view=alive,
        summary="Tell that the process answers",
        gives=schema_for(Liveness),
    )
    yield Route(
        method="GET",
        path="/readyz",
        name="ready",
        action=Action.PUBLIC,
        view=_Looks(clock).ready,
        summary="Tell whether requests can be served",
        gives=schema_for(Readiness),
        refuses=(503,),
    )
    yield Route(
        method="GET",
        path="/metrics",
        name="metrics",
        action=Action.PUBLIC,
        view=partial(_figures, metrics),
        summary="Tell the figures in Prometheus' text format, to those who run the system",
        refuses=(HTTPStatus.FORBIDDEN,),
    )
    yield Route(
        method="GET",
        path=f"{problems.PREFIX}<code>",
        name="problem",
        action=Action.PUBLIC,
        view=problem,
        summary="Tell what a type of problem means",
        gives=schema_for(ProblemKind),
    )


def _not_ready(failing: Sequence[tuple[str, str]]) -> flask.Response:
    errors = [{"path": name, "message": why} for name, why in failing]
    return problems.told(
        problems.Problem(
            kind=problems.NOT_READY,
            detail=f"failing: {', '.join(name for name, _ in failing)}" if failing else "not now",
            members={"errors": errors} if failing else {},
            headers={"Retry-After": str(problems.RETRY_SECONDS)},
        )
    )
