//! The running value of an outgoing stream.

use tamis_sdk::otlp::metrics::NumberDataPoint;
use tamis_sdk::wire::Writer;

use crate::number::{Number, NumberSum};
use crate::{Invalid, Kind, Last, Point, Value};

/// What a gauge of several sources shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GaugeRule {
    /// The value with the latest time; at the same time, the one that came later.
    #[default]
    Last,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// All added.
    Sum,
}

/// What became of a cumulative point.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// What it has more than the last one was added.
    Added,
    /// It is less than the last one: its source was reset. Nothing was changed; all of it is new, and
    /// [`Total::add`] adds that.
    Fell,
}

/// The running value of an outgoing stream.
///
/// Every method that fails leaves it as it was.
#[derive(Clone, Debug)]
pub struct Total {
    kind: Kind,
    rule: GaugeRule,
    sum: NumberSum,
}

impl Total {
    /// Nothing yet. A gauge follows [`GaugeRule::Last`].
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, rule: GaugeRule::Last, sum: NumberSum::default() }
    }

    /// A gauge over the points, or [`Last`]s, that are added between one reset and the next.
    #[must_use]
    pub fn gauge(rule: GaugeRule) -> Self {
        Self { rule, ..Self::new(Kind::Gauge) }
    }

    /// The kind of points that it takes and writes.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether nothing was added since the beginning or the last reset.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sum == NumberSum::default()
    }

    /// Adds all of a point: a delta, the first of a cumulative source, a gauge.
    pub fn add(&mut self, point: &Point<'_>) -> Result<(), Invalid> {
        let number = match point.value {
            Value::Int(value) => Number::Int(value),
            Value::Double(value) => Number::Double(value),
            _ => return Err(Invalid::Kind),
        };
        self.sum = self.sum.plus(number.checked()?).ok_or(Invalid::Overflow)?;
        Ok(())
    }

    /// Adds what a cumulative point has more than the last one of its source.
    pub fn add_since(&mut self, point: &Point<'_>, last: &Last) -> Result<Step, Invalid> {
        let _ = (point, last);
        Err(Invalid::Kind)
    }

    /// Puts a number in the place of the last one of its source: for sums that are levels
    /// ([`Kind::is_level`]), and for gauges by [`GaugeRule::Sum`].
    pub fn replace(&mut self, point: &Point<'_>, last: &Last) -> Result<(), Invalid> {
        let _ = (point, last);
        Err(Invalid::Kind)
    }

    /// Takes out the last number of a source that is gone; see [`replace`](Self::replace).
    pub fn subtract(&mut self, last: &Last) -> Result<(), Invalid> {
        let _ = last;
        Err(Invalid::Kind)
    }

    /// Adds a source's last number: gauges by [`GaugeRule::Min`] and [`GaugeRule::Max`] are computed
    /// anew from those of all sources, after a [`reset`](Self::reset).
    pub fn add_last(&mut self, last: &Last) -> Result<(), Invalid> {
        let _ = last;
        Err(Invalid::Kind)
    }

    /// Begins again with zero, after a delta was written. Bounds, scale and zero threshold stay.
    pub fn reset(&mut self) {
        self.sum = NumberSum::default();
    }

    /// Writes the value's fields of a data point, and the exemplars, which are then forgotten. Not
    /// attributes, times, flags.
    pub fn write(&mut self, point: &mut Writer<'_>) {
        match self.sum.value() {
            Number::Int(value) => point.fixed64(NumberDataPoint::AS_INT, value as u64),
            Number::Double(value) => point.fixed64(NumberDataPoint::AS_DOUBLE, value.to_bits()),
        }
    }

    /// Bytes on the heap, without the shared bounds.
    #[must_use]
    pub fn memory(&self) -> usize {
        0
    }

    /// Appends what [`restore`](Self::restore) reads. Without exemplars.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Reads the snapshot of a total of that kind off the start of `bytes`; none where it is damaged.
    #[must_use]
    pub fn restore(kind: Kind, bytes: &mut &[u8]) -> Option<Self> {
        let _ = bytes;
        Some(Self::new(kind))
    }
}
