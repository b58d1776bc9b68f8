//! How many of the ids that machines make are told by their shape.

use tamis_normalize::Paths;

use crate::random::{Random, SEED};
use crate::values::value;
use crate::{NO_LEARNING, normalized};

const ROUNDS: usize = 2_000;

/// Alphabet, length, and how many percent are told at least.
type Token = (&'static str, &'static str, usize, usize);

const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE36: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HEX: &str = "0123456789abcdef";

const TOKENS: [Token; 15] = [
    ("hexadecimal", HEX, 7, 95),
    ("hexadecimal", HEX, 8, 98),
    ("hexadecimal", HEX, 16, 99),
    ("Crockford's base 32 (ULID)", CROCKFORD, 26, 99),
    ("base 36", BASE36, 8, 65),
    ("base 36", BASE36, 12, 80),
    ("base 36", BASE36, 16, 90),
    ("base 36", BASE36, 24, 98),
    ("base 62", BASE62, 8, 55),
    ("base 62", BASE62, 11, 70),
    ("base 62", BASE62, 16, 90),
    ("base 62", BASE62, 22, 96),
    ("base64url (nanoid)", BASE64URL, 21, 95),
    ("base64url", BASE64URL, 32, 98),
    ("base64url", BASE64URL, 43, 99),
];

#[test]
fn most_tokens_are_told_by_their_shape() {
    let mut random = Random(*SEED);
    let mut paths = Paths::new(NO_LEARNING, 1);
    let mut wrong = Vec::new();
    for (name, alphabet, length, percent) in TOKENS {
        let told = |_: &usize| {
            let path = format!("/x/{}", random.text(alphabet, length));
            normalized(&mut paths, &path) == "/x/{id}"
        };
        let told = (0..ROUNDS).filter(told).count();
        let line = format!("{name} of {length}: {:.1} %", told as f64 * 100.0 / ROUNDS as f64);
        eprintln!("{line}");
        if told * 100 < percent * ROUNDS {
            wrong.push(format!("{line}, wanted {percent}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn these_are_always_told() {
    let kinds =
        ["int", "snowflake", "account", "uuid", "digest", "order", "email", "phone", "latlong"];
    let mut random = Random(*SEED);
    let mut paths = Paths::new(NO_LEARNING, 1);
    for kind in kinds {
        for _ in 0..ROUNDS {
            let value = value(kind, &mut random);
            let name = normalized(&mut paths, &format!("/x/{value}/y"));
            assert_eq!(name, "/x/{id}/y", "{kind} {value}");
        }
    }
}
