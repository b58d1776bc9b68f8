//! Exact decimal money.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The most decimals of an [`Amount`]: a nanosecond at a price by the hour, with 28 digits, has 45.
pub const DECIMALS_MAX: u8 = 60;

/// The length of an [`Amount`] as text, at most: sign, `0.` and the decimals.
const TEXT_MAX: usize = 3 + DECIMALS_MAX as usize;

/// Exact decimal money: `coefficient / 10^decimals`. In USD unless said otherwise.
///
/// Amounts are equal when their values are: 1.50 is 1.5.
#[derive(Clone, Copy, Debug, Default)]
pub struct Amount {
    coefficient: i128,
    decimals: u8,
}

/// The text is not a decimal number, or not one that an [`Amount`] holds exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of at most 38 digits")]
pub struct NotExact;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self { coefficient: 0, decimals: 0 };

    /// `coefficient / 10^decimals`; `None` above [`DECIMALS_MAX`].
    #[must_use]
    pub fn new(coefficient: i128, decimals: u8) -> Option<Self> {
        (decimals <= DECIMALS_MAX).then_some(Self { coefficient, decimals })
    }

    /// The exact sum; `None` where it has more digits than fit (38).
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.decimals == other.decimals
            && let Some(coefficient) = self.coefficient.checked_add(other.coefficient)
        {
            return Some(Self { coefficient, ..self });
        }
        self.add_unequal(other)
    }

    /// The exact difference; `None` where it has more digits than fit (38).
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let coefficient = other.coefficient.checked_neg()?;
        self.checked_add(Self { coefficient, ..other })
    }

    /// To so many decimals, halves to the even neighbour: for sums over many calls, which would not fit
    /// with all their digits.
    #[must_use]
    pub fn rounded(self, decimals: u8) -> Self {
        if self.decimals <= decimals {
            return self;
        }
        let surplus = u32::from(self.decimals - decimals);
        let Some(divisor) = 10_u128.checked_pow(surplus) else {
            return Self { coefficient: 0, decimals }; // Less than a half of the last digit.
        };
        // Divided by 10 or more, so that it fits again.
        let rounded = divide_half_even(self.coefficient.unsigned_abs(), divisor).cast_signed();
        Self { coefficient: rounded * self.coefficient.signum(), decimals }
    }

    /// The nearest `f64`, halves to the even one: rounded once, from the exact value.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 there is none")]
    pub fn to_f64(self) -> f64 {
        let Self { coefficient, decimals } = self.stripped(22);
        // Both are exact as `f64`, so that the division is the only rounding.
        if coefficient.unsigned_abs() < 1 << 53 && decimals <= 22 {
            // By way of 64 bits, for which there is an instruction.
            return coefficient as i64 as f64 / POWERS_F64[usize::from(decimals)];
        }
        let mut text = [0; TEXT_MAX];
        self.write(&mut text).parse().unwrap_or(f64::NAN)
    }

    /// Whether it is exactly 0.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    /// Whether it is less than 0.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.coefficient < 0
    }

    /// The digits, without the point.
    #[must_use]
    pub fn coefficient(self) -> i128 {
        self.coefficient
    }

    /// How many of the digits stand behind the point.
    #[must_use]
    pub fn decimals(self) -> u8 {
        self.decimals
    }

    /// Zeros at the end stay where they fit: amounts that are added one after the other soon have the same
    /// decimals.
    #[cold]
    fn add_unequal(self, other: Self) -> Option<Self> {
        self.add_scaled(other).or_else(|| self.stripped(0).add_scaled(other.stripped(0)))
    }

    fn add_scaled(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let coefficient = self.scaled(decimals)?.checked_add(other.scaled(decimals)?)?;
        Some(Self { coefficient, decimals })
    }

    /// The coefficient with so many decimals.
    fn scaled(self, decimals: u8) -> Option<i128> {
        if self.coefficient == 0 {
            return Some(0);
        }
        let factor = 10_i128.checked_pow(u32::from(decimals.checked_sub(self.decimals)?))?;
        self.coefficient.checked_mul(factor)
    }

    /// The same value without zeros at the end, as long as it has more decimals than `keep`.
    fn stripped(mut self, keep: u8) -> Self {
        // Nine at a time where there are as many: divisions of 128 bits are slow.
        while self.decimals >= keep.saturating_add(9) && self.coefficient % NINE_ZEROS == 0 {
            self.coefficient /= NINE_ZEROS;
            self.decimals -= 9;
        }
        while self.decimals > keep && self.coefficient % 10 == 0 {
            self.coefficient /= 10;
            self.decimals -= 1;
        }
        self
    }

    /// The shortest plain decimal.
    fn write(self, text: &mut [u8; TEXT_MAX]) -> &str {
        let Self { coefficient, decimals } = self.stripped(0);
        let mut rest = coefficient.unsigned_abs();
        let mut start = text.len();
        let mut digits = 0;
        while rest > 0 || digits <= decimals {
            if digits == decimals && decimals > 0 {
                start -= 1;
                text[start] = b'.';
            }
            start -= 1;
            text[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            digits += 1;
        }
        if coefficient < 0 {
            start -= 1;
            text[start] = b'-';
        }
        str::from_utf8(&text[start..]).unwrap_or_default()
    }
}

const NINE_ZEROS: i128 = 1_000_000_000;

/// The powers of ten that an `f64` holds exactly.
const POWERS_F64: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The nearest whole quotient, halves to the even one.
pub(crate) fn divide_half_even(dividend: u128, divisor: u128) -> u128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    let up = match rest.cmp(&(divisor - rest)) {
        Ordering::Less => false,
        Ordering::Equal => quotient % 2 == 1,
        Ordering::Greater => true,
    };
    quotient + u128::from(up)
}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (self.stripped(0), other.stripped(0));
        (one.coefficient, one.decimals) == (two.coefficient, two.decimals)
    }
}

impl Eq for Amount {}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; TEXT_MAX];
        out.write_str(self.write(&mut text))
    }
}

impl FromStr for Amount {
    type Err = NotExact;

    /// Reads `-12.50`: a sign, digits, a point and digits; no exponent, no spaces.
    fn from_str(text: &str) -> Result<Self, NotExact> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let ends_well = !whole.is_empty() && !digits.ends_with('.');
        if !ends_well {
            return Err(NotExact);
        }
        let mut coefficient: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return Err(NotExact);
            }
            let digit = i128::from(digit - b'0');
            let next = coefficient.checked_mul(10).and_then(|tens| tens.checked_add(digit));
            coefficient = next.ok_or(NotExact)?;
        }
        let decimals = u8::try_from(fraction.len()).map_err(|_| NotExact)?;
        let coefficient = if negative { -coefficient } else { coefficient };
        Self::new(coefficient, decimals).ok_or(NotExact)
    }
}

#[cfg(test)]
mod tests;
