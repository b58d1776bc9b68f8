//! Streams of random measurements, folded by the crate and counted directly, must agree.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod damage;
mod exemplars;
mod explicit;
mod exponential;
mod measured;
mod numbers;
mod support;
mod tables;
