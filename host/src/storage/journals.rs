//! What fjall does not say of its journals: it cuts off, without a word, what follows the first thing
//! in one that it cannot make out. So they are looked through before it opens them.
//!
//! A journal (of fjall's format 3) is a row of batches: a start with the number of its items and a
//! sequence number that rises from batch to batch, the items, an end; then zeros up to the end of the
//! file. The last journal may end in a batch that was being written when the process or the machine
//! went down. Those before it were synced as a whole, so that what is wrong there is damage.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;

/// The last bytes of a batch.
const TRAILER: [u8; 4] = *b"FJL\x03";

/// Values, and the two marks of removal.
const VALUE_TYPES: std::ops::RangeInclusive<u8> = 0..=2;
const NOT_COMPRESSED: u8 = 0;

const READ_BYTES: usize = 64 << 10;

/// Why journals cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{name} makes no sense from byte {at} of {end} on")]
    Damaged { name: String, at: u64, end: u64 },
    #[error("a batch in {name} that ends at byte {at} is older than the one before it")]
    Order { name: String, at: u64 },
}

/// Where journals end, before they are opened.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// What is sound of each.
    sound: Vec<(PathBuf, u64)>,
    /// Bytes behind that in the last one; trailing zeros aside, which nobody can tell from none.
    torn: u64,
}

impl Ends {
    /// Looks through the journals of a folder. A folder that is not there has none.
    pub(super) fn of(folder: &Path) -> Result<Self, JournalError> {
        let mut ends = Self::default();
        let journals = journals(folder)?;
        let mut newest = None;
        for (index, (_, path)) in journals.iter().enumerate() {
            let file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let mut reader = Journal::new(&file);
            while let Some(sequence) = reader.batch()? {
                if newest.is_some_and(|newest| sequence <= newest) {
                    return Err(JournalError::Order { name: name(), at: reader.sound });
                }
                newest = Some(sequence);
            }
            let end = written(&file, reader.sound)?;
            if end > reader.sound && index + 1 < journals.len() {
                return Err(JournalError::Damaged { name: name(), at: reader.sound, end });
            }
            ends.torn = end - reader.sound;
            ends.sound.push((path.clone(), reader.sound));
        }
        Ok(ends)
    }

    /// How many bytes were cut off, now that they are open.
    pub(super) fn cut(&self) -> u64 {
        let more = self.sound.iter().map(|(path, sound)| {
            // One that is gone was not needed any more.
            path.metadata().map_or(0, |file| sound.saturating_sub(file.len()))
        });
        self.torn + more.sum::<u64>()
    }
}

/// Oldest first.
fn journals(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut journals = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_journal = path.extension().is_some_and(|extension| extension == "jnl");
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        // fjall complains about other names.
        journals.extend(number.filter(|_| is_journal).map(|number| (number, path)));
    }
    journals.sort();
    Ok(journals)
}

/// Where the last byte stands that is not zero, and so was written; `from` where there is none.
fn written(file: &File, from: u64) -> io::Result<u64> {
    let (mut at, mut end) = (from, from);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        // Over the holes: journals are made 64 MiB long.
        at = match seek(file, SeekFrom::Data(at)) {
            Ok(at) => at,
            Err(Errno::NXIO) => return Ok(end),
            Err(error) => return Err(error.into()),
        };
        let read = file.read_at(&mut buffer, at)?;
        if read == 0 {
            return Ok(end);
        }
        if let Some(last) = buffer[..read].iter().rposition(|byte| *byte != 0) {
            end = at + last as u64 + 1;
        }
        at += read as u64;
    }
}

/// A journal that is read from its beginning.
struct Journal<'a> {
    reader: BufReader<&'a File>,
    /// Where the last batch ends that is whole.
    sound: u64,
}

impl<'a> Journal<'a> {
    fn new(file: &'a File) -> Self {
        Self { reader: BufReader::with_capacity(READ_BYTES, file), sound: 0 }
    }

    /// The sequence number of the next batch; none where there is no whole one.
    fn batch(&mut self) -> io::Result<Option<u64>> {
        match self.next_batch() {
            Ok(Some(sequence)) => {
                self.sound = self.reader.stream_position()?;
                Ok(Some(sequence))
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            other => other,
        }
    }

    fn next_batch(&mut self) -> io::Result<Option<u64>> {
        if self.byte()? != START {
            return Ok(None);
        }
        let items = self.bytes().map(u32::from_le_bytes)?;
        let sequence = self.bytes().map(u64::from_le_bytes)?;
        for _ in 0..items {
            if !self.item()? {
                return Ok(None);
            }
        }
        // The checksum between them is fjall's business: it does not pass over a wrong one.
        let is_end = self.byte()? == END && self.skip(8).is_ok() && self.bytes()? == TRAILER;
        Ok(is_end.then_some(sequence))
    }

    /// Whether this is an item.
    fn item(&mut self) -> io::Result<bool> {
        match self.byte()? {
            ITEM => {}
            CLEAR => return self.skip(8).map(|()| true),
            _ => return Ok(false),
        }
        if !VALUE_TYPES.contains(&self.byte()?) || self.byte()? != NOT_COMPRESSED {
            return Ok(false);
        }
        let _tree: [u8; 8] = self.bytes()?;
        let key = self.bytes().map(u16::from_le_bytes)?;
        let _value: [u8; 4] = self.bytes()?;
        let stored = self.bytes().map(u32::from_le_bytes)?;
        self.skip(i64::from(key) + i64::from(stored))?;
        Ok(true)
    }

    fn byte(&mut self) -> io::Result<u8> {
        self.bytes().map(u8::from_le_bytes)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// May go behind the end, where nothing more can be read.
    fn skip(&mut self, bytes: i64) -> io::Result<()> {
        self.reader.seek_relative(bytes)
    }
}
