"""What is counted about requests, and how far the log and its followers are, for Prometheus."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kombu.exceptions import KombuError
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import RedisError

from services.api.figures import write_figures
from services.notifications.entries import State
from services.projections import queries, watching
from services.queues import Queue, look, look_through
from services.wiring import Office

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The figures of one process; of all web processes where they share a folder for them."""

    def __init__(self, office: Office) -> None:
        self._shared = office.settings.environ.get(SHARED_FOLDER)
        if self._shared:
            write_figures()
        self._own = CollectorRegistry()
        self._log = CollectorRegistry()
        self._log.register(_LogCollector(office))
        self._log.register(_QueueCollector(office))
        self._log.register(_ErasuresCollector(office))
        self._requests = Counter(
            "qmas_http_requests",
            "Requests answered by the API and the pages, by method, route and status.",
            ("part", "method", "route", "status"),
            registry=self._own,
        )
        self._seconds = Histogram(
            "qmas_http_request_seconds",
            "Seconds from a request to its answer, by method and route.",
            ("part", "method", "route"),
            buckets=_BUCKETS,
            registry=self._own,
        )

    def answered(self, part: str, method: str, route: str, status: int, seconds: float) -> None:
        """One more request is counted, which `part` of the web application answered."""
        self._requests.labels(part, method, route, str(status)).inc()
        self._seconds.labels(part, method, route).observe(seconds)

    def text(self) -> bytes:
        """Every figure in Prometheus' text format."""
        requests = self._own
        if self._shared:
            requests = CollectorRegistry()
            MultiProcessCollector(requests, path=self._shared)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(requests) + generate_latest(self._log)


class _LogCollector(Collector):
    """Asks the database each time, so that every process gives the same figures."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering asks no database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures now; only `qmas_database_up` 0 when the database does not answer."""
        up = GaugeMetricFamily("qmas_database_up", "1 while the database answers, else 0.")
        try:
            found = tuple(self._figures())
        except Exception:  # noqa: BLE001 - whatever the fault is, this figure is how it is told
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield from (up, *found)

    def _figures(self) -> Iterator[Metric]:
        head = self._office.store.sequence()
        yield _gauge("qmas_log_position", "Events in the log.", head)
        lag = GaugeMetricFamily(
            "qmas_projection_lag", "Events that a read model does not hold yet.", labels=("name",)
        )
        behind = GaugeMetricFamily(
            "qmas_projection_behind_seconds",
            "Seconds since the first event that a read model does not hold, 0 when it holds all.",
            labels=("name",),
        )
        now = self._office.clock()
        stopped = GaugeMetricFamily(
            "qmas_projection_stopped",
            "1 while a projection stands before an event that it cannot fold.",
            labels=("name",),
        )
        foreign = GaugeMetricFamily(
            "qmas_projection_of_another_log",
            "1 where a read model was folded from another log than the one that is there.",
            labels=("name",),
        )
        for each in queries.progress(self._office.models):
            foreign.add_metric([each.name], int(each.of_another_log))
            lag.add_metric([each.name], each.freshness.lag)
            since = each.behind_since
            behind.add_metric([each.name], max(0.0, (now - since).total_seconds()) if since else 0)
            stopped.add_metric([each.name], 0 if each.stop is None else 1)
        yield from (lag, behind, stopped, foreign)
        verified = watching.verification(self._office.models)
        yield _gauge(
            "qmas_projection_rows_differing",
            "Rows of read models that were seen to differ.",
            len(verified.told) + verified.left_out if verified else 0,
        )
        yield from self._notifications(head)

    def _notifications(self, head: int) -> Iterator[Metric]:
        ledger = self._office.ledger
        standing = ledger.standing()
        oldest = standing.oldest_due
        for name, told, figure in (
            (
                "given_up",
                "Letters and webhooks that wait for a person's retry.",
                standing.counts[State.FAILED],
            ),
            (
                "fence_closed",
                "1 while nothing is sent because of a restore.",
                int(ledger.fence.is_closed()),
            ),
            (
                "planning_lag",
                "Events that were not yet read for letters and webhooks.",
                max(0, head - standing.position),
            ),
            (
                "planned_from_another_log",
                "1 where they were planned from another log than the one that is there.",
                int(standing.of_another_log or standing.of_lost_events),
            ),
            ("due", "Letters and webhooks that should go out now.", standing.due),
            (
                "oldest_due_seconds",
                "Seconds that the oldest of those has waited, 0 while none waits.",
                max(0.0, (self._office.clock() - oldest).total_seconds()) if oldest else 0,
            ),
        ):
            yield _gauge(f"qmas_notifications_{name}", told, figure)


class _ErasuresCollector(Collector):
    """Asks each place where erasures are kept, each time."""

    def __init__(self, office: Office) -> None:
        self._places = office.erasures

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering asks no place."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Which of them hold all that they should: while none does, nobody is served."""
        told = "1 while this place answers and holds every erasure, else 0."
        whole = GaugeMetricFamily("qmas_erasures_place_whole", told, labels=("place",))
        for each in self._places.look().looks:
            whole.add_metric([each.kind], int(each.whole))
        yield whole


class _QueueCollector(Collector):
    """Asks the broker each time; while it is away there is only that to tell.

    Only with Redis is it known how old a queue's messages are and whether it moves; of others
    nothing is said about that.
    """

    def __init__(self, office: Office) -> None:
        self._pokes = office.pokes

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering asks no broker."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures now; only `qmas_broker_up` 0 when the broker does not answer."""
        try:
            found = self._look()
        except (RedisError, KombuError, OSError):
            found = None
        up = "1 while the broker answers, else 0."
        yield _gauge("qmas_broker_up", up, int(found is not None))
        for name, told, figure in _OF_QUEUES:
            if name.endswith("_seconds") and self._pokes.flags is None:
                continue
            gauge = GaugeMetricFamily(f"qmas_queue_{name}", told, labels=("queue",))
            for each in found or ():
                gauge.add_metric([each.name], figure(each))
            yield gauge
        if self._pokes.flags is not None:
            ended = "Turns of the tasks of a queue that ended."
            turns = CounterMetricFamily("qmas_queue_turns", ended, labels=("queue",))
            for each in found or ():
                turns.add_metric([each.name], each.turns)
            yield turns

    def _look(self) -> tuple[Queue, ...]:
        if self._pokes.flags is not None:
            return look(self._pokes.flags)
        with self._pokes.sender.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
            return look_through(connection)


def _seconds_since(at: float | None) -> float:
    return 0.0 if at is None else max(0.0, time.time() - at)


_OF_QUEUES: Final[tuple[tuple[str, str, Callable[[Queue], float]], ...]] = (
    ("length", "Messages that wait in a queue.", lambda each: each.length),
    ("workers", "Workers that empty a queue.", lambda each: each.workers),
    (
        "oldest_seconds",
        "Seconds that the oldest message of a queue has waited, 0 while none waits.",
        lambda each: _seconds_since(each.oldest_at),
    ),
    (
        "still_seconds",
        "Seconds that something waits in a queue of which no turn began or ended.",
        lambda each: _seconds_since(each.still_since()),
    ),
)


def _gauge(name: str, told: str, figure: float) -> Metric:
    gauge = GaugeMetricFamily(name, told)
    gauge.add_metric([], figure)
    return gauge
