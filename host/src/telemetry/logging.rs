//! The gateway's own log, on standard error.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt};

use super::settings::{Encoding, Level, LogsSettings};

/// Logs to standard error from now on.
///
/// # Errors
///
/// Where logging was started before.
pub fn start(settings: &LogsSettings) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(settings, std::io::stderr))
}

fn subscriber<W>(settings: &LogsSettings, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = match settings.encoding {
        Encoding::Console => fmt::layer().with_writer(writer).with_ansi(false).boxed(),
        Encoding::Json => fmt::layer().json().flatten_event(true).with_writer(writer).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(targets(settings.level)))
}

/// The level is ours alone. Libraries speak up only when something is wrong: below that they would
/// write what passes through them, and telemetry is never logged.
fn targets(level: Level) -> Targets {
    let level = match level {
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warn => LevelFilter::WARN,
        Level::Error => LevelFilter::ERROR,
    };
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("tamis", level)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn log(level: Level, encoding: Encoding) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(&LogsSettings { level, encoding }, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "tamis::receiver", endpoint = "localhost:4317", "serving");
            tracing::debug!(target: "tamis", "detail");
            tracing::info!(target: "h2", "frame");
            tracing::warn!(target: "h2", "broken");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_level_is_for_our_own_lines_and_libraries_only_warn() {
        let count = |level| log(level, Encoding::Console).lines().count();
        assert_eq!([Level::Debug, Level::Info, Level::Warn, Level::Error].map(count), [3, 2, 1, 0]);
        assert!(!log(Level::Debug, Encoding::Console).contains("frame"));
    }

    #[test]
    fn json_lines_hold_level_message_and_fields() {
        let log = log(Level::Info, Encoding::Json);
        let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "serving");
        assert_eq!(line["endpoint"], "localhost:4317");
        assert!(line["timestamp"].is_string());
    }
}
