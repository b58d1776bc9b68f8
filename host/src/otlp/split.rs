//! Cuts an Export request into requests of at most so many items.

use std::ops::Range;

use bytes::Bytes;

use super::wire::{self, Malformed, Reason};
use crate::batch::Signal;

/// Cuts `request`, which holds `items`, into requests of `max_items` each but for the last, in order.
/// Metrics are cut between data points. Every request repeats what its items stand in: the resource,
/// the scope, the metric without its points, with schema URLs and unknown fields. What holds no item
/// at all (a resource without spans) goes with the item before it.
///
/// `max_items` of 0 means no bound.
pub fn split(signal: Signal, request: &Bytes, items: usize, max_items: usize) -> Parts<'_> {
    let is_whole = max_items == 0 || items <= max_items;
    Parts {
        request,
        path: path(signal),
        max_items,
        whole: is_whole.then(|| (request.clone(), items)),
        ended: is_whole,
        levels: Vec::new(),
    }
}

/// From the request down to the items: the fields that hold the next level.
fn path(signal: Signal) -> &'static [&'static [u32]] {
    const METRIC_DATA: &[u32] = &[5, 7, 9, 10, 11];
    match signal {
        Signal::Traces | Signal::Logs => &[&[1], &[2], &[2]],
        Signal::Metrics => &[&[1], &[2], &[2], METRIC_DATA, &[1]],
    }
}

/// The parts of a request with their numbers of items, each made when it is asked for. An error, where
/// the bytes are not what [`walk`](super::walk) accepts, is the last.
pub struct Parts<'a> {
    request: &'a [u8],
    path: &'static [&'static [u32]],
    max_items: usize,
    /// The request itself, where it need not be cut.
    whole: Option<(Bytes, usize)>,
    ended: bool,
    /// The messages around the place where the next part begins, outermost first.
    levels: Vec<Level>,
}

/// A message on the way to the items.
struct Level {
    /// Field number in the message around it.
    field: u32,
    /// The fields that are not the next level.
    own: Vec<u8>,
    /// What has not been cut yet.
    rest: Range<usize>,
    /// As much of it as the part in hand holds; none: nothing so far.
    body: Option<Vec<u8>>,
}

/// A field of a message.
struct Record {
    number: u32,
    /// With tag and length.
    whole: Range<usize>,
    /// None: it is a number.
    payload: Option<Range<usize>>,
}

impl Iterator for Parts<'_> {
    type Item = Result<(Bytes, usize), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(whole) = self.whole.take() {
            return Some(Ok(whole));
        }
        if self.ended {
            return None;
        }
        let part = self.part();
        self.ended = !matches!(part, Ok(Some(_)));
        part.map_err(|reason| Malformed { message: "Export request", field: 0, reason }).transpose()
    }
}

impl Parts<'_> {
    /// The next part; none at the end.
    fn part(&mut self) -> Result<Option<(Bytes, usize)>, Reason> {
        if self.levels.is_empty() {
            self.descend(0, 0..self.request.len())?;
        }
        let mut items = 0;
        while let Some((piece, items_in_it)) = self.piece(items < self.max_items)? {
            self.append(piece);
            items += items_in_it;
        }
        for depth in (1..self.levels.len()).rev() {
            self.close(depth);
        }
        let request = self.levels.first_mut().and_then(|request| request.body.take());
        Ok(request.map(|request| (request.into(), items)))
    }

    /// The next piece of the part in hand: an item, or a message that should hold items and has none.
    /// None where the request ends, or where an item comes next and there is no room for one.
    fn piece(&mut self, room: bool) -> Result<Option<(Range<usize>, usize)>, Reason> {
        while let Some(level) = self.levels.last() {
            let depth = self.levels.len() - 1;
            if level.rest.is_empty() {
                if depth == 0 {
                    return Ok(None);
                }
                self.close(depth);
                self.levels.pop();
                continue;
            }
            let Record { number, whole, payload } = self.record(&level.rest)?;
            let below = payload.filter(|_| self.path[depth].contains(&number));
            let is_item = below.is_some() && depth + 1 == self.path.len();
            if is_item && !room {
                return Ok(None);
            }
            self.levels[depth].rest.start = whole.end;
            match below {
                Some(_) if is_item => return Ok(Some((whole, 1))),
                Some(below) if self.has_item(depth + 1, below.clone())? => {
                    self.descend(number, below)?;
                }
                Some(_) => return Ok(Some((whole, 0))),
                // Among the fields that every part repeats.
                None => {}
            }
        }
        Ok(None)
    }

    fn descend(&mut self, field: u32, range: Range<usize>) -> Result<(), Reason> {
        let depth = self.levels.len();
        let mut own = Vec::new();
        let mut rest = range.clone();
        while !rest.is_empty() {
            let record = self.record(&rest)?;
            if record.payload.is_none() || !self.path[depth].contains(&record.number) {
                own.extend_from_slice(&self.request[record.whole.clone()]);
            }
            rest.start = record.whole.end;
        }
        self.levels.push(Level { field, own, rest: range, body: None });
        Ok(())
    }

    fn has_item(&self, depth: usize, mut rest: Range<usize>) -> Result<bool, Reason> {
        while !rest.is_empty() {
            let record = self.record(&rest)?;
            rest.start = record.whole.end;
            let Some(below) = record.payload.filter(|_| self.path[depth].contains(&record.number))
            else {
                continue;
            };
            if depth + 1 == self.path.len() || self.has_item(depth + 1, below)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Appends to the innermost message, and to those around it that they are there.
    fn append(&mut self, range: Range<usize>) {
        for level in &mut self.levels {
            level.body.get_or_insert_with(|| level.own.clone());
        }
        if let Some(body) = self.levels.last_mut().and_then(|level| level.body.as_mut()) {
            body.extend_from_slice(&self.request[range]);
        }
    }

    /// Puts what the part holds of this message into the one around it.
    fn close(&mut self, depth: usize) {
        let field = self.levels[depth].field;
        if let Some(body) = self.levels[depth].body.take()
            && let Some(around) = self.levels[depth - 1].body.as_mut()
        {
            wire::put_varint(around, u64::from(field) << 3 | u64::from(wire::LEN));
            wire::put_varint(around, body.len() as u64);
            around.extend_from_slice(&body);
        }
    }

    /// The first field in a range.
    fn record(&self, range: &Range<usize>) -> Result<Record, Reason> {
        let mut rest = &self.request[range.clone()];
        let (number, wire_type) = wire::tag(&mut rest)?;
        let len = match wire_type {
            wire::VARINT => wire::varint(&mut rest).map(|_| None),
            wire::FIXED64 => wire::take(&mut rest, 8).map(|_| None),
            wire::FIXED32 => wire::take(&mut rest, 4).map(|_| None),
            wire::LEN => wire::delimited(&mut rest).map(|payload| Some(payload.len())),
            _ => Err(Reason::WireType),
        }?;
        let end = range.end - rest.len();
        Ok(Record { number, whole: range.start..end, payload: len.map(|len| end - len..end) })
    }
}

#[cfg(test)]
mod tests;
