//! The newest memos of decisions, in the chunks in which they were given: one of each call.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes};

use super::Verdict;
use crate::wasm::bindings::replayer::Memo;

/// All memos that are remembered, oldest first. A key may have an older one further up, which counts
/// for nothing.
#[derive(Debug, Default)]
pub(super) struct Memos {
    chunks: VecDeque<Chunk>,
    count: usize,
}

/// The memos of one call, in one piece: millions of them are remembered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    pub sequence: u64,
    count: usize,
    /// Key and memo by turns, each after its length: one byte for keys, two for memos.
    pub bytes: Bytes,
}

impl Chunk {
    /// None where there is nothing to remember.
    pub(super) fn new(sequence: u64, verdicts: &[Verdict]) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut count = 0;
        for Verdict { key, memo, .. } in verdicts.iter().filter(|verdict| !verdict.memo.is_empty())
        {
            // Both are bounded where they come in.
            let (Ok(key_len), Ok(memo_len)) = (u8::try_from(key.len()), u16::try_from(memo.len()))
            else {
                continue;
            };
            bytes.put_u8(key_len);
            bytes.put_slice(key);
            bytes.put_u16(memo_len);
            bytes.put_slice(memo);
            count += 1;
        }
        (count > 0).then(|| Self { sequence, count, bytes: bytes.into_boxed_slice().into() })
    }

    /// What was written before; none where it is not whole.
    pub(super) fn read(sequence: u64, bytes: Bytes) -> Option<Self> {
        let mut rest = &bytes[..];
        let mut count = 0;
        while !rest.is_empty() {
            let (_, _, after) = next(rest)?;
            rest = after;
            count += 1;
        }
        Some(Self { sequence, count, bytes })
    }
}

/// Key, memo, and what is behind them.
fn next(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key_len, rest) = bytes.split_first()?;
    let (key, rest) = rest.split_at_checked(usize::from(*key_len))?;
    let (memo_len, rest) = rest.split_first_chunk()?;
    let (memo, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*memo_len)))?;
    Some((key, memo, rest))
}

impl Memos {
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Adds a chunk at its place: of two calls at one time, the later one may be done first.
    pub(super) fn insert(&mut self, chunk: Chunk) {
        self.count += chunk.count;
        let place = self.chunks.partition_point(|other| other.sequence < chunk.sequence);
        self.chunks.insert(place, chunk);
    }

    /// Forgets whole chunks as long as `keep` memos are left; answers their sequences.
    pub(super) fn trim(&mut self, keep: usize) -> Vec<u64> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.chunks.front()
            && self.count - oldest.count >= keep
        {
            self.count -= oldest.count;
            gone.extend(self.chunks.pop_front().map(|chunk| chunk.sequence));
        }
        gone
    }

    /// A page of whole chunks, of the newest `keep` memos those of wanted keys: at least `most` of
    /// them, unless it is the last page. Goes on behind the chunk `after`; answers the last one read.
    pub(super) fn page(
        &self,
        after: Option<u64>,
        most: usize,
        keep: usize,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Option<(u64, Vec<Memo>)> {
        let mut surplus = self.count.saturating_sub(keep);
        let mut page = Vec::new();
        let mut cursor = None;
        for chunk in &self.chunks {
            if after.is_some_and(|after| chunk.sequence <= after) {
                surplus = surplus.saturating_sub(chunk.count);
                continue;
            }
            let mut rest = &chunk.bytes[..];
            while let Some((key, memo, after)) = next(rest) {
                rest = after;
                if surplus > 0 {
                    surplus -= 1;
                } else if wanted(key) {
                    page.push(Memo { key: key.to_vec(), memo: memo.to_vec() });
                }
            }
            cursor = Some(chunk.sequence);
            if page.len() >= most {
                break;
            }
        }
        cursor.map(|cursor| (cursor, page))
    }
}
