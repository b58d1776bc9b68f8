//! Parts as a record: of each the length of its key, the key, the length of its state, the state.

use bytes::{Buf, BufMut, Bytes};

use crate::wasm::bindings::snapshotter::Part;

/// Bytes of a part as they are bounded: the key and the state.
pub(super) fn size(part: &Part) -> usize {
    part.key.len() + part.state.len()
}

/// Parts one after the other. None where a length does not fit 32 bits, which the memory of a guest
/// does not have.
pub(super) fn pack(parts: &[Part]) -> Option<Bytes> {
    let mut record = Vec::with_capacity(parts.iter().map(|part| 8 + size(part)).sum());
    for part in parts {
        for bytes in [&part.key, &part.state] {
            record.put_u32(u32::try_from(bytes.len()).ok()?);
            record.put_slice(bytes);
        }
    }
    Some(record.into())
}

/// None where the record is not whole.
pub(super) fn unpack(mut record: Bytes) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    while !record.is_empty() {
        let key = bytes(&mut record)?;
        let state = bytes(&mut record)?;
        parts.push(Part { key, state });
    }
    Some(parts)
}

fn bytes(record: &mut Bytes) -> Option<Vec<u8>> {
    let len = usize::try_from(record.try_get_u32().ok()?).ok()?;
    (record.len() >= len).then(|| record.split_to(len).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_they_were_written() {
        let part = |key: &[u8], state: &[u8]| Part { key: key.to_vec(), state: state.to_vec() };
        let parts = [part(b"", b"all"), part(b"requests", b""), part(b"requests", &[0; 300])];
        let record = pack(&parts).unwrap();
        assert_eq!(unpack(record.clone()).unwrap(), parts);
        for end in 1..record.len() {
            let whole = [11, 11 + 16].contains(&end);
            assert_eq!(unpack(record.slice(..end)).is_some(), whole, "cut at {end}");
        }
    }
}
