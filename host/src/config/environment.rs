//! What lies outside the configuration and may be read for it: variables and files.

use std::io::{self, Read};
use std::path::Path;

/// Largest file that is read as configuration, in bytes.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// The world around a configuration; tests bring one of their own.
pub trait Environment {
    /// The value of an environment variable; none when it is not set.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file. The error says why not; the caller names the file.
    fn read(&self, path: &Path) -> io::Result<String>;
}

/// The process' own environment and the file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    /// A variable whose value is not Unicode counts as not set: no key could take it.
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        let file = std::fs::File::open(path)?;
        let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
        if read as u64 > MAX_FILE_BYTES {
            let message = format!("larger than {MAX_FILE_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(text)
    }
}
