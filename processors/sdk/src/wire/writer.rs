//! Writes protobuf records.

/// Appends records to a buffer. The caller gives field numbers and payloads of the right type:
/// nothing is checked.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// A string or bytes field, or a message that is already encoded.
    pub fn bytes(&mut self, number: u32, payload: impl AsRef<[u8]>) {
        let payload = payload.as_ref();
        self.tag(number, 2);
        put_varint(self.out, payload.len() as u64);
        self.out.extend_from_slice(payload);
    }

    /// A message field; `fill` writes its fields.
    pub fn message(&mut self, number: u32, fill: impl FnOnce(&mut Writer<'_>)) {
        self.tag(number, 2);
        let start = self.out.len();
        fill(self);
        let (prefix, length) = encode_varint((self.out.len() - start) as u64);
        self.out.splice(start..start, prefix.into_iter().take(length));
    }

    /// A field of type int32, int64, uint32, uint64, bool or an enum; negative numbers as their two's
    /// complement in 64 bits.
    pub fn varint(&mut self, number: u32, value: u64) {
        self.tag(number, 0);
        put_varint(self.out, value);
    }

    /// A field of type fixed64, sfixed64 or double.
    pub fn fixed64(&mut self, number: u32, value: u64) {
        self.tag(number, 1);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// A field of type fixed32, sfixed32 or float.
    pub fn fixed32(&mut self, number: u32, value: u32) {
        self.tag(number, 5);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Whole records that are already encoded.
    pub fn records(&mut self, records: &[u8]) {
        self.out.extend_from_slice(records);
    }

    fn tag(&mut self, number: u32, wire_type: u32) {
        put_varint(self.out, u64::from(number) << 3 | u64::from(wire_type));
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, value: u64) {
    let (bytes, length) = encode_varint(value);
    out.extend(bytes.into_iter().take(length));
}

/// The encoded varint and how many of the bytes are used.
pub(crate) fn encode_varint(mut value: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut length = 0;
    for byte in &mut bytes {
        length += 1;
        // Truncation wanted: seven bits at a time.
        *byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, length)
}
