//! Random traces, spread over requests, with what sampling policies look at.

use bytes::Bytes;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::sample;
use super::seed::Seed;

pub(crate) const TEXTS: &[&str] = &["", "a", "checkout", "cart-12", "CART", "ünïcode"];
const NAMES: &[&str] = &["GET /", "GET /cart", "query", "charge"];
pub(crate) const SERVICES: &[&str] = &["shop", "bank", "stock"];
/// Members of trace states; the policies look for keys and values of them.
const TRACE_STATES: &[&str] = &["", "vendor=a", "vendor=b,other=c", "other=a", "not a state"];
/// Nanoseconds.
const START: u64 = 1_700_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// Requests of 1 to 12 spans of `traces` traces; most traces come in several of them.
pub(crate) fn requests(seed: &mut Seed, traces: u64) -> Vec<Bytes> {
    let mut spans: Vec<Span> = Vec::new();
    for trace in 1..=traces {
        let count = 1 + seed.below(6);
        spans.extend((0..count).map(|number| span(seed, trace, number as u64)));
    }
    shuffle(seed, &mut spans);
    let mut requests = Vec::new();
    while !spans.is_empty() {
        let rest = spans.split_off(spans.len().min(1 + seed.below(12)));
        requests.push(request(seed, std::mem::replace(&mut spans, rest)));
    }
    requests
}

/// The spans under one or two resources.
fn request(seed: &mut Seed, mut spans: Vec<Span>) -> Bytes {
    let second = spans.split_off(seed.below(spans.len() + 1));
    let mut whole = sample::traces(spans);
    whole.resource_spans.extend(sample::traces(second).resource_spans);
    whole.resource_spans.retain(|resource| !resource.scope_spans[0].spans.is_empty());
    for resource in &mut whole.resource_spans {
        let mut attributes =
            vec![sample::attribute("service.name", sample::text(seed.pick(SERVICES)))];
        if seed.once_in(3) {
            attributes.extend(some_attributes(seed));
        }
        resource.resource = Some(Resource { attributes, ..Resource::default() });
    }
    sample::bytes(&whole)
}

fn span(seed: &mut Seed, trace: u64, number: u64) -> Span {
    // Multiples of 10 ms, where thresholds are none: one Collector tells them apart, another does not.
    let start = START + 10 * MILLISECOND * seed.below(20) as u64;
    let end = start + 10 * MILLISECOND * seed.below(20) as u64;
    // Ids of traces look random to the policy that hashes them.
    let mut id = Seed::of(trace);
    let event = |attributes| Event { name: "event".to_owned(), attributes, ..Event::default() };
    let with_event = seed.once_in(4);
    Span {
        trace_id: [id.next().to_be_bytes(), id.next().to_be_bytes()].concat(),
        span_id: (trace << 8 | number).to_be_bytes().to_vec(),
        parent_span_id: if number == 0 { Vec::new() } else { vec![1; 8] },
        trace_state: seed.pick(TRACE_STATES).to_owned(),
        flags: seed.below(4) as u32 | 0x100,
        kind: seed.below(6) as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        events: if with_event { vec![event(some_attributes(seed))] } else { Vec::new() },
        status: Some(Status { code: [0, 0, 1, 2][seed.below(4)], message: String::new() }),
        ..sample::span(trace, seed.pick(NAMES), some_attributes(seed))
    }
}

fn some_attributes(seed: &mut Seed) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    if seed.once_in(2) {
        let text = seed.pick(TEXTS).to_owned();
        attributes.push(sample::attribute("k.text", sample::value(Value::StringValue(text))));
    }
    if seed.once_in(2) {
        let number = seed.below(10) as i64 - 2;
        attributes.push(sample::attribute("k.number", sample::value(Value::IntValue(number))));
    }
    if seed.once_in(2) {
        let flag = Value::BoolValue(seed.once_in(2));
        attributes.push(sample::attribute("k.flag", sample::value(flag)));
    }
    if seed.once_in(3) {
        let value = match seed.below(4) {
            0 => Value::StringValue("7".to_owned()),
            1 => Value::IntValue(5),
            2 => Value::DoubleValue(5.5),
            _ => Value::BoolValue(true),
        };
        attributes.push(sample::attribute("k.any", sample::value(value)));
    }
    attributes
}

fn shuffle<T>(seed: &mut Seed, list: &mut [T]) {
    for index in (1..list.len()).rev() {
        list.swap(index, seed.below(index + 1));
    }
}
