//! Which model of the table a name means.

use std::borrow::Cow;

use crate::condition::is_date;
use crate::matching::{Patterns, is_match};
use crate::table::Table;

/// What a provider's and a model's name mean.
pub(crate) struct Found<'a> {
    /// The provider, by its place in the table.
    pub(crate) provider: Option<usize>,
    /// The model's name in lower case, without a prefix that named the provider.
    pub(crate) name: Cow<'a, str>,
    /// The same with dashes in its date, if it has one without.
    pub(crate) dashed: Option<String>,
    /// The model: its place in the table's rows.
    pub(crate) row: Option<usize>,
}

/// Finds the provider and then the model among its models and those of its fallbacks.
pub(crate) fn find<'a>(
    table: &Table,
    provider: Option<&str>,
    model: &'a str,
    patterns: &mut Patterns,
) -> Found<'a> {
    let mut name = lower(model);
    let mut given = provider.map(lower);
    // A proxy, which names the provider at the beginning of the model's name, and nobody where not.
    let is_proxied = given.as_deref() == Some("litellm");
    if is_proxied
        && let Some((prefix, rest)) = name.split_once('/')
        && !prefix.is_empty()
        && by_id(table, prefix, patterns).is_some()
    {
        given = Some(Cow::Owned(prefix.to_owned()));
        name = Cow::Owned(rest.to_owned());
    }
    let mut place = given.as_deref().and_then(|id| by_id(table, id, patterns));
    let is_nobody = given.as_deref().is_none_or(|id| id == "litellm");
    if place.is_none() && is_nobody && !name.is_empty() {
        let serves = |provider: &crate::table::Provider, patterns: &mut Patterns| {
            is_match(table.get(provider.serves), &name, patterns)
        };
        place = table.providers.iter().position(|provider| serves(provider, patterns));
    }
    let dashed = dashed(&name);
    let row = place.and_then(|place| {
        let names = [Some(&*name), dashed.as_deref()];
        names.into_iter().flatten().find_map(|name| with_fallbacks(table, place, name, patterns))
    });
    Found { provider: place, name, dashed, row }
}

/// The provider of this name, which is an id or what the provider's clauses say.
pub(crate) fn by_id(table: &Table, name: &str, patterns: &mut Patterns) -> Option<usize> {
    let name = normal(name);
    let mut providers = table.providers.iter();
    providers.position(|provider| table.get(provider.id) == name).or_else(|| {
        let mut providers = table.providers.iter();
        providers.position(|provider| is_match(table.get(provider.known), &name, patterns))
    })
}

/// A provider's name in lower case without space around it, as Python has it.
pub(crate) fn normal(name: &str) -> String {
    let is_space = |char: char| char.is_whitespace() || ('\x1c'..='\x1f').contains(&char);
    name.to_lowercase().trim_matches(is_space).to_owned()
}

fn with_fallbacks(
    table: &Table,
    place: usize,
    name: &str,
    patterns: &mut Patterns,
) -> Option<usize> {
    let own = |place: usize, patterns: &mut Patterns| {
        let rows = table.providers[place].rows.clone();
        rows.into_iter().find(|&row| is_match(table.get(table.rows[row].matching), name, patterns))
    };
    own(place, patterns).or_else(|| {
        let fallback = table.get(table.providers[place].fallback);
        fallback.split(' ').filter(|id| !id.is_empty()).find_map(|id| {
            let mut providers = table.providers.iter();
            own(providers.position(|provider| table.get(provider.id) == id)?, patterns)
        })
    })
}

/// `gpt-5.2-2025-12-11` for `gpt-5.2-20251211`, where the digits are a date that exists and end the name,
/// or a dash or a colon follows. `None`: nothing changes.
fn dashed(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let mut dashed = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at + DATE <= bytes.len() {
        let (digits, rest) = (&bytes[at + 1..at + DATE], &bytes[at + DATE..]);
        let ends = matches!(rest, [] | [b'\n'] | [b'-' | b':', ..]);
        if bytes[at] != b'-' || !ends || !is_compact_date(digits) {
            at += 1;
            continue;
        }
        // Digits and a dash: these places are between characters.
        for (from, to) in [(copied, at + 5), (at + 5, at + 7)] {
            dashed.push_str(&name[from..to]);
            dashed.push('-');
        }
        copied = at + 7;
        at += DATE;
    }
    if copied == 0 {
        return None;
    }
    dashed.push_str(&name[copied..]);
    Some(dashed)
}

/// A dash and eight digits.
const DATE: usize = 9;

/// A day of this century.
fn is_compact_date(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, &digit| {
            digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
        })
    };
    let date = (number(&digits[..4]), number(&digits[4..6]), number(&digits[6..]));
    let (Some(year @ 2000..2100), Some(month), Some(day)) = date else { return false };
    is_date(year, month, day)
}

fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::dashed;

    #[test]
    fn a_date_gets_its_dashes() {
        for (name, expected) in [
            ("gpt-5.2-20251211", Some("gpt-5.2-2025-12-11")),
            ("a-20251211:free", Some("a-2025-12-11:free")),
            ("a-20251211-20240229", Some("a-2025-12-11-2024-02-29")),
            ("ä-20251211\n", Some("ä-2025-12-11\n")),
            ("-20251211", Some("-2025-12-11")),
            ("a-20250229", None),
            ("a-20251311", None),
            ("a-20251211b", None),
            ("a-202512110", None),
            ("a-19991211", None),
            ("a20251211", None),
            ("a-2025-12-11", None),
            ("", None),
        ] {
            assert_eq!(dashed(name).as_deref(), expected, "{name}");
        }
    }
}
