//! Random data, what prost makes of it, and slow but plain ways to do what the SDK does.

pub(crate) mod change;
pub(crate) mod decode;
pub(crate) mod distort;
pub(crate) mod generate;
pub(crate) mod rebuild;
mod request;
pub(crate) mod schema;

pub(crate) use request::Request;
