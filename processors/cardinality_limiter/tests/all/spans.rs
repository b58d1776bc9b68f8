//! Spans: combinations keep their budget, and nothing else of a span changes.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tamis_sdk::edit::apply;
use tamis_sdk::{Context, Outcome, Processor, Signal, testing};

use crate::model::Random;
use crate::support::*;

const BEGAN: u64 = 1_700_000_000 * SECOND;
const IDLE: u64 = 20 * SECOND;
const DIMENSIONS: [&str; 3] = ["name", "route", "user"];
const MARK: &str = "otel.metric.overflow";

fn span(random: &mut Random, number: u64) -> Span {
    let mut attributes = vec![("other", number.to_string())];
    if !random.one_in(4) {
        attributes.push(("route", format!("/{}", random.below(4))));
    }
    if !random.one_in(3) {
        attributes.push(("user", format!("u{}", random.below(60))));
    }
    let pairs: Vec<(&str, &str)> =
        attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Span {
        span_id: number.to_be_bytes().to_vec(),
        name: random.pick(&["", "GET", "POST"]).to_owned(),
        attributes: labels(&pairs),
        start_time_unix_nano: number,
        ..Span::default()
    }
}

fn batch(random: &mut Random, first: u64) -> ExportTraceServiceRequest {
    let mut number = first;
    let resource_spans = (0..2).map(|service| {
        let spans = (0..random.below(10)).map(|_| {
            number += 1;
            span(random, number)
        });
        let scope = ScopeSpans { spans: spans.collect(), ..ScopeSpans::default() };
        let attributes = labels(&[("service.name", &format!("s{service}"))]);
        ResourceSpans {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_spans: vec![scope],
            ..ResourceSpans::default()
        }
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

/// Service and span, all of them.
fn spans(request: &ExportTraceServiceRequest) -> Vec<(usize, Span)> {
    let groups = request.resource_spans.iter().enumerate();
    groups
        .flat_map(|(service, group)| {
            let spans = group.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.map(move |span| (service, span.clone()))
        })
        .collect()
}

/// What becomes labels further on.
fn combination(span: &Span) -> String {
    let mut labels: Vec<String> = span
        .attributes
        .iter()
        .filter(|one| DIMENSIONS.contains(&one.key.as_str()) || one.key == MARK)
        .map(|one| match one.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(text)) => format!("{}={text}", one.key),
            other => format!("{}={other:?}", one.key),
        })
        .collect();
    labels.sort();
    format!("{} {}", span.name, labels.join(","))
}

fn without_dimensions(span: &Span) -> Span {
    let mut span = span.clone();
    span.name.clear();
    span.attributes.retain(|one| !DIMENSIONS.contains(&one.key.as_str()) && one.key != MARK);
    span
}

#[test]
fn combinations_keep_their_budget_and_no_span_is_lost_or_otherwise_changed() {
    let seed = crate::model::number("TAMIS_TEST_SEED", 1);
    for world in 0..100 {
        let mut random = Random::new(seed << 32 | 77 << 24 | world);
        let mode = random.pick(&["overflow", "strip", "replace", "tag", "observe"]);
        let limit = random.between(1, 12) as usize;
        let dry_run = random.one_in(8);
        let json = format!(
            r#"{{"idle": "20s", "dry_run": {dry_run}, "spans": {{"dimensions": {DIMENSIONS:?}, "limit": {limit}, "mode": "{mode}"}}}}"#
        );
        let told = format!("TAMIS_TEST_SEED={seed} world {world} {json}");
        testing::reset();
        testing::set_clock(BEGAN);
        let mut limiter = start(&json);
        let mut now = BEGAN;
        let mut events: BTreeMap<usize, Vec<(u64, String)>> = BTreeMap::new();
        for round in 0..60 {
            now += random.between(1, 6) * SECOND;
            let request = batch(&mut random, round * 1000);
            let bytes = request.encode_to_vec();
            let mut context = Context::new(Signal::Traces);
            context.received = now;
            let out = match limiter.process(&context, &bytes).expect("processed") {
                Outcome::Unchanged => bytes,
                Outcome::Edited(edits) => apply(&bytes, &edits).expect("edits fit"),
                other => panic!("{other:?} {told}"),
            };
            let out = ExportTraceServiceRequest::decode(&out[..]).expect("a request");
            let (came, left) = (spans(&request), spans(&out));
            let other = |all: &[(usize, Span)]| {
                all.iter().map(|(of, span)| (*of, without_dimensions(span))).collect::<Vec<_>>()
            };
            assert_eq!(other(&came), other(&left), "{told}");
            for (service, span) in &left {
                events.entry(*service).or_default().push((now, combination(span)));
            }
        }
        if dry_run || matches!(mode, "tag" | "observe") {
            continue;
        }
        for events in events.values() {
            for (start, _) in events {
                let within = events.iter().filter(|one| (*start..=start + IDLE).contains(&one.0));
                let different: BTreeSet<&String> = within.map(|one| &one.1).collect();
                assert!(different.len() <= limit + 1, "{told} {different:#?}");
            }
        }
    }
}
