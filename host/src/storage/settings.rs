//! What the YAML can say about a `file_storage`.

use std::path::PathBuf;
use std::time::Duration;

/// One `file_storage`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStorageSettings {
    /// Default `/var/lib/otelcol/file_storage`. tamis' files lie in its folder `tamis`.
    pub directory: PathBuf,
    /// Make the directory where there is none; default false.
    pub create_directory: bool,
    /// Mode of a directory that is made, before the umask; default 0750.
    pub directory_permissions: u32,
    /// How long to wait at start for another process to let go of the directory; default 1 s.
    pub timeout: Duration,
    /// Every write waits for the disk, so that it survives a crash of the machine too; default false.
    pub fsync: bool,
    /// Files that cannot be read are set aside at start, and new ones begun; default false.
    pub recreate: bool,
}

impl Default for FileStorageSettings {
    fn default() -> Self {
        Self {
            directory: "/var/lib/otelcol/file_storage".into(),
            create_directory: false,
            directory_permissions: 0o750,
            timeout: Duration::from_secs(1),
            fsync: false,
            recreate: false,
        }
    }
}
