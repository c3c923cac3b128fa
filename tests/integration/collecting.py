"""A collector of spans as any other: it takes OTLP over HTTP and remembers what it was told."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from services.settings import Settings

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
"""Those of a caller whose request comes with `traceparent`."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A span that arrived; ids in hexadecimal, empty where there is none."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: tuple[tuple[str, str], ...]
    attributes: Mapping[str, Any]
    failed: bool
    words: str


class Collector:
    """Takes every span; with `status` other than 200 it takes none."""

    def __init__(self) -> None:
        self.spans: list[Told] = []
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _conversation(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is to be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def named(self, name: str) -> list[Told]:
        """Return the spans of a name, in the order they ended."""
        return [each for each in self.spans if each.name == name]

    def one(self, name: str) -> Told:
        """Return the only span of a name."""
        (found,) = self.named(name)
        return found

    def start(self) -> None:
        """It listens."""
        self._thread.start()

    def stop(self) -> None:
        """It is gone."""
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def with_collector(made: Settings, url: str, **more: str) -> Settings:
    """Return settings that name a collector, and say more of it."""
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, **more}
    return Settings.load({**made.environ, **named}, made.home)


def traceparent() -> dict[str, str]:
    """Return the header of a caller whose span it is."""
    return {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@contextmanager
def a_collector() -> Iterator[Collector]:
    """Yield a collector and stop it."""
    made = Collector()
    made.start()
    try:
        yield made
    finally:
        made.stop()


def _conversation(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Conversation(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if collector.status == 200 and self.path == "/v1/traces":
                collector.spans += _spans(body)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Conversation


def _spans(body: bytes) -> Iterator[Told]:
    for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
        of = _attributes(sent.resource.attributes)
        for scope in sent.scope_spans:
            for span in scope.spans:
                yield Told(
                    service=of["service.name"],
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple((each.trace_id.hex(), each.span_id.hex()) for each in span.links),
                    attributes=_attributes(span.attributes),
                    failed=span.status.code == Status.STATUS_CODE_ERROR,
                    words=str(span),
                )


def _attributes(sent: Any) -> dict[str, Any]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in sent
    }
