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
        // Nearly all are short: one byte is left for the length, and more are made room for if need be.
        let at = self.out.len();
        self.out.push(0);
        fill(self);
        let length = self.out.len() - at - 1;
        // Truncation wanted: the lowest seven bits.
        self.out[at] = length as u8 & 0x7f;
        if length >= 0x80 {
            self.out[at] |= 0x80;
            insert_varint(self.out, at + 1, (length >> 7) as u64);
        }
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

    /// The tag of a string, bytes or message field, of which the rest is already encoded: give it to
    /// [`records`](Self::records).
    #[inline]
    pub fn length_delimited(&mut self, number: u32) {
        self.tag(number, 2);
    }

    /// Whole records that are already encoded.
    #[inline]
    pub fn records(&mut self, records: &[u8]) {
        self.out.extend_from_slice(records);
    }

    #[inline]
    fn tag(&mut self, number: u32, wire_type: u32) {
        put_varint(self.out, u64::from(number) << 3 | u64::from(wire_type));
    }
}

#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        // Truncation wanted: seven bits at a time.
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Puts the varint before what stands from `at` on; answers how many bytes it takes.
pub(crate) fn insert_varint(out: &mut Vec<u8>, at: usize, value: u64) -> usize {
    let end = out.len();
    put_varint(out, value);
    let used = out.len() - end;
    out[at..].rotate_right(used);
    used
}

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn a_message_of_any_length_is_as_if_encoded_before() {
        for length in [0, 1, 127, 128, 129, 16_383, 16_384, 2_097_151, 2_097_152] {
            let payload: Vec<u8> = (0..length).map(|at: u32| at as u8).collect();
            let (mut filled, mut whole) = (b"before".to_vec(), b"before".to_vec());
            Writer::new(&mut filled).message(3, |writer| writer.records(&payload));
            Writer::new(&mut whole).bytes(3, &payload);
            assert!(filled == whole, "{length} bytes");
        }
    }
}
