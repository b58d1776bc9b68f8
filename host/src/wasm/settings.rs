//! What the YAML can say about a guest, with defaults.

use std::time::Duration;

/// The host's options for one guest, under the reserved key `wasm:` of a built-in processor or
/// beside `module` and `config` of a user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestOptions {
    pub on_error: OnError,
    /// Running time of one call.
    pub deadline: Duration,
    /// Linear memory of one instance, in bytes (`memory_limit_mib`).
    pub memory_limit: usize,
    /// What one call may hand back, in bytes (`output_limit_mib`).
    pub output_limit: usize,
    /// Most instances at once; by default one per worker thread. A guest that wants `whole` gets one.
    pub instances: Option<usize>,
    pub hold: HoldOptions,
}

/// What happens to a batch whose guest fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The sender gets an error.
    #[default]
    Reject,
    /// The batch goes on as it came.
    Pass,
    /// The batch is dropped and counted.
    Drop,
}

/// The bounds of a guest's hold store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOptions {
    /// Bytes of held items in memory (`memory_mib`).
    pub memory: usize,
    /// Newest memos of decided keys that are kept.
    pub decisions: usize,
}

impl Default for GuestOptions {
    fn default() -> Self {
        Self {
            on_error: OnError::Reject,
            deadline: Duration::from_secs(1),
            memory_limit: 256 << 20,
            output_limit: 64 << 20,
            instances: None,
            hold: HoldOptions { memory: 256 << 20, decisions: 100_000 },
        }
    }
}

/// Where a guest's code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// Inside the binary, by type name.
    BuiltIn(String),
    /// A user's component, as in `module:`.
    File(std::path::PathBuf),
}

impl std::fmt::Display for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(name) => write!(f, "built-in processor {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
