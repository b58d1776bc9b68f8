//! tamis' own telemetry: what it counts about itself and how that is read.

pub mod logging;
pub mod metrics;
pub mod process;
pub mod server;
pub mod settings;
