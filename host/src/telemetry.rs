//! tamis' own telemetry: what it counts about itself and how that is read.

pub mod metrics;
pub mod settings;
