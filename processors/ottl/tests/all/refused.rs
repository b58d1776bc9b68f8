//! What does not compile, and what is said about it.

use tamis_ottl::{Condition, Context};

#[test]
fn what_does_not_compile_is_told_with_its_place_and_the_way_out() {
    let table = include_str!("../conditions/refused.txt");
    let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    for pair in lines.chunks(2) {
        let (context, text) = pair[0].split_once(' ').unwrap();
        let wanted = pair[1].trim_start();
        let context = Context::named(context).unwrap();
        let message = Condition::new(text, context).expect_err(text).to_string();
        assert!(message.starts_with(wanted), "{text}\n  {message}\n  {wanted}");
    }
}

#[test]
fn places_count_lines() {
    let error = Condition::new("name == \"a\" or\n  Int(\"x\") == 1", Context::Span).unwrap_err();
    assert_eq!(error.to_string(), "2:3: this can only fail: the text is not an integer");
}

const TRACES: [Context; 4] = [Context::Resource, Context::Scope, Context::SpanEvent, Context::Span];

#[test]
fn paths_tell_the_context() {
    for (text, context) in [
        ("resource.attributes[\"a\"] == 1", Context::Resource),
        ("scope.name == \"a\" or resource.attributes[\"a\"] == 1", Context::Scope),
        ("instrumentation_scope.name == \"a\"", Context::Scope),
        ("resource.attributes[\"a\"] == 1 and span.name == \"a\"", Context::Span),
        ("span.name == spanevent.name", Context::SpanEvent),
        ("resource.attributes[span.name] == 1", Context::Span),
        // What a resource does not have leads to an item that has it.
        ("resource.attributes[\"a\"] == 1 and IsRootSpan()", Context::Span),
        ("resource.attributes[\"a\"] == SPAN_KIND_SERVER", Context::SpanEvent),
    ] {
        assert_eq!(Condition::infer(text, &TRACES).expect(text).context(), context, "{text}");
    }
}

#[test]
fn without_a_context_it_is_said_how_to_give_one() {
    for (text, wanted) in [
        (
            "name == \"a\"",
            "1:1: `name` is not a context; paths begin with one of resource, scope, spanevent, \
             span, as in `span.name`",
        ),
        ("status.code == 2", "1:1: `status` is not a context; paths begin"),
        ("IsRootSpan()", "1:1: no path tells what the condition is about; name one of resource, "),
        ("log.body == \"a\"", "1:1: log is not a context here; there are resource, scope, "),
        (
            "span.name == \"a\" and\nkind == 1",
            "2:1: the path does not say what it is about; write `span.kind`, or with another",
        ),
    ] {
        let message = Condition::infer(text, &TRACES).expect_err(text).to_string();
        assert!(message.starts_with(wanted), "{text}\n  {message}\n  {wanted}");
    }
}
