//! What one segment of a path is, by its shape.

mod number;
mod token;

use crate::bytes::{all_digits, all_letters, is_uuid};
use crate::paths::ID;

pub(crate) use number::{is_month, is_version};
pub(crate) use token::{is_0x, is_hex, measure};

/// Longer is no name that anyone wrote by hand.
pub(crate) const SEGMENT_BYTES_MAX: usize = 128;

/// A segment in its parts.
pub(crate) struct Segment<'a> {
    pub(crate) base: &'a str,
    pub(crate) shape: Shape,
    /// What follows the base.
    pub(crate) tail: Tail,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// A name, as far as one can see.
    Text,
    /// A date or a month, which in some places is the version of an API.
    Date,
    Id,
    /// A placeholder that somebody has put there.
    Template,
}

pub(crate) enum Tail {
    None,
    /// An extension with its dot, or a placeholder in parentheses.
    Kept,
    /// What stands behind a colon.
    Action,
    /// Arguments in parentheses: `Users(12)`.
    Call,
}

/// `marked`: there is more in it than letters, digits, dashes and underscores.
pub(crate) fn analyse(segment: &str, marked: bool) -> Segment<'_> {
    let whole = |shape| Segment { base: segment, shape, tail: Tail::None };
    if !marked && segment.len() <= SEGMENT_BYTES_MAX {
        return whole(shape(segment.as_bytes()));
    }
    if let Some((base, arguments)) = segment.split_once('(')
        && arguments.len() > 1
        && arguments.ends_with(')')
        && base.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
    {
        let kept = is_template(arguments.as_bytes());
        let tail = if kept { Tail::Kept } else { Tail::Call };
        return Segment { base, shape: shape(base.as_bytes()), tail };
    }
    if is_template(segment.as_bytes()) {
        // What comes out leads where the id led.
        return match segment.split_once("}:") {
            Some((_, action)) if action == ID || is_action(action) => {
                let base = segment.get(..segment.len() - action.len() - 1).unwrap_or_default();
                Segment { base, shape: Shape::Template, tail: Tail::Action }
            }
            _ => whole(Shape::Template),
        };
    }
    if segment.len() > SEGMENT_BYTES_MAX {
        return whole(Shape::Id);
    }
    if let Some((base, action)) = segment.rsplit_once(':')
        && !base.is_empty()
        && !base.contains(':')
        && is_action(action)
    {
        return Segment { base, shape: shape(base.as_bytes()), tail: Tail::Action };
    }
    if let Some(dot) = segment.rfind('.').filter(|&dot| dot > 0)
        && let (base, extension) = segment.split_at(dot)
        && is_extension(extension.as_bytes())
    {
        return Segment { base, shape: shape(base.as_bytes()), tail: Tail::Kept };
    }
    whole(shape(segment.as_bytes()))
}

/// Of a custom method behind a colon.
const ACTION_BYTES_MAX: usize = 40;

fn is_action(text: &str) -> bool {
    (2..=ACTION_BYTES_MAX).contains(&text.len()) && all_letters(text.as_bytes())
}

/// `{userId}`, `:id`, `<int:id>`, `*`, `[slug]`, `$id`. A UUID in braces is an id.
fn is_template(bytes: &[u8]) -> bool {
    let has = |byte: u8| bytes.contains(&byte);
    match bytes {
        [b'{', inner @ .., b'}'] => !(inner.len() == 36 && is_uuid(inner)),
        [b':' | b'$', first, ..] if first.is_ascii_alphabetic() => true,
        [b'[', .., b']'] => true,
        _ => has(b'{') && has(b'}') || has(b'<') && has(b'>') || has(b'*'),
    }
}

const EXTENSIONS: [&str; 56] = [
    "7z", "atom", "avi", "avif", "bin", "bmp", "bz2", "css", "csv", "doc", "docx", "exe", "gif",
    "git", "gz", "htm", "html", "ico", "ics", "jar", "jpeg", "jpg", "js", "json", "jsonl", "log",
    "map", "md", "mjs", "mov", "mp3", "mp4", "ogg", "parquet", "pdf", "php", "png", "ppt", "pptx",
    "rar", "rss", "sql", "svg", "tar", "tgz", "tif", "tiff", "txt", "wasm", "webm", "webp", "xls",
    "xlsx", "xml", "yaml", "zip",
];

fn is_extension(extension: &[u8]) -> bool {
    let Some((b'.', name)) = extension.split_first() else { return false };
    EXTENSIONS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Names with more digits than names have.
const TERMS: [&[u8]; 5] = [b"ed25519", b"x25519", b"curve25519", b"secp256k1", b"secp256r1"];
/// Words before the number of a standard.
const STANDARDS: [&[u8]; 6] = [b"iso", b"rfc", b"ieee", b"form", b"error", b"http"];

fn shape(bytes: &[u8]) -> Shape {
    if bytes.len() == 36 && is_uuid(bytes) {
        return Shape::Id;
    }
    if bytes.contains(&b'%') {
        return encoded(bytes);
    }
    if number::date(bytes).is_some() {
        return match bytes.len() {
            10 => Shape::Date,
            _ if number::is_dated_version(bytes) => Shape::Text,
            _ => Shape::Id,
        };
    }
    if number::is_year_and_month(bytes) {
        return Shape::Date;
    }
    if is_version(bytes) {
        return Shape::Text;
    }
    let is_id = number::is_numeric(bytes)
        || number::is_part_of_year(bytes)
        || is_uuid_in_braces(bytes)
        || is_address(bytes)
        || is_list(bytes)
        || is_resource_name(bytes)
        || is_opaque(bytes);
    if is_id { Shape::Id } else { Shape::Text }
}

/// Percent-encoded bytes are read as what they stand for. An encoded slash joins what the sender
/// treats as one value.
fn encoded(bytes: &[u8]) -> Shape {
    let mut decoded = [0; SEGMENT_BYTES_MAX];
    let (mut from, mut to) = (0, 0);
    while let (Some(&byte), Some(place)) = (bytes.get(from), decoded.get_mut(to)) {
        let code = |at: usize| bytes.get(at).and_then(|&digit| (digit as char).to_digit(16));
        let value = match (byte, code(from + 1), code(from + 2)) {
            (b'%', Some(high), Some(low)) => {
                from += 2;
                (high * 16 + low) as u8
            }
            _ => byte,
        };
        // A percent sign that is left is of no meaning: decoding ends after one time.
        *place = if value == b'%' { b'!' } else { value };
        from += 1;
        to += 1;
    }
    let decoded = decoded.get(..to).unwrap_or_default();
    if decoded.contains(&b'/') {
        return Shape::Id;
    }
    if is_template(decoded) { Shape::Template } else { shape(decoded) }
}

fn is_uuid_in_braces(bytes: &[u8]) -> bool {
    matches!(bytes, [b'{', inner @ .., b'}'] if inner.len() == 36 && is_uuid(inner))
}

/// An e-mail address, `name@version`; not `@scope`. Or IPv6.
fn is_address(bytes: &[u8]) -> bool {
    let mail = bytes.iter().position(|&byte| byte == b'@');
    let colons = bytes.iter().filter(|&&byte| byte == b':').count();
    mail.is_some_and(|at| at > 0 && at + 1 < bytes.len())
        || colons >= 2 && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte))
}

/// Ids, numbers, coordinates with commas or bars between them. One id is enough.
fn is_list(bytes: &[u8]) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b',' | b'|');
    bytes.iter().any(is_separator)
        && bytes.split(is_separator).any(|item| {
            let item = item.trim_ascii();
            number::is_numeric(item) || is_uuid_in_braces(item) || is_opaque(item)
        })
}

fn is_resource_name(bytes: &[u8]) -> bool {
    bytes.starts_with(b"arn:") || bytes.starts_with(b"urn:")
}

/// Something in it, or all of it, that only a machine has made.
fn is_opaque(bytes: &[u8]) -> bool {
    let all = measure(bytes);
    if all.digits == 0 {
        return all.is_token(false);
    }
    // Names with dots are longer and stranger than others; each part is looked at below.
    if !bytes.contains(&b'.') && all.is_token(false) {
        return true;
    }
    let (mut numbers, mut digits) = (0, 0);
    let mut before: &[u8] = b"";
    for part in bytes.split(|byte| !byte.is_ascii_alphanumeric()) {
        if is_opaque_part(part, before) {
            return true;
        }
        if all_digits(part) {
            numbers += 1;
            digits += part.len();
        }
        before = part;
    }
    // `ip-10-0-0-1`, `31-Jan-2024`.
    numbers >= 4 || numbers >= 2 && digits >= 6
}

/// `before` is what stands before the separator.
fn is_opaque_part(part: &[u8], before: &[u8]) -> bool {
    if TERMS.contains(&part) {
        return false;
    }
    let named = STANDARDS.iter().any(|word| before.eq_ignore_ascii_case(word));
    if all_digits(part) {
        let year = part.len() == 4 && (part.starts_with(b"19") || part.starts_with(b"20"));
        return part.len() >= 5 && !(named && part.len() == 5)
            || part.len() == 4 && !year && !named;
    }
    is_hex(part, 7) || is_0x(part) || is_numbered(part) || {
        let measure = measure(part);
        let prefixed = (2..=6).contains(&before.len()) && all_letters(before);
        measure.is_token(prefixed) || measure.is_short_code()
    }
}

/// Letters, then digits enough for a number of something: `user12345`, `INV2024001`.
fn is_numbered(part: &[u8]) -> bool {
    let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (word, digits) = part.split_at(letters);
    let standard = STANDARDS.iter().any(|known| word.eq_ignore_ascii_case(known));
    all_digits(digits) && digits.len() >= 5 && !(standard && digits.len() == 5)
}

/// No id by its shape, but it may be one where others are: with a digit, or with letters that look
/// random.
pub(crate) fn is_doubtful(segment: &str) -> bool {
    let measure = measure(segment.as_bytes());
    measure.digits > 0 || measure.strange_pairs() >= 2
}
