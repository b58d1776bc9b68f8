//! Cutting chosen items out of a batch, with the resource, scope and schema URLs they stand under.
//!
//! The three signals have one shape here: request > 1 resource group > 2 scope group > 2 item, where
//! everything in a group beside its field 2 belongs to all of its items.

use std::ops::Range;

use bytes::Bytes;

use super::wire::{self, FIXED32, FIXED64, LEN, Reason, VARINT};

/// Field of the resource groups in a request.
const GROUPS: u32 = 1;
/// Field of the scope groups in a resource group, and of the items in a scope group.
const CHILDREN: u32 = 2;

/// An offset at which no item of the batch starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    #[error("no item of the batch starts at offset {0}")]
    NoItem(u32),
    #[error("the item at offset {0} is wanted twice")]
    Twice(u32),
    #[error("the batch is malformed: {0}")]
    Malformed(#[from] Reason),
}

/// For each list of item offsets (of the first byte of the item's message, after its length), the
/// request that holds just these items; `None` when all of them together pass `room` bytes. Every
/// portion has a copy of its resources and scopes, so that small items can need much room.
pub fn cut(batch: &[u8], portions: &[&[u32]], room: usize) -> Result<Option<Vec<Bytes>>, CutError> {
    let mut wanted: Vec<(u32, usize)> = portions
        .iter()
        .enumerate()
        .flat_map(|(portion, items)| items.iter().map(move |item| (*item, portion)))
        .collect();
    wanted.sort_unstable();
    if let Some(pair) = wanted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(CutError::Twice(pair[0].0));
    }
    let mut listed = Listed { wanted: &wanted };
    let cut = cut_by(batch, portions.len(), room, &mut listed)?;
    match (&cut, listed.wanted.first()) {
        (Some(_), Some((offset, _))) => Err(CutError::NoItem(*offset)),
        _ => Ok(cut),
    }
}

/// Cuts the batch into `count` portions, to which `choose` gives its items; `None` when all of them
/// together pass `room` bytes.
pub(super) fn cut_by(
    batch: &[u8],
    count: usize,
    room: usize,
    choose: &mut impl Choose,
) -> Result<Option<Vec<Bytes>>, CutError> {
    let mut cutter =
        Cutter { batch, choose, headers: Vec::new(), builders: Vec::new(), room: Some(room) };
    cutter.builders.resize_with(count, Builder::default);
    cutter.request()?;
    let Cutter { headers, builders, room, .. } = cutter;
    let finish = |builder: Builder| builder.finish(batch, &headers);
    Ok(room.map(|_| builders.into_iter().map(finish).collect()))
}

/// Which portion an item goes to.
pub(super) trait Choose {
    /// The portion of the item whose message lies at `range`, or none. Items come in their order.
    fn portion(&mut self, batch: &[u8], range: &Range<usize>) -> Result<Option<usize>, CutError>;

    /// Whether this range of the batch can hold an item that goes anywhere.
    fn may_want(&self, _: &Range<usize>) -> bool {
        true
    }
}

/// Items that were named by offset.
struct Listed<'a> {
    /// What is still to be found, ascending.
    wanted: &'a [(u32, usize)],
}

impl Choose for Listed<'_> {
    fn portion(&mut self, _: &[u8], range: &Range<usize>) -> Result<Option<usize>, CutError> {
        match self.wanted {
            [(offset, portion), rest @ ..] if *offset as usize == range.start => {
                self.wanted = rest;
                Ok(Some(*portion))
            }
            _ => Ok(None),
        }
    }

    fn may_want(&self, range: &Range<usize>) -> bool {
        self.wanted.first().is_some_and(|(offset, _)| {
            // An item without content at the end of its group begins where the group ends.
            (range.start..=range.end).contains(&(*offset as usize))
        })
    }
}

struct Cutter<'a, C> {
    batch: &'a [u8],
    choose: &'a mut C,
    /// What resource and scope groups hold beside their children, in the order in which they were met.
    headers: Vec<Vec<u8>>,
    builders: Vec<Builder>,
    /// Bytes that may still be copied; `None` when that was not enough.
    room: Option<usize>,
}

/// One field of a message, by its place in the batch.
struct Record {
    number: u32,
    wire_type: u8,
    whole: Range<usize>,
    payload: Range<usize>,
}

impl<C: Choose> Cutter<'_, C> {
    fn request(&mut self) -> Result<(), CutError> {
        let mut at = 0;
        while at < self.batch.len() && self.room.is_some() {
            let record = self.record(at..self.batch.len())?;
            at = record.whole.end;
            if record.number == GROUPS
                && record.wire_type == LEN
                && self.choose.may_want(&record.payload)
            {
                self.resource_group(record.payload)?;
            }
        }
        Ok(())
    }

    fn resource_group(&mut self, group: Range<usize>) -> Result<(), CutError> {
        let resource = self.header(group.clone())?;
        let mut at = group.start;
        while at < group.end {
            let record = self.record(at..group.end)?;
            at = record.whole.end;
            if record.number == CHILDREN
                && record.wire_type == LEN
                && self.choose.may_want(&record.payload)
            {
                self.scope_group(resource, record.payload)?;
            }
        }
        Ok(())
    }

    fn scope_group(&mut self, resource: usize, group: Range<usize>) -> Result<(), CutError> {
        let scope = self.header(group.clone())?;
        let mut at = group.start;
        while at < group.end {
            let record = self.record(at..group.end)?;
            at = record.whole.end;
            if record.number == CHILDREN
                && record.wire_type == LEN
                && let Some(portion) = self.choose.portion(self.batch, &record.payload)?
            {
                let builder = &mut self.builders[portion];
                let copied = builder.push(&self.headers, resource, scope, record.whole);
                self.room = self.room.and_then(|room| room.checked_sub(copied));
                if self.room.is_none() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Sets aside everything in a group beside its children, unknown fields included; answers its
    /// index in `headers`.
    fn header(&mut self, group: Range<usize>) -> Result<usize, CutError> {
        let mut header = Vec::new();
        let mut at = group.start;
        while at < group.end {
            let record = self.record(at..group.end)?;
            at = record.whole.end;
            if record.number != CHILDREN {
                header.extend_from_slice(&self.batch[record.whole]);
            }
        }
        self.headers.push(header);
        Ok(self.headers.len() - 1)
    }

    fn record(&self, range: Range<usize>) -> Result<Record, CutError> {
        let start = range.start;
        let mut rest = &self.batch[range];
        let end = start + rest.len();
        let (number, wire_type) = wire::tag(&mut rest)?;
        let payload = match wire_type {
            LEN => wire::delimited(&mut rest)?.len(),
            VARINT => wire::varint(&mut rest).map(|_| 0)?,
            FIXED64 => wire::take(&mut rest, 8).map(|_| 0)?,
            FIXED32 => wire::take(&mut rest, 4).map(|_| 0)?,
            _ => return Err(Reason::WireType.into()),
        };
        let after = end - rest.len();
        Ok(Record { number, wire_type, whole: start..after, payload: after - payload..after })
    }
}

/// The plan of one portion; its bytes are written once, when all lengths are known. A group is open
/// until an item of another group arrives.
#[derive(Default)]
struct Builder {
    pieces: Vec<Piece>,
    /// Indices of the open groups' headers.
    resource: Option<usize>,
    scope: Option<usize>,
}

enum Piece {
    /// A group with this header, and the length of its payload.
    Resource(usize, usize),
    Scope(usize, usize),
    /// Where an item stands in the batch, tag and length included.
    Item(Range<usize>),
}

impl Builder {
    /// Answers how many bytes will be copied for it.
    fn push(
        &mut self,
        headers: &[Vec<u8>],
        resource: usize,
        scope: usize,
        item: Range<usize>,
    ) -> usize {
        let mut copied = item.len();
        if self.resource != Some(resource) {
            self.resource = Some(resource);
            self.pieces.push(Piece::Resource(resource, 0));
            copied += headers[resource].len();
        }
        if self.scope != Some(scope) {
            self.scope = Some(scope);
            self.pieces.push(Piece::Scope(scope, 0));
            copied += headers[scope].len();
        }
        self.pieces.push(Piece::Item(item));
        copied
    }

    fn finish(mut self, batch: &[u8], headers: &[Vec<u8>]) -> Bytes {
        let mut out = Vec::with_capacity(self.measure(headers));
        for piece in self.pieces {
            match piece {
                Piece::Resource(header, len) => {
                    put_head(&mut out, GROUPS, len);
                    out.extend_from_slice(&headers[header]);
                }
                Piece::Scope(header, len) => {
                    put_head(&mut out, CHILDREN, len);
                    out.extend_from_slice(&headers[header]);
                }
                Piece::Item(item) => out.extend_from_slice(&batch[item]),
            }
        }
        out.into()
    }

    /// Fills in the lengths, from the last piece to the first; answers that of the whole.
    fn measure(&mut self, headers: &[Vec<u8>]) -> usize {
        let (mut items, mut scopes, mut resources) = (0, 0, 0);
        for piece in self.pieces.iter_mut().rev() {
            match piece {
                Piece::Item(item) => items += item.len(),
                Piece::Scope(header, len) => {
                    *len = headers[*header].len() + std::mem::take(&mut items);
                    scopes += delimited_len(*len);
                }
                Piece::Resource(header, len) => {
                    *len = headers[*header].len() + std::mem::take(&mut scopes);
                    resources += delimited_len(*len);
                }
            }
        }
        resources
    }
}

fn put_head(out: &mut Vec<u8>, field: u32, len: usize) {
    wire::put_varint(out, u64::from(field << 3 | u32::from(LEN)));
    wire::put_varint(out, len as u64);
}

/// Bytes of a field with a payload of so many, its one-byte tag and its length included.
fn delimited_len(payload: usize) -> usize {
    let bits = usize::BITS - payload.leading_zeros();
    1 + bits.max(1).div_ceil(7) as usize + payload
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(field: u32, parts: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let payload = parts.concat();
        put_head(&mut out, field, payload.len());
        out.extend_from_slice(&payload);
        out
    }

    /// Two resources, two scopes in the first; every item's payload is one letter.
    fn batch() -> Vec<u8> {
        let item = |name: &[u8]| group(2, &[name]);
        let url = group(3, &[b"url"]);
        let scope =
            |name: &[u8], items: &[Vec<u8>]| group(2, &[&group(1, &[name]), &items.concat(), &url]);
        let first = scope(b"s1", &[item(b"a"), item(b"b")]);
        let second = scope(b"s2", &[item(b"c")]);
        let third = scope(b"s3", &[item(b"d")]);
        let resource = |name: &[u8], scopes: &[Vec<u8>]| {
            group(1, &[&group(1, &[name]), &scopes.concat(), &url])
        };
        [resource(b"r1", &[first, second]), resource(b"r2", &[third])].concat()
    }

    fn offset(batch: &[u8], item: u8) -> u32 {
        let record = [0x12, 1, item];
        (batch.windows(3).position(|window| window == record).unwrap() + 2) as u32
    }

    #[test]
    fn all_items_give_the_same_items_under_the_same_headers() {
        let batch = batch();
        let items = [b'a', b'b', b'c', b'd'].map(|item| offset(&batch, item));
        let whole = cut(&batch, &[&items], usize::MAX).unwrap().unwrap().remove(0);
        // The children move behind the group's own fields; cutting again changes nothing more.
        assert_eq!(whole.len(), batch.len());
        let items = [b'a', b'b', b'c', b'd'].map(|item| offset(&whole, item));
        assert_eq!(cut(&whole, &[&items], usize::MAX).unwrap().unwrap()[0], whole);
    }

    #[test]
    fn portions_are_cut_apart() {
        let batch = batch();
        let (a, c, d) = (offset(&batch, b'a'), offset(&batch, b'c'), offset(&batch, b'd'));
        let portions = cut(&batch, &[&[a, d], &[c]], usize::MAX).unwrap().unwrap();
        let texts = portions.map_text();
        assert_eq!(texts, ["r1 s1 a r2 s3 d", "r1 s2 c"]);
    }

    trait MapText {
        fn map_text(&self) -> Vec<String>;
    }

    impl MapText for Vec<Bytes> {
        /// The letters that name resources, scopes and items, in order.
        fn map_text(&self) -> Vec<String> {
            self.iter()
                .map(|bytes| {
                    let text: String = bytes
                        .iter()
                        .map(|b| if b.is_ascii_alphanumeric() { *b as char } else { ' ' })
                        .collect();
                    let text = text.replace("url", " ");
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                })
                .collect()
        }
    }

    #[test]
    fn what_does_not_fit_is_not_cut() {
        let batch = batch();
        let items: &[u32] = &[offset(&batch, b'a')];
        // Resource and URL, scope and URL, item.
        let copied = 4 + 5 + 4 + 5 + 3;
        assert!(cut(&batch, &[items], copied).unwrap().is_some());
        assert!(cut(&batch, &[items], copied - 1).unwrap().is_none());
    }

    #[test]
    fn an_offset_that_is_no_item_is_an_error() {
        let batch = batch();
        let a = offset(&batch, b'a');
        let cut = |portions: &[&[u32]]| cut(&batch, portions, usize::MAX);
        assert_eq!(cut(&[&[a + 1]]), Err(CutError::NoItem(a + 1)));
        assert_eq!(cut(&[&[0]]), Err(CutError::NoItem(0)));
        assert_eq!(cut(&[&[u32::MAX]]), Err(CutError::NoItem(u32::MAX)));
        assert_eq!(cut(&[&[a], &[a]]), Err(CutError::Twice(a)));
    }
}
