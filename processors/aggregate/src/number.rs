//! Integers and doubles that are added and compared without loss.

use std::cmp::Ordering;

use crate::Invalid;
use crate::exact::Exact;

/// The value of a data point of a gauge or a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Double(f64),
}

impl Number {
    pub(crate) fn checked(self) -> Result<Self, Invalid> {
        match self {
            Self::Double(value) if !value.is_finite() => Err(Invalid::NotFinite),
            _ => Ok(self),
        }
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
}
