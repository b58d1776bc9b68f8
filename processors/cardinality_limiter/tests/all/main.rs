//! The processor natively, through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests")]

mod cases;
mod model;
mod scale;
mod smoke;
mod spans;
mod stories;
mod support;
