//! What a data point costs on its way into a total, from its bytes: nanoseconds for reading, for the
//! sum and for the last value of its source.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Instant;

use tamis_aggregate::{Kind, Last, Point, Step, Total};
use tamis_sdk::wire::{Message, Writer};

const POINTS: usize = 512;
const ROUNDS: usize = 400;

fn main() {
    report("number", Kind::Sum { delta: false, monotonic: true }, number);
    report("histogram of 15 buckets", Kind::Histogram { delta: false }, histogram);
    report("exponential of 160 buckets", Kind::Exponential { delta: false }, exponential);
}

fn report(name: &str, kind: Kind, point: fn(&mut Writer<'_>, u64)) {
    // The same source twice, the second time with more.
    let encoded = [1, 2].map(|round| {
        let mut out = Vec::new();
        common(&mut Writer::new(&mut out), kind);
        point(&mut Writer::new(&mut out), round);
        out
    });
    let [before, now] = encoded.each_ref().map(|encoded| Message::new(encoded));
    let read = |message| Point::read(kind, message).expect("a valid point");
    let (before_read, now_read) = (read(before), read(now));
    let mut total = Total::new(kind);
    let mut last = Last::default();
    total.add(&before_read).expect("a valid point");
    last.set(&before_read).expect("a valid point");
    let reading = cost(|| drop(black_box(read(black_box(now)))));
    let adding = cost(|| black_box(&mut total).add(black_box(&before_read)).expect("valid"));
    let since = cost(|| {
        let step = black_box(&mut total).add_since(black_box(&now_read), black_box(&last));
        assert_eq!(step, Ok(Step::Added));
    });
    let advancing = cost(|| {
        let step = black_box(&mut total).advance(black_box(&now_read), black_box(&mut last));
        assert_eq!(step, Ok(Step::Added));
    });
    let setting = cost(|| black_box(&mut last).set(black_box(&now_read)).expect("valid"));
    let mut out = Vec::new();
    let writing = cost(|| {
        out.clear();
        total.write(&mut Writer::new(black_box(&mut out)));
    });
    println!(
        "{name}: read {reading:.1}, add {adding:.1}, add_since {since:.1}, Last::set {setting:.1}, \
         both {advancing:.1}, write {writing:.1} ns; {} B a point, {} B a source, {} B a total",
        now.bytes().len(),
        size_of::<Last>() + last.memory(),
        size_of::<Total>() + total.memory(),
    );
}

/// The best of many rounds.
fn cost(mut act: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        (0..POINTS).for_each(|_| act());
        best = best.min(start.elapsed().as_nanos() as f64 / POINTS as f64);
    }
    best
}

/// Times, and six attributes.
fn common(out: &mut Writer<'_>, kind: Kind) {
    for index in 0..6 {
        out.message(kind.attributes(), |out| {
            out.bytes(1, format!("http.request.attribute.{index}"));
            out.message(2, |out| out.bytes(1, "value of it"));
        });
    }
    out.fixed64(Kind::START, 1_700_000_000_000_000_000);
    out.fixed64(Kind::TIME, 1_700_000_060_000_000_000);
}

fn number(out: &mut Writer<'_>, round: u64) {
    out.fixed64(4, (round as f64 * 1.25).to_bits());
}

fn histogram(out: &mut Writer<'_>, round: u64) {
    out.fixed64(4, 15 * round);
    out.fixed64(5, (round as f64 * 7.25).to_bits());
    out.message(6, |out| (0..15).for_each(|_| out.records(&round.to_le_bytes())));
    out.message(7, |out| (0..14).for_each(|bound| out.records(&f64::from(bound).to_le_bytes())));
}

fn exponential(out: &mut Writer<'_>, round: u64) {
    out.fixed64(4, 160 * round * 200);
    out.fixed64(5, (round as f64 * 7.25).to_bits());
    out.varint(6, 6);
    out.message(8, |out| {
        out.varint(1, 20);
        // Two bytes each.
        out.message(2, |out| (0..160).for_each(|_| varint(out, 200 * round)));
    });
}

fn varint(out: &mut Writer<'_>, value: u64) {
    out.records(&[value as u8 | 0x80, (value >> 7) as u8]);
}
