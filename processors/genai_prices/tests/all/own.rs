//! Prices of a user's own.
