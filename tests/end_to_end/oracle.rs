//! The Collector as oracle: random configurations of `redaction` and random telemetry through both,
//! the same items out of both.
//!
//! The Collector of the tests is older than the behaviour that tamis follows in two places, which the
//! data therefore avoids: no two patterns match the same text (the order of patterns was random), and
//! keys that came later are not used.

use std::fmt::Debug;

use bytes::Bytes;
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;

use crate::harness::backend::Backend;
use crate::harness::config::Config;
use crate::harness::gateway::{Gateway, Kind};
use crate::harness::oracle::{Telemetry, sorted};
use crate::harness::seed::Seed;
use crate::harness::{Signal, grpc};

const DEFAULT_SEED: u64 = 20_261_121;
const CONFIGURATIONS: usize = 24;
/// Per signal and configuration.
const REQUESTS: usize = 4;

/// No two of them match the same text, as long as the values are those of [`Telemetry`].
const VALUE_PATTERNS: &[&str] = &[
    r"4[0-9]{12}(?:[0-9]{3})?",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"(?i)bearer [a-z]+",
    r"\Qa.b*c\E",
    r"^whole$",
    r"[[:upper:]]{4}",
    r"\x{e9}t\x{e9}",
];
const KEY_PATTERNS: &[&str] = &["(?i)token", "^user\\.", "secret$", "k[0-9]"];
const KEYS: &[&str] = Telemetry::KEYS;

fn redaction(seed: &mut Seed) -> Value {
    let mut config = json!({});
    let mut set = |key: &str, value: Value| config[key] = value;
    if seed.once_in(2) {
        set("allow_all_keys", json!(true));
    } else {
        set("allowed_keys", json!(seed.some(KEYS)));
    }
    if seed.once_in(3) {
        set("ignored_keys", json!(seed.some(KEYS)));
    }
    if seed.once_in(4) {
        set("ignored_key_patterns", json!(seed.some(KEY_PATTERNS)));
    }
    if seed.once_in(2) {
        set("blocked_key_patterns", json!(seed.some(KEY_PATTERNS)));
    }
    set("blocked_values", json!(seed.some(VALUE_PATTERNS)));
    if seed.once_in(4) {
        set("allowed_values", json!([".+@mycompany.com", "^fine$"]));
    }
    if seed.once_in(2) {
        set("redact_all_types", json!(true));
    }
    if seed.once_in(2) {
        set("summary", json!(seed.pick(&["debug", "info", "silent"])));
    }
    if seed.once_in(2) {
        let function = seed.pick(&["md5", "sha1", "sha3", "hmac-sha256", "hmac-sha512"]);
        set("hash_function", json!(function));
        if function.starts_with("hmac") {
            set("hmac_key", json!("k".repeat(64)));
        }
    }
    config
}

async fn through(kind: Kind, config: &Value, requests: &[(Signal, Bytes)]) -> Backend {
    let backend = Backend::start().await;
    let config = Config::new().processor("redaction", config.clone()).forward(backend.grpc);
    let gateway = Gateway::start(kind, &config).await;
    let client = grpc::Client::connect(gateway.grpc).await;
    for (signal, request) in requests {
        let answer = client.export(*signal, request.clone()).await;
        assert_eq!(answer.code, Code::Ok, "{kind:?}: {answer:?}");
    }
    backend
}

fn assert_same<M: Message + PartialEq + Debug>(what: &str, tamis: &[M], collector: &[M]) {
    assert_eq!(tamis.len(), collector.len(), "{what}: number of requests");
    for (index, (tamis, collector)) in tamis.iter().zip(collector).enumerate() {
        assert!(
            tamis == collector,
            "{what}, request {index}:\n--- tamis\n{tamis:#?}\n--- Collector\n{collector:#?}"
        );
    }
}

#[tokio::test]
async fn random_redactions_give_what_the_collector_gives() {
    let (number, mut seed) = Seed::from_environment(DEFAULT_SEED);
    for round in 0..CONFIGURATIONS {
        let config = redaction(&mut seed);
        let mut requests = Vec::new();
        for signal in Signal::ALL {
            let mut telemetry = Telemetry::new(&mut seed);
            requests.extend((0..REQUESTS).map(|_| (signal, telemetry.request(signal))));
        }
        let tamis = through(Kind::Tamis, &config, &requests).await;
        let collector = through(Kind::Collector, &config, &requests).await;
        let (tamis, collector) = (sorted(tamis.received()), sorted(collector.received()));
        let what = format!("TAMIS_TEST_SEED={number}, round {round}, {config}");
        assert_same(&what, &tamis.traces, &collector.traces);
        assert_same(&what, &tamis.metrics, &collector.metrics);
        assert_same(&what, &tamis.logs, &collector.logs);
    }
}
