//! The batches of a journal, as fjall's format 3 has them, and whether they are whole.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::FileExt;

use xxhash_rust::xxh3::Xxh3;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// The last bytes of a batch.
const TRAILER: [u8; 4] = *b"FJL\x03";

/// Values, and the two marks of removal.
const VALUE_TYPES: RangeInclusive<u8> = 0..=2;
const NOT_COMPRESSED: u8 = 0;

const READ_BYTES: usize = 64 << 10;
/// What is read more, so that few things that look like a batch have to be read again.
const AHEAD_BYTES: usize = 4 << 10;

/// Things that look like a batch, longer than what was read, in a part that is none: no more are read.
const MAX_LOOKALIKES: usize = 1024;

/// Batches one behind the other.
pub(super) struct Batches<R> {
    reader: R,
    /// Bytes that were read.
    at: u64,
    /// Where the last batch ends that is whole.
    pub sound: u64,
}

impl<'a> Batches<BufReader<&'a File>> {
    /// Those of a file, from a byte on.
    pub(super) fn of(mut file: &'a File, from: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(from))?;
        Ok(Self::new(BufReader::with_capacity(READ_BYTES, file)))
    }
}

impl<R: BufRead> Batches<R> {
    fn new(reader: R) -> Self {
        Self { reader, at: 0, sound: 0 }
    }

    /// The sequence number of the next batch; none where there is no whole one.
    pub(super) fn batch(&mut self) -> io::Result<Option<u64>> {
        match self.next_batch() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            other => other,
        }
    }

    fn next_batch(&mut self) -> io::Result<Option<u64>> {
        if self.bytes()? != [START] {
            return Ok(None);
        }
        let items = self.bytes().map(u32::from_le_bytes)?;
        let sequence = self.bytes().map(u64::from_le_bytes)?;
        let mut checksum = Xxh3::new();
        for _ in 0..items {
            if !self.item(&mut checksum)? {
                return Ok(None);
            }
        }
        if self.bytes()? != [END] {
            return Ok(None);
        }
        let expected = self.bytes().map(u64::from_le_bytes)?;
        if self.bytes()? != TRAILER || expected != checksum.digest() {
            return Ok(None);
        }
        self.sound = self.at;
        Ok(Some(sequence))
    }

    /// Whether this is an item. All of its bytes count for the checksum.
    fn item(&mut self, checksum: &mut Xxh3) -> io::Result<bool> {
        match self.counted(checksum)? {
            [ITEM] => {}
            [CLEAR] => return self.counted::<8>(checksum).map(|_| true),
            _ => return Ok(false),
        }
        let [kind, compression] = self.counted(checksum)?;
        if !VALUE_TYPES.contains(&kind) || compression != NOT_COMPRESSED {
            return Ok(false);
        }
        let _tree: [u8; 8] = self.counted(checksum)?;
        let key = self.counted(checksum).map(u16::from_le_bytes)?;
        let value = self.counted(checksum).map(u32::from_le_bytes)?;
        let stored = self.counted(checksum).map(u32::from_le_bytes)?;
        if value != stored {
            return Ok(false);
        }
        self.content(u64::from(key) + u64::from(stored), checksum)?;
        Ok(true)
    }

    fn content(&mut self, mut bytes: u64, checksum: &mut Xxh3) -> io::Result<()> {
        while bytes > 0 {
            let read = self.reader.fill_buf()?;
            if read.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let len = read.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
            checksum.update(&read[..len]);
            self.reader.consume(len);
            self.at += len as u64;
            bytes -= len as u64;
        }
        Ok(())
    }

    fn counted<const N: usize>(&mut self, checksum: &mut Xxh3) -> io::Result<[u8; N]> {
        let bytes = self.bytes()?;
        checksum.update(&bytes);
        Ok(bytes)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }
}

/// Whether a whole batch that is newer than `newest` begins anywhere in a part of a file. Values may
/// hold anything: where too much looks like one, it is said to be one.
pub(super) fn has_batch(file: &File, part: Range<u64>, newest: Option<u64>) -> io::Result<bool> {
    let is_newer = |sequence: u64| newest.is_none_or(|newest| sequence > newest);
    let mut buffer = vec![0; READ_BYTES + AHEAD_BYTES];
    let (mut at, mut lookalikes) = (part.start, 0);
    while at < part.end {
        let read = file.read_at(&mut buffer, at)?;
        let is_last = read <= READ_BYTES;
        for start in (0..read.min(READ_BYTES)).filter(|start| buffer[*start] == START) {
            let batch = match Batches::new(&buffer[start..read]).next_batch() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !is_last => {
                    lookalikes += 1;
                    Batches::of(file, at + start as u64)?.batch()?
                }
                other => other.unwrap_or_default(),
            };
            if batch.is_some_and(is_newer) || lookalikes > MAX_LOOKALIKES {
                return Ok(true);
            }
        }
        at += READ_BYTES as u64;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch of one item, up to its value.
    fn head(sequence: u64, value: u32) -> Vec<u8> {
        let mut head = vec![START, 1, 0, 0, 0];
        head.extend(sequence.to_le_bytes());
        head.extend([ITEM, 0, NOT_COMPRESSED]);
        head.extend([0; 8 + 2]);
        head.extend([value.to_le_bytes(), value.to_le_bytes()].concat());
        head
    }

    fn batch(sequence: u64, value: &[u8]) -> Vec<u8> {
        let mut batch = head(sequence, value.len() as u32);
        batch.extend(value);
        let mut checksum = Xxh3::new();
        checksum.update(&batch[13..]);
        batch.push(END);
        batch.extend(checksum.digest().to_le_bytes());
        batch.extend(TRAILER);
        batch
    }

    fn is_found(bytes: &[u8], newest: u64) -> bool {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        has_batch(file.as_file(), 0..bytes.len() as u64, Some(newest)).unwrap()
    }

    #[test]
    fn a_newer_batch_is_found_wherever_it_begins() {
        for at in [0, 1, READ_BYTES - 1, READ_BYTES, READ_BYTES + AHEAD_BYTES - 5] {
            for value in [vec![], vec![7; 3 * READ_BYTES]] {
                let mut bytes = vec![START; at];
                bytes.extend(batch(5, &value));
                let what = format!("{} bytes at {at}", value.len());
                assert!(is_found(&bytes, 4), "{what}");
                assert!(!is_found(&bytes, 5), "{what}: not newer");
                let last = bytes.len() - 1;
                assert!(!is_found(&bytes[..last], 4), "{what}: not whole");
                bytes[last - 4] ^= 1;
                assert!(!is_found(&bytes, 4), "{what}: another checksum");
            }
        }
    }

    #[test]
    fn too_much_that_looks_like_a_batch_is_one() {
        for (lookalikes, is_one) in [(MAX_LOOKALIKES, false), (MAX_LOOKALIKES + 1, true)] {
            let mut bytes = head(5, 2 * READ_BYTES as u32).repeat(lookalikes);
            bytes.extend([0; 3 * READ_BYTES]);
            assert_eq!(is_found(&bytes, 4), is_one, "{lookalikes}");
        }
    }
}
