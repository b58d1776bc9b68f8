//! What a condition is evaluated on: views of a batch.

use tamis_sdk::otlp::logs::{LogRecord, ResourceLogs};
use tamis_sdk::otlp::metrics::{
    ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, SummaryDataPoint,
};
use tamis_sdk::otlp::trace::{Event, Span};
use tamis_sdk::wire::{Error, Message, Text};

use crate::Context;

/// A resource or a scope. Made once for all items that belong to it.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub(crate) message: Message<'a>,
    pub(crate) schema_url: Text<'a>,
}

impl<'a> Owner<'a> {
    /// The resource of a `ResourceSpans`, `ResourceMetrics` or `ResourceLogs`, or the scope of a
    /// `ScopeSpans`, `ScopeMetrics` or `ScopeLogs`; an empty one where the sender left it out.
    ///
    /// # Errors
    ///
    /// The message is malformed.
    pub fn of(group: Message<'a>) -> Result<Self, Error> {
        // The six messages have these two fields at the same place.
        let view = ResourceLogs::from(group);
        let message = view.resource()?.map_or(Message::new(&[]), |resource| resource.wire());
        Ok(Self { message, schema_url: view.schema_url()? })
    }
}

impl Default for Owner<'_> {
    fn default() -> Self {
        Self { message: Message::new(&[]), schema_url: Text::default() }
    }
}

/// A data point of any kind of metric.
#[derive(Debug, Clone, Copy)]
pub enum Point<'a> {
    /// Of a gauge or a sum.
    Number(NumberDataPoint<'a>),
    /// Of a histogram.
    Histogram(HistogramDataPoint<'a>),
    /// Of an exponential histogram.
    Exponential(ExponentialHistogramDataPoint<'a>),
    /// Of a summary.
    Summary(SummaryDataPoint<'a>),
}

/// One item with all that its conditions can speak of. Cheap to make and to copy.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub(crate) resource: Owner<'a>,
    pub(crate) scope: Owner<'a>,
    pub(crate) own: Own<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Own<'a> {
    Resource,
    Scope,
    Span(Span<'a>),
    SpanEvent(Span<'a>, Event<'a>),
    Metric(Metric<'a>),
    DataPoint(Metric<'a>, Point<'a>),
    Log(LogRecord<'a>),
}

impl<'a> Item<'a> {
    /// A resource.
    #[must_use]
    pub fn resource(resource: Owner<'a>) -> Self {
        Self { resource, scope: Owner::default(), own: Own::Resource }
    }

    /// A scope.
    #[must_use]
    pub fn scope(resource: Owner<'a>, scope: Owner<'a>) -> Self {
        Self { resource, scope, own: Own::Scope }
    }

    /// A span.
    #[must_use]
    pub fn span(resource: Owner<'a>, scope: Owner<'a>, span: Span<'a>) -> Self {
        Self { resource, scope, own: Own::Span(span) }
    }

    /// An event of a span.
    #[must_use]
    pub fn span_event(
        resource: Owner<'a>,
        scope: Owner<'a>,
        span: Span<'a>,
        event: Event<'a>,
    ) -> Self {
        Self { resource, scope, own: Own::SpanEvent(span, event) }
    }

    /// A metric.
    #[must_use]
    pub fn metric(resource: Owner<'a>, scope: Owner<'a>, metric: Metric<'a>) -> Self {
        Self { resource, scope, own: Own::Metric(metric) }
    }

    /// A data point.
    #[must_use]
    pub fn data_point(
        resource: Owner<'a>,
        scope: Owner<'a>,
        metric: Metric<'a>,
        point: Point<'a>,
    ) -> Self {
        Self { resource, scope, own: Own::DataPoint(metric, point) }
    }

    /// A log record.
    #[must_use]
    pub fn log(resource: Owner<'a>, scope: Owner<'a>, record: LogRecord<'a>) -> Self {
        Self { resource, scope, own: Own::Log(record) }
    }

    /// What it is.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.own {
            Own::Resource => Context::Resource,
            Own::Scope => Context::Scope,
            Own::Span(_) => Context::Span,
            Own::SpanEvent(..) => Context::SpanEvent,
            Own::Metric(_) => Context::Metric,
            Own::DataPoint(..) => Context::DataPoint,
            Own::Log(_) => Context::Log,
        }
    }
}
