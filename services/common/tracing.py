"""Traces: one for each article, from the producer's send to its rows, where LAGEBILD_OTLP_ENDPOINT asks for them.

The trace goes with the messages, in the headers `traceparent` and `tracestate` (W3C Trace Context). What is made from
a message carries them on also where tracing is off, so that a service without it does not cut the trace in two.

Names and attributes of the spans are those of OpenTelemetry's semantic conventions for messaging and Kafka.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from services.common.errors import UserError
from services.common.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

CONTEXT = ("traceparent", "tracestate")
EXPORT_SECONDS = 2.0
"""Longest wait for the collector, and at the end for the last spans: a trace is never worth a delay."""

Headers = Sequence[tuple[str, bytes | None]]


class Located(Protocol):
    """A message and where it stood, such as an `Origin`."""

    @property
    def topic(self) -> str: ...  # noqa: D102 - named by the class
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Headers: ...  # noqa: D102


class Span:
    """Work on one message. This one is not recorded.

    Args:
        headers: put them on the messages that are made by this work.
    """

    def __init__(self, headers: Headers = ()) -> None:
        self.headers = headers

    def end(self, failure: str | None = None) -> None:
        """The work is done, or has failed for the reason given."""

    def end_with(self, future: "asyncio.Future[Any]") -> None:
        """The work is done when `future` is."""


NOT_TRACED = Span()


class _Off:
    """What stands here while tracing is off."""

    def sending(self, _topic: str, _key: str) -> Span:
        return NOT_TRACED

    def processing(self, message: Located) -> Span:
        carried = tuple(pair for pair in message.headers if pair[0] in CONTEXT)
        return Span(carried) if carried else NOT_TRACED

    def storing(self, _message: Located) -> Span:
        return NOT_TRACED


_tracing: "_Off | _On" = _Off()


def configure(settings: Settings, service: Literal["producer", "extractor", "sink"]) -> None:
    """Record this process's spans from now on, if the settings say where to send them.

    Raises:
        UserError: they do, and OpenTelemetry is not installed.
    """
    global _tracing  # noqa: PLW0603 - as with logging, a process has one place where its traces go
    if settings.otlp_endpoint is None or isinstance(_tracing, _On):
        return
    try:
        _tracing = _On(_provider(settings.otlp_endpoint, service))
    except ImportError:
        raise UserError(
            "LAGEBILD_OTLP_ENDPOINT is set, but OpenTelemetry is not installed",
            remedy="install it with `pip install 'lagebild[tracing]'`, or unset the variable",
        ) from None


def sending(topic: str, key: str) -> Span:
    """A new trace begins with this send. Its `headers` belong on the message."""
    return _tracing.sending(topic, key)


def processing(message: Located) -> Span:
    """A message is taken up, to make others from it: goes on with its trace, or begins one."""
    return _tracing.processing(message)


def storing(message: Located) -> Span:
    """A message becomes rows: goes on with its trace. One without a trace begins none here."""
    return _tracing.storing(message)


async def close() -> None:
    """Send what is recorded and record no more. Waits for `EXPORT_SECONDS` at most."""
    global _tracing
    if isinstance(_tracing, _Off):
        return
    closing, _tracing = _tracing, _Off()
    # A daemon thread: a collector that does not answer must not keep the process from its end.
    thread = threading.Thread(target=closing.close, daemon=True)
    thread.start()
    await asyncio.to_thread(thread.join, EXPORT_SECONDS)


def _provider(endpoint: str, service: str) -> "TracerProvider":
    from importlib.metadata import version

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"lagebild-{service}", "service.version": version("lagebild")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class _On:
    """Tracing with OpenTelemetry."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("lagebild")
        self._propagator = TraceContextTextMapPropagator()

    def sending(self, topic: str, key: str) -> Span:
        return self._begin("send", topic, (), {"messaging.kafka.message.key": key})

    def processing(self, message: Located) -> Span:
        return self._begin("process", message.topic, message.headers, _place(message))

    def storing(self, message: Located) -> Span:
        if not any(name == "traceparent" for name, _ in message.headers):
            return NOT_TRACED
        return self._begin("store", message.topic, message.headers, _place(message))

    def close(self) -> None:
        self._provider.shutdown()

    def _begin(self, operation: str, topic: str, carried: Headers, attributes: Mapping[str, str | int]) -> Span:
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, set_span_in_context

        parent = {name: (value or b"").decode("ascii", "replace") for name, value in carried if name in CONTEXT}
        span = self._tracer.start_span(
            f"{operation} {topic}",
            context=self._propagator.extract(parent, context=Context()),
            kind=SpanKind.PRODUCER if operation == "send" else SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.name": topic,
                "messaging.operation.name": operation,
                "messaging.operation.type": "send" if operation == "send" else "process",
                **attributes,
            },
        )
        headers: dict[str, str] = {}
        self._propagator.inject(headers, context=set_span_in_context(span, Context()))
        return _Recorded(span, [(name, value.encode()) for name, value in headers.items()])


class _Recorded(Span):
    def __init__(self, span: Any, headers: Headers) -> None:
        super().__init__(headers)
        self._span = span

    def end(self, failure: str | None = None) -> None:
        from opentelemetry.trace import StatusCode

        if failure is not None:
            self._span.set_status(StatusCode.ERROR, failure)
        self._span.end()

    def end_with(self, future: "asyncio.Future[Any]") -> None:
        future.add_done_callback(self._settled)

    def _settled(self, future: "asyncio.Future[Any]") -> None:
        error = None if future.cancelled() else future.exception()
        self.end("given up" if future.cancelled() else repr(error) if error else None)


def _place(message: Located) -> dict[str, str | int]:
    return {
        "messaging.destination.partition.id": str(message.partition),
        "messaging.kafka.offset": message.offset,
    }
