//! The configuration: the Collector's keys, checked and compiled.

use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha512};
use tamis_re2::Regex;
use tamis_sdk::config::Section;
use tamis_sdk::{Configuration, Problem};

use crate::mask::Mask;

/// Everything the user wrote. The defaults are the Collector's: all off, so that an empty
/// configuration removes every attribute.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) allow_all_keys: bool,
    pub(crate) allowed_keys: Vec<String>,
    pub(crate) ignored_keys: Vec<String>,
    pub(crate) ignored_key_patterns: Vec<Regex>,
    pub(crate) blocked_key_patterns: Vec<Regex>,
    pub(crate) redact_all_types: bool,
    pub(crate) blocked_values: Vec<Regex>,
    pub(crate) allowed_values: Vec<Regex>,
    pub(crate) mask: Mask,
    pub(crate) summary: Summary,
}

/// What is told about the work in attributes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Summary {
    /// Nothing: `silent`, the default, or any other word.
    Silent,
    /// How many keys.
    Info,
    /// How many, and which.
    Debug,
}

/// The least that HMAC keys must have, in bytes.
const HMAC_SHA256_KEY_MIN: usize = 32;
const HMAC_SHA512_KEY_MIN: usize = 64;

impl Config {
    pub(crate) fn read(configuration: &Configuration) -> Result<Self, Vec<Problem>> {
        configuration.read(|section| {
            let config = Self {
                allow_all_keys: section.boolean("allow_all_keys").unwrap_or(false),
                allowed_keys: section.strings("allowed_keys").unwrap_or_default(),
                ignored_keys: section.strings("ignored_keys").unwrap_or_default(),
                ignored_key_patterns: patterns(section, "ignored_key_patterns"),
                redact_all_types: section.boolean("redact_all_types").unwrap_or(false),
                blocked_key_patterns: patterns(section, "blocked_key_patterns"),
                blocked_values: patterns(section, "blocked_values"),
                allowed_values: patterns(section, "allowed_values"),
                mask: mask(section),
                summary: match section.string("summary").as_deref() {
                    Some("debug") => Summary::Debug,
                    Some("info") => Summary::Info,
                    _ => Summary::Silent,
                },
            };
            refuse_url_sanitizer(section);
            refuse_db_sanitizer(section);
            config
        })
    }
}

fn patterns(section: &mut Section<'_>, key: &str) -> Vec<Regex> {
    let mut compiled = Vec::new();
    for (index, pattern) in section.strings(key).unwrap_or_default().iter().enumerate() {
        match Regex::new(pattern) {
            Ok(regex) => compiled.push(regex),
            Err(error) => {
                let message = format!("error compiling regex in list: {error}");
                section.problem(&[key, &index.to_string()], message);
            }
        }
    }
    compiled
}

/// Reads `hash_function` and `hmac_key`. After a problem the answer does not matter.
fn mask(section: &mut Section<'_>) -> Mask {
    let function = section.string("hash_function").unwrap_or_default().to_lowercase();
    let key = section.string("hmac_key").unwrap_or_default();
    match function.as_str() {
        "" => Mask::Stars,
        "md5" => Mask::Md5,
        "sha1" => Mask::Sha1,
        "sha3" => Mask::Sha3,
        "hmac-sha256" => {
            check_hmac_key(section, &function, &key, HMAC_SHA256_KEY_MIN);
            // HMAC takes keys of any length.
            Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_or(Mask::Stars, Mask::HmacSha256)
        }
        "hmac-sha512" => {
            check_hmac_key(section, &function, &key, HMAC_SHA512_KEY_MIN);
            Hmac::<Sha512>::new_from_slice(key.as_bytes())
                .map_or(Mask::Stars, |keyed| Mask::HmacSha512(Box::new(keyed)))
        }
        unknown => {
            let message = format!(
                "unknown HashFunction {unknown}, allowed functions are sha1, sha3, md5, hmac-sha256 and \
                 hmac-sha512"
            );
            section.problem(&["hash_function"], message);
            Mask::Stars
        }
    }
}

fn check_hmac_key(section: &mut Section<'_>, function: &str, key: &str, min: usize) {
    let message = match key.len() {
        0 => format!("hmac_key must not be empty when hash_function is \"{function}\""),
        len if len < min => format!(
            "hmac_key must be at least {min} bytes long for \"{function}\", got {len} bytes"
        ),
        _ => return,
    };
    section.problem(&["hmac_key"], message);
}

/// Sanitizers do nothing while they are disabled, as in the Collector.
fn refuse_enabled(section: &mut Section<'_>, sanitizer: &str) {
    section.strings("attributes");
    if section.boolean("enabled") == Some(true) {
        let message =
            format!("{sanitizer} is not supported yet: remove it or set enabled to false");
        section.problem(&["enabled"], message);
    }
}

fn refuse_url_sanitizer(section: &mut Section<'_>) {
    section.section("url_sanitizer", |url| {
        url.boolean("sanitize_span_name");
        refuse_enabled(url, "url_sanitizer");
    });
}

fn refuse_db_sanitizer(section: &mut Section<'_>) {
    section.section("db_sanitizer", |db| {
        db.boolean("sanitize_span_name");
        for system in ["sql", "redis", "valkey", "memcached", "mongo", "opensearch", "es"] {
            db.section(system, |system| refuse_enabled(system, "db_sanitizer"));
        }
    });
}

#[cfg(test)]
mod tests;
