//! One and the same change to all elements: through the SDK, and on decoded structs.

use super::Request;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric};
use tamis_sdk::elements::{Element, View};

/// Sets k0 and k9, removes k1, and discards links with a dropped count that is odd.
pub(crate) fn element(element: &mut Element<'_>) {
    element.set("k0", "redacted");
    element.remove("k1");
    element.set("k9", 9);
    if let View::Link(link) = element.view()
        && link.dropped_attributes_count().unwrap() % 2 == 1
    {
        element.discard();
    }
}

fn attributes(attributes: &mut Vec<KeyValue>) {
    set(attributes, "k0", Value::StringValue("redacted".to_owned()));
    attributes.retain(|attribute| attribute.key != "k1");
    set(attributes, "k9", Value::IntValue(9));
}

fn set(attributes: &mut Vec<KeyValue>, key: &str, value: Value) {
    let value = Some(AnyValue { value: Some(value) });
    match attributes.iter().position(|attribute| attribute.key == key) {
        Some(first) => {
            attributes[first].value = value;
            let mut index = 0;
            attributes.retain(|attribute| {
                index += 1;
                index <= first + 1 || attribute.key != key
            });
        }
        None => {
            attributes.push(KeyValue { key: key.to_owned(), value, ..KeyValue::default() });
        }
    }
}

pub(crate) fn request(request: &mut Request) {
    match request {
        Request::Traces(request) => {
            for group in &mut request.resource_spans {
                attributes(&mut group.resource.get_or_insert_default().attributes);
                for group in &mut group.scope_spans {
                    attributes(&mut group.scope.get_or_insert_default().attributes);
                    for span in &mut group.spans {
                        attributes(&mut span.attributes);
                        span.events.iter_mut().for_each(|event| attributes(&mut event.attributes));
                        span.links.retain(|link| link.dropped_attributes_count % 2 == 0);
                        span.links.iter_mut().for_each(|link| attributes(&mut link.attributes));
                    }
                }
            }
        }
        Request::Logs(request) => {
            for group in &mut request.resource_logs {
                attributes(&mut group.resource.get_or_insert_default().attributes);
                for group in &mut group.scope_logs {
                    attributes(&mut group.scope.get_or_insert_default().attributes);
                    group.log_records.iter_mut().for_each(|log| attributes(&mut log.attributes));
                }
            }
        }
        Request::Metrics(request) => {
            for group in &mut request.resource_metrics {
                attributes(&mut group.resource.get_or_insert_default().attributes);
                for group in &mut group.scope_metrics {
                    attributes(&mut group.scope.get_or_insert_default().attributes);
                    group.metrics.iter_mut().for_each(metric);
                }
            }
        }
    }
}

fn metric(metric: &mut Metric) {
    attributes(&mut metric.metadata);
    match &mut metric.data {
        None => {}
        Some(Data::Gauge(data)) => {
            for point in &mut data.data_points {
                attributes(&mut point.attributes);
                exemplars(&mut point.exemplars);
            }
        }
        Some(Data::Sum(data)) => {
            for point in &mut data.data_points {
                attributes(&mut point.attributes);
                exemplars(&mut point.exemplars);
            }
        }
        Some(Data::Histogram(data)) => {
            for point in &mut data.data_points {
                attributes(&mut point.attributes);
                exemplars(&mut point.exemplars);
            }
        }
        Some(Data::ExponentialHistogram(data)) => {
            for point in &mut data.data_points {
                attributes(&mut point.attributes);
                exemplars(&mut point.exemplars);
            }
        }
        Some(Data::Summary(data)) => {
            data.data_points.iter_mut().for_each(|point| attributes(&mut point.attributes));
        }
    }
}

fn exemplars(exemplars: &mut [Exemplar]) {
    exemplars.iter_mut().for_each(|exemplar| attributes(&mut exemplar.filtered_attributes));
}
