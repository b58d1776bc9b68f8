//! Decimals of 28 digits that round as those of Python do.

use crate::amount::{Amount, DECIMALS_MAX, divide_half_even};

/// The digits that are kept, as in Python's default context.
const DIGITS: u32 = 28;
const LIMIT: u128 = 10_u128.pow(DIGITS);

/// A decimal that is not negative: `coefficient * 10^exponent`, with at most 28 digits. What has more is
/// rounded, halves to the even digit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    coefficient: u128,
    exponent: i32,
}

impl Decimal {
    pub(crate) const ZERO: Self = Self { coefficient: 0, exponent: 0 };

    pub(crate) fn product(one: u64, two: u64, exponent: i32) -> Self {
        Self::round(u128::from(one) * u128::from(two), exponent)
    }

    /// `divisor` is at most 10^10.
    pub(crate) fn divide(self, divisor: u64) -> Self {
        let divisor = u128::from(divisor);
        if self.coefficient == 0 {
            return Self::ZERO;
        }
        let (mut dividend, mut exponent) = (self.coefficient, self.exponent);
        // Until the quotient has 28 digits; the dividend stays below 10^38.
        while dividend < LIMIT / 10 * divisor {
            (dividend, exponent) = (dividend * 10, exponent - 1);
        }
        Self::round(divide_half_even(dividend, divisor), exponent)
    }

    pub(crate) fn add(self, other: Self) -> Self {
        if self.coefficient == 0 || other.coefficient == 0 {
            return if self.coefficient == 0 { other } else { self };
        }
        let (high, low) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let (mut coefficient, mut exponent) = (high.coefficient, high.exponent);
        // Up to 36 digits, so that the sum and one more digit fit.
        while exponent > low.exponent && coefficient < 10_u128.pow(35) {
            (coefficient, exponent) = (coefficient * 10, exponent - 1);
        }
        let behind = u32::try_from(exponent - low.exponent).unwrap_or(u32::MAX);
        let unit = if behind > 38 { u128::MAX } else { 10_u128.pow(behind) };
        let sum = coefficient + low.coefficient / unit;
        // The digits of the other that stand behind only tell whether there is more than a half.
        let rest = u128::from(low.coefficient % unit != 0);
        if behind == 0 {
            Self::round(sum, exponent)
        } else {
            Self::round(sum * 10 + rest, exponent - 1)
        }
    }

    /// `None` where the digits do not fit.
    pub(crate) fn amount(self) -> Option<Amount> {
        let (mut coefficient, mut exponent) = (self.coefficient, self.exponent);
        if coefficient == 0 {
            return Some(Amount::ZERO);
        }
        while exponent < -i32::from(DECIMALS_MAX) && coefficient.is_multiple_of(10) {
            (coefficient, exponent) = (coefficient / 10, exponent + 1);
        }
        let factor = 10_u128.checked_pow(u32::try_from(exponent.max(0)).ok()?)?;
        let coefficient = i128::try_from(coefficient.checked_mul(factor)?).ok()?;
        Amount::new(coefficient, u8::try_from((-exponent).max(0)).ok()?)
    }

    fn round(coefficient: u128, exponent: i32) -> Self {
        if coefficient < LIMIT {
            return Self { coefficient, exponent };
        }
        let surplus = coefficient.ilog10() + 1 - DIGITS;
        let coefficient = divide_half_even(coefficient, 10_u128.pow(surplus));
        // 39 digits at most: the surplus is at most 11. Rounding up to 10^28 is one digit too many, and
        // the last of them a 0.
        Self { coefficient, exponent: exponent + surplus.cast_signed() }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn shown(decimal: Decimal) -> String {
        decimal.amount().unwrap().to_string()
    }

    #[test]
    fn quotients_have_28_digits() {
        // As Python: Decimal(4) / 3600 and so on.
        for (dividend, divisor, quotient) in [
            (4, 3600, "0.001111111111111111111111111111"),
            (2, 3, "0.6666666666666666666666666667"),
            (3600, 3600, "1"),
            (1, 1_000_000, "0.000001"),
            (0, 3600, "0"),
            (u64::MAX, 10_000_000_000, "1844674407.3709551615"),
            (u64::MAX, 7, "2635249153387078802.142857143"),
        ] {
            assert_eq!(shown(Decimal::product(dividend, 1, 0).divide(divisor)), quotient);
        }
    }

    #[test]
    fn sums_and_products_round_half_even() {
        let digits = |coefficient, exponent| Decimal { coefficient, exponent };
        let one = digits(10_u128.pow(27), -27);
        // Half of the last digit: to the even one. A little more: up.
        assert_eq!(shown(one.add(digits(5, -28))), "1");
        let odd = digits(10_u128.pow(27) + 1, -27);
        assert_eq!(shown(odd.add(digits(5, -28))), "1.000000000000000000000000002");
        assert_eq!(shown(one.add(digits(5_000_000_001, -37))), "1.000000000000000000000000001");
        assert_eq!(
            shown(one.add(digits(500_000_000_000_000_000_000_000_001, -54))),
            "1.000000000000000000000000001"
        );
        assert_eq!(shown(one.add(digits(1, -60))), "1");
        assert_eq!(shown(digits(1, -60).add(one)), "1");
        let nines = digits(super::LIMIT - 1, -28);
        assert_eq!(shown(nines.add(digits(1, -28))), "1");
        assert_eq!(
            shown(Decimal::product(u64::MAX, u64::MAX, -10)),
            "34028236692093846342648111930"
        );
    }
}
