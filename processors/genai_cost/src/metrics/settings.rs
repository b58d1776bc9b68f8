//! How calls are added up.

use std::time::Duration;

use super::dimension::{Dimension, Field, Source};

#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    /// How often they are sent on. Alerts are to come within half a minute, and backends look every 10
    /// to 15 seconds.
    pub(crate) interval: Duration,
    pub(crate) temporality: Temporality,
    pub(crate) dimensions: Vec<Dimension>,
    /// How many sets of dimensions have figures of their own; the others share one set.
    pub(crate) max_sets: usize,
    /// How many calls are remembered, so that one that comes again does not count again. 0: none.
    pub(crate) remember_calls: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Temporality {
    #[default]
    Cumulative,
    Delta,
}

/// Most of each that may be configured: a set takes some 2 KiB, a call 24 bytes.
pub(crate) const SETS_MAX: u64 = 20_000;
pub(crate) const REMEMBERED_MAX: u64 = 4_194_304;
pub(crate) const INTERVAL_MIN: Duration = Duration::from_secs(1);

impl Default for Metrics {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(10),
            temporality: Temporality::default(),
            dimensions: default_dimensions(),
            max_sets: 2_000,
            remember_calls: 262_144,
        }
    }
}

/// What is there without configuration.
pub(crate) fn default_dimensions() -> Vec<Dimension> {
    let of = |name: &str, source| Dimension {
        name: name.to_owned(),
        sources: vec![source],
        default: None,
    };
    vec![
        of("gen_ai.provider.name", Source::Call(Field::Provider)),
        of("gen_ai.request.model", Source::Call(Field::RequestModel)),
        of("gen_ai.response.model", Source::Call(Field::ResponseModel)),
        of("gen_ai.operation.name", Source::Call(Field::Operation)),
        of("service.name", Source::Resource("service.name".to_owned())),
    ]
}
