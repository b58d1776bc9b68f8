//! `tail_sampling` beside the Collector's: random policies over random traces, the same spans kept.
//!
//! Both decide when they are told to stop, so that no time passes. The data avoids where they differ: a
//! latency that equals the threshold (the Collector of the tests is older than the behaviour that tamis
//! follows), and numbers and flags of another type (a quirk of the Collector's that tamis has not).

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;

use bytes::Bytes;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind};
use crate::harness::received::Received;
use crate::harness::seed::Seed;
use crate::harness::traces::{self, SERVICES, TEXTS};
use crate::harness::{Signal, grpc};

const DEFAULT_SEED: u64 = 20_261_121;
const CONFIGURATIONS: usize = 40;
const TRACES: u64 = 60;
const ATTEMPTS: usize = 10;

const PATTERNS: &[&str] = &["^c", "[0-9]+$", "(?i)cart", r"\Qa\E", "ü"];
const CONDITIONS: &[&str] = &[
    r#"attributes["k.text"] == "checkout""#,
    r#"span.attributes["k.number"] > 3"#,
    r#"attributes["k.number"] >= 2 and attributes["k.flag"] == true"#,
    r#"resource.attributes["service.name"] == "bank" or name == "query""#,
    r#"not (span.status.code == STATUS_CODE_ERROR)"#,
    r#"IsMatch(name, "^GET .+")"#,
    r#"kind == SPAN_KIND_SERVER and attributes["k.text"] != nil"#,
    r#"IsString(attributes["k.any"])"#,
    r#"Int(attributes["k.any"]) == 5"#,
    r#"Len(attributes["k.text"]) > 3"#,
    r#"Concat([name, attributes["k.text"]], "-") == "query-a""#,
    r#"Substring(name, 0, 3) == "GET""#,
    r#"trace_state == "vendor=a""#,
    r#"end_time_unix_nano - start_time_unix_nano > 100000000"#,
];
const EVENT_CONDITIONS: &[&str] = &[
    r#"attributes["k.flag"] == true"#,
    r#"spanevent.attributes["k.text"] == "a""#,
    r#"name == "event" and attributes["k.number"] < 0"#,
];

/// One policy block, without its name.
fn policy(seed: &mut Seed, kinds: &[&str]) -> Value {
    let kind = seed.pick(kinds);
    let block = match kind {
        "always_sample" | "trace_flags" => return json!({"type": kind}),
        "latency" => {
            let threshold = 5 + 10 * seed.below(30);
            let upper = if seed.once_in(3) { threshold + 50 } else { 0 };
            json!({"threshold_ms": threshold, "upper_threshold_ms": upper})
        }
        "numeric_attribute" => {
            let min = 1 + seed.below(4) as i64;
            let key = "k.number";
            match seed.below(3) {
                0 => json!({"key": key, "min_value": min, "max_value": min + 2}),
                1 => json!({"key": key, "min_value": min}),
                _ => json!({"key": key, "max_value": min, "invert_match": seed.once_in(2)}),
            }
        }
        "probabilistic" => {
            json!({"sampling_percentage": seed.below(101), "hash_salt": seed.pick(&["", "salt"])})
        }
        "status_code" => json!({"status_codes": [seed.pick(&["OK", "ERROR", "UNSET"])]}),
        "string_attribute" => {
            let (key, invert) = (seed.pick(&["k.text", "service.name"]), seed.once_in(4));
            if seed.once_in(2) {
                let values = [seed.pick(PATTERNS)];
                json!({"key": key, "values": values, "enabled_regex_matching": true, "invert_match": invert})
            } else {
                let values = [seed.pick(TEXTS), seed.pick(SERVICES)];
                json!({"key": key, "values": values, "invert_match": invert})
            }
        }
        "rate_limiting" => json!({"spans_per_second": 1_000_000}),
        "bytes_limiting" => json!({"bytes_per_second": 1_000_000_000}),
        "span_count" => {
            let min = 1 + seed.below(5);
            json!({"min_spans": min, "max_spans": if seed.once_in(2) { min + 1 } else { 0 }})
        }
        "trace_state" => {
            json!({"key": seed.pick(&["vendor", "other"]), "values": [seed.pick(&["a", "b", "c"])]})
        }
        "boolean_attribute" => {
            json!({"key": "k.flag", "value": seed.once_in(2), "invert_match": seed.once_in(4)})
        }
        "ottl_condition" => {
            let mode = seed.pick(&["ignore", "silent", "propagate"]);
            let mut block = json!({"error_mode": mode, "span": [seed.pick(CONDITIONS)]});
            if seed.once_in(2) {
                block["spanevent"] = json!([seed.pick(EVENT_CONDITIONS)]);
            }
            block
        }
        _ => of_others(seed, kind),
    };
    json!({"type": kind, kind: block})
}

/// The block of a policy that is made of others.
fn of_others(seed: &mut Seed, kind: &str) -> Value {
    match kind {
        "and" => {
            let subs: Vec<_> = (0..2).map(|number| named(seed, number, WITH_NOT)).collect();
            json!({"and_sub_policy": subs})
        }
        "not" => json!({"not_sub_policy": named(seed, 0, SHARED)}),
        "drop" => {
            let subs: Vec<_> = (0..2).map(|number| named(seed, number, WITH_NOT)).collect();
            json!({"drop_sub_policy": subs})
        }
        "composite" => {
            let subs: Vec<_> = (0..2).map(|number| named(seed, number, SHARED)).collect();
            let percent = |number| json!({"policy": format!("p{number}"), "percent": 50});
            json!({
                "max_total_spans_per_second": 1_000_000,
                "policy_order": ["p1", "p0"],
                "composite_sub_policy": subs,
                "rate_allocation": [percent(0), percent(1)],
            })
        }
        other => panic!("{other}"),
    }
}

fn named(seed: &mut Seed, number: usize, kinds: &[&str]) -> Value {
    let mut policy = policy(seed, kinds);
    policy["name"] = json!(format!("p{number}"));
    policy
}

/// What may stand in others.
const SHARED: &[&str] = &[
    "always_sample",
    "latency",
    "numeric_attribute",
    "probabilistic",
    "status_code",
    "string_attribute",
    "rate_limiting",
    "bytes_limiting",
    "span_count",
    "trace_state",
    "trace_flags",
    "boolean_attribute",
    "ottl_condition",
];
const WITH_NOT: &[&str] = &[
    "not",
    "latency",
    "numeric_attribute",
    "status_code",
    "string_attribute",
    "span_count",
    "trace_state",
    "boolean_attribute",
    "ottl_condition",
];
const TOP: &[&str] = &[
    "and",
    "not",
    "drop",
    "composite",
    "latency",
    "numeric_attribute",
    "probabilistic",
    "status_code",
    "string_attribute",
    "span_count",
    "trace_state",
    "trace_flags",
    "boolean_attribute",
    "ottl_condition",
];

fn tail_sampling(seed: &mut Seed) -> Value {
    let count = 1 + seed.below(3);
    let policies: Vec<_> = (0..count).map(|number| named(seed, number, TOP)).collect();
    json!({
        "decision_wait": "1h",
        "policies": policies,
        "sample_on_first_match": seed.once_in(3),
    })
}

/// What comes out when the gateway is told to stop after the last request.
async fn through(kind: Kind, config: &Value, requests: &[Bytes]) -> Received {
    // The Collector listens to signals only some time after it said that it is ready: on a busy machine
    // the signal can be faster, and then it ends as any process does.
    for _ in 0..ATTEMPTS {
        if let Some(received) = stopped_after(kind, config, requests).await {
            return received;
        }
    }
    panic!("{kind:?} never took the signal")
}

/// None where the signal ended the process before it was listened to.
async fn stopped_after(kind: Kind, config: &Value, requests: &[Bytes]) -> Option<Received> {
    let backend = Backend::start().await;
    let config = Config::new()
        .signals(&[Signal::Traces])
        .processor("tail_sampling", config.clone())
        .forward(backend.grpc);
    let gateway = Gateway::start(kind, &config).await;
    let client = grpc::Client::connect(gateway.grpc).await;
    for request in requests {
        let answer = client.export(Signal::Traces, request.clone()).await;
        assert_eq!(answer.code, Code::Ok, "{kind:?}: {answer:?}");
    }
    drop(client);
    gateway.process.terminate();
    let (status, log) = gateway.process.exit().await;
    if kind == Kind::Collector && status.signal().is_some() {
        return None;
    }
    assert!(status.success(), "{kind:?}: {log}");
    Some(backend.received())
}

/// Every span with what it stands in.
fn spans(received: &Received) -> BTreeSet<(Vec<u8>, Vec<u8>, String)> {
    let mut all = BTreeSet::new();
    for resource in received.traces.iter().flat_map(|request| &request.resource_spans) {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let around = format!("{:?} {:?}", resource.resource, scope.scope);
                let new = (span.trace_id.clone(), span.span_id.clone(), around);
                assert!(all.insert(new), "a span came twice");
            }
        }
    }
    all
}

#[tokio::test]
async fn random_policies_keep_the_traces_that_the_collector_keeps() {
    let (number, mut seed) = Seed::from_environment(DEFAULT_SEED);
    let mut kept = 0;
    for round in 0..CONFIGURATIONS {
        let config = tail_sampling(&mut seed);
        let requests = traces::requests(&mut seed, TRACES);
        let tamis = spans(&through(Kind::Tamis, &config, &requests).await);
        let collector = spans(&through(Kind::Collector, &config, &requests).await);
        kept += collector.len();
        let what = format!("TAMIS_TEST_SEED={number}, round {round}, {config:#}");
        let only =
            |a: &BTreeSet<_>, b: &BTreeSet<_>| -> Vec<_> { a.difference(b).cloned().collect() };
        let (ours, theirs) = (only(&tamis, &collector), only(&collector, &tamis));
        assert!(
            ours.is_empty() && theirs.is_empty(),
            "{what}\nonly tamis kept {}: {:?}\nonly the Collector kept {}: {:?}",
            ours.len(),
            ours.first(),
            theirs.len(),
            theirs.first()
        );
    }
    assert!(kept > 0, "TAMIS_TEST_SEED={number}: every policy refused everything");
}
