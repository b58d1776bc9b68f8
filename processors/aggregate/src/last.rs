//! The last value of a source, so that what the next one adds can be told.

mod words;

use words::{ExplicitWords, ExponentialWords};

use crate::explicit::{Before, Bounds};
use crate::exponential::Buckets;
use crate::number::Number;
use crate::point::Explicit;
use crate::snapshot::{Reader, put, put_words};
use crate::summary::Summary;
use crate::{Invalid, Point, Value, explicit};

/// The last value of a source.
///
/// Of a number 8 bytes, which lie in it; of a histogram 8 bytes a bucket and 8 for the sum, or 24 if it
/// has minimum or maximum, with bounds that equal ones share; of an exponential histogram 8 bytes a bucket between
/// the outermost that are not empty, and 40, or 56.
#[derive(Clone, Debug, Default)]
pub struct Last {
    value: Inner,
}

#[derive(Clone, Debug, Default)]
enum Inner {
    #[default]
    None,
    Int(i64),
    Double(f64),
    Explicit(Bounds, ExplicitWords),
    Exponential(ExponentialWords),
}

impl Last {
    /// Remembers the point; in place where a histogram has the bounds of the one before it, or an
    /// exponential histogram as many buckets. One that is [`Invalid`] changes nothing.
    pub fn set(&mut self, point: &Point<'_>) -> Result<(), Invalid> {
        if point.no_recorded_value() {
            return Err(Invalid::NoValue);
        }
        match &point.value {
            Value::None => return Err(Invalid::NoValue),
            Value::Int(value) => self.value = Inner::Int(*value),
            Value::Double(value) if value.is_finite() => self.value = Inner::Double(*value),
            Value::Double(_) => return Err(Invalid::NotFinite),
            Value::Explicit(value) => self.set_explicit(value)?,
            Value::Exponential(value) => {
                self.set_exponential(&value.summary, Buckets::decoded(value)?);
            }
        }
        Ok(())
    }

    /// Whether nothing was set: like a value of zero.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self.value, Inner::None)
    }

    /// Of a gauge or a sum: the number, exact up to 2^53.
    #[must_use]
    pub fn to_f64(&self) -> Option<f64> {
        match self.value {
            Inner::Int(value) => Some(value as f64),
            Inner::Double(value) => Some(value),
            Inner::None | Inner::Explicit(..) | Inner::Exponential(_) => None,
        }
    }

    /// Bytes on the heap, without the shared bounds.
    #[must_use]
    pub fn memory(&self) -> usize {
        match &self.value {
            Inner::None | Inner::Int(_) | Inner::Double(_) => 0,
            Inner::Explicit(_, words) => size_of_val(words.words()),
            Inner::Exponential(words) => size_of_val(words.words()),
        }
    }

    /// Appends what [`restore`](Self::restore) reads.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        match &self.value {
            Inner::None => out.push(NONE),
            Inner::Int(value) => {
                out.push(INT);
                put(out, *value as u64);
            }
            Inner::Double(value) => {
                out.push(DOUBLE);
                put(out, value.to_bits());
            }
            Inner::Explicit(bounds, words) => {
                out.push(EXPLICIT);
                let (summary, counts) = words.get(bounds);
                explicit::snapshot(out, Some(bounds), counts);
                for value in [summary.sum, summary.min, summary.max] {
                    put(out, value.unwrap_or(f64::NAN).to_bits());
                }
            }
            Inner::Exponential(words) => {
                out.push(EXPONENTIAL);
                put_words(out, words.words());
            }
        }
    }

    /// Reads a snapshot off the start of `bytes`; none where it is damaged.
    #[must_use]
    pub fn restore(bytes: &mut &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let value = match reader.byte()? {
            NONE => Inner::None,
            INT => Inner::Int(reader.word()? as i64),
            DOUBLE => Inner::Double(Some(reader.double()?).filter(|value| value.is_finite())?),
            EXPLICIT => restore_explicit(&mut reader)?,
            EXPONENTIAL => {
                let words = reader.words(ExponentialWords::LENGTH_MAX)?;
                Inner::Exponential(ExponentialWords::restored(words)?)
            }
            _ => return None,
        };
        Some(Self { value })
    }

    /// None of another kind.
    pub(crate) fn number(&self) -> Option<Number> {
        match self.value {
            Inner::Int(value) => Some(Number::Int(value)),
            Inner::Double(value) => Some(Number::Double(value)),
            _ => None,
        }
    }

    /// None of another kind.
    pub(crate) fn explicit(&self) -> Option<Before<'_>> {
        let Inner::Explicit(bounds, words) = &self.value else { return None };
        let (summary, counts) = words.get(bounds);
        Some(Before { summary, bounds, counts })
    }

    /// None of another kind.
    pub(crate) fn exponential(&self) -> Option<(Summary, Buckets)> {
        let Inner::Exponential(words) = &self.value else { return None };
        words.get()
    }

    pub(crate) fn set_exponential(&mut self, summary: &Summary, buckets: Buckets) {
        let buckets = buckets.bounded();
        match &mut self.value {
            Inner::Exponential(words) => words.set(summary, &buckets),
            _ => self.value = Inner::Exponential(ExponentialWords::new(summary, &buckets)),
        }
    }

    fn set_explicit(&mut self, point: &Explicit<'_>) -> Result<(), Invalid> {
        point.checked()?;
        if let Inner::Explicit(bounds, words) = &mut self.value
            && bounds.are(&point.bounds)
        {
            words.set(&point.summary, point.counts(), bounds);
            return Ok(());
        }
        let bounds = Bounds::decoded(&point.bounds)?;
        let words = ExplicitWords::new(&point.summary, point.counts(), &bounds);
        self.value = Inner::Explicit(bounds, words);
        Ok(())
    }
}

const NONE: u8 = 0;
const INT: u8 = 1;
const DOUBLE: u8 = 2;
const EXPLICIT: u8 = 3;
const EXPONENTIAL: u8 = 4;

fn restore_explicit(reader: &mut Reader<'_, '_>) -> Option<Inner> {
    let (bounds, counts) = explicit::restore(reader)?;
    let bounds = bounds?;
    let count = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
    let mut optional = || reader.double().map(|value| (!value.is_nan()).then_some(value));
    let summary = Summary { count, sum: optional()?, min: optional()?, max: optional()? };
    summary.checked().ok()?;
    let words = ExplicitWords::new(&summary, counts.into_iter(), &bounds);
    Some(Inner::Explicit(bounds, words))
}

#[cfg(test)]
mod tests {
    use tamis_sdk::wire::{Message, Writer};

    use super::*;
    use crate::Kind;

    #[test]
    fn a_histogram_that_grows_stays_where_it_is() {
        let mut last = Last::default();
        let mut places = Vec::new();
        for round in 1..4_u64 {
            let mut encoded = Vec::new();
            let mut out = Writer::new(&mut encoded);
            out.fixed64(4, 2 * round);
            out.bytes(6, [round.to_le_bytes(), round.to_le_bytes()].concat());
            out.bytes(7, 1.5_f64.to_le_bytes());
            let kind = Kind::Histogram { delta: false };
            let point = Point::read(kind, Message::new(&encoded)).unwrap();
            last.set(&point).unwrap();
            let Inner::Explicit(_, words) = &last.value else { panic!("another kind") };
            assert_eq!(last.explicit().unwrap().counts, [round, round]);
            places.push(words.words().as_ptr());
        }
        assert!(places.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
