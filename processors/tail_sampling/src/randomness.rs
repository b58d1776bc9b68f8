//! What OpenTelemetry's tracestate says about sampling: the member `ot` with its `rv`, the randomness
//! of the trace, and `th`, the threshold that it was kept with.
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/>

use crate::ids::TraceId;
use crate::trace_state;

/// Randomness and thresholds have so many bits.
pub(crate) const BITS: u32 = 56;
/// And so many hex digits.
const DIGITS: usize = 14;
const LIMIT: u64 = 1 << BITS;

/// What the spans of a trace say, in one word: the first `rv`, whether there was one, and whether
/// there was anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Randomness(pub(crate) u64);

const HAS_VALUE: u64 = 1 << BITS;
const HAS_ANY: u64 = 1 << (BITS + 1);

impl Randomness {
    /// The randomness of a trace that carries sampling information.
    pub(crate) fn of(self, id: &TraceId) -> Option<u64> {
        if self.0 & HAS_ANY == 0 {
            None
        } else if self.0 & HAS_VALUE != 0 {
            Some(self.0 & (LIMIT - 1))
        } else {
            // Its last 56 bits.
            let mut last = [0; 8];
            last.copy_from_slice(&id[8..]);
            Some(u64::from_be_bytes(last) & (LIMIT - 1))
        }
    }
}

/// Adds what one more span says.
pub(crate) fn read(known: Randomness, trace_state: &[u8]) -> Randomness {
    let mut word = known.0;
    if word & HAS_VALUE != 0 {
        return known;
    }
    if let Some(fields) = trace_state::members(trace_state).as_deref().and_then(fields) {
        if let Some(value) = field(&fields, b"rv").and_then(value) {
            word |= value | HAS_VALUE | HAS_ANY;
        }
        if field(&fields, b"th").and_then(threshold).is_some() {
            word |= HAS_ANY;
        }
    }
    Randomness(word)
}

type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The fields of the member `ot`; none when one of them is not `key:value`.
fn fields<'a>(members: &[(&'a [u8], &'a [u8])]) -> Option<Fields<'a>> {
    let Some((_, ot)) = members.iter().find(|(key, _)| *key == b"ot") else {
        return Some(Vec::new());
    };
    let split = |field: &'a [u8]| {
        let at = field.iter().position(|&byte| byte == b':')?;
        Some((&field[..at], &field[at + 1..]))
    };
    ot.split(|&byte| byte == b';').map(split).collect()
}

fn field<'a>(fields: &Fields<'a>, key: &[u8]) -> Option<&'a [u8]> {
    fields.iter().find(|(other, _)| *other == key).map(|(_, value)| *value)
}

fn value(text: &[u8]) -> Option<u64> {
    (text.len() == DIGITS).then(|| hex(text)).flatten()
}

fn threshold(text: &[u8]) -> Option<u64> {
    let fits = (1..=DIGITS).contains(&text.len());
    let digits = fits.then(|| hex(text)).flatten()?;
    // Zeros at the end may be left out.
    Some(digits << (4 * (DIGITS - text.len())))
}

fn hex(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'))?;
    u64::from_str_radix(text, 16).ok()
}

/// The rejection threshold of a sampling probability: what has a randomness below it is not kept.
pub(crate) fn threshold_of(probability: f64) -> u64 {
    if probability >= 1.0 {
        return 0;
    }
    let kept = (probability.max(0.0) * LIMIT as f64).round();
    // Below 2^56.
    LIMIT - kept as u64
}

/// What became of a tracestate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rewritten {
    /// It stays: its own threshold is stricter already.
    Unchanged,
    /// This one takes its place.
    New(Vec<u8>),
    /// It cannot be read, so it stays.
    Unreadable,
}

/// Writes the threshold into a tracestate. The member `ot` comes to the front, as the specification
/// wants of what was changed.
pub(crate) fn rewrite(trace_state: &[u8], new: u64) -> Rewritten {
    let Some(members) = trace_state::members(trace_state) else { return Rewritten::Unreadable };
    let Some(fields) = fields(&members) else { return Rewritten::Unreadable };
    if let Some(text) = field(&fields, b"th") {
        match threshold(text) {
            None => return Rewritten::Unreadable,
            Some(old) if old > new => return Rewritten::Unchanged,
            Some(_) => {}
        }
    }
    let mut out = b"ot=".to_vec();
    if let Some(value) = field(&fields, b"rv") {
        out.extend_from_slice(b"rv:");
        out.extend_from_slice(value);
        out.push(b';');
    }
    out.extend_from_slice(b"th:");
    out.extend_from_slice(written(new).as_bytes());
    for (key, value) in fields.iter().filter(|(key, _)| *key != b"rv" && *key != b"th") {
        out.push(b';');
        out.extend_from_slice(key);
        out.push(b':');
        out.extend_from_slice(value);
    }
    for (key, value) in members.iter().filter(|(key, _)| *key != b"ot") {
        out.push(b',');
        out.extend_from_slice(key);
        out.push(b'=');
        out.extend_from_slice(value);
    }
    Rewritten::New(out)
}

/// As hex digits without the zeros at the end.
fn written(threshold: u64) -> String {
    let digits = format!("{threshold:014x}");
    let text = digits.trim_end_matches('0');
    if text.is_empty() { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(trace_state: &str, new: u64) -> Option<String> {
        match rewrite(trace_state.as_bytes(), new) {
            Rewritten::New(text) => Some(String::from_utf8(text).unwrap()),
            _ => None,
        }
    }

    #[test]
    fn thresholds_are_what_the_specification_says() {
        assert_eq!(written(threshold_of(1.0)), "0");
        assert_eq!(written(threshold_of(0.5)), "8");
        assert_eq!(written(threshold_of(0.25)), "c");
        assert_eq!(written(threshold_of(0.1)), "e6666666666666");
        assert_eq!(threshold_of(0.0), LIMIT);
    }

    #[test]
    fn other_members_and_fields_stay() {
        let half = threshold_of(0.5);
        assert_eq!(rewritten("", half).as_deref(), Some("ot=th:8"));
        assert_eq!(rewritten("a=1,b=2", half).as_deref(), Some("ot=th:8,a=1,b=2"));
        let kept = rewritten("a=1,ot=x:y;rv:00000000000001;th:4", half);
        assert_eq!(kept.as_deref(), Some("ot=rv:00000000000001;th:8;x:y,a=1"));
        assert_eq!(rewrite(b"ot=th:c", half), Rewritten::Unchanged);
        assert_eq!(rewrite(b"ot=th:zz", half), Rewritten::Unreadable);
        assert_eq!(rewrite(b"ot", half), Rewritten::Unreadable);
    }

    #[test]
    fn randomness_comes_from_the_tracestate_or_the_trace_id() {
        let id = *b"\0\0\0\0\0\0\0\0\xff\0\0\0\0\0\0\x07";
        let none = read(Randomness::default(), b"a=1");
        assert_eq!(none.of(&id), None);
        let inherited = read(none, b"ot=th:8");
        assert_eq!(inherited.of(&id), Some(7));
        let explicit = read(inherited, b"ot=rv:00000000000009");
        assert_eq!(explicit.of(&id), Some(9));
        assert_eq!(read(explicit, b"ot=rv:00000000000001"), explicit);
    }
}
