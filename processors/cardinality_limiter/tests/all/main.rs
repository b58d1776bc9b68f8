//! The processor natively, through its public interface.

mod model;
mod scale;
mod smoke;
mod spans;
mod stories;
mod support;
