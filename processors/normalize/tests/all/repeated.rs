//! What comes out goes in again and changes nothing; with random text of all kinds.

use tamis_normalize::{Learning, Paths, message};

use crate::random::{Random, SEED};
use crate::{NO_LEARNING, normalized, template};

const ROUNDS: usize = 40_000;

const PIECES: [&str; 72] = [
    "0",
    "1",
    "12",
    "2024",
    "99999",
    "123456789",
    "a",
    "b",
    "Z",
    "user",
    "id",
    "x86",
    "utf8",
    "v1",
    "abcdef",
    "deadbeef",
    "1a2b3c4d",
    "0x1F",
    "e",
    "T",
    "Z",
    "Jan",
    "Sun",
    "Mon,",
    "GMT",
    "PM",
    "-",
    "_",
    ".",
    ",",
    ":",
    "::",
    "/",
    "//",
    "?",
    "#",
    " ",
    "  ",
    "@",
    "%",
    "%40",
    "%2F",
    "%7B",
    "%25",
    "+",
    "=",
    "(",
    ")",
    "{",
    "}",
    "{id}",
    "{NUMBER}",
    "{IP}",
    "<",
    ">",
    "[",
    "]",
    "*",
    "$",
    "é",
    "用户",
    "🚀",
    "\u{301}",
    ".com",
    "https://",
    "GET ",
    ";",
    "|",
    "10.0.0.1",
    "2024-01-31",
    "12:00:00",
    "550e8400-e29b-41d4-a716-446655440000",
];

fn text(random: &mut Random) -> String {
    (0..random.below(10)).map(|_| *random.pick(&PIECES)).collect()
}

#[test]
fn a_template_is_its_own_template() {
    let mut random = Random(*SEED);
    for _ in 0..ROUNDS {
        let text = text(&mut random);
        let once = template(&text);
        assert_eq!(template(&once), once, "of {text:?}");
    }
}

#[test]
fn a_normalised_path_stays() {
    let mut random = Random(*SEED);
    let mut paths = Paths::new(NO_LEARNING, 1);
    for _ in 0..ROUNDS {
        let text = text(&mut random);
        let once = normalized(&mut paths, &text);
        assert_eq!(normalized(&mut paths, &once), once, "of {text:?}");
    }
}

#[test]
fn a_normalised_path_stays_while_others_are_learned() {
    let mut random = Random(*SEED);
    let mut paths = Paths::new(Learning { values: 8, memory_bytes: 1 << 16 }, 1);
    for _ in 0..ROUNDS {
        let text = text(&mut random);
        let once = normalized(&mut paths, &text);
        assert_eq!(normalized(&mut paths, &once), once, "of {text:?}");
    }
}

#[test]
fn characters_beyond_ascii_survive() {
    let mut random = Random(*SEED);
    let mut paths = Paths::new(NO_LEARNING, 1);
    let wide = |text: &str| text.chars().filter(|letter| !letter.is_ascii()).collect::<String>();
    for _ in 0..ROUNDS {
        let text = text(&mut random);
        assert_eq!(wide(&template(&text)), wide(&text), "{text:?}");
        // A path may lose what stands in an id or a query; what is left must be whole.
        normalized(&mut paths, &format!("/é{text}é"));
    }
}

#[test]
fn a_long_text_takes_time_by_its_length() {
    // Would take minutes if anything looked back or ahead without a bound.
    for piece in ["a@", "1.", "a.", "1:", "Jan ", "1a", "-1", "%40", "::", "1,", "_1", "x."] {
        let text = piece.repeat(1_000_000 / piece.len());
        let mut out = String::new();
        message(&text, &mut out);
        assert!(!out.is_empty());
        Paths::new(NO_LEARNING, 1).normalize(&format!("/{text}/1"), &mut out);
    }
}
