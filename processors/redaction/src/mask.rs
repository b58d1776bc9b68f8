//! What is put in place of a secret.

use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sha3::{Digest, Sha3_256};

/// `hash_function` and `hmac_key`.
#[derive(Debug, Clone)]
pub(crate) enum Mask {
    /// `****`
    Stars,
    Md5,
    Sha1,
    /// SHA3-256.
    Sha3,
    /// Keyed once, cloned per match.
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Box<Hmac<Sha512>>),
}

impl Mask {
    /// Writes what stands for `secret`: stars, or its digest in lower-case hex.
    pub(crate) fn write(&self, secret: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Stars => out.extend_from_slice(b"****"),
            Self::Md5 => hex(&Md5::digest(secret), out),
            Self::Sha1 => hex(&Sha1::digest(secret), out),
            Self::Sha3 => hex(&Sha3_256::digest(secret), out),
            Self::HmacSha256(keyed) => {
                hex(&keyed.clone().chain_update(secret).finalize().into_bytes(), out);
            }
            Self::HmacSha512(keyed) => {
                hex(&keyed.as_ref().clone().chain_update(secret).finalize().into_bytes(), out);
            }
        }
    }

    /// Masks a whole text as the Collector does, by the pattern `.*`: every line by itself, and an
    /// empty text too.
    pub(crate) fn write_lines(&self, text: &[u8], out: &mut Vec<u8>) {
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            if index > 0 {
                out.push(b'\n');
            }
            self.write(line, out);
        }
    }
}

fn hex(digest: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in digest {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_re2::Regex;

    fn written(mask: &Mask, secret: &str) -> String {
        let mut out = Vec::new();
        mask.write(secret.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn digests_are_those_of_the_standards() {
        assert_eq!(written(&Mask::Md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(written(&Mask::Sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            written(&Mask::Sha3, "abc"),
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
        );
    }

    #[test]
    fn lines_are_masked_as_the_pattern_dot_star_does() {
        let dot_star = Regex::new(".*").unwrap();
        for text in ["", "a", "a\nb", "\n", "a\n", "\n\n", "\na", "ä\nö\n\n"] {
            let (mut lines, mut pattern) = (Vec::new(), Vec::new());
            Mask::Sha1.write_lines(text.as_bytes(), &mut lines);
            let write = |secret: &[u8], out: &mut Vec<u8>| Mask::Sha1.write(secret, out);
            dot_star.replace_all(text.as_bytes(), &mut pattern, write);
            assert_eq!(lines, pattern, "{text:?}");
        }
    }
}
