//! Disks that a test can fill and make room on, to the byte.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;

/// Above the free space that tamis asks for, so that there is something to fill.
const TMPFS_MIB: u64 = 640;

/// Of memory, in bytes.
const PAGE: u64 = 4096;

/// What a process may still write to its journal when it meets the limit: a part of a request.
const LEFT_BYTES: u64 = 20_000;

/// A folder on a disk.
pub(crate) struct Disk {
    folder: TempDir,
    kind: Kind,
}

enum Kind {
    /// A file system of its own, in memory.
    Tmpfs,
    /// A limit on the size of the files that a process writes: its writes fail half way. Needs no
    /// rights, and the file system seems to have space all the while.
    Limit,
}

impl Disk {
    /// A file system of its own. None where this process may not mount one.
    pub(crate) fn tmpfs() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = format!("size={TMPFS_MIB}m,nodev,nosuid");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path());
        mount.status().is_ok_and(|status| status.success()).then_some(())?;
        Some(Self { folder, kind: Kind::Tmpfs })
    }

    pub(crate) fn limit() -> Self {
        Self { folder: TempDir::new().unwrap(), kind: Kind::Limit }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves no room for the process.
    pub(crate) fn fill(&self, process: Pid) {
        match self.kind {
            Kind::Tmpfs => {
                let ballast = File::create(self.ballast()).unwrap();
                let (mut end, mut chunk) = (0, TMPFS_MIB << 20);
                // Much at once, so that it comes as a surprise; then what is left, to the last page.
                while chunk >= PAGE {
                    match fallocate(&ballast, FallocateFlags::empty(), end, chunk) {
                        Ok(()) => end += chunk,
                        Err(_) => chunk /= 2,
                    }
                }
            }
            Kind::Limit => {
                let end = written(&newest_journal(self.path()));
                set_limit(process, Some(end + LEFT_BYTES));
            }
        }
    }

    pub(crate) fn make_room(&self, process: Pid) {
        match self.kind {
            Kind::Tmpfs => std::fs::remove_file(self.ballast()).unwrap(),
            Kind::Limit => set_limit(process, None),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Kind::Tmpfs = self.kind {
            let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
        }
    }
}

/// Bytes of the largest file; none: no bound.
fn set_limit(process: Pid, bytes: Option<u64>) {
    prlimit(Some(process), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

fn newest_journal(directory: &Path) -> PathBuf {
    let files = std::fs::read_dir(directory.join("tamis")).unwrap();
    let journals = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jnl"));
    let number = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().parse::<u64>().ok();
    journals.max_by_key(number).expect("there is a journal")
}

/// Where the last byte stands that is not zero: journals are longer than what is in them.
fn written(file: &Path) -> u64 {
    let bytes = std::fs::read(file).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}
