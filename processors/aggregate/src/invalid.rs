//! Why a data point cannot be added.

use tamis_sdk::wire;

/// What is wrong with a data point. Holds no value of the telemetry. Whoever gets it has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// Of another kind than the total, or of one that cannot be added.
    #[error("the kind of the data point does not fit")]
    Kind,
    /// Nothing was recorded, or the value is missing.
    #[error("the data point has no value")]
    NoValue,
    /// NaN or infinite where a number is needed.
    #[error("a number is not finite")]
    NotFinite,
    /// Below zero, of a sum that never falls.
    #[error("a monotonic sum is negative")]
    Negative,
    /// Another number of buckets than the bounds make.
    #[error("the number of buckets does not fit the number of bounds")]
    BucketCount,
    /// Not ascending, or NaN.
    #[error("the bounds are not in ascending order")]
    Bounds,
    /// The buckets hold another number of values than the count says.
    #[error("the buckets do not add up to the count")]
    Count,
    /// The scale lies outside of [`SCALES`](crate::SCALES).
    #[error("the scale is out of range")]
    Scale,
    /// A bucket with values lies where there are no doubles.
    #[error("a bucket lies beyond every number")]
    Index,
    /// The zero threshold is negative, NaN or infinite.
    #[error("the zero threshold is not a width")]
    ZeroThreshold,
    /// More than [`POINT_BUCKETS_MAX`](crate::POINT_BUCKETS_MAX) buckets.
    #[error("there are too many buckets")]
    TooManyBuckets,
    /// The total would pass what a count or a number can hold.
    #[error("the total would be too large")]
    Overflow,
    /// The bytes are not what OTLP says.
    #[error("malformed: {0}")]
    Malformed(#[from] wire::Error),
}
