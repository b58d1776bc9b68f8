//! Where the buckets of an exponential histogram end, and which of them lie within a zero threshold.

/// The upper bound of a bucket; infinite for the last.
pub(crate) fn upper_bound(index: i64, scale: i32) -> f64 {
    // Exact up to here: equal bounds of different scales are equal numbers.
    ((index + 1) as f64 * exp2_of_int(-scale)).exp2()
}

/// The bucket in which a number above zero lies.
pub(crate) fn index_of(value: f64, scale: i32) -> i64 {
    let mut index = (value.log2() * exp2_of_int(scale)).ceil() as i64 - 1;
    // Logarithms are rounded; the bounds decide, as they do everywhere here.
    while upper_bound(index, scale) < value {
        index += 1;
    }
    while upper_bound(index - 1, scale) >= value {
        index -= 1;
    }
    index
}

fn exp2_of_int(exponent: i32) -> f64 {
    2.0_f64.powi(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_below() {
        assert_eq!((index_of(1.0, 0), index_of(2.0, 0), index_of(2.1, 0)), (-1, 0, 1));
        assert_eq!((index_of(4.0, -1), index_of(4.1, -1), index_of(0.25, 0)), (0, 1, -3));
        assert_eq!((upper_bound(3, 1), upper_bound(1, 0)), (4.0, 4.0));
        for scale in crate::SCALES {
            let (greatest, least) = (index_of(f64::MAX, scale), index_of(5e-324, scale));
            assert_eq!(upper_bound(greatest, scale), f64::INFINITY, "{scale}");
            assert!(upper_bound(least, scale) >= 5e-324 && upper_bound(least - 1, scale) == 0.0);
            assert!(least >= if scale < 0 { -1075 >> -scale } else { -1076 << scale });
        }
    }
}
