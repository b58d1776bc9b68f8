//! Streams of random measurements, folded by the crate and counted directly, must agree.

mod damage;
mod exemplars;
mod explicit;
mod exponential;
mod measured;
mod numbers;
mod support;
mod tables;
