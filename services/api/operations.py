"""What those who run the system ask of it: does it live, is it ready, how is it getting on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import flask
import structlog

from domain.access import Action
from services.api import problems
from services.api.faults import NoSuchProblem
from services.api.metrics import MEDIA_TYPE, Metrics
from services.api.outputs import ProblemKind
from services.api.routes import Call, Route
from services.intake.schema import schema_for
from services.projections import queries
from services.store import migrate
from services.wiring import Office

MOST_LAG: Final = 50_000
"""Events that a read model may be behind while its answers are still worth giving."""


class Unfit(Exception):
    """A check found the system not fit to serve; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Every check passed; `checks` names them."""

    ready: bool
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """The process answers."""

    alive: bool


def database(office: Office) -> None:
    """The database answers, and the log takes what was committed."""
    office.store.sequence()


def migrations(office: Office) -> None:
    """The schema is the one this program needs."""
    state = migrate.state(office.settings.database_url)
    if state.standing is not migrate.Standing.AT_HEAD:
        raise Unfit(f"the schema is {state.standing} (at {state.current}, head {state.head})")


def broker(office: Office) -> None:
    """The broker answers."""
    if office.pokes.flags is not None:
        office.pokes.flags.ping()
        return
    with office.pokes.sender.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)


def projections(office: Office) -> None:
    """Every read model moves on, and is close enough behind the log."""
    # Anybody may read this, so the event is not named: its stream tells a case's reference.
    unfit = [
        f"{each.name} stands still before position {each.stop.position}: `qmas projections status` "
        f"says why and what to do"
        if each.stop
        else f"{each.name} is {each.freshness.lag} events behind"
        for each in queries.progress(office.models)
        if each.stop or each.freshness.lag > MOST_LAG
    ]
    if unfit:
        raise Unfit("; ".join(unfit))


CHECKS: Final[Mapping[str, Callable[[Office], None]]] = MappingProxyType(
    {each.__name__: each for each in (database, migrations, broker, projections)}
)


def alive(_: Call) -> Liveness:
    """The process answers; nothing else is asked."""
    return Liveness(alive=True)


def ready(call: Call) -> Readiness | flask.Response:
    """Every check passes, or a problem that names each one that does not."""
    failing = tuple(_failing(call.office))
    if not failing:
        return Readiness(ready=True, checks=tuple(CHECKS))
    errors = [{"path": name, "message": why} for name, why in failing]
    detail = f"failing: {', '.join(name for name, _ in failing)}"
    return problems.told(
        problems.Problem(
            kind=problems.NOT_READY,
            detail=detail,
            members={"errors": errors},
            headers={"Retry-After": str(problems.RETRY_SECONDS)},
        )
    )


def problem(_: Call, code: str) -> ProblemKind:
    """What a sort of problem means."""
    for kind in problems.kinds():
        if kind.code == code:
            return ProblemKind(type=kind.type, title=kind.title, status=kind.status)
    raise NoSuchProblem("read the type of a problem as it was given")


def routes(metrics: Metrics) -> Iterator[Route]:
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
        view=ready,
        summary="Tell whether requests can be served",
        gives=schema_for(Readiness),
    )
    yield Route(
        method="GET",
        path="/metrics",
        name="metrics",
        action=Action.PUBLIC,
        view=lambda _: flask.Response(metrics.text(), content_type=MEDIA_TYPE),
        summary="Tell the figures in Prometheus' text format",
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


def _failing(office: Office) -> Iterator[tuple[str, str]]:
    for name, check in CHECKS.items():
        try:
            check(office)
        except Unfit as why:
            yield name, str(why)
        except Exception as fault:  # noqa: BLE001 - whatever the fault is, the check fails
            structlog.get_logger().warning("not-ready", check=name, exc_info=fault)
            yield name, "does not answer"
