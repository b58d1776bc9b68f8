//! The W3C tracestate. <https://www.w3.org/TR/trace-context-1/#tracestate-header>

use crate::bits::Bit;

/// Conditions on its members.
#[derive(Debug, Default)]
pub(crate) struct TraceStates {
    list: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    bit: Bit,
    key: Box<[u8]>,
    values: Vec<Box<[u8]>>,
}

/// Key and value together stay below this, in bytes.
const PAIR_MAX: usize = 256;

impl TraceStates {
    pub(crate) fn add(&mut self, bit: Bit, key: &str, values: &[String]) {
        let possible = |value: &&String| !value.is_empty() && key.len() + value.len() < PAIR_MAX;
        let values = values.iter().filter(possible).map(|value| value.as_bytes().into()).collect();
        self.list.push(Condition { bit, key: key.as_bytes().into(), values });
    }

    pub(crate) fn span(&self, trace_state: &[u8], row: &mut [u64]) {
        if self.list.iter().all(|condition| condition.bit.is_set(row)) {
            return;
        }
        let Some(members) = members(trace_state) else { return };
        for Condition { bit, key, values } in &self.list {
            let member = members.iter().find(|(member, _)| *member == &**key);
            if member.is_some_and(|(_, value)| values.iter().any(|wanted| **wanted == **value)) {
                bit.set(row);
            }
        }
    }
}

/// Most members of a tracestate.
const MEMBERS_MAX: usize = 32;

/// Its members in order; none when it is not as the specification says.
pub(crate) fn members(trace_state: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut members: Vec<(&[u8], &[u8])> = Vec::new();
    for member in trace_state.split(|&byte| byte == b',').filter(|member| !member.is_empty()) {
        let at = member.iter().position(|&byte| byte == b'=')?;
        let key = trim_start(&member[..at]);
        let value = trim_end(&member[at + 1..]);
        let known = members.iter().any(|(other, _)| *other == key);
        if known || members.len() == MEMBERS_MAX || !is_key(key) || !is_value(value) {
            return None;
        }
        members.push((key, value));
    }
    Some(members)
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&byte| is_blank(byte)).count()..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.len() - text.iter().rev().take_while(|&&byte| is_blank(byte)).count()]
}

/// Most bytes after the first of a simple key, of the system and of the tenant.
const SIMPLE_MAX: usize = 255;
const SYSTEM_MAX: usize = 13;
const TENANT_MAX: usize = 240;

fn is_key(key: &[u8]) -> bool {
    match key.iter().position(|&byte| byte == b'@') {
        None => is_key_part(key, SIMPLE_MAX, u8::is_ascii_lowercase),
        Some(at) => {
            let may_start = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            is_key_part(&key[..at], TENANT_MAX, may_start)
                && is_key_part(&key[at + 1..], SYSTEM_MAX, u8::is_ascii_lowercase)
        }
    }
}

fn is_key_part(part: &[u8], rest_max: usize, may_start: impl Fn(&u8) -> bool) -> bool {
    let may_follow =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(byte);
    match part.split_first() {
        Some((first, rest)) => {
            may_start(first) && rest.len() <= rest_max && rest.iter().all(may_follow)
        }
        None => false,
    }
}

const VALUE_MAX: usize = 256;

/// Its end is no blank: those were taken off.
fn is_value(value: &[u8]) -> bool {
    let fits = (1..=VALUE_MAX).contains(&value.len());
    fits && value.iter().all(|byte| (0x20..=0x7e).contains(byte) && *byte != b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(trace_state: &str) -> Option<Vec<String>> {
        let members = members(trace_state.as_bytes())?;
        let text = |key: &[u8]| String::from_utf8(key.to_vec()).unwrap();
        Some(members.into_iter().map(|(key, _)| text(key)).collect())
    }

    #[test]
    fn members_are_read_as_the_specification_says() {
        assert_eq!(keys(""), Some(Vec::new()));
        assert_eq!(keys("a=1,b@c=2").unwrap(), ["a", "b@c"]);
        assert_eq!(keys(" a=1 ,,0t@s=2").unwrap(), ["a", "0t@s"]);
        for wrong in ["a", "=1", "a=", "A=1", "a=1,a=2", "1=1", "a=b=c", "a=\u{e9}", "a@=1", "@a=1"]
        {
            assert_eq!(keys(wrong), None, "{wrong}");
        }
        let many = |count: usize| -> String { (0..count).map(|n| format!("k{n}=v,")).collect() };
        assert!(members(many(32).as_bytes()).is_some());
        assert!(members(many(33).as_bytes()).is_none());
    }
}
