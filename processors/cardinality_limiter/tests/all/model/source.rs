//! One source: a stream as an SDK sends it, and what of it has to be found again.

use super::measure::{EXPLICIT, EXPONENTIAL, Measure, WHOLE, ZERO};
use super::plan::{BEGAN, Kind, Metric, Plan, SECOND};
use super::random::Random;

/// Bounds of explicit histograms; [`COMMON`] are in all.
pub(crate) const BOUNDS: [&[f64]; 3] =
    [&[1.0, 2.0, 5.0, 10.0], &[1.0, 5.0, 10.0], &[2.0, 5.0, 7.0]];
pub(crate) const COMMON: &[f64] = &[5.0];
/// Scales of exponential histograms: 0 is the least.
const SCALES: [i32; 3] = [0, 1, 3];

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(i64),
    Double(f64),
    Explicit { bounds: &'static [f64], counts: Vec<u64>, sum: f64 },
    Exponential { scale: i32, offset: i32, counts: Vec<u64>, zero: u64, sum: f64 },
    Summary,
}

impl Value {
    pub(crate) fn measure(&self) -> Measure {
        match self {
            Self::Int(value) => Measure::int(*value),
            Self::Double(value) => Measure::double(*value),
            Self::Explicit { bounds, counts, sum } => explicit(bounds, counts, *sum),
            Self::Exponential { scale, offset, counts, zero, sum } => {
                exponential(*scale, *offset, counts, *zero, *sum)
            }
            Self::Summary => Measure::default(),
        }
    }
}

pub(crate) fn explicit(bounds: &[f64], counts: &[u64], sum: f64) -> Measure {
    let mut measure = Measure { double: sum, scale: sum.abs(), ..Measure::default() };
    for (place, count) in counts.iter().enumerate() {
        let upper = bounds.get(place).copied().unwrap_or(f64::INFINITY);
        let bucket = COMMON.iter().filter(|common| **common < upper).count() as i64;
        *measure.ints.entry(EXPLICIT + bucket).or_default() += i128::from(*count);
        *measure.ints.entry(WHOLE).or_default() += i128::from(*count);
    }
    measure
}

pub(crate) fn exponential(scale: i32, offset: i32, counts: &[u64], zero: u64, sum: f64) -> Measure {
    assert!(scale >= 0, "no source has wider buckets");
    let mut measure = Measure { double: sum, scale: sum.abs(), ..Measure::default() };
    measure.ints.insert(ZERO, zero.into());
    measure.ints.insert(WHOLE, zero.into());
    for (index, count) in (offset..).zip(counts) {
        let bucket = EXPONENTIAL + i64::from(index >> scale);
        *measure.ints.entry(bucket).or_default() += i128::from(*count);
        *measure.ints.entry(WHOLE).or_default() += i128::from(*count);
    }
    measure
}

/// A data point on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) source: usize,
    pub(crate) start: u64,
    pub(crate) time: u64,
    pub(crate) value: Value,
    pub(crate) no_value: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) metric: usize,
    pub(crate) kind: Kind,
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) scope: String,
    pub(crate) labels: Vec<(String, String)>,
    /// As it comes out where nothing is done to it.
    pub(crate) identity: String,
    pub(crate) start: u64,
    pub(crate) time: u64,
    pub(crate) value: Value,
    bounds: usize,
    scale: i32,
    pub(crate) alive: bool,
    /// What came in of it, in the order of arrival.
    pub(crate) last: Option<(u64, u64, Measure)>,
    pub(crate) counted: Measure,
    /// Where its last accepted point left as itself.
    pub(crate) is_own: bool,
    pub(crate) received: u64,
    /// The last point said that there is no value.
    pub(crate) is_stale: bool,
}

impl Source {
    pub(crate) fn new(plan: &Plan, random: &mut Random, now: u64, number: usize) -> Self {
        let metric = random.below(plan.metrics.len());
        let of = &plan.metrics[metric];
        let pair = |key: &str, value: String| (key.to_owned(), value);
        let service = random.below(2);
        let resource = vec![
            pair("service.name", format!("s{service}")),
            pair("instance", format!("i{}", random.below(2))),
        ];
        let route = match plan.normalizes && random.one_in(2) {
            true => format!("/users/{}", 1000 + random.below(50)),
            false => format!("/{}", ["a", "b", "c"][random.below(3)]),
        };
        let mut labels = vec![pair("route", route)];
        if !(plan.ragged && random.one_in(3)) {
            labels.push(pair("user", format!("u{number}")));
        }
        if !random.one_in(4) {
            labels.push(pair("tenant", format!("t{}", random.below(2))));
        }
        random.shuffle(&mut labels);
        let scope = random.pick(&["", "lib"]).to_owned();
        let mut source = Self {
            metric,
            kind: of.kind,
            identity: identity(of, &resource, &scope, &labels),
            resource,
            scope,
            labels,
            start: now,
            time: now,
            value: Value::Int(0),
            bounds: random.below(BOUNDS.len()),
            scale: random.pick(&SCALES),
            alive: true,
            last: None,
            counted: Measure::default(),
            is_own: false,
            received: now,
            is_stale: false,
        };
        source.restart(plan, random, now);
        if plan.old && random.one_in(2) {
            source.start = BEGAN - 1000 * SECOND - random.between(0, 1000);
            (0..3).for_each(|_| source.grow(plan, random));
        }
        source
    }

    /// Begins again from nothing.
    pub(crate) fn restart(&mut self, plan: &Plan, random: &mut Random, now: u64) {
        self.start = now.max(self.time + 1);
        self.time = self.start;
        self.empty(plan);
        if random.one_in(2) {
            self.grow(plan, random);
        }
    }

    pub(crate) fn empty(&mut self, plan: &Plan) {
        let bounds = BOUNDS[self.bounds];
        self.value = match self.kind {
            Kind::Gauge | Kind::Sum { .. } if plan.metrics[self.metric].doubles => {
                Value::Double(0.0)
            }
            Kind::Gauge | Kind::Sum { .. } => Value::Int(0),
            Kind::Histogram { .. } => {
                Value::Explicit { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 }
            }
            Kind::Exponential { .. } => Value::Exponential {
                scale: self.scale,
                offset: -6,
                counts: vec![0; 12],
                zero: 0,
                sum: 0.0,
            },
            Kind::Summary => Value::Summary,
        };
    }

    fn grow(&mut self, plan: &Plan, random: &mut Random) {
        let levels = matches!(self.kind, Kind::Gauge | Kind::Sum { monotonic: false, .. });
        if self.kind.is_delta() {
            self.empty(plan);
        }
        match &mut self.value {
            Value::Int(value) if levels => *value = random.below(2000) as i64 - 1000,
            Value::Double(value) if levels => *value = random.below(2000) as f64 / 7.0 - 100.0,
            Value::Int(value) => *value += random.below(100) as i64,
            Value::Double(value) => *value += random.below(1000) as f64 / 7.0,
            Value::Explicit { counts, sum, .. } => {
                for _ in 0..random.below(4) {
                    let place = random.below(counts.len());
                    counts[place] += random.between(1, 5);
                    *sum += random.below(100) as f64 / 7.0;
                }
            }
            Value::Exponential { counts, zero, sum, .. } => {
                for _ in 0..random.below(4) {
                    let place = random.below(counts.len());
                    counts[place] += random.between(1, 5);
                    *zero += random.between(0, 1);
                    *sum += random.below(100) as f64 / 7.0;
                }
            }
            Value::Summary => {}
        }
    }

    /// The next point, of about now.
    pub(crate) fn send(
        &mut self,
        number: usize,
        plan: &Plan,
        random: &mut Random,
        now: u64,
    ) -> Sent {
        let before = self.time;
        self.grow(plan, random);
        self.time = (now - random.between(0, SECOND / 2)).max(before + 1);
        let start = match self.kind {
            Kind::Gauge => 0,
            kind if kind.is_delta() => before,
            _ => self.start,
        };
        let value = self.value.clone();
        Sent { source: number, start, time: self.time, value, no_value: false }
    }

    /// A point has arrived; `is_own`: it left as itself.
    pub(crate) fn accept(&mut self, plan: &Plan, sent: &Sent, is_own: bool, now: u64) {
        if sent.no_value {
            self.is_stale = true;
            return;
        }
        let measure = sent.value.measure();
        if self.kind.is_delta() {
            self.counted.plus(&measure);
            self.received = now;
            return;
        }
        let counts = match &self.last {
            None => {
                let is_known = sent.start >= BEGAN - 60 * SECOND && sent.start != sent.time;
                is_own || plan.initial == "keep" || plan.initial == "auto" && is_known
            }
            Some((start, time, _)) if *start == sent.start && sent.time < *time => return,
            Some((_, time, _)) if self.kind == Kind::Gauge && sent.time < *time => return,
            Some((start, _, last)) => {
                if *start == sent.start && !measure.fell(last, self.kind.is_histogram()) {
                    self.counted.minus(last);
                }
                true
            }
        };
        if counts {
            self.counted.plus(&measure);
        }
        (self.is_own, self.received, self.is_stale) = (is_own, now, false);
        self.last = Some((sent.start, sent.time, measure));
    }
}

/// As [`super::flat`] has it.
pub(crate) fn identity(
    metric: &Metric,
    resource: &[(String, String)],
    scope: &str,
    labels: &[(String, String)],
) -> String {
    let text = |pairs: &[(String, String)]| {
        let mut all: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        all.sort();
        all.join(",")
    };
    let (resource, labels) = (text(resource), text(labels));
    format!("{} {} {:?} [{resource}] {scope} {{{labels}}}", metric.name, metric.unit, metric.kind)
}
