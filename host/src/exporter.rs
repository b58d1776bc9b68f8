//! Exporters: what sends telemetry out, with its queue and its retries.

pub mod settings;
