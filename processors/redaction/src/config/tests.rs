//! Configurations that are accepted, and all complaints about the others.

use super::*;

/// The problems of a configuration, one a line.
fn problems(json: &str) -> String {
    match Config::read(&Configuration::from_json(json)) {
        Ok(_) => String::new(),
        Err(problems) => problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn nothing_is_allowed_by_default() {
    let config = Config::read(&Configuration::from_json("{}")).unwrap();
    assert!(!config.allow_all_keys && config.allowed_keys.is_empty());
    assert!(!config.redact_all_types);
    assert!(matches!(config.mask, Mask::Stars));
    assert_eq!(config.summary, Summary::Silent);
}

#[test]
fn any_other_summary_is_silent() {
    let config = Config::read(&Configuration::from_json(r#"{"summary": "loud"}"#)).unwrap();
    assert_eq!(config.summary, Summary::Silent);
}

#[test]
fn hash_functions_are_known_in_any_case() {
    for function in ["", "md5", "MD5", "sha1", "Sha3"] {
        assert_eq!(problems(&format!(r#"{{"hash_function": "{function}"}}"#)), "");
    }
    assert_eq!(
        problems(r#"{"hash_function": "sha2"}"#),
        "hash_function: unknown HashFunction sha2, allowed functions are sha1, sha3, md5, \
         hmac-sha256 and hmac-sha512"
    );
}

#[test]
fn hmac_keys_have_a_least_length() {
    let check = |function: &str, len: usize| {
        let key = "k".repeat(len);
        problems(&format!(r#"{{"hash_function": "{function}", "hmac_key": "{key}"}}"#))
    };
    assert_eq!(check("hmac-sha256", 32), "");
    assert_eq!(check("HMAC-SHA512", 64), "");
    assert_eq!(
        check("hmac-sha256", 31),
        "hmac_key: hmac_key must be at least 32 bytes long for \"hmac-sha256\", got 31 bytes"
    );
    assert_eq!(
        check("hmac-sha512", 63),
        "hmac_key: hmac_key must be at least 64 bytes long for \"hmac-sha512\", got 63 bytes"
    );
    assert_eq!(
        check("hmac-sha256", 0),
        "hmac_key: hmac_key must not be empty when hash_function is \"hmac-sha256\""
    );
    assert_eq!(check("md5", 0), "");
}

#[test]
fn every_bad_pattern_is_named_with_its_place() {
    let json = r#"{"blocked_values": ["ok", "a[", "(?=b)"], "allowed_values": ["*"]}"#;
    assert_eq!(
        problems(json),
        "blocked_values::1: error compiling regex in list: error parsing regexp: missing closing ]: \
         `[` at byte 1\n\
         blocked_values::2: error compiling regex in list: error parsing regexp: invalid or \
         unsupported Perl syntax: `(?=` at byte 0\n\
         allowed_values::0: error compiling regex in list: error parsing regexp: missing argument to \
         repetition operator: `*` at byte 0"
    );
}

#[test]
fn sanitizers_are_refused_while_enabled() {
    assert_eq!(
        problems(r#"{"url_sanitizer": {"enabled": true, "attributes": ["http.url"]}}"#),
        "url_sanitizer::enabled: url_sanitizer is not supported yet: remove it or set enabled to false"
    );
    assert_eq!(
        problems(r#"{"db_sanitizer": {"sql": {"enabled": true}, "redis": {"enabled": false}}}"#),
        "db_sanitizer::sql::enabled: db_sanitizer is not supported yet: remove it or set enabled to \
         false"
    );
    assert_eq!(problems(r#"{"url_sanitizer": {"enabled": false}, "db_sanitizer": {}}"#), "");
}

#[test]
fn unknown_keys_are_refused() {
    assert_eq!(
        problems(r#"{"blocked_value": []}"#),
        "blocked_value: unknown key; did you mean \"blocked_values\"?"
    );
}
