//! What the YAML can say about a guest: its own config, and the host's options around it.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Node, Origin, StorageReference};

/// A processor that runs as a guest.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestSettings {
    pub module: Module,
    /// The processor's own section, without the host's options.
    pub config: Node,
    pub options: GuestOptions,
}

impl GuestSettings {
    /// The processor's own section as JSON; `{}` when it is empty.
    pub fn config_json(&self) -> String {
        self.config.to_json().to_string()
    }

    /// The scalars of [`Self::config_json`] that came from `${...}` and are not strings there: path
    /// and original text.
    pub fn config_texts(&self) -> Vec<(Vec<String>, String)> {
        self.config.texts()
    }

    /// Where the deepest existing node on a path from the processor's own section stands.
    pub fn locate(&self, path: &[String]) -> &Origin {
        self.config.locate(path)
    }
}

/// Where a guest's code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// Inside this binary, by its type's name.
    BuiltIn(String),
    /// A component in a file; relative to the working directory, like every path in the YAML.
    File(PathBuf),
}

/// The host's options: below `wasm:` in a built-in processor's section, beside `module` and `config`
/// for a user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestOptions {
    /// What becomes of a batch on which the guest failed.
    pub on_error: OnError,
    /// Bound of one call's running time; default 1 s.
    pub deadline: Duration,
    /// Bound of one instance's memory, in bytes; default 256 MiB.
    pub memory_limit: usize,
    /// Bound of what one call may return, in bytes; default 64 MiB.
    pub output_limit: usize,
    /// How many instances run; none means one per worker thread, where the processor can be
    /// partitioned at all.
    pub instances: Option<usize>,
    /// Where held items and snapshots outlive the process; none: they do not.
    pub storage: Option<StorageReference>,
    pub hold: HoldOptions,
}

impl Default for GuestOptions {
    fn default() -> Self {
        Self {
            on_error: OnError::default(),
            deadline: Duration::from_secs(1),
            memory_limit: 256 << 20,
            output_limit: 64 << 20,
            instances: None,
            storage: None,
            hold: HoldOptions::default(),
        }
    }
}

/// Answers to a guest's failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The sender is told.
    #[default]
    Reject,
    /// The batch goes on unprocessed.
    Pass,
    /// The batch is dropped, and counted so.
    Drop,
}

/// Bounds of what a processor may hold back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOptions {
    /// Held items in memory, in bytes; default 256 MiB.
    pub memory: usize,
    /// Held items on disk, in bytes; default 4 GiB. Only with a storage.
    pub disk: usize,
}

impl Default for HoldOptions {
    fn default() -> Self {
        Self { memory: 256 << 20, disk: 4 << 30 }
    }
}

impl std::fmt::Display for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(name) => write!(f, "built-in processor {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
