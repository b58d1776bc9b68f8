//! Receivers: what takes telemetry in and answers the sender.

pub mod settings;
