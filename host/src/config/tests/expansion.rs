//! What `${...}` becomes, row by row.

use super::*;
use crate::wasm::settings::GuestSettings;

/// Loads `value` as a key of a guest's config and answers JSON, text and warnings of it.
fn expanded(value: &str) -> Result<(String, Vec<String>), String> {
    let mut world = World::default();
    let variables = [
        ("EMPTY", ""),
        ("HOST", "localhost"),
        ("PORT", "3044"),
        ("OCTAL", "0123"),
        ("QUOTED", "\"0123\""),
        ("BOOL", "true"),
        ("LIST", "[a, 1]"),
        ("MAP", "a: ${env:PORT}"),
        ("NAME", "HOST"),
        ("NESTED", "${env:HOST}"),
        ("LOOP", "${env:LOOP}"),
        ("GROW", "x${env:GROW}"),
        ("BOMB", "- ${env:BOMB}\n- ${env:BOMB}"),
        ("FLOW", "{a: ${env:PORT}}"),
        ("COLON", "a: b: c"),
        ("DOLLARS", "a$$b"),
        ("COMMENT", "# x"),
    ];
    for (name, value) in variables {
        world.variables.insert(name.into(), value.into());
    }
    world.files.insert("part.yml".into(), "k: v\nn: [1]\n".into());
    let text = minimal(&format!("processors: {{redaction: {{k: {value}}}}}"));
    let (config, _) = load(&[yaml(&text)], &world, BUILTINS).map_err(|p| p.to_string())?;
    let guest = only_guest(&config);
    let texts = guest.config_texts().into_iter().map(|(_, text)| text).collect();
    let json = guest.config_json();
    Ok((json["{\"k\":".len()..json.len() - 1].to_owned(), texts))
}

fn only_guest(config: &Config) -> &GuestSettings {
    match config.processors.values().next() {
        Some(ProcessorSettings::Guest(guest)) => guest,
        _ => panic!("no guest"),
    }
}

#[test]
fn values_expand_like_in_the_collector() {
    let cases: &[(&str, &str, &[&str])] = &[
        // Whole field: typed, with its text kept.
        ("'${PORT}'", "3044", &["3044"]),
        ("'${env:PORT}'", "3044", &["3044"]),
        ("'${OCTAL}'", "83", &["0123"]),
        ("'${BOOL}'", "true", &["true"]),
        ("'${HOST}'", "\"localhost\"", &[]),
        // A string stays as it is, quotes included.
        ("'${QUOTED}'", r#""\"0123\"""#, &[]),
        ("'${COLON}'", "\"a: b: c\"", &[]),
        ("'${LIST}'", "[\"a\",1]", &[]),
        ("'${MAP}'", "{\"a\":3044}", &["3044"]),
        // `${` cannot stand in a flow collection, so this is no YAML and stays a string.
        ("'${FLOW}'", "\"{a: 3044}\"", &[]),
        ("'${COMMENT}'", "null", &["# x"]),
        // Inline: text.
        ("'${HOST}:${PORT}'", "\"localhost:3044\"", &[]),
        ("'a${LIST}'", "\"a[a, 1]\"", &[]),
        ("'x${OCTAL}'", "\"x0123\"", &[]),
        // Unset, empty, default.
        ("'${UNSET}'", "null", &[""]),
        ("'a${UNSET}'", "\"a\"", &[]),
        ("'${EMPTY}'", "null", &[""]),
        ("'${env:UNSET:-7}'", "7", &["7"]),
        ("'${env:UNSET:-}'", "null", &[""]),
        ("'${env:EMPTY:-7}'", "null", &[""]),
        ("'${env:UNSET:-a:-b}'", "\"a:-b\"", &[]),
        // Nested.
        ("'${env:${env:NAME}}'", "\"localhost\"", &[]),
        ("'${env:UNSET:-${env:PORT}}'", "3044", &["3044"]),
        ("'${NESTED}'", "\"localhost\"", &[]),
        ("'<${NESTED}>'", "\"<localhost>\"", &[]),
        // Escapes.
        ("'$${HOST}'", "\"${HOST}\"", &[]),
        ("'$$${HOST}'", "\"$localhost\"", &[]),
        ("'$$$${HOST}'", "\"$${HOST}\"", &[]),
        ("'$${HOST}${PORT}'", "\"${HOST}3044\"", &[]),
        ("'a$$b'", "\"a$b\"", &[]),
        ("'${DOLLARS}'", "\"a$b\"", &[]),
        // No expansion at all.
        ("'$${HOST}_$${HOST}_${PORT}'", "\"${HOST}_${HOST}_3044\"", &[]),
        ("'${PORT}:$${HOST}'", "\"3044:${HOST}\"", &[]),
        // Unbalanced.
        ("'env:HOST}${PORT}'", "\"env:HOST}3044\"", &[]),
        ("'${HOST}env:PORT}'", "\"localhostenv:PORT}\"", &[]),
        ("'${env:HOST${env:PORT}'", "\"${env:HOST3044\"", &[]),
        ("'${HOST}}}${env:PORT?${PORT}'", "\"localhost}}${env:PORT?3044\"", &[]),
        ("'${HOST}${${${PORT}?${HOST}'", "\"localhost${${3044?localhost\"", &[]),
        ("'$HOST'", "\"$HOST\"", &[]),
        ("'${HOST'", "\"${HOST\"", &[]),
        ("'}${'", "\"}${\"", &[]),
        ("{'${HOST}': 1}", "{\"${HOST}\":1}", &[]),
        // Other providers.
        ("'${yaml:[1, 2]}'", "[1,2]", &[]),
        ("'${file:part.yml}'", "{\"k\":\"v\",\"n\":[1]}", &[]),
    ];
    for (value, json, texts) in cases {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(expanded(value), Ok(((*json).to_owned(), texts)), "{value}");
    }
}

#[test]
fn broken_and_endless_expansions_are_refused() {
    let cases = [
        ("'${env:1X}'", "environment variable \"1X\" has invalid name: must match regex"),
        ("'${}'", "environment variable \"\" has invalid name"),
        ("'${a b}'", "environment variable \"a b\" has invalid name"),
        ("'${env:$X}'", "contains unsupported characters ('$')"),
        ("'${vault:x}'", "scheme \"vault\" is not supported for uri \"vault:x\""),
        ("'${https://a/b}'", "scheme \"https\" is not supported yet by tamis"),
        ("'${HOST:-x}'", "uri \"HOST:-x\" (did you mean ${env:HOST:-...}?)"),
        ("'${A_B:-x}'", "invalid uri: \"A_B:-x\" (did you mean ${env:A_B:-...}?)"),
        ("'${:x}'", "invalid uri: \":x\""),
        ("'${file:none.yml}'", "unable to read the file file:none.yml"),
        ("'${LOOP}'", "too many recursive expansions"),
        ("'${GROW}'", "too many recursive expansions"),
        ("'${BOMB}'", "nested deeper than 64 levels"),
    ];
    for (value, expected) in cases {
        let error = expanded(value).unwrap_err();
        assert!(error.contains(expected), "{value}: {error}");
        assert!(error.starts_with("test.yaml:4:"), "{value}: {error}");
    }
}
