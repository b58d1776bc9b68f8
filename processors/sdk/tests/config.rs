//! Configuration: every problem at once, at its place.

use tamis_sdk::{Configuration, Problem};

fn problems<T>(read: Result<T, Vec<Problem>>) -> Vec<String> {
    read.err().unwrap_or_default().iter().map(Problem::to_string).collect()
}

#[test]
fn wrong_types_are_all_reported_and_no_value_is_shown() {
    let configuration = Configuration::from_json(
        r#"{"a": 1, "b": "x", "c": -1, "d": {}, "e": 5, "f": ["x", 2, null], "g": [{}, 3]}"#,
    );
    let read = configuration.read(|config| {
        config.string("a");
        config.boolean("b");
        config.integer("c");
        config.number("d");
        config.section("e", |_| ());
        config.strings("f");
        config.sections("g", |_| ());
    });
    assert_eq!(
        problems(read),
        [
            "a: expected a string, got a whole number",
            "b: expected true or false, got a string",
            "c: expected a whole number that is not negative, got a whole number",
            "d: expected a number, got a map",
            "e: expected a map, got a whole number",
            "f::1: expected a string, got a whole number",
            "f::2: expected a string, got nothing",
            "g::1: expected a map, got a whole number",
        ]
    );
}

#[test]
fn absent_and_null_are_the_same() {
    let configuration = Configuration::from_json(r#"{"a": null}"#);
    let read = configuration.read(|config| (config.string("a"), config.integer("b")));
    assert_eq!(read, Ok((None, None)));
    assert_eq!(Configuration::from_json("null").read(|_| 1), Ok(1));
}

#[test]
fn a_string_takes_the_text_of_an_expanded_scalar() {
    let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
    let configuration = Configuration {
        id: "test".to_owned(),
        json: r#"{"key": 123, "keys": [true], "inner": {"key": 1e3}}"#.to_owned(),
        texts: vec![
            (path(&["key"]), "0123".to_owned()),
            (path(&["keys", "0"]), "yes".to_owned()),
            (path(&["inner", "key"]), "1e3".to_owned()),
        ],
        hash_seed: 0,
        instances: 1,
        feeds: Vec::new(),
    };
    let read = configuration.read(|config| {
        let inner = config.section("inner", |inner| inner.string("key")).flatten();
        (config.string("key"), config.strings("keys"), inner)
    });
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(read, Ok((text("0123"), Some(vec!["yes".to_owned()]), text("1e3"))));
}

#[test]
fn one_string_is_a_list_split_at_commas() {
    let configuration = Configuration::from_json(r#"{"a": "x,y", "b": ""}"#);
    let read = configuration.read(|config| (config.strings("a"), config.strings("b")));
    assert_eq!(read, Ok((Some(vec!["x".to_owned(), "y".to_owned()]), Some(Vec::new()))));
}

#[test]
fn unknown_keys_are_refused_at_every_level_with_a_near_name() {
    let configuration = Configuration::from_json(
        r#"{"inner": {"allowed_kyes": 1}, "completely_different": 1, "mode": "striktly"}"#,
    );
    let read = configuration.read(|config| {
        config.section("inner", |inner| inner.strings("allowed_keys"));
        config.choice("mode", &["strictly", "loosely"]);
    });
    assert_eq!(
        problems(read),
        [
            r#"inner::allowed_kyes: unknown key; did you mean "allowed_keys"?"#,
            r#"mode: expected one of strictly, loosely; did you mean "strictly"?"#,
            "completely_different: unknown key",
        ]
    );
}

#[test]
fn a_problem_of_the_authors_own_has_its_place() {
    let configuration = Configuration::from_json(r#"{"list": [{"pattern": "("}]}"#);
    let read = configuration.read(|config| {
        config.sections("list", |entry| {
            entry.string("pattern");
            entry.problem(&["pattern"], "a parenthesis is not closed");
        });
    });
    assert_eq!(problems(read), ["list::0::pattern: a parenthesis is not closed"]);
}

#[test]
fn what_is_no_map_is_refused_as_a_whole() {
    let read = |json| problems(Configuration::from_json(json).read(|_| ()));
    assert_eq!(read("[]"), ["expected a map, got a list"]);
    assert!(read("{").iter().all(|message| message.starts_with("not JSON: ")));
}
