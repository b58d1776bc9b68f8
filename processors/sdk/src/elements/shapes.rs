//! Which message holds which, and where the attributes are.

use crate::contract::Signal;
use crate::otlp::common::InstrumentationScope;
use crate::otlp::logs::{ExportLogsServiceRequest, LogRecord, ResourceLogs, ScopeLogs};
use crate::otlp::metrics::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, ExportMetricsServiceRequest,
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics,
    Sum, Summary, SummaryDataPoint,
};
use crate::otlp::resource::Resource;
use crate::otlp::trace::{Event, ExportTraceServiceRequest, Link, ResourceSpans, ScopeSpans, Span};
use crate::wire::Message;

/// What an element is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum View<'a> {
    /// A resource.
    Resource(Resource<'a>),
    /// An instrumentation scope.
    Scope(InstrumentationScope<'a>),
    /// A span.
    Span(Span<'a>),
    /// An event of a span.
    Event(Event<'a>),
    /// A link of a span.
    Link(Link<'a>),
    /// A metric; its attributes are its metadata, not those of its data points.
    Metric(Metric<'a>),
    /// A data point of a gauge or a sum.
    NumberDataPoint(NumberDataPoint<'a>),
    /// A data point of a histogram.
    HistogramDataPoint(HistogramDataPoint<'a>),
    /// A data point of an exponential histogram.
    ExponentialHistogramDataPoint(ExponentialHistogramDataPoint<'a>),
    /// A data point of a summary.
    SummaryDataPoint(SummaryDataPoint<'a>),
    /// An exemplar of a data point; its attributes are the filtered ones.
    Exemplar(Exemplar<'a>),
    /// A log record.
    LogRecord(LogRecord<'a>),
}

/// One kind of message.
pub(super) struct Shape {
    /// How to see it as an element; none: it has no attributes.
    pub(super) element: Option<ElementShape>,
    /// Field numbers of the messages within.
    pub(super) children: &'static [(u32, &'static Shape)],
    /// The child that may be left out and is visited all the same.
    pub(super) implied: Option<u32>,
}

pub(super) struct ElementShape {
    pub(super) attributes: u32,
    pub(super) view: for<'a> fn(Message<'a>) -> View<'a>,
}

impl Shape {
    const fn plain(children: &'static [(u32, &'static Shape)]) -> Self {
        Self { element: None, children, implied: None }
    }

    /// A message with a resource or scope and what belongs to it.
    const fn group(own: u32, children: &'static [(u32, &'static Shape)]) -> Self {
        Self { element: None, children, implied: Some(own) }
    }

    const fn element(
        attributes: u32,
        view: for<'a> fn(Message<'a>) -> View<'a>,
        children: &'static [(u32, &'static Shape)],
    ) -> Self {
        Self { element: Some(ElementShape { attributes, view }), children, implied: None }
    }

    pub(super) fn child(&self, number: u32) -> Option<&'static Shape> {
        self.children.iter().find(|(child, _)| *child == number).map(|(_, shape)| *shape)
    }
}

/// The shape of the Export request of a signal.
pub(super) fn request(signal: Signal) -> &'static Shape {
    match signal {
        Signal::Traces => &TRACES,
        Signal::Metrics => &METRICS,
        Signal::Logs => &LOGS,
    }
}

static TRACES: Shape =
    Shape::plain(&[(ExportTraceServiceRequest::RESOURCE_SPANS, &RESOURCE_SPANS)]);
static RESOURCE_SPANS: Shape = Shape::group(
    ResourceSpans::RESOURCE,
    &[(ResourceSpans::RESOURCE, &RESOURCE), (ResourceSpans::SCOPE_SPANS, &SCOPE_SPANS)],
);
static SCOPE_SPANS: Shape =
    Shape::group(ScopeSpans::SCOPE, &[(ScopeSpans::SCOPE, &SCOPE), (ScopeSpans::SPANS, &SPAN)]);
static SPAN: Shape = Shape::element(
    Span::ATTRIBUTES,
    |message| View::Span(message.into()),
    &[(Span::EVENTS, &EVENT), (Span::LINKS, &LINK)],
);
static EVENT: Shape = Shape::element(Event::ATTRIBUTES, |message| View::Event(message.into()), &[]);
static LINK: Shape = Shape::element(Link::ATTRIBUTES, |message| View::Link(message.into()), &[]);

static LOGS: Shape = Shape::plain(&[(ExportLogsServiceRequest::RESOURCE_LOGS, &RESOURCE_LOGS)]);
static RESOURCE_LOGS: Shape = Shape::group(
    ResourceLogs::RESOURCE,
    &[(ResourceLogs::RESOURCE, &RESOURCE), (ResourceLogs::SCOPE_LOGS, &SCOPE_LOGS)],
);
static SCOPE_LOGS: Shape = Shape::group(
    ScopeLogs::SCOPE,
    &[(ScopeLogs::SCOPE, &SCOPE), (ScopeLogs::LOG_RECORDS, &LOG_RECORD)],
);
static LOG_RECORD: Shape =
    Shape::element(LogRecord::ATTRIBUTES, |message| View::LogRecord(message.into()), &[]);

static METRICS: Shape =
    Shape::plain(&[(ExportMetricsServiceRequest::RESOURCE_METRICS, &RESOURCE_METRICS)]);
static RESOURCE_METRICS: Shape = Shape::group(
    ResourceMetrics::RESOURCE,
    &[(ResourceMetrics::RESOURCE, &RESOURCE), (ResourceMetrics::SCOPE_METRICS, &SCOPE_METRICS)],
);
static SCOPE_METRICS: Shape = Shape::group(
    ScopeMetrics::SCOPE,
    &[(ScopeMetrics::SCOPE, &SCOPE), (ScopeMetrics::METRICS, &METRIC)],
);
static METRIC: Shape = Shape::element(
    Metric::METADATA,
    |message| View::Metric(message.into()),
    &[
        (Metric::GAUGE, &GAUGE),
        (Metric::SUM, &SUM),
        (Metric::HISTOGRAM, &HISTOGRAM),
        (Metric::EXPONENTIAL_HISTOGRAM, &EXPONENTIAL_HISTOGRAM),
        (Metric::SUMMARY, &SUMMARY),
    ],
);
static GAUGE: Shape = Shape::plain(&[(Gauge::DATA_POINTS, &NUMBER_DATA_POINT)]);
static SUM: Shape = Shape::plain(&[(Sum::DATA_POINTS, &NUMBER_DATA_POINT)]);
static HISTOGRAM: Shape = Shape::plain(&[(Histogram::DATA_POINTS, &HISTOGRAM_DATA_POINT)]);
static EXPONENTIAL_HISTOGRAM: Shape =
    Shape::plain(&[(ExponentialHistogram::DATA_POINTS, &EXPONENTIAL_HISTOGRAM_DATA_POINT)]);
static SUMMARY: Shape = Shape::plain(&[(Summary::DATA_POINTS, &SUMMARY_DATA_POINT)]);
static NUMBER_DATA_POINT: Shape = Shape::element(
    NumberDataPoint::ATTRIBUTES,
    |message| View::NumberDataPoint(message.into()),
    &[(NumberDataPoint::EXEMPLARS, &EXEMPLAR)],
);
static HISTOGRAM_DATA_POINT: Shape = Shape::element(
    HistogramDataPoint::ATTRIBUTES,
    |message| View::HistogramDataPoint(message.into()),
    &[(HistogramDataPoint::EXEMPLARS, &EXEMPLAR)],
);
static EXPONENTIAL_HISTOGRAM_DATA_POINT: Shape = Shape::element(
    ExponentialHistogramDataPoint::ATTRIBUTES,
    |message| View::ExponentialHistogramDataPoint(message.into()),
    &[(ExponentialHistogramDataPoint::EXEMPLARS, &EXEMPLAR)],
);
static SUMMARY_DATA_POINT: Shape = Shape::element(
    SummaryDataPoint::ATTRIBUTES,
    |message| View::SummaryDataPoint(message.into()),
    &[],
);
static EXEMPLAR: Shape =
    Shape::element(Exemplar::FILTERED_ATTRIBUTES, |message| View::Exemplar(message.into()), &[]);

static RESOURCE: Shape =
    Shape::element(Resource::ATTRIBUTES, |message| View::Resource(message.into()), &[]);
static SCOPE: Shape =
    Shape::element(InstrumentationScope::ATTRIBUTES, |message| View::Scope(message.into()), &[]);
