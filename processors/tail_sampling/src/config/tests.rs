//! What is refused, where and how; and what is accepted with a warning.

use super::*;

fn read(json: &str) -> Result<Config, Vec<String>> {
    let configuration = Configuration::from_json(json);
    Config::read(&configuration)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn with(policy: &str) -> String {
    format!("{{\"policies\": [{{\"name\": \"p\", {policy}}}]}}")
}

/// Every problem, in order.
fn refused(json: &str) -> Vec<String> {
    read(json).expect_err(json)
}

fn warnings(json: &str) -> Vec<String> {
    read(json).expect(json).warnings
}

#[test]
fn the_defaults_are_the_collectors() {
    let Config { settings, .. } = read(&with("\"type\": \"always_sample\"")).unwrap();
    assert_eq!(settings.waits.decision, Duration::from_secs(30));
    assert_eq!(settings.waits.after_root, Duration::ZERO);
    assert_eq!(settings.num_traces, 50_000);
    assert_eq!((settings.sampled_cache, settings.non_sampled_cache), (0, 0));
    assert_eq!(settings.trace_bytes_max, 0);
    let switches = [
        settings.block_on_overflow,
        settings.on_ingest,
        settings.drop_pending_on_shutdown,
        settings.dry_run,
        settings.writes_threshold,
    ];
    assert_eq!(switches, [false; 5]);
}

#[test]
fn every_problem_of_the_top_level_is_told() {
    let problems = refused(
        r#"{"tail_storage": "x", "num_shards": 257, "decision_wait": "soon", "num_traces": -1,
            "sampling_strategy": "never", "policy": []}"#,
    );
    assert!(problems[0].starts_with("tail_storage: tail_storage is an extension"), "{problems:?}");
    assert_eq!(
        problems[1..],
        [
            "num_shards: num_shards (257) must not exceed 256",
            "decision_wait: expected a duration such as 30s, 200ms or 1m30s",
            "num_traces: expected a whole number that is not negative, got a whole number",
            "sampling_strategy: invalid sampling_strategy \"never\", expected one of \
             \"trace-complete\" or \"span-ingest\"",
            "policies: expected at least one policy: without one, no trace is sampled",
            "policy: unknown key; did you mean \"policies\"?",
        ]
    );
}

#[test]
fn what_the_collector_finds_at_its_start_is_found_here() {
    let problems = refused(
        r#"{"policies": [
            {"type": "always_sample"},
            {"name": "a", "type": "rare_spans"},
            {"name": "a", "type": "always_sample"},
            {"name": "b", "type": "status_code", "status_code": {"status_codes": ["OK", "error"]}},
            {"name": "c", "type": "status_code"},
            {"name": "d", "type": "string_attribute", "string_attribute":
                {"key": "k", "values": ["a", "("], "enabled_regex_matching": true}},
            {"name": "e", "type": "numeric_attribute", "numeric_attribute": {"key": "k"}},
            {"name": "f", "type": "ottl_condition"},
            {"name": "g", "type": "ottl_condition", "ottl_condition": {"span": ["name =="]}}
        ]}"#,
    );
    let starts = [
        "policies::0::name: policy name cannot be empty",
        "policies::1::type: unknown sampling policy type rare_spans",
        "policies::2::name: duplicate policy name \"a\"",
        "policies::3::status_code::status_codes::1: unknown status code \"error\", supported: OK, \
         ERROR, UNSET",
        "policies::4::status_code: expected at least one status code to filter on",
        "policies::5::string_attribute::values::1: invalid regex `(`: ",
        "policies::6::numeric_attribute: at least one of min_value or max_value must be set",
        "policies::7::ottl_condition: expected at least one OTTL condition to filter on",
        "policies::8::ottl_condition::span::0: ",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}\nwanted {start}");
    }
}

#[test]
fn only_some_types_stand_within_others() {
    let sub = |block: &str, list: &str, kind: &str| {
        let list = format!("\"{list}\": [{{\"name\": \"s\", \"type\": \"{kind}\"}}]");
        read(&with(&format!("\"type\": \"{block}\", \"{block}\": {{{list}}}"))).err()
    };
    for (block, list) in [("and", "and_sub_policy"), ("drop", "drop_sub_policy")] {
        for kind in ["and", "drop", "composite"] {
            let problem = format!(
                "policies::0::{block}::{list}::0::type: unknown sampling policy type {kind}"
            );
            assert_eq!(sub(block, list, kind), Some(vec![problem]));
        }
    }
    for kind in ["not", "drop", "composite"] {
        let problem = format!(
            "policies::0::composite::composite_sub_policy::0::type: unknown sampling policy type {kind}"
        );
        assert_eq!(sub("composite", "composite_sub_policy", kind), Some(vec![problem]));
    }
    for kind in ["not", "and", "drop", "composite"] {
        let json = with(&format!(
            "\"type\": \"not\", \"not\": {{\"not_sub_policy\": {{\"type\": \"{kind}\"}}}}"
        ));
        let problem =
            format!("policies::0::not::not_sub_policy::type: unknown sampling policy type {kind}");
        assert_eq!(refused(&json), [problem]);
    }
}

#[test]
fn a_combination_of_nothing_is_refused() {
    for block in ["and", "drop", "not", "composite"] {
        let problems = refused(&with(&format!("\"type\": \"{block}\"")));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&format!("policies::0::{block}: expected a")));
    }
}

#[test]
fn parts_cannot_be_judged_by_policies_that_need_the_whole() {
    let stateful = [
        r#""type": "rate_limiting", "rate_limiting": {"spans_per_second": 1}"#,
        r#""type": "bytes_limiting", "bytes_limiting": {"bytes_per_second": 1}"#,
        r#""type": "latency", "latency": {"threshold_ms": 1, "upper_threshold_ms": 2}"#,
        r#""type": "span_count", "span_count": {"max_spans": 2}"#,
        r#""type": "and", "and": {"and_sub_policy": [{"name": "s", "type": "rate_limiting"}]}"#,
        r#""type": "not", "not": {"not_sub_policy": {"type": "rate_limiting"}}"#,
        r#""type": "composite", "composite": {"composite_sub_policy": [{"type": "rate_limiting"}]}"#,
    ];
    let ingest =
        |policy: &str| with(policy).replacen('{', "{\"sampling_strategy\": \"span-ingest\", ", 1);
    for policy in stateful {
        let problem = "policies::0: sampling_strategy \"span-ingest\" requires all policies to be \
                       stateless, but policy \"p\" is stateful";
        assert_eq!(refused(&ingest(policy)), [problem]);
        assert!(read(&with(policy)).is_ok(), "{policy}");
    }
    for policy in [
        r#""type": "latency", "latency": {"threshold_ms": 1}"#,
        r#""type": "span_count", "span_count": {"min_spans": 2}"#,
    ] {
        assert!(read(&ingest(policy)).is_ok(), "{policy}");
    }
}

#[test]
fn what_may_not_be_meant_is_warned_about() {
    let starts = [
        (
            r#""type": "string_attribute", "string_attribute": {"key": "k", "invert_match": true}"#,
            "policy \"p\": invert_match makes",
        ),
        (
            r#""type": "numeric_attribute", "numeric_attribute": {"key": "k", "max_value": 5}"#,
            "policy \"p\": attributes that are no numbers",
        ),
        (
            r#""type": "boolean_attribute", "boolean_attribute": {"key": "k"}"#,
            "policy \"p\": attributes that are no Booleans",
        ),
        (
            r#""type": "composite", "composite": {"policy_order": ["b", "a"],
                "composite_sub_policy": [{"name": "a", "type": "always_sample"},
                                         {"name": "b", "type": "always_sample"}]}"#,
            "policy \"p\": policy_order has no effect",
        ),
    ];
    for (policy, start) in starts {
        let warnings = warnings(&with(policy));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with(start), "{warnings:?}");
    }
    let quiet = r#""type": "composite", "composite": {"policy_order": ["a"],
        "composite_sub_policy": [{"name": "a", "type": "always_sample"}]}"#;
    assert_eq!(warnings(&with(quiet)), Vec::<String>::new());
}

#[test]
fn what_bounds_all_instances_is_divided() {
    let mut configuration = Configuration::from_json(
        r#"{"num_traces": 10, "decision_cache": {"sampled_cache_size": 1},
            "policies": [{"name": "p", "type": "always_sample"}]}"#,
    );
    configuration.instances = 4;
    let Config { settings, .. } = Config::read(&configuration).unwrap();
    assert_eq!(settings.num_traces, 2);
    assert_eq!((settings.sampled_cache, settings.non_sampled_cache), (1, 0));
}

#[test]
fn ticks_come_often_enough_for_the_shortest_wait() {
    let tick = |decision: u64, after_root: u64| {
        let millis = Duration::from_millis;
        Waits { decision: millis(decision), after_root: millis(after_root) }.tick()
    };
    assert_eq!(tick(30_000, 0), 1_000);
    assert_eq!(tick(30_000, 5_000), 1_000);
    assert_eq!(tick(200, 0), 200);
    assert_eq!(tick(30_000, 300), 300);
    assert_eq!(tick(1, 0), 20);
}
