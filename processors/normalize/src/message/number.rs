//! Numbers, and the words with digits that are names.

use crate::bytes::run;

/// Words with digits that name something. Some go on behind a separator.
const TERMS: [&str; 60] = [
    "a11y", "aes128", "aes192", "aes256", "amd64", "arm64", "b2b", "b2c", "base32", "base58",
    "base64", "c14n", "crc32", "e2e", "ec2", "ed25519", "es256", "es6", "float32", "float64",
    "h264", "h265", "http2", "http3", "hs256", "i18n", "int16", "int32", "int64", "int8", "ipv4",
    "ipv6", "k8s", "l10n", "log4j", "md5", "mp3", "mp4", "neo4j", "oauth1", "oauth2", "p2p",
    "pbkdf2", "pkcs12", "pkcs8", "rs256", "s3", "sha1", "sha256", "sha384", "sha512", "slf4j",
    "uint32", "uint64", "utf16", "utf8", "win32", "x509", "x86", "x86_64",
];

/// The length of a name at `from`, where the word up to `to` is one, or begins one.
pub(super) fn term(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    let word = bytes.get(from..to)?;
    let known = |word: &[u8]| {
        TERMS.iter().any(|term| term.as_bytes().eq_ignore_ascii_case(word)) || is_version(word)
    };
    let longer = bytes.get(from..to + 3).filter(|longer| longer.ends_with(b"_64") && known(longer));
    match longer {
        Some(longer) => Some(longer.len()),
        None if known(word) && !is_dotted(bytes, to) => Some(word.len()),
        None => None,
    }
}

/// `v1` to `v9`, of an interface.
fn is_version(word: &[u8]) -> bool {
    matches!(word, [b'v' | b'V', b'1'..=b'9'])
}

fn is_dotted(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 2), Some([b'.', digit]) if digit.is_ascii_digit())
}

/// Units and endings behind a number are no longer than this: `12ms`, `3rd`, `5minutes`.
const UNIT_BYTES_MAX: usize = 10;

/// The number at `from`: its end, and the end of the unit that stays. None where letters and digits
/// change places more often.
pub(super) fn number(bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let mut end = from + run(bytes, from, u8::is_ascii_digit);
    if end == from {
        return None;
    }
    if end < to {
        // Letters follow: an exponent, or a unit up to the end of the word.
        end = exponent(bytes, end);
        return unit(bytes, end);
    }
    end = thousands(bytes, from, end);
    end = dotted(bytes, end);
    end = exponent(bytes, end);
    // `1.5x2y3`: what follows the number is looked at as a word of its own.
    Some(unit(bytes, end).unwrap_or((end, end)))
}

/// The end of what follows digits at `end`: dots and digits.
pub(super) fn dotted(bytes: &[u8], end: usize) -> usize {
    let mut end = end;
    while is_dotted(bytes, end) {
        end += 1 + run(bytes, end + 1, u8::is_ascii_digit);
    }
    end
}

fn unit(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let letters = run(bytes, end, u8::is_ascii_alphabetic);
    let more = bytes.get(end + letters).is_some_and(u8::is_ascii_digit);
    (letters <= UNIT_BYTES_MAX && !more).then_some((end, end + letters))
}

/// `1,234,567`: the end of it.
fn thousands(bytes: &[u8], from: usize, end: usize) -> usize {
    let mut end = end;
    if end - from > 3 {
        return end;
    }
    while bytes.get(end) == Some(&b',') && run(bytes, end + 1, u8::is_ascii_digit) == 3 {
        end += 4;
    }
    end
}

/// `e-5`: the end of it, where nothing else is in the word.
fn exponent(bytes: &[u8], end: usize) -> usize {
    let Some(b'e' | b'E') = bytes.get(end) else { return end };
    let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
    let digits = run(bytes, end + 1 + signed, u8::is_ascii_digit);
    let to = end + 1 + signed + digits;
    let more = bytes.get(to).is_some_and(u8::is_ascii_alphabetic);
    if (1..=3).contains(&digits) && !more { to } else { end }
}

/// Where the number begins with its sign. Behind a word or a number it is a dash. Behind a
/// placeholder too.
pub(super) fn sign(bytes: &[u8], floor: usize, from: usize) -> usize {
    let Some(before) = from.checked_sub(1).filter(|&before| before >= floor) else { return from };
    let opens = match before.checked_sub(1).and_then(|at| bytes.get(at)) {
        None => true,
        Some(byte) => b" \t\n=(,[:{<>\"'".contains(byte),
    };
    let is_sign = matches!(bytes.get(before), Some(b'-' | b'+'));
    if is_sign && opens { before } else { from }
}
