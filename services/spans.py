"""Spans as OpenTelemetry has them: which trace they are of, what they follow, where they go.

Law: a trace is known by the correlation id of what happened in it, and a commit's span by the id of
its command. Both are on record with every event, so that whoever acts on one, in whatever process
and however much later, continues its trace without having been told of it.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, Self, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.errors import Refusal
from domain.record import Recorded
from services.notifications.replies import Reply, Verdict
from services.store.commit import Commit
from services.tracing import Later, Repeatable

TRACES_PATH: Final = "/v1/traces"
FLUSH_MILLISECONDS: Final = 2_000
"""How long an ending process waits for its last spans to be taken."""
DID: Final = "qmas.did"
"""Whether a turn of a worker did anything."""

_FAULT: Final = 500
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{32}")

_R = TypeVar("_R", bound=Repeatable)
_T = TypeVar("_T")


def trace_of(correlation_id: str) -> int:
    """Return the trace of all that has this correlation id: the id itself if it can be one.

    A UUID is not taken as it is: some of its bits are the same in all of them, and samplers draw
    lots by these.
    """
    given = int(correlation_id, 16) if _HEXADECIMAL.fullmatch(correlation_id) else 0
    return given or _digest(f"trace {correlation_id}", 16)


def commit_span(command_id: object) -> int:
    """Return the span of the commit that carried out a command."""
    return _digest(f"commit {command_id}", 8)


def _digest(text: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size], "big") or 1


class _Ids(IdGenerator):
    """Gives the ids that were chosen for the span being started, and else random ones."""

    def __init__(self) -> None:
        self.trace: ContextVar[int] = ContextVar("trace", default=0)
        self.span: ContextVar[int] = ContextVar("span", default=0)

    def generate_trace_id(self) -> int:
        return self.trace.get() or secrets.randbits(128) or 1

    def generate_span_id(self) -> int:
        return self.span.get() or secrets.randbits(64) or 1


class _Worthwhile(BatchSpanProcessor):
    """Leaves out turns of the schedule that found nothing to do: there are some every second."""

    def on_end(self, span: ReadableSpan) -> None:
        if span.parent is not None or (span.attributes or {}).get(DID, True):
            super().on_end(span)

    def shutdown(self) -> None:
        # Its own way waits half a minute for a collector that does not answer.
        self._batch_processor.shutdown(timeout_millis=FLUSH_MILLISECONDS)


class Spans:
    """The spans of one process, sent from a thread of their own, and dropped where it is slow."""

    def __init__(self, provider: TracerProvider, ids: _Ids) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("qmas")
        self._ids = ids
        self._header = TraceContextTextMapPropagator()

    @classmethod
    def to(cls, collector_url: str, service: str) -> Self:
        """Return spans that are sent to a collector by OTLP over HTTP."""
        ids = _Ids()
        provider = TracerProvider(
            id_generator=ids,
            resource=Resource.create({SERVICE_NAME: service}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=collector_url.rstrip("/") + TRACES_PATH)
        provider.add_span_processor(_Worthwhile(exporter))
        return cls(provider, ids)

    def close(self) -> None:
        """The last spans are sent."""
        self._provider.shutdown()

    def request(
        self, method: str, route: str, correlation_id: str, traceparent: str
    ) -> Callable[[int], None]:
        """A request is being answered, as part of its caller's trace where they are of one."""
        caller = self._header.extract({"traceparent": traceparent}, Context())
        span = self._placed(
            f"{method} {route}",
            correlation_id,
            trace.get_current_span(caller).get_span_context(),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "http.route": route,
                "qmas.correlation_id": correlation_id,
            },
        )
        token = attach(trace.set_span_in_context(span))

        def answered(status: int) -> None:
            detach(token)
            span.set_attribute("http.response.status_code", status)
            if status >= _FAULT:
                span.set_status(StatusCode.ERROR)
            span.end()

        return answered

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step is under way."""
        with self._under_way(self._tracer.start_span(name)):
            yield

    def rename(self, name: str, attributes: Mapping[str, Any]) -> None:
        """What is under way has this name."""
        span = trace.get_current_span()
        span.update_name(name)
        span.set_attributes(attributes)

    def recorded(self, commit: Commit, append: Callable[[], _R], when_kept: Later) -> _R:
        """Return what `append` does; if that stored the commit, the span with its id says so.

        It is made once that is kept: what was refused, undone, or stored before, is not that
        commit.
        """
        began = time.time_ns()
        answer = append()
        if not answer.repeated:
            near = trace.get_current_span().get_span_context()
            when_kept(partial(self._tell_of, commit, near, began, time.time_ns()))
        return answer

    def _tell_of(self, commit: Commit, near: SpanContext, began: int, ended: int) -> None:
        chosen = self._ids.span.set(commit_span(commit.command_id))
        try:
            span = self._placed(
                f"append {commit.command}",
                commit.correlation_id,
                near,
                start_time=began,
                attributes={"qmas.command_id": str(commit.command_id)},
            )
        finally:
            self._ids.span.reset(chosen)
        span.end(ended)

    def carried(self) -> dict[str, str]:
        """Return the headers of the span that is under way."""
        carrier: dict[str, str] = {}
        self._header.inject(carrier)
        return carrier

    def turn(
        self, task: str, args: tuple[Any, ...], told: Mapping[str, str], work: Callable[[], _T]
    ) -> _T:
        """Return what a turn gives, as part of the trace whose span sent the message."""
        span = self._tracer.start_span(
            f"task {task}",
            context=self._header.extract(told, Context()),
            kind=SpanKind.CONSUMER,
            attributes={"qmas.task": task, "qmas.task_args": list(map(str, args)), DID: False},
        )
        with self._under_way(span):
            done = work()
            if done:
                self._tell_did()
            return done

    def handed_over(
        self,
        name: str,
        cause: Recorded[Any] | None,
        about: Mapping[str, Any],
        send: Callable[[], Reply],
    ) -> Reply:
        """Return the reply to what is sent, in the trace of its event and under its commit's span.

        The turn that sends it may be of another trace, or of none: it is linked.
        """
        span = self._tracer.start_span(
            name,
            context=None if cause is None else self._after(cause),
            kind=SpanKind.CLIENT,
            links=() if cause is None else self._linked(),
            attributes=about,
        )
        with self._under_way(span):
            reply = send()
            span.set_attribute("qmas.verdict", reply.verdict.name.lower())
            if reply.verdict is not Verdict.TAKEN:
                span.set_status(Status(StatusCode.ERROR, reply.reason))
            return reply

    def _placed(self, name: str, correlation_id: str, near: SpanContext, **given: Any) -> Span:
        """Return a new span of that id's trace: below `near` if that is of it, else linked."""
        of = trace_of(correlation_id)
        if near.is_valid and near.trace_id == of:
            context = trace.set_span_in_context(NonRecordingSpan(near), Context())
            return self._tracer.start_span(name, context=context, **given)
        chosen = self._ids.trace.set(of)
        try:
            links = [Link(near)] if near.is_valid else []
            span = self._tracer.start_span(name, context=Context(), links=links, **given)
        finally:
            self._ids.trace.reset(chosen)
        self._tell_did()
        return span

    def _after(self, cause: Recorded[Any]) -> Context:
        """Return the context of the span that recorded an event, which is of the past."""
        of = trace_of(cause.correlation_id)
        # Whether that one was told is not on record, but follows from its trace as it did then.
        told = self._provider.sampler.should_sample(Context(), of, "").decision
        context = SpanContext(
            of,
            commit_span(cause.command_id),
            is_remote=True,
            trace_flags=TraceFlags(
                TraceFlags.SAMPLED if told is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT
            ),
        )
        return trace.set_span_in_context(NonRecordingSpan(context), Context())

    def _linked(self) -> tuple[Link, ...]:
        """Return a link to what is under way, which thereby has done something."""
        self._tell_did()
        now = trace.get_current_span().get_span_context()
        return (Link(now),) if now.is_valid else ()

    def _tell_did(self) -> None:
        """If a turn is under way, it did something."""
        span = trace.get_current_span()
        if isinstance(span, ReadableSpan) and DID in (span.attributes or {}):
            span.set_attributes({DID: True})

    @contextmanager
    def _under_way(self, span: Span) -> Iterator[None]:
        """The span is the present one; what it fails with is told by its kind, not by its words."""
        token = attach(trace.set_span_in_context(span))
        try:
            yield
        except BaseException as fault:
            span.set_attribute("error.type", type(fault).__qualname__)
            if not isinstance(fault, Refusal):
                span.set_status(StatusCode.ERROR)
            self._tell_did()
            raise
        finally:
            detach(token)
            span.end()
