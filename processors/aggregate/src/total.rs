//! The running value of an outgoing stream.

use std::cmp::Ordering;

use tamis_sdk::wire::Writer;

use crate::exemplar::Exemplars;
use crate::explicit::ExplicitTotal;
use crate::exponential::{Buckets, ExponentialTotal};
use crate::number::{Number, NumberSum};
use crate::snapshot::{Reader, put};
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

impl GaugeRule {
    /// In the order of their numbers in snapshots.
    const ALL: [Self; 4] = [Self::Last, Self::Min, Self::Max, Self::Sum];
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
    is_empty: bool,
    state: State,
    exemplars: Exemplars,
}

#[derive(Clone, Debug)]
enum State {
    Sum(NumberSum),
    /// The value of a gauge and its time.
    Gauge(GaugeRule, NumberSum, u64),
    Explicit(Box<ExplicitTotal>),
    Exponential(Box<ExponentialTotal>),
    Summary,
}

impl Total {
    /// Nothing yet. A gauge follows [`GaugeRule::Last`].
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let state = match kind {
            Kind::Gauge => State::Gauge(GaugeRule::Last, NumberSum::default(), 0),
            Kind::Sum { .. } => State::Sum(NumberSum::default()),
            Kind::Histogram { .. } => State::Explicit(Box::default()),
            Kind::Exponential { .. } => State::Exponential(Box::default()),
            Kind::Summary => State::Summary,
        };
        Self { kind, is_empty: true, state, exemplars: Exemplars::default() }
    }

    /// A gauge over the points, or [`Last`]s, that are added between one reset and the next.
    #[must_use]
    pub fn gauge(rule: GaugeRule) -> Self {
        let state = State::Gauge(rule, NumberSum::default(), 0);
        Self { state, ..Self::new(Kind::Gauge) }
    }

    /// The kind of points that it takes and writes.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether nothing was added since the beginning or the last reset.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Adds all of a point: a delta, the first of a cumulative source, a gauge.
    pub fn add(&mut self, point: &Point<'_>) -> Result<(), Invalid> {
        recorded(point)?;
        match (&mut self.state, &point.value) {
            (State::Sum(_) | State::Gauge(..), value) => {
                let number = self.checked(value)?;
                self.add_number(number, Some(point.time))?;
            }
            (State::Explicit(total), Value::Explicit(value)) => total.add(value)?,
            (State::Exponential(total), Value::Exponential(value)) => total.add(value)?,
            _ => return Err(Invalid::Kind),
        }
        self.took(point);
        Ok(())
    }

    /// Adds what a cumulative point has more than the last one of its source; all of it if there
    /// was none. Sums that are levels do not fall: those are [`replace`](Self::replace)d.
    pub fn add_since(&mut self, point: &Point<'_>, last: &Last) -> Result<Step, Invalid> {
        if last.is_none() {
            return self.add(point).map(|()| Step::Added);
        }
        recorded(point)?;
        let step = match (&mut self.state, &point.value) {
            (State::Sum(_), value) => self.add_number_since(value, last)?,
            (State::Explicit(total), Value::Explicit(value)) => {
                total.add_since(value, last.explicit().ok_or(Invalid::Kind)?)?
            }
            (State::Exponential(total), Value::Exponential(value)) => {
                let (summary, buckets) = last.exponential().ok_or(Invalid::Kind)?;
                total.add_since(value, Buckets::decoded(value)?, buckets, &summary)?
            }
            _ => return Err(Invalid::Kind),
        };
        if step == Step::Added {
            self.took(point);
        }
        Ok(step)
    }

    /// [`add_since`](Self::add_since) and, unless the point fell, [`Last::set`]: for exponential
    /// histograms cheaper than the two, because buckets are read once.
    pub fn advance(&mut self, point: &Point<'_>, last: &mut Last) -> Result<Step, Invalid> {
        if let (State::Exponential(total), Value::Exponential(value)) =
            (&mut self.state, &point.value)
            && let Some((summary, before)) = last.exponential()
        {
            recorded(point)?;
            let buckets = Buckets::decoded(value)?;
            let step = total.add_since(value, buckets.clone(), before, &summary)?;
            if step == Step::Added {
                last.set_exponential(&value.summary, buckets);
                self.took(point);
            }
            return Ok(step);
        }
        let step = self.add_since(point, last)?;
        if step == Step::Added {
            last.set(point)?;
        }
        Ok(step)
    }

    /// Puts a number in the place of the last one of its source: for sums that are levels
    /// ([`Kind::is_level`]), and for gauges by [`GaugeRule::Sum`].
    pub fn replace(&mut self, point: &Point<'_>, last: &Last) -> Result<(), Invalid> {
        if last.is_none() {
            return self.add(point);
        }
        recorded(point)?;
        let now = self.checked(&point.value)?;
        let before = last.number().ok_or(Invalid::Kind)?;
        let sum = self.level()?;
        *sum = sum.plus_difference(now, before).ok_or(Invalid::Overflow)?;
        self.took(point);
        Ok(())
    }

    /// Takes out the last number of a source that is gone; see [`replace`](Self::replace).
    pub fn subtract(&mut self, last: &Last) -> Result<(), Invalid> {
        if last.is_none() {
            return Ok(());
        }
        let number = last.number().ok_or(Invalid::Kind)?;
        let sum = self.level()?;
        *sum = sum.minus(number).ok_or(Invalid::Overflow)?;
        Ok(())
    }

    /// Adds a source's last number: gauges by [`GaugeRule::Min`] and [`GaugeRule::Max`] are computed
    /// anew from those of all sources, after a [`reset`](Self::reset). Not for [`GaugeRule::Last`].
    pub fn add_last(&mut self, last: &Last) -> Result<(), Invalid> {
        if last.is_none() {
            return Ok(());
        }
        self.add_number(last.number().ok_or(Invalid::Kind)?, None)?;
        self.is_empty = false;
        Ok(())
    }

    /// Begins again with zero, after a delta was written. Bounds, scale and zero threshold stay.
    pub fn reset(&mut self) {
        match &mut self.state {
            State::Sum(sum) => *sum = NumberSum::default(),
            State::Gauge(_, value, time) => (*value, *time) = (NumberSum::default(), 0),
            State::Explicit(total) => total.reset(),
            State::Exponential(total) => total.reset(),
            State::Summary => {}
        }
        self.is_empty = true;
        self.exemplars.clear();
    }

    /// Writes the value's fields of a data point, and the exemplars, which are then forgotten. Not
    /// attributes, times, flags.
    pub fn write(&mut self, point: &mut Writer<'_>) {
        match &self.state {
            State::Sum(sum) | State::Gauge(_, sum, _) => sum.value().write(point),
            State::Explicit(total) => total.write(point),
            State::Exponential(total) => total.write(point),
            State::Summary => {}
        }
        self.exemplars.write(self.kind, point);
    }

    /// Bytes on the heap, without the shared bounds.
    #[must_use]
    pub fn memory(&self) -> usize {
        let state = match &self.state {
            State::Explicit(total) => size_of_val(&**total) + total.memory(),
            State::Exponential(total) => size_of_val(&**total) + total.memory(),
            State::Sum(_) | State::Gauge(..) | State::Summary => 0,
        };
        state + self.exemplars.memory()
    }

    /// Appends what [`restore`](Self::restore) reads. Without exemplars: they are samples, and what
    /// is damaged in them could not be found.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        out.push(self.is_empty.into());
        match &self.state {
            State::Sum(sum) => sum.snapshot(out),
            State::Gauge(rule, value, time) => {
                out.push(*rule as u8);
                put(out, *time);
                value.snapshot(out);
            }
            State::Explicit(total) => total.snapshot(out),
            State::Exponential(total) => total.snapshot(out),
            State::Summary => {}
        }
    }

    /// Reads the snapshot of a total of that kind off the start of `bytes`; none where it is damaged.
    #[must_use]
    pub fn restore(kind: Kind, bytes: &mut &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let is_empty = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let state = match kind {
            Kind::Gauge => {
                let rule = GaugeRule::ALL.get(usize::from(reader.byte()?))?;
                let time = reader.word()?;
                State::Gauge(*rule, NumberSum::restore(&mut reader)?, time)
            }
            Kind::Sum { .. } => State::Sum(NumberSum::restore(&mut reader)?),
            Kind::Histogram { .. } => {
                State::Explicit(Box::new(ExplicitTotal::restore(&mut reader)?))
            }
            Kind::Exponential { .. } => {
                State::Exponential(Box::new(ExponentialTotal::restore(&mut reader)?))
            }
            Kind::Summary => State::Summary,
        };
        Some(Self { kind, is_empty, state, exemplars: Exemplars::default() })
    }

    fn took(&mut self, point: &Point<'_>) {
        self.is_empty = false;
        self.exemplars.add(point);
    }

    /// The number, if this can take it.
    fn checked(&self, value: &Value<'_>) -> Result<Number, Invalid> {
        let number = Number::checked(value)?;
        match self.kind {
            Kind::Sum { monotonic: true, .. } if number.is_negative() => Err(Invalid::Negative),
            _ => Ok(number),
        }
    }

    fn add_number(&mut self, number: Number, time: Option<u64>) -> Result<(), Invalid> {
        let is_first = self.is_empty;
        match &mut self.state {
            State::Sum(sum) | State::Gauge(GaugeRule::Sum, sum, _) => {
                *sum = sum.plus(number).ok_or(Invalid::Overflow)?;
            }
            State::Gauge(GaugeRule::Last, value, latest) => {
                let time = time.ok_or(Invalid::Kind)?;
                if is_first || time >= *latest {
                    (*value, *latest) = (NumberSum::of(number), time);
                }
            }
            State::Gauge(rule, value, _) => {
                let wins = match number.order(value.value()) {
                    Ordering::Less => *rule == GaugeRule::Min,
                    Ordering::Equal => false,
                    Ordering::Greater => *rule == GaugeRule::Max,
                };
                if is_first || wins {
                    *value = NumberSum::of(number);
                }
            }
            _ => return Err(Invalid::Kind),
        }
        Ok(())
    }

    fn add_number_since(&mut self, value: &Value<'_>, last: &Last) -> Result<Step, Invalid> {
        let now = self.checked(value)?;
        let before = last.number().ok_or(Invalid::Kind)?;
        let State::Sum(sum) = &mut self.state else { return Err(Invalid::Kind) };
        if !self.kind.is_level() && now.order(before) == Ordering::Less {
            return Ok(Step::Fell);
        }
        *sum = sum.plus_difference(now, before).ok_or(Invalid::Overflow)?;
        Ok(Step::Added)
    }

    /// What can be taken out of again.
    fn level(&mut self) -> Result<&mut NumberSum, Invalid> {
        let is_monotonic = matches!(self.kind, Kind::Sum { monotonic: true, .. });
        match &mut self.state {
            State::Sum(sum) if !is_monotonic => Ok(sum),
            State::Gauge(GaugeRule::Sum, sum, _) => Ok(sum),
            _ => Err(Invalid::Kind),
        }
    }
}

fn recorded(point: &Point<'_>) -> Result<(), Invalid> {
    if point.no_recorded_value() { Err(Invalid::NoValue) } else { Ok(()) }
}
