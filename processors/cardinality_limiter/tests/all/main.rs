//! The processor natively, through its public interface.

mod model;
mod smoke;
mod support;
