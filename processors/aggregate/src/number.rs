//! Integers and doubles that are added and compared without loss.

use std::cmp::Ordering;

use tamis_sdk::otlp::metrics::NumberDataPoint;
use tamis_sdk::wire::Writer;

use crate::exact::Exact;
use crate::snapshot::{Reader, put};
use crate::{Invalid, Value};

/// The value of a data point of a gauge or a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Double(f64),
}

impl Number {
    pub(crate) fn checked(value: &Value<'_>) -> Result<Self, Invalid> {
        match *value {
            Value::Int(value) => Ok(Self::Int(value)),
            Value::Double(value) if value.is_finite() => Ok(Self::Double(value)),
            Value::Double(_) => Err(Invalid::NotFinite),
            Value::None => Err(Invalid::NoValue),
            Value::Explicit(_) | Value::Exponential(_) => Err(Invalid::Kind),
        }
    }

    pub(crate) fn write(self, point: &mut Writer<'_>) {
        match self {
            Self::Int(value) => point.fixed64(NumberDataPoint::AS_INT, value as u64),
            Self::Double(value) => point.fixed64(NumberDataPoint::AS_DOUBLE, value.to_bits()),
        }
    }

    pub(crate) fn is_finite(self) -> bool {
        matches!(self, Self::Int(_)) || self.as_double().is_finite()
    }

    pub(crate) fn is_negative(self) -> bool {
        match self {
            Self::Int(value) => value < 0,
            Self::Double(value) => value < 0.0,
        }
    }

    /// By value, whatever the type; exact where an integer has more bits than a double.
    pub(crate) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Self::Int(a), Self::Double(b)) => int_to_double(a, b),
            (Self::Double(a), Self::Int(b)) => int_to_double(b, a).reverse(),
        }
    }

    /// What this has more than `base`: an integer if both are and it is one.
    pub(crate) fn minus(self, base: Self) -> Self {
        match (self, base) {
            (Self::Int(a), Self::Int(b)) => match a.checked_sub(b) {
                Some(difference) => Self::Int(difference),
                None => Self::Double((i128::from(a) - i128::from(b)) as f64),
            },
            (a, b) => {
                let sum = NumberSum::default().plus(a).and_then(|sum| sum.minus(b));
                sum.map_or(Self::Double(a.as_double() - b.as_double()), NumberSum::value)
            }
        }
    }

    fn as_double(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Double(value) => value,
        }
    }
}

fn int_to_double(int: i64, double: f64) -> Ordering {
    if double >= 9_223_372_036_854_775_808.0 {
        Ordering::Less
    } else if double < -9_223_372_036_854_775_808.0 {
        Ordering::Greater
    } else {
        let whole = double.trunc();
        int.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&double).unwrap_or(Ordering::Equal))
    }
}

/// Numbers added up: an integer as long as all are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NumberSum {
    /// Wide enough for more additions than there will be.
    Int(i128),
    Double(Exact),
}

impl Default for NumberSum {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl NumberSum {
    pub(crate) fn of(number: Number) -> Self {
        match number {
            Number::Int(value) => Self::Int(value.into()),
            Number::Double(value) => Self::Double(Exact::new(value)),
        }
    }

    pub(crate) fn plus(self, number: Number) -> Option<Self> {
        match (self, number) {
            (Self::Int(sum), Number::Int(more)) => sum.checked_add(more.into()).map(Self::Int),
            (Self::Int(sum), Number::Double(more)) => {
                Exact::from_int(sum).plus(more).map(Self::Double)
            }
            (Self::Double(sum), Number::Int(more)) => sum.plus_int(more.into()).map(Self::Double),
            (Self::Double(sum), Number::Double(more)) => sum.plus(more).map(Self::Double),
        }
    }

    pub(crate) fn minus(self, number: Number) -> Option<Self> {
        match (self, number) {
            (Self::Int(sum), Number::Int(less)) => sum.checked_sub(less.into()).map(Self::Int),
            (Self::Double(sum), Number::Int(less)) => {
                sum.plus_int(-i128::from(less)).map(Self::Double)
            }
            (sum, Number::Double(less)) => sum.plus(Number::Double(-less)),
        }
    }

    /// Adds what `now` has more than `before`.
    pub(crate) fn plus_difference(self, now: Number, before: Number) -> Option<Self> {
        match (self, now, before) {
            (_, Number::Int(now), Number::Int(before)) => {
                let more = i128::from(now) - i128::from(before);
                match self {
                    Self::Int(sum) => sum.checked_add(more).map(Self::Int),
                    Self::Double(sum) => sum.plus_int(more).map(Self::Double),
                }
            }
            (Self::Double(sum), Number::Double(now), Number::Double(before)) => {
                sum.plus_difference(now, before).map(Self::Double)
            }
            _ => self.plus(now)?.minus(before),
        }
    }

    /// An integer beyond 64 bits is given as a double.
    pub(crate) fn value(self) -> Number {
        match self {
            Self::Int(sum) => match i64::try_from(sum) {
                Ok(sum) => Number::Int(sum),
                Err(_) => Number::Double(sum as f64),
            },
            Self::Double(sum) => Number::Double(sum.value()),
        }
    }

    pub(crate) fn snapshot(self, out: &mut Vec<u8>) {
        match self {
            Self::Int(sum) => {
                out.push(0);
                out.extend_from_slice(&sum.to_le_bytes());
            }
            Self::Double(sum) => {
                out.push(1);
                let (high, low) = sum.parts();
                put(out, high.to_bits());
                put(out, low.to_bits());
            }
        }
    }

    pub(crate) fn restore(reader: &mut Reader<'_, '_>) -> Option<Self> {
        match reader.byte()? {
            0 => {
                let (low, high) = (reader.word()?, reader.word()?);
                Some(Self::Int((u128::from(high) << 64 | u128::from(low)) as i128))
            }
            1 => Exact::from_parts(reader.double()?, reader.double()?).map(Self::Double),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stay_integers_until_they_are_too_large() {
        let sum = NumberSum::default().plus(Number::Int(i64::MAX)).unwrap();
        assert_eq!(sum.value(), Number::Int(i64::MAX));
        let sum = sum.plus(Number::Int(1)).unwrap();
        assert_eq!(sum.value(), Number::Double(9_223_372_036_854_775_808.0));
        assert_eq!(sum.minus(Number::Int(2)).unwrap().value(), Number::Int(i64::MAX - 1));
        let least = NumberSum::default().plus(Number::Double(0.0)).unwrap();
        let sum = least.minus(Number::Int(i64::MIN)).unwrap();
        assert_eq!(sum.value(), Number::Double(9_223_372_036_854_775_808.0));
    }

    #[test]
    fn integers_and_doubles_add_up() {
        let sum = NumberSum::of(Number::Int(5)).plus(Number::Double(2.5)).unwrap();
        assert_eq!(sum.value(), Number::Double(7.5));
        // 2^53 + 1 is no double, but with 0.5 twice it is one more than that.
        let sum = NumberSum::of(Number::Int((1 << 53) + 1)).plus(Number::Double(0.5)).unwrap();
        let sum = sum.plus(Number::Double(0.5)).unwrap();
        assert_eq!(sum.value(), Number::Double(9_007_199_254_740_994.0));
    }

    #[test]
    fn order_is_that_of_the_values() {
        let (int, double) = (Number::Int, Number::Double);
        let past = (1_i64 << 53) + 1;
        let table = [
            (int(past), double(9_007_199_254_740_992.0), Ordering::Greater),
            (int(i64::MAX), double(9_223_372_036_854_775_808.0), Ordering::Less),
            (int(i64::MIN), double(-9_223_372_036_854_775_808.0), Ordering::Equal),
            (int(-1), double(-1.5), Ordering::Greater),
            (int(1), double(1.5), Ordering::Less),
            (int(2), int(1), Ordering::Greater),
            (double(0.5), double(0.25), Ordering::Greater),
        ];
        for (a, b, order) in table {
            assert_eq!((a.order(b), b.order(a)), (order, order.reverse()), "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_difference_is_exact() {
        assert_eq!(Number::Int(7).minus(Number::Int(2)), Number::Int(5));
        let far = Number::Int(i64::MAX).minus(Number::Int(-1));
        assert_eq!(far, Number::Double(9_223_372_036_854_775_808.0));
        let past = Number::Int((1 << 53) + 1).minus(Number::Double(9_007_199_254_740_992.0));
        assert_eq!(past, Number::Double(1.0));
    }
}
