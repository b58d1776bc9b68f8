"""Sends one trace of two spans, three metrics and one log record with the real OpenTelemetry SDK.

Every place in which text can stand holds the marker that is given, so that the test can say which
places were redacted. Answers 0 when the SDK handed everything over.
"""

import argparse
import logging

from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def exporters(protocol, endpoint, compression):
    """The three exporters of a protocol, pointed at the gateway."""
    if protocol == "grpc":
        from grpc import Compression
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        options = {
            "endpoint": endpoint,
            "insecure": True,
            "compression": Compression.Gzip if compression == "gzip" else None,
        }
        return OTLPSpanExporter(**options), OTLPMetricExporter(**options), OTLPLogExporter(**options)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    compression = Compression.NoCompression if compression == "none" else Compression(compression)
    return (
        OTLPSpanExporter(endpoint=f"http://{endpoint}/v1/traces", compression=compression),
        OTLPMetricExporter(endpoint=f"http://{endpoint}/v1/metrics", compression=compression),
        OTLPLogExporter(endpoint=f"http://{endpoint}/v1/logs", compression=compression),
    )


def send_traces(provider, marker):
    tracer = provider.get_tracer("tests.python", "1.0", attributes={"scope.contact": marker})
    with tracer.start_as_current_span("parent", attributes={"user.contact": marker, "plain": "stays"}) as parent:
        parent.add_event("happened", attributes={"event.contact": f"before {marker} after"})
        link = trace.Link(parent.get_span_context(), attributes={"linked": True})
        with tracer.start_as_current_span("child", links=[link]) as child:
            child.set_attribute("number", 42)
            child.set_attribute("fraction", 0.5)
            child.set_attribute("flags", [True, False])
            child.set_attribute("child.contact", marker)
    return provider.force_flush()


def send_metrics(provider, marker):
    meter = provider.get_meter("tests.python")
    attributes = {"customer.contact": marker, "route": "/cart"}
    meter.create_counter("requests", unit="1").add(3, attributes)
    meter.create_up_down_counter("open").add(-2, attributes)
    meter.create_histogram("latency", unit="ms").record(12.5, attributes)
    # Not flushed here: the shutdown exports once more, and the test counts.
    return True


def send_logs(provider, marker):
    logger = logging.getLogger("tests.python")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.info("signed in: %s", marker, extra={"account.contact": marker})
    return provider.force_flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", choices=["grpc", "http"], required=True)
    parser.add_argument("--endpoint", required=True, help="host:port")
    parser.add_argument("--compression", choices=["none", "gzip", "deflate"], default="none")
    parser.add_argument("--marker", required=True, help="the text that is to be redacted")
    options = parser.parse_args()

    spans, metrics, logs = exporters(options.protocol, options.endpoint, options.compression)
    resource = Resource.create({"service.name": "shop", "owner.contact": options.marker})

    tracer_provider = TracerProvider(resource=resource)
    tracer_provider.add_span_processor(BatchSpanProcessor(spans))
    meter_provider = MeterProvider([PeriodicExportingMetricReader(metrics)], resource=resource)
    logger_provider = LoggerProvider(resource=resource)
    logger_provider.add_log_record_processor(BatchLogRecordProcessor(logs))

    sent = [
        send_traces(tracer_provider, options.marker),
        send_metrics(meter_provider, options.marker),
        send_logs(logger_provider, options.marker),
    ]
    for provider in (tracer_provider, meter_provider, logger_provider):
        provider.shutdown()
    return 0 if all(sent) else 1


if __name__ == "__main__":
    raise SystemExit(main())
