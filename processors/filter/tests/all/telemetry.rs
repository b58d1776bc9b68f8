//! What the processor tells about its work.

use filter::Filter;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tamis_sdk::logging::Level;
use tamis_sdk::testing::{reset, run, take_logs, take_measurements};
use tamis_sdk::{Context, Signal};

fn batch() -> Vec<u8> {
    let spans = ["a", "b", "7"].map(|name| Span { name: name.to_owned(), ..Span::default() });
    let scope_spans = vec![ScopeSpans { spans: spans.into(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn process(configuration: &str) {
    reset();
    run::<Filter>(configuration, &Context::new(Signal::Traces), &batch()).unwrap();
}

#[test]
fn dropped_spans_are_counted_whatever_drops_them() {
    for (condition, count) in [
        ("span.name == \\\"a\\\"", 1.0),
        ("scope.name == \\\"\\\"", 3.0),
        ("resource.schema_url == \\\"\\\"", 3.0),
    ] {
        process(&format!("{{\"trace_conditions\": [\"{condition}\"]}}"));
        let [measurement] = &take_measurements()[..] else { panic!("{condition}") };
        assert_eq!(measurement.name, "otelcol_processor_filter_spans_filtered");
        assert_eq!(measurement.value, count, "{condition}");
    }
}

#[test]
fn what_is_ignored_is_told_once_per_batch_and_without_values() {
    let configuration = |mode: &str| {
        format!(r#"{{"error_mode": "{mode}", "trace_conditions": ["Int(span.name) == 7"]}}"#)
    };
    process(&configuration("ignore"));
    let line = "condition failed on 2 items: the text is not an integer: Int(span.name) == 7";
    assert_eq!(take_logs(), [(Level::Warn, line.to_owned())]);
    process(&configuration("silent"));
    assert_eq!(take_logs(), []);
}
