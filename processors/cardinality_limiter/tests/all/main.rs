//! The processor natively, through its public interface.

mod smoke;
mod support;
