//! The host's own processors; all others are guests ([`crate::wasm`] runs them).

pub mod settings;
