//! Sums and gauges against exact arithmetic.

use opentelemetry_proto::tonic::metrics::v1::NumberDataPoint;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use tamis_aggregate::{GaugeRule, Kind, Last, Step, Total};

use crate::support::{Random, each_stream, restored, restored_last, since, with, written};

/// A number in units of 2^-20, of which every sum is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fixed {
    units: i128,
    is_int: bool,
}

const UNIT: i128 = 1 << 20;

impl Fixed {
    const ZERO: Self = Self { units: 0, is_int: true };

    /// Doubles of 40 bits, integers of 62.
    fn random(random: &mut Random, doubles: bool, negatives: bool) -> Self {
        let sign = if negatives && random.one_in(2) { -1 } else { 1 };
        let is_int = !doubles || random.one_in(2);
        let bits = random.bits() >> random.pick(&[2, 30, 55, 60]);
        let units = if is_int { i128::from(bits) * UNIT } else { i128::from(bits >> 24) };
        Self { units: units * sign, is_int }
    }

    fn plus(self, other: Self) -> Self {
        Self { units: self.units + other.units, is_int: self.is_int && other.is_int }
    }

    fn minus(self, other: Self) -> Self {
        self.plus(Self { units: -other.units, ..other })
    }

    fn value(self) -> Value {
        match i64::try_from(self.units / UNIT) {
            Ok(int) if self.is_int => Value::AsInt(int),
            // One rounding: dividing by a power of two is exact.
            _ => Value::AsDouble(self.units as f64 / UNIT as f64),
        }
    }

    fn point(self, time: u64) -> NumberDataPoint {
        let value = Some(self.value());
        NumberDataPoint { time_unix_nano: time, value, ..NumberDataPoint::default() }
    }
}

fn value_of(total: &mut Total) -> Value {
    written::<NumberDataPoint>(total).value.unwrap()
}

/// A sum of some hundred bits of which 106 are kept: half a unit in the last place, or one more.
fn assert_same(total: &mut Total, expected: Fixed) {
    let (written, expected) = (value_of(total), expected.value());
    match (written, expected) {
        (Value::AsDouble(a), Value::AsDouble(b)) => {
            assert!((a - b).abs() <= b.abs() * f64::EPSILON, "{a} {b}");
        }
        (a, b) => assert_eq!(a, b),
    }
}

#[test]
fn deltas_add_up() {
    each_stream(|random| {
        let monotonic = random.one_in(2);
        let kind = Kind::Sum { delta: true, monotonic };
        let doubles = random.one_in(2);
        let mut total = Total::new(kind);
        let mut expected = Fixed::ZERO;
        for _ in 0..random.below(30) {
            let number = Fixed::random(random, doubles, !monotonic);
            with(kind, &number.point(1), |point| total.add(point)).unwrap();
            expected = expected.plus(number);
            assert_same(&mut total, expected);
            if random.one_in(8) {
                total = restored(&total);
            }
            if random.one_in(8) {
                total.reset();
                assert!(total.is_empty());
                expected = Fixed::ZERO;
            }
        }
        assert_same(&mut total, expected);
    });
}

#[test]
fn cumulatives_add_up_over_resets_and_never_fall() {
    each_stream(|random| {
        let kind = Kind::Sum { delta: false, monotonic: true };
        let doubles = random.one_in(2);
        let mut total = Total::new(kind);
        let mut expected = Fixed::ZERO;
        let mut sources = vec![(Fixed::ZERO, Last::default()); 3];
        let mut before = 0.0;
        for _ in 0..random.below(40) {
            let (value, last) = &mut sources[random.below(3)];
            let known = *value;
            let restarts = random.one_in(6);
            *value = if restarts {
                Fixed { units: known.units / UNIT / 2 * UNIT, ..known }
            } else {
                let more = Fixed::random(random, doubles, false);
                // What a source reports is a double, rounded as doubles are.
                match known.plus(more).value() {
                    Value::AsInt(_) => known.plus(more),
                    Value::AsDouble(sum) => {
                        Fixed { units: (sum * UNIT as f64) as i128, is_int: false }
                    }
                }
            };
            with(kind, &value.point(1), |point| {
                match total.add_since(point, last).unwrap() {
                    Step::Added => {
                        assert!(value.units >= known.units);
                        expected = expected.plus(value.minus(known));
                    }
                    Step::Fell => {
                        assert!(value.units < known.units);
                        total.add(point).unwrap();
                        expected = expected.plus(*value);
                    }
                }
                last.set(point).unwrap();
            });
            if random.one_in(8) {
                total = restored(&total);
                *last = restored_last(last);
            }
            assert_same(&mut total, expected);
            let now = match value_of(&mut total) {
                Value::AsInt(value) => value as f64,
                Value::AsDouble(value) => value,
            };
            assert!(now >= before);
            before = now;
        }
    });
}

#[test]
fn levels_are_replaced_and_taken_out() {
    each_stream(|random| {
        let gauge = random.one_in(3);
        let kind = if gauge { Kind::Gauge } else { Kind::Sum { delta: false, monotonic: false } };
        let mut total = if gauge { Total::gauge(GaugeRule::Sum) } else { Total::new(kind) };
        let doubles = random.one_in(2);
        let mut any_double = false;
        let mut sources = vec![(Fixed::ZERO, Last::default()); 4];
        for _ in 0..random.below(40) {
            let (value, last) = &mut sources[random.below(4)];
            if random.one_in(5) {
                total.subtract(last).unwrap();
                (*value, *last) = (Fixed::ZERO, Last::default());
            } else {
                *value = Fixed::random(random, doubles, true);
                any_double |= !value.is_int;
                with(kind, &value.point(1), |point| {
                    total.replace(point, last).unwrap();
                    last.set(point).unwrap();
                });
            }
            let sum = sources.iter().fold(Fixed::ZERO, |sum, (value, _)| sum.plus(*value));
            assert_same(&mut total, Fixed { is_int: !any_double, ..sum });
        }
    });
}

#[test]
fn gauges_follow_their_rules() {
    each_stream(|random| {
        let rule = random.pick(&[GaugeRule::Last, GaugeRule::Min, GaugeRule::Max]);
        let mut total = Total::gauge(rule);
        let mut again = Total::gauge(rule);
        let mut points: Vec<(u64, Fixed)> = Vec::new();
        for _ in 0..1 + random.below(10) {
            let time = random.bits() % 5;
            let number = Fixed::random(random, true, true);
            points.push((time, number));
            let mut last = Last::default();
            with(Kind::Gauge, &number.point(time), |point| {
                total.add(point).unwrap();
                last.set(point).unwrap();
            });
            if rule != GaugeRule::Last {
                again.add_last(&last).unwrap();
            }
            total = restored(&total);
        }
        let by_value = points.iter().map(|(_, number)| *number);
        let expected = match rule {
            GaugeRule::Last => points.iter().max_by_key(|(time, _)| *time).unwrap().1,
            GaugeRule::Min => by_value.min_by_key(|number| number.units).unwrap(),
            _ => by_value.max_by_key(|number| number.units).unwrap(),
        };
        // Equal values may be of either type.
        let as_double = |value| match value {
            Value::AsInt(value) => value as f64,
            Value::AsDouble(value) => value,
        };
        assert_eq!(as_double(value_of(&mut total)), as_double(expected.value()));
        if rule != GaugeRule::Last {
            assert_eq!(value_of(&mut total), value_of(&mut again));
        }
    });
}

#[test]
fn cumulatives_continue_elsewhere() {
    each_stream(|random| {
        let kind = Kind::Sum { delta: false, monotonic: random.one_in(2) };
        let (a, b) = (Fixed::random(random, true, false), Fixed::random(random, true, false));
        let mut base = Last::default();
        with(kind, &a.point(1), |point| base.set(point)).unwrap();
        match since(kind, &b.point(7), &base, 5) {
            Some(point) => {
                assert!(!kind.is_level() || b.units >= a.units || point.value.is_some());
                assert_eq!(point.value, Some(b.minus(a).value()));
                assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (5, 7));
            }
            None => assert!(!kind.is_level() && b.units < a.units),
        }
    });
}

#[test]
fn a_million_doubles_do_not_drift() {
    let kind = Kind::Sum { delta: true, monotonic: false };
    let mut random = Random::new(1);
    let mut total = Total::new(kind);
    let mut expected = Fixed { units: 0, is_int: false };
    let mut size = 0.0;
    for _ in 0..1_000_000 {
        let number = Fixed { is_int: false, ..Fixed::random(&mut random, true, true) };
        let number = Fixed { units: number.units >> 40, ..number };
        with(kind, &number.point(1), |point| total.add(point)).unwrap();
        expected = expected.plus(number);
        size += number.units as f64 / UNIT as f64;
    }
    assert!(size.is_finite());
    assert_same(&mut total, expected);
}
