//! Names without the values in them: paths with `{id}`, messages as templates.
//!
//! For labels and span names, which must take few values. Rules look at the shape of one segment or
//! word; [`Paths`] also learns from traffic where a position of a path takes too many values.
//! `README.md` says what becomes what, and what stays.

mod bytes;
mod message;
mod paths;
mod segment;
mod split;
mod tree;
mod words;

pub use message::message;
pub use paths::{Learning, Paths};
