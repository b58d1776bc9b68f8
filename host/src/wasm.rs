//! Guests: the processors that run as WebAssembly components.

pub mod settings;
