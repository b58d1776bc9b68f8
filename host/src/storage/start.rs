//! What is seen to before fjall opens a folder: what it does not check, or changes without a word, and
//! what it cannot cope with. Nobody else has the folder open meanwhile.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::OpenError;
use super::journals::{Ends, JournalError};
use super::manifests::{self, ManifestError, TREES, if_there};

/// Who has this file of fjall's locked owns the folder.
const LOCK: &str = "lock";

/// What fjall writes last when it makes a folder: four bytes.
const MARKER: &str = "version";
const MARKER_LEN: usize = 4;

/// Looks through the files and mends what a crash has left; answers where the journals end now, and
/// how many bytes were cut off them. A folder that is not there is sound.
pub(super) fn examine(folder: &Path) -> Result<(Ends, u64), OpenError> {
    let Some(lock) = lock(folder)? else { return Ok((Ends::default(), 0)) };
    let examined = examine_locked(folder);
    // By fjall it is locked again. Said outright, because a child process may have a copy.
    let _ = lock.unlock();
    examined
}

fn examine_locked(folder: &Path) -> Result<(Ends, u64), OpenError> {
    let corrupt = |message| OpenError::Corrupt { folder: folder.to_owned(), message };
    let io = |source| OpenError::Io { directory: folder.to_owned(), source };
    manifests::check(folder).map_err(|error| match error {
        ManifestError::Io(source) => io(source),
        damage => corrupt(damage.to_string()),
    })?;
    let ends = Ends::of(folder).map_err(|error| match error {
        JournalError::Io(source) => io(source),
        damage => corrupt(damage.to_string()),
    })?;
    if !is_finished(folder).map_err(io)? {
        if !ends.is_empty() || has_trees(folder).map_err(io)? {
            return Err(corrupt(format!("the file {MARKER:?} is missing or empty")));
        }
        clear(folder, &ends).map_err(io)?;
        return Ok((Ends::default(), 0));
    }
    let cut = ends.mend().map_err(io)?;
    Ok((ends, cut))
}

/// Locks a folder; none where it is not there.
fn lock(folder: &Path) -> Result<Option<File>, OpenError> {
    let io = |source| OpenError::Io { directory: folder.to_owned(), source };
    if !folder.try_exists().map_err(io)? {
        return Ok(None);
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(folder.join(LOCK));
    let file = file.map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// Whether the making of the folder was finished.
fn is_finished(folder: &Path) -> io::Result<bool> {
    let marker = if_there(std::fs::read(folder.join(MARKER)))?;
    Ok(marker
        .is_some_and(|marker| marker.len() >= MARKER_LEN && marker.iter().any(|byte| *byte != 0)))
}

fn has_trees(folder: &Path) -> io::Result<bool> {
    let trees = if_there(std::fs::read_dir(folder.join(TREES)))?;
    Ok(trees.is_some_and(|mut trees| trees.next().is_some()))
}

/// Removes what a process has left that died while it made the folder: fjall would neither use it nor
/// make it anew.
fn clear(folder: &Path, ends: &Ends) -> io::Result<()> {
    for journal in ends.paths() {
        std::fs::remove_file(journal)?;
    }
    if_there(std::fs::remove_file(folder.join(MARKER)))?;
    Ok(())
}
