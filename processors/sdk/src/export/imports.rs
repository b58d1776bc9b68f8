//! The imports as `host` calls them.

use super::worlds::imports_world::tamis::processor as generated;
use crate::contract::Signal;
use crate::host::counters::{Bound, Claim};
use crate::host::hold::{Decision, Fullness, Portion};
use crate::host::logging::Level;
use crate::host::metrics::{Kind, Measurement};

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => generated::logging::Level::Debug,
        Level::Info => generated::logging::Level::Info,
        Level::Warn => generated::logging::Level::Warn,
        Level::Error => generated::logging::Level::Error,
    };
    generated::logging::log(level, message);
}

pub(crate) fn wall() -> u64 {
    generated::clock::wall()
}

pub(crate) fn monotonic() -> u64 {
    generated::clock::monotonic()
}

pub(crate) fn record_all(measurements: Vec<Measurement>) {
    let measurement = |measurement: Measurement| generated::metrics::Measurement {
        kind: match measurement.kind {
            Kind::Counter => generated::metrics::Kind::Counter,
            Kind::Gauge => generated::metrics::Kind::Gauge,
            Kind::Histogram => generated::metrics::Kind::Histogram,
        },
        name: measurement.name,
        labels: measurement.labels,
        value: measurement.value,
    };
    let measurements: Vec<_> = measurements.into_iter().map(measurement).collect();
    generated::metrics::record_all(&measurements);
}

pub(crate) fn take(claims: Vec<Claim>) -> Vec<bool> {
    let claim = |claim: Claim| generated::counters::Claim {
        key: claim.key,
        n: claim.n,
        bound: match claim.bound {
            Bound::Window { limit, length_ms } => {
                generated::counters::Bound::Window((limit, length_ms))
            }
            Bound::Bucket { rate, burst } => generated::counters::Bound::Bucket((rate, burst)),
        },
    };
    let claims: Vec<_> = claims.into_iter().map(claim).collect();
    generated::counters::take(&claims)
}

pub(crate) fn emit(signal: Signal, batch: &[u8]) -> bool {
    generated::emitter::emit(signal.into(), batch)
}

pub(crate) fn hold(portions: Vec<Portion>) -> bool {
    let portion =
        |portion: Portion| generated::hold::Portion { key: portion.key, items: portion.items };
    let portions: Vec<_> = portions.into_iter().map(portion).collect();
    generated::hold::hold(&portions)
}

pub(crate) fn usage() -> Fullness {
    let usage = generated::hold::usage();
    Fullness { used: usage.used, bound: usage.bound }
}

pub(crate) fn release(decisions: Vec<Decision>, rewrite: bool) {
    generated::hold::release(&decided(decisions), rewrite);
}

pub(crate) fn discard(decisions: Vec<Decision>) {
    generated::hold::discard(&decided(decisions));
}

fn decided(decisions: Vec<Decision>) -> Vec<generated::hold::Decision> {
    let decision =
        |decision: Decision| generated::hold::Decision { key: decision.key, memo: decision.memo };
    decisions.into_iter().map(decision).collect()
}
