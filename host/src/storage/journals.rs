//! What fjall does not do well with its journals: it cuts off, without a word, what follows the first
//! thing in one that it cannot make out, and refuses for ever what a power cut has left half written.
//! So they are looked through before it opens them, and what is torn is cut off.
//!
//! A journal is a row of batches ([`batches`]) with sequence numbers that rise; then zeros up to the
//! end of the file. The last one may end in a batch that was being written when the process or the
//! machine went down: cut off, or with pages of zeros in it. So may one before it, where fjall began
//! another after a write that failed, and nothing came into that. All else that is wrong is damage.

mod batches;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use self::batches::{Batches, has_batch};

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
pub(super) struct Ends(Vec<Journal>);

#[derive(Debug)]
struct Journal {
    path: PathBuf,
    /// Where the last batch ends that is whole.
    sound: u64,
    /// Where the last byte stands that was written; trailing zeros aside, which nobody can tell from
    /// none.
    end: u64,
}

impl Ends {
    /// Looks through the journals of a folder. A folder that is not there has none.
    pub(super) fn of(folder: &Path) -> Result<Self, JournalError> {
        let mut ends = Self::default();
        let mut newest = None;
        for (_, path) in journals(folder)? {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let journal = Journal::read(path, &file, &mut newest)?;
            if let Some(torn) = ends.0.iter().find(|before| before.torn() > 0)
                && journal.end > 0
            {
                return Err(torn.damaged());
            }
            if journal.torn() > 0 && has_batch(&file, journal.sound + 1..journal.end, newest)? {
                return Err(journal.damaged());
            }
            ends.0.push(journal);
        }
        Ok(ends)
    }

    /// Nothing was ever written.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|journal| journal.end == 0)
    }

    /// The journals, oldest first.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|journal| journal.path.as_path())
    }

    /// Cuts off what is torn; answers how many bytes. Nobody else may have them open.
    pub(super) fn mend(&self) -> io::Result<u64> {
        let mut cut = 0;
        for journal in self.0.iter().filter(|journal| journal.torn() > 0) {
            let file = OpenOptions::new().write(true).open(&journal.path)?;
            file.set_len(journal.sound)?;
            file.sync_all()?;
            cut += journal.torn();
        }
        Ok(cut)
    }

    /// How many sound bytes were cut off, now that they are open.
    pub(super) fn cut(&self) -> u64 {
        let cut = self.0.iter().map(|Journal { path, sound, .. }| {
            // One that is gone was not needed any more.
            path.metadata().map_or(0, |file| sound.saturating_sub(file.len()))
        });
        cut.sum()
    }
}

impl Journal {
    /// Reads the batches that are whole; `newest` is the sequence number of the last one.
    fn read(path: PathBuf, file: &File, newest: &mut Option<u64>) -> Result<Self, JournalError> {
        let mut batches = Batches::of(file, 0)?;
        while let Some(sequence) = batches.batch()? {
            if newest.is_some_and(|newest| sequence <= newest) {
                return Err(JournalError::Order { name: name(&path), at: batches.sound });
            }
            *newest = Some(sequence);
        }
        let sound = batches.sound;
        Ok(Self { path, sound, end: written(file, sound)? })
    }

    fn torn(&self) -> u64 {
        self.end - self.sound
    }

    fn damaged(&self) -> JournalError {
        JournalError::Damaged { name: name(&self.path), at: self.sound, end: self.end }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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
