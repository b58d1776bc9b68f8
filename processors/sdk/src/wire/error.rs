//! What can be wrong with the bytes of a batch, or with the way they are edited.

/// Where a batch is malformed. Holds no value of the telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {kind}")]
pub struct Error {
    kind: Kind,
    offset: u32,
}

impl Error {
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: Kind, offset: usize) -> Self {
        Self { kind, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where, in bytes from the start of the batch.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.offset
    }
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Kind {
    /// A field reaches past the end of its message.
    #[error("a field reaches past the end of its message")]
    Truncated,
    /// A varint is longer than ten bytes or holds more than 64 bits.
    #[error("a varint is too long")]
    Varint,
    /// A tag holds field number 0, or more than 32 bits.
    #[error("a field number is out of range")]
    FieldNumber,
    /// A wire type that does not exist, or a group.
    #[error("a wire type is unknown")]
    WireType,
    /// A known field has another wire type than OTLP gives it.
    #[error("a field has another wire type than OTLP gives it")]
    Unexpected,
    /// A field that holds one message is there twice. Protobuf would merge the two; a view cannot,
    /// and taking one of them would hide the other. No encoder writes this.
    #[error("a field that may be there once is there twice")]
    Repeated,
    /// A cursor was told to change what lies behind it, or what it does not stand on. A mistake in
    /// the processor, not in the data.
    #[error("an edit is out of order")]
    Order,
    /// The batch, or what it would become, passes 4 GiB.
    #[error("the batch is too large")]
    Size,
}
