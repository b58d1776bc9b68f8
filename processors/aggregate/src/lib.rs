//! Data points of many streams folded into one: what a [`Total`] holds is what a single source would
//! have reported that had made all measurements.
//!
//! ```
//! use tamis_aggregate::{Kind, Point, Total};
//! use tamis_sdk::wire::{Message, Writer};
//!
//! let kind = Kind::Sum { delta: true, monotonic: true };
//! let mut total = Total::new(kind);
//! for value in [5, 7] {
//!     let mut encoded = Vec::new();
//!     Writer::new(&mut encoded).fixed64(6, value);
//!     let point = Point::read(kind, Message::new(&encoded)).unwrap();
//!     total.add(&point).unwrap();
//! }
//! let mut encoded = Vec::new();
//! total.write(&mut Writer::new(&mut encoded));
//! let mut expected = Vec::new();
//! Writer::new(&mut expected).fixed64(6, 12);
//! assert_eq!(encoded, expected);
//! ```
//!
//! What is exact and what is not stands in the crate's README.

mod exact;
mod exemplar;
mod explicit;
mod exponential;
mod invalid;
mod kind;
mod last;
mod number;
mod point;
mod since;
mod snapshot;
mod summary;
mod total;

pub use invalid::Invalid;
pub use kind::Kind;
pub use last::Last;
pub use point::{Explicit, Exponential, Point, Value};
pub use since::write_since;
pub use total::{GaugeRule, Step, Total};

use std::ops::RangeInclusive;

/// Buckets of one data point, of an exponential histogram on either side; above, the point is refused.
pub const POINT_BUCKETS_MAX: usize = 4096;
/// Buckets of one side of an exponential total; above, they are made wider. SDKs have 160.
pub const EXPONENTIAL_BUCKETS_MAX: usize = 320;
/// Scales of exponential histograms. At the lowest there is one bucket on either side of 1; at the
/// highest, which is that of the SDKs, an index has 31 bits.
pub const SCALES: RangeInclusive<i32> = -11..=20;
/// Exemplars that a total keeps until it is written: the newest.
pub const EXEMPLARS_MAX: usize = 8;
/// Bytes of one exemplar that is kept; longer ones are not.
pub const EXEMPLAR_BYTES_MAX: usize = 512;
