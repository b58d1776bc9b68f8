//! The last value of a source, so that what the next one adds can be told.

use crate::number::Number;
use crate::{Invalid, Point, Value};

/// The last value of a source.
///
/// Of a number 8 bytes; of a histogram 8 a bucket and 8 for the sum, 24 if it has minimum or maximum,
/// with bounds that equal ones share; of an exponential histogram 8 a bucket between the outermost that
/// are not empty, and 40, or 56. See [`memory`](Self::memory).
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
}

impl Last {
    /// Remembers the point, in place where its buckets are as many as before. One that is
    /// [`Invalid`] changes nothing.
    pub fn set(&mut self, point: &Point<'_>) -> Result<(), Invalid> {
        match &point.value {
            Value::Int(value) => self.value = Inner::Int(*value),
            Value::Double(value) if value.is_finite() => self.value = Inner::Double(*value),
            Value::Double(_) => return Err(Invalid::NotFinite),
            _ => return Err(Invalid::Kind),
        }
        Ok(())
    }

    /// Whether nothing was set: like a value of zero.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self.value, Inner::None)
    }

    /// Bytes on the heap, without the shared bounds.
    #[must_use]
    pub fn memory(&self) -> usize {
        0
    }

    /// Appends what [`restore`](Self::restore) reads.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        match self.value {
            Inner::None => out.push(0),
            Inner::Int(value) => {
                out.push(1);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Inner::Double(value) => {
                out.push(2);
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    /// Reads a snapshot off the start of `bytes`; none where it is damaged.
    #[must_use]
    pub fn restore(bytes: &mut &[u8]) -> Option<Self> {
        let (&tag, rest) = bytes.split_first()?;
        *bytes = rest;
        let value = match tag {
            0 => Inner::None,
            _ => return None,
        };
        Some(Self { value })
    }

    pub(crate) fn number(&self) -> Option<Number> {
        match self.value {
            Inner::None => Some(Number::Int(0)),
            Inner::Int(value) => Some(Number::Int(value)),
            Inner::Double(value) => Some(Number::Double(value)),
        }
    }
}
