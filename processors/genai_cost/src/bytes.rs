//! Short keys, eight bytes at a time: WebAssembly's `memcmp` takes one, and a copy of a few bytes that are
//! not counted beforehand leaves the sandbox.

/// The eight bytes at `at`, or those that are there.
#[inline]
pub(crate) fn word(key: &[u8], at: usize) -> u64 {
    let bytes = key.get(at..).unwrap_or_default();
    match bytes.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Whether two keys are the same.
#[inline]
pub(crate) fn same(one: &[u8], two: &[u8]) -> bool {
    if one.len() != two.len() {
        return false;
    }
    // The last eight may overlap the ones before.
    let last = one.len().saturating_sub(8);
    let mut at = 0;
    while at < last {
        if word(one, at) != word(two, at) {
            return false;
        }
        at += 8;
    }
    word(one, last) == word(two, last)
}

#[cfg(test)]
mod tests {
    use super::{same, word};

    #[test]
    fn words_are_what_is_there() {
        assert_eq!(word(b"abcdefghi", 1), u64::from_le_bytes(*b"bcdefghi"));
        assert_eq!(word(b"abc", 1), u64::from_le_bytes(*b"bc\0\0\0\0\0\0"));
        assert_eq!((word(b"", 0), word(b"abc", 3), word(b"abc", 9)), (0, 0, 0));
    }

    #[test]
    fn keys_are_the_same_only_if_every_byte_is() {
        for length in 0..40 {
            let one: Vec<u8> = (0..length).collect();
            assert!(same(&one, &one.clone()));
            assert!(!same(&one, &[&one[..], b"\0"].concat()));
            for at in 0..one.len() {
                let mut two = one.clone();
                two[at] ^= 0x80;
                assert!(!same(&one, &two), "{length} bytes, another at {at}");
            }
        }
    }
}
