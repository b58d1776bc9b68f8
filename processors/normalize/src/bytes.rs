//! Classes of bytes, and small questions about runs of them.

pub(crate) const DIGIT: u8 = 1;
pub(crate) const LOWER: u8 = 2;
pub(crate) const UPPER: u8 = 4;
/// `-` and `_`.
pub(crate) const JOINT: u8 = 8;
/// `/`, `?` and `#`: no part of a segment.
pub(crate) const END: u8 = 16;
/// ASCII that may mean something: `.`, `:`, `@`, `%`, braces and so on.
pub(crate) const MARK: u8 = 32;
/// Bytes of characters beyond ASCII.
pub(crate) const WIDE: u8 = 64;

pub(crate) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [MARK; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'-' | b'_' => JOINT,
            b'/' | b'?' | b'#' => END,
            128..=255 => WIDE,
            _ => MARK,
        };
        byte += 1;
    }
    table
}

/// The length of the segment at the beginning, and the classes of its bytes.
#[inline]
pub(crate) fn first_segment(bytes: &[u8]) -> (usize, u8) {
    let mut seen = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        let class = CLASS[usize::from(byte)];
        if class == END {
            return (index, seen);
        }
        seen |= class;
    }
    (bytes.len(), seen)
}

pub(crate) fn all_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

pub(crate) fn all_letters(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_alphabetic)
}

/// How many bytes from `at` on satisfy `is`.
pub(crate) fn run(bytes: &[u8], at: usize, is: impl Fn(&u8) -> bool) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is(byte)).count()
}

/// The number that at most 4 digits make; none where anything else stands there.
pub(crate) fn number(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    let text = bytes.get(at..at + digits)?;
    text.iter().try_fold(0, |value, &byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

/// A UUID with dashes at the beginning: 36 bytes.
pub(crate) fn is_uuid(bytes: &[u8]) -> bool {
    let Some(text) = bytes.get(..36) else { return false };
    text.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
