//! The tables hold together.

use std::collections::HashMap;

use super::*;
use crate::meaning::Meaning;

#[test]
fn a_name_means_the_same_in_every_dialect() {
    let mut known: HashMap<&str, (&str, Meaning)> = HashMap::new();
    for (dialect, names) in DIALECTS {
        for name in *names {
            if let Some((other, meaning)) = known.insert(name.key, (dialect, name.meaning)) {
                assert_eq!(meaning, name.meaning, "{}: {dialect}, {other}", name.key);
            }
        }
    }
}

#[test]
fn members_are_named_once_in_lower_case_without_underscores() {
    let mut known = HashMap::new();
    for (name, member) in MEMBERS {
        assert!(known.insert(name, member).is_none(), "{name}");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.';
        assert!(name.bytes().all(plain), "{name}");
        assert!(name.split('.').count() <= 2, "{name}");
    }
}

/// What makes an item a call must be found by the host, else the item is never looked at.
#[test]
fn every_name_that_tells_of_use_holds_a_trigger() {
    for (_, names) in DIALECTS {
        for name in *names {
            let tells = name.meaning.tells_of_use()
                || matches!(name.meaning, Meaning::Object | Meaning::Aggregate);
            // An answer, a cost or messages are no call without a model, tokens or usage beside them.
            let alone = !name.weak && tells;
            let has_trigger = TRIGGERS.iter().any(|trigger| name.key.contains(trigger));
            assert!(has_trigger || !alone, "{}", name.key);
        }
    }
    for prefix in PREFIXES {
        assert!(TRIGGERS.iter().any(|trigger| prefix.contains(trigger)), "{prefix}");
    }
}

#[test]
fn every_weak_count_holds_a_trigger() {
    for name in DIALECTS.iter().flat_map(|(_, names)| names.iter()) {
        if matches!(name.meaning, Meaning::Count(..)) {
            let has_trigger = TRIGGERS.iter().any(|trigger| name.key.contains(trigger));
            assert!(has_trigger, "{}", name.key);
        }
    }
}
