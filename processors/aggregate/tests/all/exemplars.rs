//! Which exemplars a total keeps.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, HistogramDataPoint, NumberDataPoint};
use prost::Message as _;
use tamis_aggregate::{EXEMPLAR_BYTES_MAX, EXEMPLARS_MAX, Kind, Last, Point, Total};
use tamis_sdk::wire::Message;

use crate::support::{each_stream, since, with, written};

const KIND: Kind = Kind::Histogram { delta: false };

fn exemplar(time_unix_nano: u64, span: u8) -> Exemplar {
    Exemplar { time_unix_nano, span_id: vec![span; 8], ..Exemplar::default() }
}

fn point(exemplars: Vec<Exemplar>) -> HistogramDataPoint {
    HistogramDataPoint { count: 1, exemplars, ..HistogramDataPoint::default() }
}

#[test]
fn the_newest_are_kept_and_written_once() {
    each_stream(|random| {
        let mut total = Total::new(KIND);
        let mut all = Vec::new();
        for span in 0..random.below(40) as u8 {
            let new = exemplar(random.bits() % 20, span);
            all.push(new.clone());
            with(KIND, &point(vec![new]), |point| total.add(point)).unwrap();
        }
        // Later ones of the same time win.
        all.sort_by_key(|exemplar| exemplar.time_unix_nano);
        let newest = all.split_off(all.len().saturating_sub(EXEMPLARS_MAX));
        let mut kept = written::<HistogramDataPoint>(&mut total).exemplars;
        kept.sort_by_key(|exemplar| (exemplar.time_unix_nano, exemplar.span_id.clone()));
        assert_eq!(kept, newest);
        assert!(written::<HistogramDataPoint>(&mut total).exemplars.is_empty());
    });
}

#[test]
fn a_source_that_repeats_itself_is_heard_once() {
    let mut total = Total::new(KIND);
    let mut last = Last::default();
    for _ in 0..3 {
        with(KIND, &point(vec![exemplar(1, 1)]), |point| {
            assert_eq!(total.add_since(point, &last), Ok(tamis_aggregate::Step::Added));
            last.set(point).unwrap();
        });
    }
    assert_eq!(written::<HistogramDataPoint>(&mut total).exemplars, [exemplar(1, 1)]);
}

#[test]
fn stripped_attributes_go_with_them() {
    let stripped = KeyValue { key: "user".to_owned(), ..KeyValue::default() };
    let of_one = Exemplar { filtered_attributes: vec![stripped], ..Exemplar::default() };
    let records = of_one.encode_to_vec();
    let encoded = NumberDataPoint {
        exemplars: vec![exemplar(1, 1)],
        value: Some(opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::AsInt(1)),
        ..NumberDataPoint::default()
    };
    let encoded = encoded.encode_to_vec();
    let mut read = Point::read(Kind::Gauge, Message::new(&encoded)).unwrap();
    read.stripped = &records;
    let mut total = Total::new(Kind::Gauge);
    total.add(&read).unwrap();
    let filtered_attributes = of_one.filtered_attributes;
    let expected = Exemplar { filtered_attributes, ..exemplar(1, 1) };
    assert_eq!(written::<NumberDataPoint>(&mut total).exemplars, [expected]);
    // Not where there is no room for them.
    let much = vec![0; EXEMPLAR_BYTES_MAX];
    read.stripped = &much;
    total.add(&read).unwrap();
    assert_eq!(written::<NumberDataPoint>(&mut total).exemplars, [exemplar(1, 1)]);
}

#[test]
fn long_ones_are_not_kept() {
    let long = Exemplar { span_id: vec![0; EXEMPLAR_BYTES_MAX], ..Exemplar::default() };
    let mut total = Total::new(KIND);
    with(KIND, &point(vec![long, exemplar(1, 1)]), |point| total.add(point)).unwrap();
    assert!(total.memory() > 0);
    assert_eq!(written::<HistogramDataPoint>(&mut total).exemplars, [exemplar(1, 1)]);
}

#[test]
fn what_continues_elsewhere_keeps_all_but_the_value() {
    let attributes = vec![KeyValue { key: "user".to_owned(), ..KeyValue::default() }];
    let now = HistogramDataPoint {
        attributes,
        start_time_unix_nano: 1,
        time_unix_nano: 9,
        count: 3,
        sum: Some(4.0),
        min: Some(1.0),
        max: Some(2.0),
        bucket_counts: vec![1, 2],
        explicit_bounds: vec![5.0],
        flags: 2,
        ..point(vec![exemplar(1, 1)])
    };
    let mut base = Last::default();
    let before = HistogramDataPoint {
        count: 1,
        sum: Some(1.5),
        bucket_counts: vec![1, 0],
        explicit_bounds: vec![5.0],
        ..HistogramDataPoint::default()
    };
    with(KIND, &before, |point| base.set(point)).unwrap();
    let expected = HistogramDataPoint {
        start_time_unix_nano: 7,
        count: 2,
        sum: Some(2.5),
        min: None,
        max: None,
        bucket_counts: vec![0, 2],
        ..now.clone()
    };
    assert_eq!(since(KIND, &now, &base, 7), Some(expected));
    let moved = HistogramDataPoint { start_time_unix_nano: 7, ..now.clone() };
    assert_eq!(since(KIND, &now, &Last::default(), 7), Some(moved));
}
