//! Addresses: e-mail, IP, hardware.

use super::Value;
use crate::bytes::run;

/// In the local part of an e-mail address.
pub(super) fn is_local(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-".contains(byte)
}

/// Longest local part that is looked for, so that a long text costs no more than its length.
const LOCAL_BYTES_MAX: usize = 64;

/// The end of an address whose local part begins at `from` and goes on at `at`.
pub(super) fn email(bytes: &[u8], from: usize, at: usize) -> Option<usize> {
    let limit = (from + LOCAL_BYTES_MAX + 1).min(bytes.len());
    let local = run(bytes.get(..limit)?, at, is_local);
    let sign = at + local;
    if sign == from || bytes.get(sign) != Some(&b'@') {
        return None;
    }
    let domain = sign + 1;
    let is_domain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let whole = bytes.get(domain..domain + run(bytes, domain, is_domain))?;
    // A placeholder there was no part of an address before either.
    if bytes.get(domain + whole.len()) == Some(&b'{') {
        return None;
    }
    // A dot or a dash at the end belongs to the sentence.
    let ends = whole.iter().rposition(u8::is_ascii_alphanumeric)? + 1;
    let whole = whole.get(..ends)?;
    let dot = whole.iter().rposition(|byte| *byte == b'.').filter(|&dot| dot > 0)?;
    let top = whole.get(dot + 1..)?;
    (top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic)).then_some(domain + ends)
}

/// The end of an IPv4 address.
pub(super) fn v4(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for part in 0..4 {
        if part > 0 {
            if bytes.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let digits = run(bytes, at, u8::is_ascii_digit);
        let value = crate::bytes::number(bytes, at, digits.min(3))?;
        if digits == 0 || digits > 3 || value > 255 {
            return None;
        }
        at += digits;
    }
    let longer = match bytes.get(at) {
        Some(b'.') => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        Some(byte) => byte.is_ascii_alphanumeric(),
        None => false,
    };
    (!longer).then_some(at)
}

/// IPv6 or a hardware address: groups of hexadecimal digits with colons between them.
pub(super) fn colons(bytes: &[u8], from: usize) -> Option<(usize, Value)> {
    let (mut at, mut groups, mut twos, mut doubled) = (from, 0, 0, false);
    loop {
        let digits = run(bytes, at, u8::is_ascii_hexdigit);
        if digits > 4 || digits == 0 && !bytes.get(at..)?.starts_with(b":") {
            return None;
        }
        groups += usize::from(digits > 0);
        twos += usize::from(digits == 2);
        // The last group may be written as IPv4.
        if groups > 1
            && let Some(end) = v4(bytes, at).filter(|_| digits > 0)
        {
            return (doubled || groups == 7).then_some((end, Value::Ip));
        }
        at += digits;
        match bytes.get(at..at + 2) {
            Some(b"::") if !doubled => {
                doubled = true;
                at += 2;
                if !bytes.get(at).is_some_and(u8::is_ascii_hexdigit) {
                    break;
                }
            }
            Some([b':', next]) if next.is_ascii_hexdigit() && digits > 0 => at += 1,
            _ => break,
        }
    }
    if bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match (groups, doubled) {
        (6, false) if twos == 6 => Some((at, Value::Hex)),
        (8, false) | (1..=7, true) => Some((at, Value::Ip)),
        _ => None,
    }
}
