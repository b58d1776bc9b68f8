//! What no JSON can say, and what must not be touched.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use tamis_sdk::testing::scan;
use tamis_sdk::{Context, Processor, Signal};

use crate::support::*;

#[test]
fn what_is_no_number_is_no_cost() {
    for bad in [
        Any::DoubleValue(f64::NAN),
        Any::DoubleValue(f64::INFINITY),
        Any::DoubleValue(-1.0),
        Any::DoubleValue(1e30),
        Any::DoubleValue(0.5),
        Any::IntValue(i64::MIN),
        Any::IntValue(i64::MAX),
        Any::BoolValue(true),
        Any::StringValue("-3".to_owned()),
        Any::StringValue("1e400".to_owned()),
        Any::StringValue("NaN".to_owned()),
        Any::StringValue("999999999999999999999999".to_owned()),
    ] {
        let mut attributes = call(1, "gpt-4o", 1000, 500).attributes;
        attributes[3] = attribute("gen_ai.usage.input_tokens", bad.clone());
        let out = priced("{}", attributes);
        assert_eq!((status(&out), cost(&out)), ("invalid_usage", None), "{bad:?}");
    }
}

#[test]
fn a_broken_reported_cost_is_passed_over() {
    for bad in
        [Any::DoubleValue(f64::NAN), Any::DoubleValue(-1.0), Any::StringValue("x".to_owned())]
    {
        let mut attributes = call(1, "gpt-4o", 1000, 500).attributes;
        attributes.push(attribute("llm.cost.total", bad));
        let out = priced("{}", attributes);
        assert_eq!((status(&out), cost(&out)), ("priced", Some(0.0075)));
    }
}

#[test]
fn batches_without_calls_leave_as_they_came() {
    let (mut processor, descriptor) = configured("{}");
    assert!(descriptor.skip_without_hit);
    let spans = (1..9).map(|id| span(id, vec![attribute("http.route", text("/token"))])).collect();
    let batch = batch("shop", spans);
    assert_eq!(processed(&mut processor, &Context::new(Signal::Traces), &batch), batch);
}

#[test]
fn with_the_hosts_hits_the_same_comes_out() {
    let (mut processor, descriptor) = configured("{}");
    let spans = (1..40).map(|id| match id % 3 {
        0 => call(id, "gpt-4o", 1000, 500),
        _ => span(id, vec![attribute("http.route", text("/"))]),
    });
    let batch = batch("shop", spans.collect());
    let without = processed(&mut processor, &Context::new(Signal::Traces), &batch);
    let mut context = Context::new(Signal::Traces);
    context.hits = Some(scan(&descriptor.triggers, &batch));
    assert_eq!(processed(&mut processor, &context, &batch), without);
    context.hits = Some(Vec::new());
    assert_eq!(processed(&mut processor, &context, &batch), batch);
}

#[test]
fn a_second_pass_changes_nothing() {
    for config in [
        "{}",
        r#"{"reported_cost": "compare"}"#,
        r#"{"attributes": ["gen_ai", "openlit", "openinference", "sentry"], "normalize": true}"#,
    ] {
        let (mut processor, _) = configured(config);
        let mut reported = call(2, "gpt-4o", 1000, 500);
        reported.attributes.push(attribute("llm.cost.total", Any::DoubleValue(0.1)));
        let unknown = call(3, "no-such-model", 1000, 500);
        let batch = batch("shop", vec![call(1, "gpt-4o", 1000, 500), reported, unknown]);
        let context = Context::new(Signal::Traces);
        let once = processed(&mut processor, &context, &batch);
        let twice = processed(&mut processor, &context, &once);
        let sorted = |batch: &[u8]| {
            let mut all = spans(batch);
            for span in &mut all {
                span.attributes.sort_by(|one, other| one.key.cmp(&other.key));
            }
            all
        };
        assert_eq!(sorted(&twice), sorted(&once), "{config}");
    }
}

#[test]
fn a_price_table_is_taken_or_refused_whole() {
    use tamis_sdk::Watcher;
    let (mut processor, descriptor) = configured(r#"{"price_table": "prices.txt"}"#);
    assert_eq!(descriptor.files[0].name, "prices.txt");
    assert!(processor.file("prices.txt", b"no table").is_err());
    let batch = batch("shop", vec![call(1, "gpt-4o", 1000, 500)]);
    let out = processor.process(&Context::new(Signal::Traces), &batch);
    assert!(out.is_ok());
}
