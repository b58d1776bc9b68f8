//! A gateway of tamis' receiver and exporter with `redaction` called natively between them: what the
//! whole would cost without the sandbox.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use tamis::config::{
    Config, ProcessEnvironment, ProcessorSettings, ReceiverSettings, Source, load,
};
use tamis::consumer::Consumer;
use tamis::exporter;
use tamis::receiver::{OtlpReceiver, Sinks};
use tamis::telemetry::metrics::Metrics;
use tamis_benches::native::NativeRedaction;

/// As tamis runs on one core.
const WORKERS: usize = 1;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some("--config"), Some(path)) = (arguments.next().as_deref(), arguments.next()) else {
        bail!("usage: bench-native --config FILE");
    };
    let source = Source::File(PathBuf::from(path));
    let (config, _) = load(&[source], &ProcessEnvironment, &["redaction"])?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    runtime.block_on(async {
        let _receiver = serve(&config).await?;
        std::future::pending().await
    })
}

/// The one pipeline of the configuration: `otlp`, `redaction`, the exporter.
async fn serve(config: &Config) -> anyhow::Result<OtlpReceiver> {
    let metrics = Metrics::default();
    let (id, settings) = config.exporters.first_key_value().context("no exporter")?;
    let exporter = exporter::build(&id.to_string(), settings, &metrics)?;
    let Some((_, ProcessorSettings::Guest(guest))) = config.processors.first_key_value() else {
        bail!("no redaction");
    };
    let redaction = NativeRedaction::new(&guest.config_json(), &metrics, exporter)?;
    let traces: Arc<dyn Consumer> = Arc::new(redaction);
    let sinks = Sinks { traces: Some(traces), ..Sinks::default() };
    let Some((id, ReceiverSettings::Otlp(settings))) = config.receivers.first_key_value() else {
        bail!("no otlp receiver");
    };
    Ok(OtlpReceiver::bind(&id.to_string(), settings, sinks, &metrics).await?)
}
