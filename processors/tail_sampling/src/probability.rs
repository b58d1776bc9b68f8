//! Keeps a share of the traces, the same ones wherever the salt is the same.

use crate::ids::TraceId;
use crate::randomness::{self, Randomness};

/// A sampling percentage, as the Collector compares it.
#[derive(Debug, Clone)]
pub(crate) struct Probability {
    /// FNV-1a over the salt.
    salted: u64,
    /// Hashes up to this one are kept.
    limit: u64,
    /// The same share as OpenTelemetry's rejection threshold.
    pub(crate) threshold: u64,
}

const DEFAULT_SALT: &str = "default-hash-seed";

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

impl Probability {
    /// `percentage` below 0 keeps nothing, 100 and more everything; an empty salt is the default one.
    pub(crate) fn new(salt: &str, percentage: f64) -> Self {
        let salt = if salt.is_empty() { DEFAULT_SALT } else { salt };
        let ratio = percentage / 100.0;
        Self {
            salted: fnv(FNV_OFFSET, salt.as_bytes()),
            limit: share(ratio),
            threshold: randomness::threshold_of(ratio),
        }
    }

    /// By the sampling randomness that the trace carries; by the hash of its id where it carries none.
    pub(crate) fn keeps(&self, id: &TraceId, randomness: Randomness) -> bool {
        match randomness.of(id) {
            Some(value) => value >= self.threshold,
            None => fnv(self.salted, id) <= self.limit,
        }
    }
}

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}

/// The whole part of a share of 2^64 - 1. Go multiplies floats of 64 bits of precision here, which
/// Rust does not have: the product is made exactly and rounded once.
fn share(ratio: f64) -> u64 {
    if ratio.is_nan() || ratio <= 0.0 {
        return 0;
    }
    if ratio >= 1.0 {
        return u64::MAX;
    }
    // ratio = mantissa * 2^exponent. Subnormal ratios keep nothing either way.
    let bits = ratio.to_bits();
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let exponent = (bits >> 52) as i32 - 1075;
    let product = u128::from(u64::MAX) * mantissa;
    let excess = (128 - product.leading_zeros()).saturating_sub(64);
    let rounded = round(product, excess);
    match u32::try_from(-(exponent + excess as i32)) {
        Ok(shift) => u64::try_from(rounded.checked_shr(shift).unwrap_or(0)).unwrap_or(u64::MAX),
        Err(_) => u64::MAX,
    }
}

/// Without so many bits at its end; halves go to the even neighbour.
fn round(product: u128, excess: u32) -> u128 {
    if excess == 0 {
        return product;
    }
    let (kept, rest) = (product >> excess, product & ((1 << excess) - 1));
    let half = 1 << (excess - 1);
    kept + u128::from(rest > half || (rest == half && kept & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_go() {
        assert_eq!(share(-1.0), 0);
        assert_eq!(share(0.0), 0);
        assert_eq!(share(1.0), u64::MAX);
        assert_eq!(share(0.5), u64::MAX / 2);
        assert_eq!(share(0.25), u64::MAX / 4);
        let of_go = [
            (5.0, 922_337_203_685_477_631),
            (10.0, 1_844_674_407_370_955_263),
            (33.3, 6_142_765_776_545_279_999),
            (0.001, 184_467_440_737_095),
            (99.99, 18_444_899_399_302_178_815),
            (12.5, 2_305_843_009_213_693_951),
            (1e-12, 184_467),
        ];
        for (percentage, limit) in of_go {
            assert_eq!(share(percentage / 100.0), limit, "{percentage}");
        }
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv(FNV_OFFSET, b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(FNV_OFFSET, b"foobar"), 0x8594_4171_f739_67e8);
    }
}
