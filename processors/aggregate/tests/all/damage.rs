//! Damaged snapshots and points that nobody would send: errors, never a panic, nothing changed.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint,
};
use prost::Message as _;
use tamis_aggregate::{GaugeRule, Kind, Last, Point, Total, write_since};
use tamis_sdk::wire::{Message, Writer};

use crate::support::{Random, each_stream, restored};

fn double(random: &mut Random) -> f64 {
    match random.below(12) {
        0 => f64::from_bits(random.bits()),
        1 => random.pick(&[f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX, 5e-324]),
        _ => random.between(-20, 20) as f64,
    }
}

fn optional(random: &mut Random) -> Option<f64> {
    (!random.one_in(3)).then(|| double(random))
}

fn count(random: &mut Random) -> u64 {
    if random.one_in(60) { random.bits() } else { random.bits() % 4 }
}

fn buckets(random: &mut Random) -> Option<Buckets> {
    let offset = match random.below(8) {
        0 => random.pick(&[i32::MIN, i32::MAX, i32::MIN + 1, -(1 << 30), 1 << 30]),
        _ => random.between(-1100, 1100) as i32,
    };
    let bucket_counts = (0..random.below(40)).map(|_| count(random)).collect();
    (!random.one_in(4)).then_some(Buckets { offset, bucket_counts })
}

fn exponential(random: &mut Random) -> ExponentialHistogramDataPoint {
    let (positive, negative) = (buckets(random), buckets(random));
    let zero_count = count(random);
    let counts = [&positive, &negative].into_iter().flatten();
    let sum = counts.flat_map(|buckets| &buckets.bucket_counts);
    let count = sum.fold(zero_count, |sum, count| sum.wrapping_add(*count));
    ExponentialHistogramDataPoint {
        count: if random.one_in(20) { random.bits() } else { count },
        sum: optional(random),
        scale: if random.one_in(20) {
            random.bits() as i32
        } else {
            random.between(-12, 21) as i32
        },
        zero_count,
        zero_threshold: if random.one_in(2) { 0.0 } else { double(random) },
        positive,
        negative,
        min: optional(random),
        max: optional(random),
        ..ExponentialHistogramDataPoint::default()
    }
}

fn explicit(random: &mut Random) -> HistogramDataPoint {
    let mut explicit_bounds: Vec<f64> = (0..random.below(6)).map(|_| double(random)).collect();
    if !random.one_in(8) {
        explicit_bounds.sort_by(f64::total_cmp);
        explicit_bounds.dedup();
    }
    let length = if random.one_in(10) { random.below(8) } else { explicit_bounds.len() + 1 };
    let bucket_counts: Vec<u64> = (0..length).map(|_| count(random)).collect();
    let sum = bucket_counts.iter().fold(0_u64, |sum, count| sum.wrapping_add(*count));
    HistogramDataPoint {
        count: if random.one_in(20) { random.bits() } else { sum },
        sum: optional(random),
        bucket_counts,
        explicit_bounds,
        min: optional(random),
        max: optional(random),
        ..HistogramDataPoint::default()
    }
}

fn number(random: &mut Random) -> NumberDataPoint {
    let value = match random.below(8) {
        0 => None,
        1..4 => Some(Value::AsInt(random.bits() as i64 >> random.pick(&[0, 50]))),
        _ => Some(Value::AsDouble(double(random))),
    };
    NumberDataPoint { value, time_unix_nano: random.bits() % 9, ..NumberDataPoint::default() }
}

fn encoded(kind: Kind, random: &mut Random) -> Vec<u8> {
    let mut encoded = match kind {
        Kind::Histogram { .. } => explicit(random).encode_to_vec(),
        Kind::Exponential { .. } => exponential(random).encode_to_vec(),
        _ => number(random).encode_to_vec(),
    };
    if random.one_in(4) {
        flip(&mut encoded, random);
    }
    encoded
}

fn flip(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => bytes[at] = random.pick(&[0, 1, 0x7f, 0x80, 0xff]),
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
}

fn snapshot(total: &Total) -> Vec<u8> {
    let mut bytes = Vec::new();
    total.snapshot(&mut bytes);
    bytes
}

fn kinds() -> Vec<Kind> {
    let flags = [false, true];
    let sums = flags.map(|delta| flags.map(|monotonic| Kind::Sum { delta, monotonic }));
    let histograms = flags.map(|delta| [Kind::Histogram { delta }, Kind::Exponential { delta }]);
    let others = [[Kind::Gauge, Kind::Summary]];
    sums.into_iter().chain(histograms).chain(others).flatten().collect()
}

/// Does everything that there is to do with a point; answers how often it went well.
fn act(total: &mut Total, last: &mut Last, bytes: &[u8], random: &mut Random) -> bool {
    let message = Message::new(bytes);
    let Ok(point) = Point::read(total.kind(), message) else { return false };
    let before = snapshot(total);
    let done = match random.below(5) {
        0 => total.add(&point).is_ok(),
        1 => total.replace(&point, last).is_ok(),
        2 => total.subtract(last).is_ok() || total.add_last(last).is_ok(),
        _ => match total.add_since(&point, last) {
            Ok(tamis_aggregate::Step::Added) => true,
            Ok(tamis_aggregate::Step::Fell) | Err(_) => false,
        },
    };
    if !done {
        assert_eq!(before, snapshot(total));
    }
    let mut out = Vec::new();
    let since = write_since(message, total.kind(), last, 1, &mut Writer::new(&mut out));
    assert!(since == Ok(tamis_aggregate::Step::Added) || out.is_empty());
    let of_last = last.set(&point);
    let mut out = Vec::new();
    total.write(&mut Writer::new(&mut out));
    match total.kind() {
        Kind::Histogram { .. } => drop(HistogramDataPoint::decode(&out[..]).unwrap()),
        Kind::Exponential { .. } => drop(ExponentialHistogramDataPoint::decode(&out[..]).unwrap()),
        _ => drop(NumberDataPoint::decode(&out[..]).unwrap()),
    }
    done && of_last.is_ok()
}

#[test]
fn nothing_that_comes_makes_it_panic() {
    let went_well = std::cell::Cell::new(0);
    each_stream(|random| {
        let kind = random.pick(&kinds());
        let mut total = match kind {
            Kind::Gauge => Total::gauge(random.pick(&[GaugeRule::Last, GaugeRule::Sum])),
            kind => Total::new(kind),
        };
        let mut last = Last::default();
        for _ in 0..12 {
            let of = if random.one_in(20) { random.pick(&kinds()) } else { kind };
            let bytes = encoded(of, random);
            went_well.set(went_well.get() + u64::from(act(&mut total, &mut last, &bytes, random)));
            // What is kept can be restored, whatever came.
            total = restored(&total);
        }
    });
    assert!(went_well.get() > 2000, "{}", went_well.get());
}

#[test]
fn damaged_snapshots_are_refused_or_sound() {
    let refused = std::cell::Cell::new(0);
    each_stream(|random| {
        let kind = random.pick(&kinds());
        let (mut total, mut last) = (Total::new(kind), Last::default());
        for _ in 0..4 {
            let bytes = encoded(kind, random);
            act(&mut total, &mut last, &bytes, random);
        }
        for _ in 0..8 {
            let mut bytes = snapshot(&total);
            flip(&mut bytes, random);
            let mut of_last = Vec::new();
            last.snapshot(&mut of_last);
            flip(&mut of_last, random);
            let total = Total::restore(kind, &mut &bytes[..]);
            let last = Last::restore(&mut &of_last[..]);
            refused.set(refused.get() + u64::from(total.is_none()));
            if let (Some(mut total), Some(mut last)) = (total, last) {
                for _ in 0..4 {
                    let bytes = encoded(kind, random);
                    act(&mut total, &mut last, &bytes, random);
                }
            }
        }
    });
    assert!(refused.get() > 2000, "{}", refused.get());
}
