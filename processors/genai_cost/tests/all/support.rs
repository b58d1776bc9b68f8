//! Batches, and what comes out of the processor, in short.

use genai_cost::GenaiCost;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, NumberDataPoint};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tamis_sdk::edit::apply;
use tamis_sdk::testing::take_emitted;
use tamis_sdk::{Configuration, Context, Descriptor, Outcome, Processor, Signal};

/// The start of all calls: 2025-10-09.
pub(crate) const START: u64 = 1_760_000_000_000_000_000;
pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) fn configured(json: &str) -> (GenaiCost, Descriptor) {
    GenaiCost::configure(Configuration::from_json(json)).expect(json)
}

/// A processor whose metrics somebody takes.
pub(crate) fn fed(json: &str) -> (GenaiCost, Descriptor) {
    let mut configuration = Configuration::from_json(json);
    configuration.feeds.push(Signal::Metrics);
    GenaiCost::configure(configuration).expect(json)
}

pub(crate) fn attribute(key: &str, value: impl Into<Any>) -> KeyValue {
    let value = Some(AnyValue { value: Some(value.into()) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

pub(crate) fn text(text: &str) -> Any {
    Any::StringValue(text.to_owned())
}

pub(crate) fn span(id: u64, attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: (u128::from(id) / 8 + 1).to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        start_time_unix_nano: START,
        end_time_unix_nano: START + SECOND,
        attributes,
        ..Span::default()
    }
}

/// A call of a model: input and output.
pub(crate) fn call(id: u64, model: &str, input: i64, output: i64) -> Span {
    span(
        id,
        vec![
            attribute("gen_ai.operation.name", text("chat")),
            attribute("gen_ai.provider.name", text("openai")),
            attribute("gen_ai.request.model", text(model)),
            attribute("gen_ai.usage.input_tokens", Any::IntValue(input)),
            attribute("gen_ai.usage.output_tokens", Any::IntValue(output)),
        ],
    )
}

pub(crate) fn batch(service: &str, spans: Vec<Span>) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![attribute("service.name", text(service))],
        ..Resource::default()
    };
    let scope = InstrumentationScope { name: "test".to_owned(), ..InstrumentationScope::default() };
    let scopes = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource), scope_spans: scopes, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// What leaves for what came.
pub(crate) fn processed(processor: &mut GenaiCost, context: &Context, batch: &[u8]) -> Vec<u8> {
    match processor.process(context, batch).unwrap() {
        Outcome::Unchanged => batch.to_vec(),
        Outcome::Edited(edits) => apply(batch, &edits).expect("edits fit"),
        other => panic!("not expected: {other:?}"),
    }
}

pub(crate) fn spans(batch: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(batch).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// The attributes of the only span that comes out.
pub(crate) fn priced(json: &str, attributes: Vec<KeyValue>) -> Vec<KeyValue> {
    priced_by(&mut configured(json).0, attributes)
}

pub(crate) fn priced_by(processor: &mut GenaiCost, attributes: Vec<KeyValue>) -> Vec<KeyValue> {
    let batch = batch("shop", vec![span(1, attributes)]);
    spans(&processed(processor, &Context::new(Signal::Traces), &batch)).remove(0).attributes
}

pub(crate) fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Any> {
    let mut found = attributes.iter().filter(|attribute| attribute.key == key);
    let first = found.next()?;
    assert!(found.next().is_none(), "{key} is there twice");
    first.value.as_ref()?.value.as_ref()
}

pub(crate) fn status(attributes: &[KeyValue]) -> &str {
    match find(attributes, "gen_ai.usage.cost.status") {
        Some(Any::StringValue(status)) => status,
        _ => "",
    }
}

pub(crate) fn cost(attributes: &[KeyValue]) -> Option<f64> {
    match find(attributes, "gen_ai.usage.cost.amount") {
        Some(Any::DoubleValue(amount)) => Some(*amount),
        _ => None,
    }
}

/// What was emitted, one request after the other.
pub(crate) fn emitted() -> Vec<Metric> {
    let requests = take_emitted().into_iter().map(|(signal, bytes)| {
        assert_eq!(signal, Signal::Metrics);
        ExportMetricsServiceRequest::decode(&bytes[..]).unwrap()
    });
    let resources = requests.flat_map(|request| request.resource_metrics);
    let scopes = resources.flat_map(|resource| resource.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).collect()
}

pub(crate) fn numbers(metrics: &[Metric], name: &str) -> Vec<NumberDataPoint> {
    let of_name = metrics.iter().filter(|metric| metric.name == name);
    let points = of_name.flat_map(|metric| match &metric.data {
        Some(Data::Sum(sum)) => sum.data_points.clone(),
        other => panic!("{name} is no sum: {other:?}"),
    });
    points.collect()
}

pub(crate) fn histograms(metrics: &[Metric], name: &str) -> Vec<HistogramDataPoint> {
    let of_name = metrics.iter().filter(|metric| metric.name == name);
    let points = of_name.flat_map(|metric| match &metric.data {
        Some(Data::Histogram(histogram)) => histogram.data_points.clone(),
        other => panic!("{name} is no histogram: {other:?}"),
    });
    points.collect()
}

pub(crate) fn number(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(Number::AsDouble(value)) => value,
        Some(Number::AsInt(value)) => value as f64,
        None => f64::NAN,
    }
}

/// Attributes as `key=value`, sorted.
pub(crate) fn labels(attributes: &[KeyValue]) -> Vec<String> {
    let mut labels: Vec<String> = attributes
        .iter()
        .map(|attribute| match attribute.value.as_ref().and_then(|any| any.value.as_ref()) {
            Some(Any::StringValue(text)) => format!("{}={text}", attribute.key),
            Some(Any::IntValue(value)) => format!("{}={value}", attribute.key),
            Some(Any::BoolValue(value)) => format!("{}={value}", attribute.key),
            other => format!("{}={other:?}", attribute.key),
        })
        .collect();
    labels.sort();
    labels
}

/// Random numbers, by the seed in `TAMIS_TEST_SEED`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        let seed = std::env::var("TAMIS_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(20_251_121);
        eprintln!("TAMIS_TEST_SEED={seed}");
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % bound
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place as u64 + 1) as usize);
        }
    }
}
