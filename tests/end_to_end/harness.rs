//! The parts that the tests are made of: processes, backends, clients, data.

pub(crate) mod answer;
pub(crate) mod backend;
pub(crate) mod config;
pub(crate) mod disk;
pub(crate) mod gateway;
pub(crate) mod grpc;
pub(crate) mod guests;
pub(crate) mod http;
pub(crate) mod load;
pub(crate) mod metrics;
pub(crate) mod oracle;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod python;
pub(crate) mod received;
pub(crate) mod sample;
pub(crate) mod seed;
pub(crate) mod status;
pub(crate) mod traces;

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a test waits for an event that must come. Generous: a loaded machine is slow, and a test
/// that passes never waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// One kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    pub(crate) const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    /// As pipelines and URLs name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }
}

/// Waits for an event that must come.
pub(crate) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, event).await;
    waited.unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain for {what}"))
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The folder of the profile that this test was built in, `target/ci`: the gateway lies there too.
pub(crate) fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}
