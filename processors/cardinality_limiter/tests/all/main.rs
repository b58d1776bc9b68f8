//! The processor natively, through its public interface.

mod model;
mod smoke;
mod stories;
mod support;
