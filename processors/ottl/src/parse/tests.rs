//! Texts and what is said about them.

use super::*;
use crate::ParseError;

fn refused(text: &str) -> String {
    ParseError::new(text, parse(text).expect_err(text)).to_string()
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    let literal = |value| Test::Literal(value);
    assert_eq!(
        parse("not true and false or true"),
        Ok(Test::Any(vec![
            Test::All(vec![Test::Not(Box::new(literal(true))), literal(false)]),
            literal(true)
        ]))
    );
    assert_eq!(
        parse("not (true and (false or true))"),
        Ok(Test::Not(Box::new(Test::All(vec![
            literal(true),
            Test::Any(vec![literal(false), literal(true)])
        ]))))
    );
}

#[test]
fn errors_say_where_and_what_instead() {
    for (text, wanted) in [
        ("", "1:1: the condition is empty"),
        ("name", "1:1: a path alone is not a condition; compare it, as in `path == true`"),
        ("name == \n  == 1", "2:3: expected a value, found `==`"),
        ("name = 1", "1:6: expected a comparison, found `=`; write `==`"),
        ("1 < 2 < 3", "1:7: comparisons cannot be chained; join two of them with `and`"),
        ("not not true", "1:5: `not` cannot follow `not`; use parentheses"),
        ("(name == 1", "1:11: expected `)` for the `(` before, but the condition ends here"),
        ("(\"a\") == \"a\"", "1:1: this value cannot stand in parentheses; leave them out"),
        (
            "(a == b) == true",
            "1:1: a condition cannot stand on the left of a comparison, only a value",
        ),
        (
            "set(name, 1)",
            "1:1: `set` changes data and is not for conditions; converters start with \
                          an upper-case letter",
        ),
        ("attributes[nil] == 1", "1:12: a key is a string, a number, a path or a converter"),
        ("Any(x, (y) => y == 1)", "1:12: functions written with `=>` are not supported"),
        ("Int(a)[0] == 1", "1:7: the answers of the supported converters cannot be indexed"),
        (
            "name == \"a\" AND true",
            "1:13: expected `and`, `or` or the end, found `AND`; write `and`, \
                                   `or`, `not` in lower case",
        ),
        ("a == \"\\d\"", "1:7: `\\d` is not an escape; a backslash itself is written `\\\\`"),
        (
            "a == \"ä\" + 1",
            "1:6: only paths, numbers and converters can be calculated with; texts \
                           are joined by Concat([...], \"\")",
        ),
    ] {
        assert_eq!(refused(text), wanted, "{text}");
    }
}

#[test]
fn columns_count_characters() {
    assert!(refused("a == \"äö\" b").starts_with("1:11: "));
}

#[test]
fn nesting_has_a_bound() {
    let nested = |levels| format!("{}true{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(NEST_MAX)).is_ok());
    assert!(refused(&nested(NEST_MAX + 1)).ends_with("nested deeper than 64 levels"));
}
