//! A condition on every item of a batch: a letter each, in order.

use tamis_ottl::{Condition, Context, Item, Owner, Point};
use tamis_sdk::otlp::logs::ExportLogsServiceRequest;
use tamis_sdk::otlp::metrics::{Data, ExportMetricsServiceRequest, Metric};
use tamis_sdk::otlp::trace::ExportTraceServiceRequest;
use tamis_sdk::wire::{Error, Message};

/// `T` holds, `F` does not, `E` cannot be evaluated; or `refused`.
pub(crate) fn answers(context: Context, text: &str, batch: &[u8]) -> String {
    match Condition::new(text, context) {
        Ok(condition) => letters(&condition, batch).unwrap(),
        Err(_) => "refused".to_owned(),
    }
}

pub(crate) fn letters(condition: &Condition, batch: &[u8]) -> Result<String, Error> {
    let mut letters = String::new();
    let mut visit = |item: Item<'_>| {
        if item.context() == condition.context() {
            letters.push(match condition.eval(&item) {
                Ok(true) => 'T',
                Ok(false) => 'F',
                Err(_) => 'E',
            });
        }
    };
    let batch = Message::new(batch);
    match condition.context() {
        Context::Log => logs(batch, &mut visit)?,
        Context::Metric | Context::DataPoint => metrics(batch, &mut visit)?,
        _ => traces(batch, &mut visit)?,
    }
    Ok(letters)
}

type Visit<'v> = &'v mut dyn FnMut(Item<'_>);

fn traces(batch: Message<'_>, visit: Visit<'_>) -> Result<(), Error> {
    for group in ExportTraceServiceRequest::from(batch).resource_spans() {
        let group = group?;
        let resource = Owner::of(group.wire())?;
        visit(Item::resource(resource));
        for group in group.scope_spans() {
            let group = group?;
            let scope = Owner::of(group.wire())?;
            visit(Item::scope(resource, scope));
            for span in group.spans() {
                let span = span?;
                visit(Item::span(resource, scope, span));
                for event in span.events() {
                    visit(Item::span_event(resource, scope, span, event?));
                }
            }
        }
    }
    Ok(())
}

fn metrics(batch: Message<'_>, visit: Visit<'_>) -> Result<(), Error> {
    for group in ExportMetricsServiceRequest::from(batch).resource_metrics() {
        let group = group?;
        let resource = Owner::of(group.wire())?;
        for group in group.scope_metrics() {
            let group = group?;
            let scope = Owner::of(group.wire())?;
            for metric in group.metrics() {
                let metric = metric?;
                visit(Item::metric(resource, scope, metric));
                for point in points(metric)? {
                    visit(Item::data_point(resource, scope, metric, point));
                }
            }
        }
    }
    Ok(())
}

fn points<'a>(metric: Metric<'a>) -> Result<Vec<Point<'a>>, Error> {
    match metric.data()? {
        Some(Data::Gauge(data)) => data.data_points().map(|p| p.map(Point::Number)).collect(),
        Some(Data::Sum(data)) => data.data_points().map(|p| p.map(Point::Number)).collect(),
        Some(Data::Histogram(data)) => {
            data.data_points().map(|p| p.map(Point::Histogram)).collect()
        }
        Some(Data::ExponentialHistogram(data)) => {
            data.data_points().map(|p| p.map(Point::Exponential)).collect()
        }
        Some(Data::Summary(data)) => data.data_points().map(|p| p.map(Point::Summary)).collect(),
        _ => Ok(Vec::new()),
    }
}

fn logs(batch: Message<'_>, visit: Visit<'_>) -> Result<(), Error> {
    for group in ExportLogsServiceRequest::from(batch).resource_logs() {
        let group = group?;
        let resource = Owner::of(group.wire())?;
        for group in group.scope_logs() {
            let group = group?;
            let scope = Owner::of(group.wire())?;
            for record in group.log_records() {
                visit(Item::log(resource, scope, record?));
            }
        }
    }
    Ok(())
}
