//! What is read, and what is refused.

use super::*;

fn config(id: &str, json: &str) -> Result<Config, Vec<String>> {
    let mut configuration = Configuration::from_json(json);
    configuration.id = id.to_owned();
    Config::read(&configuration)
        .map_err(|problems| problems.iter().map(Problem::to_string).collect())
}

#[test]
fn two_keys_are_a_complete_configuration() {
    let config = config("cardinality_limiter", r#"{"limit": 1000, "mode": "strip"}"#).unwrap();
    let rule = &config.rules.general;
    assert_eq!((rule.limit, rule.mode, rule.reserve), (1000, Mode::Strip, 100));
    assert_eq!(rule.keep, [b"service.name".to_vec(), b"service.namespace".to_vec()]);
}

#[test]
fn a_rule_has_from_above_what_it_leaves_out() {
    let json = r#"{"limit": 50, "mode": "strip", "reserve": 20, "by": ["tenant"], "metrics": [
        {"name": "a", "limit": 10},
        {"regexp": "^b", "mode": "drop", "by": "resource,scope"}
    ]}"#;
    let config = config("cardinality_limiter", json).unwrap();
    let rule = |name: &str| config.rules.get(config.rules.of(name.as_bytes()));
    assert_eq!((rule("a").limit, rule("a").reserve, rule("a").mode), (10, 1, Mode::Strip));
    assert_eq!(rule("a").by, [Dimension::Attribute(b"tenant".to_vec())]);
    assert_eq!((rule("bb").limit, rule("bb").mode), (50, Mode::Drop));
    assert_eq!(rule("bb").by, [Dimension::Resource, Dimension::Scope]);
    assert_eq!((rule("c").limit, rule("c").reserve), (50, 20));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let refused = |json: &str| config("cardinality_limiter", json).unwrap_err().join("\n");
    for (json, wanted) in [
        ("{}", "`limit` is required"),
        (r#"{"limit": 0}"#, "limit: expected 1 to 10000000"),
        (r#"{"limit": 5, "reserve": 5}"#, "reserve: expected less than `limit`"),
        (r#"{"limit": 5, "mode": "stripe"}"#, "did you mean \"strip\"?"),
        (r#"{"limit": 5, "metrics": [{"limit": 1}]}"#, "metrics::0: expected either `name`"),
        (r#"{"limit": 5, "metrics": [{"regexp": "("}]}"#, "metrics::0::regexp"),
        (r#"{"limit": 5, "totals": [{}]}"#, "totals::0: `limit` is required"),
        (r#"{"limit": 5, "idle": "10ms"}"#, "idle: expected 1s to 720h"),
        (r#"{"limit": 5, "normalize": {}}"#, "normalize: expected `paths` or `messages`"),
        (r#"{"spans": {"dimensions": []}}"#, "spans::dimensions: expected names"),
        (r#"{"spans": {"dimensions": ["a"], "mode": "drop"}}"#, "use `filter`"),
        (r#"{"limit": 5, "memory_mib": 0}"#, "memory_mib: expected 1 to 1024"),
    ] {
        assert!(refused(json).contains(wanted), "{json}: {}", refused(json));
    }
}

#[test]
fn the_guardian_of_contrib_is_read_under_its_own_name() {
    let json = r#"{
        "max_cardinality_delta_per_epoch": 50, "epoch_duration_seconds": 60,
        "enforcement_mode": "Strip_And_Reaggregate", "never_drop_labels": ["region"],
        "metric_overrides": {"http.server.request.duration": 5000}, "top_offenders_count": 3,
        "max_tracker_count": 100000, "estimated_cost_per_metric_month": 0.05,
        "drop_log_max_per_epoch": 10
    }"#;
    let config = config("cardinality_guardian/strict", json).unwrap();
    let epoch = Some(60_000_000_000);
    let general = &config.rules.general;
    assert_eq!((general.mode, general.values), (Mode::Strip, Some(Values { limit: 50, epoch })));
    let special = config.rules.get(config.rules.of(b"http.server.request.duration"));
    assert_eq!(special.values, Some(Values { limit: 5000, epoch }));
    assert_eq!((config.offenders, config.idle), (3, 120_000_000_000));
}

#[test]
fn what_the_guardian_refuses_is_refused() {
    for (json, wanted) in [
        (r#"{"max_cardinality_delta_per_epoch": 0}"#, "must be greater than 0"),
        (r#"{"epoch_duration_seconds": 9}"#, "epoch_duration_seconds: expected 10"),
        (r#"{"metric_overrides": {"a": 0}}"#, "metric_overrides::a: must be greater than 0"),
        (r#"{"enforcement_mode": "drop"}"#, "expected one of tag_only"),
        (r#"{"limit": 5}"#, "limit: unknown key"),
    ] {
        let refused = config("cardinality_guardian", json).unwrap_err().join("\n");
        assert!(refused.contains(wanted), "{json}: {refused}");
    }
}
