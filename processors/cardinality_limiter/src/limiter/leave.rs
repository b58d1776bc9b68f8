//! What was added to leaves at the end of the batch: one data point of each series.

use tamis_aggregate::Kind;
use tamis_sdk::otlp::metrics::{
    AggregationTemporality, ExponentialHistogram, ExportMetricsServiceRequest, Histogram,
    ResourceMetrics, ScopeMetrics, Sum,
};
use tamis_sdk::wire::Writer;

use super::Limiter;
use crate::fold::{Fold, Frame};
use crate::walk::meaning;

impl Limiter {
    /// Records of `ResourceMetrics` with a data point of every fold that was touched.
    pub(crate) fn leave(&mut self) -> Vec<u8> {
        let clock = self.clock();
        let touched = std::mem::take(&mut self.touched);
        let mut folds: Vec<(u32, Frame)> = Vec::with_capacity(touched.len());
        for number in touched {
            if let Some(fold) = self.folds.get_mut(&number) {
                if fold.has_value() {
                    folds.push((number, fold.frame.clone()));
                } else {
                    fold.touched = false;
                }
            }
        }
        // What belongs together stands together, in the same order every time.
        folds.sort_by(|one, other| one.1.cmp(&other.1).then(one.0.cmp(&other.0)));
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        for resource in folds.chunk_by(|one, other| one.1.resource == other.1.resource) {
            writer.message(ExportMetricsServiceRequest::RESOURCE_METRICS, |writer| {
                let Some((_, frame)) = resource.first() else { return };
                writer.records(&frame.resource);
                for scope in resource.chunk_by(|one, other| one.1.scope == other.1.scope) {
                    writer.message(ResourceMetrics::SCOPE_METRICS, |writer| {
                        self.scope(scope, clock, writer);
                    });
                }
            });
        }
        out
    }

    fn scope(&mut self, folds: &[(u32, Frame)], clock: u32, writer: &mut Writer<'_>) {
        let Some((_, frame)) = folds.first() else { return };
        writer.records(&frame.scope);
        let kind = |number: &u32| self.folds.get(number).map(|fold| fold.kind);
        let mut kinds: Vec<(u32, Option<Kind>, &Frame)> =
            folds.iter().map(|(number, frame)| (*number, kind(number), frame)).collect();
        kinds.sort_by(|one, other| {
            let order = one.2.head.cmp(&other.2.head);
            order.then(one.1.map(meaning).cmp(&other.1.map(meaning))).then(one.0.cmp(&other.0))
        });
        let is_same = |one: &(u32, Option<Kind>, &Frame), other: &(u32, Option<Kind>, &Frame)| {
            one.1 == other.1 && one.2.head == other.2.head
        };
        for metric in kinds.chunk_by(is_same) {
            let Some((_, Some(kind), frame)) = metric.first() else { continue };
            writer.message(ScopeMetrics::METRICS, |writer| {
                writer.records(&frame.head.fields);
                writer.message(kind.data(), |writer| {
                    for (number, ..) in metric {
                        if let Some(fold) = self.folds.get_mut(number) {
                            writer
                                .message(kind.points(), |writer| Fold::write(fold, clock, writer));
                        }
                    }
                    data(*kind, writer);
                });
            });
        }
    }
}

/// The fields of a metric's data beside its points.
fn data(kind: Kind, writer: &mut Writer<'_>) {
    let temporality = match kind.is_delta() {
        true => AggregationTemporality::DELTA,
        false => AggregationTemporality::CUMULATIVE,
    };
    let temporality = u64::from(temporality.0.unsigned_abs());
    match kind {
        Kind::Sum { monotonic, .. } => {
            writer.varint(Sum::AGGREGATION_TEMPORALITY, temporality);
            if monotonic {
                writer.varint(Sum::IS_MONOTONIC, 1);
            }
        }
        Kind::Histogram { .. } => writer.varint(Histogram::AGGREGATION_TEMPORALITY, temporality),
        Kind::Exponential { .. } => {
            writer.varint(ExponentialHistogram::AGGREGATION_TEMPORALITY, temporality);
        }
        Kind::Gauge | Kind::Summary => {}
    }
}
