//! The state as bytes, for another life of the process.
