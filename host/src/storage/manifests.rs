//! What fjall does not check: whether the list of a tree's files is the one that was written. By a
//! wrong one it deletes what is not on it. So it is checked before it opens them.
//!
//! The file `current` of a tree holds the number of the list, its checksum and the kind of that; the
//! list is the file `v` and the number.

use std::io;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

/// Folder of the trees.
pub(super) const TREES: &str = "keyspaces";
const CURRENT: &str = "current";

/// Why trees cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the list of the files in {TREES}/{0} is not the one that was written")]
    Damaged(String),
}

/// Checks the lists of all trees in a folder. A folder that is not there has none.
pub(super) fn check(folder: &Path) -> Result<(), ManifestError> {
    let Some(trees) = if_there(std::fs::read_dir(folder.join(TREES)))? else { return Ok(()) };
    for tree in trees {
        let tree = tree?.path();
        // Without it, the tree was not finished when it was made.
        let Some(current) = if_there(std::fs::read(tree.join(CURRENT)))? else { continue };
        if !is_sound(&tree, &current)? {
            let name = tree.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(ManifestError::Damaged(name));
        }
    }
    Ok(())
}

fn is_sound(tree: &Path, current: &[u8]) -> io::Result<bool> {
    let Some((number, rest)) = current.split_first_chunk() else { return Ok(false) };
    let Some((checksum, [0])) = rest.split_first_chunk() else { return Ok(false) };
    let list = std::fs::read(tree.join(format!("v{}", u64::from_le_bytes(*number))));
    let list = if_there(list)?;
    Ok(list.is_some_and(|list| xxh3_128(&list) == u128::from_le_bytes(*checksum)))
}

/// None where there is no such file.
pub(super) fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
