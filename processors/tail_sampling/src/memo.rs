//! A decision as the host remembers it, for a later instance and for the rewriting of what is
//! released: a byte for the ruling; with a threshold, 7 more; then the policy's name, where it is
//! needed.

use crate::policy::Ruling;

/// What a memo says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) ruling: Ruling,
    /// To be written to the tracestate.
    pub(crate) threshold: Option<u64>,
    /// Empty: none, or not needed.
    pub(crate) policy: String,
}

const HAS_THRESHOLD: u8 = 0x80;
const THRESHOLD_BYTES: usize = 7;

/// Most bytes of a policy's name; a memo has at most 256.
const NAME_MAX: usize = 240;

const RULINGS: [Ruling; 5] =
    [Ruling::Sampled, Ruling::NotSampled, Ruling::Dropped, Ruling::TooLarge, Ruling::TooEarly];

impl Note {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let ruling = RULINGS.iter().position(|ruling| *ruling == self.ruling).unwrap_or_default();
        // There are five.
        let ruling = ruling as u8;
        let mut memo = Vec::new();
        match self.threshold {
            Some(threshold) => {
                memo.push(ruling | HAS_THRESHOLD);
                memo.extend_from_slice(&threshold.to_be_bytes()[8 - THRESHOLD_BYTES..]);
            }
            None => memo.push(ruling),
        }
        let mut end = self.policy.len().min(NAME_MAX);
        while !self.policy.is_char_boundary(end) {
            end -= 1;
        }
        memo.extend_from_slice(&self.policy.as_bytes()[..end]);
        memo
    }

    /// None: the memo is of another version of this processor.
    pub(crate) fn decode(memo: &[u8]) -> Option<Self> {
        let (first, rest) = memo.split_first()?;
        let ruling = *RULINGS.get(usize::from(first & !HAS_THRESHOLD))?;
        let (threshold, name) = if first & HAS_THRESHOLD == 0 {
            (None, rest)
        } else {
            let (encoded, name) = rest.split_at_checked(THRESHOLD_BYTES)?;
            let mut bytes = [0; 8];
            bytes[8 - THRESHOLD_BYTES..].copy_from_slice(encoded);
            (Some(u64::from_be_bytes(bytes)), name)
        };
        let policy = std::str::from_utf8(name).ok()?.to_owned();
        Some(Self { ruling, threshold, policy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_says_what_was_noted() {
        for ruling in RULINGS {
            for threshold in [None, Some(0), Some(0xe6_6666_6666_6666)] {
                let note = Note { ruling, threshold, policy: "errors".to_owned() };
                assert_eq!(Note::decode(&note.encode()), Some(note));
            }
        }
        assert_eq!(Note::decode(b""), None);
        assert_eq!(Note::decode(&[9]), None);
        assert_eq!(Note::decode(&[0x80, 1]), None);
    }

    #[test]
    fn a_long_name_is_cut() {
        let note =
            Note { ruling: Ruling::Sampled, threshold: Some(1), policy: "\u{e9}".repeat(300) };
        let memo = note.encode();
        assert!(memo.len() <= 256);
        assert_eq!(Note::decode(&memo).unwrap().policy, "\u{e9}".repeat(120));
    }
}
