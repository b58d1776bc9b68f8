//! Configurations for the tests. They are written as JSON, which is YAML too.

use serde_json::{Map, Value, json};

use super::Signal;

/// A configuration in the making: one `otlp` receiver on free ports, the same chain and exporters for
/// every signal, JSON logs.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    receiver: Value,
    processors: Vec<(String, Value)>,
    exporters: Vec<(String, Value)>,
    extensions: Vec<(String, Value)>,
    connectors: Vec<(String, Value)>,
    signals: Vec<Signal>,
    /// Beside those of the signals, or instead of them.
    pipelines: Map<String, Value>,
    metrics: Value,
}

impl Config {
    pub(crate) fn new() -> Self {
        let any_port = json!({"endpoint": "127.0.0.1:0"});
        Self {
            receiver: json!({"protocols": {"grpc": any_port, "http": any_port}}),
            processors: Vec::new(),
            exporters: Vec::new(),
            extensions: Vec::new(),
            connectors: Vec::new(),
            signals: Signal::ALL.to_vec(),
            pipelines: Map::new(),
            metrics: json!({"level": "none"}),
        }
    }

    /// Sets a key of the receiver's `protocols.grpc` or `protocols.http`.
    pub(crate) fn receiver(mut self, protocol: &str, key: &str, value: impl Into<Value>) -> Self {
        self.receiver["protocols"][protocol][key] = value.into();
        self
    }

    /// The next processor of the chain.
    pub(crate) fn processor(mut self, id: &str, value: Value) -> Self {
        self.processors.push((id.to_owned(), value));
        self
    }

    /// One more exporter of every pipeline.
    pub(crate) fn exporter(mut self, id: &str, value: Value) -> Self {
        self.exporters.push((id.to_owned(), value));
        self
    }

    /// An `otlp_grpc` exporter to the address that answers the sender only after the backend did: no
    /// queue, no retries.
    pub(crate) fn forward(self, address: std::net::SocketAddr) -> Self {
        self.exporter(
            "otlp_grpc",
            json!({
                "endpoint": address.to_string(),
                "tls": {"insecure": true},
                "sending_queue": {"enabled": false},
                "retry_on_failure": {"enabled": false},
            }),
        )
    }

    pub(crate) fn extension(mut self, id: &str, value: Value) -> Self {
        self.extensions.push((id.to_owned(), value));
        self
    }

    pub(crate) fn connector(mut self, id: &str, value: Value) -> Self {
        self.connectors.push((id.to_owned(), value));
        self
    }

    /// One more pipeline.
    pub(crate) fn pipeline(mut self, id: &str, value: Value) -> Self {
        self.pipelines.insert(id.to_owned(), value);
        self
    }

    /// These pipelines and no others.
    pub(crate) fn pipelines(mut self, pipelines: Value) -> Self {
        self.signals.clear();
        self.pipelines = pipelines.as_object().cloned().unwrap();
        self
    }

    /// Pipelines for these signals alone.
    pub(crate) fn signals(mut self, signals: &[Signal]) -> Self {
        self.signals = signals.to_vec();
        self
    }

    /// The gateway's own metrics, for Prometheus to scrape on this port.
    pub(crate) fn metrics(mut self, port: u16) -> Self {
        let prometheus = json!({"host": "127.0.0.1", "port": port});
        self.metrics = json!({
            "level": "detailed",
            "readers": [{"pull": {"exporter": {"prometheus": prometheus}}}],
        });
        self
    }

    pub(crate) fn yaml(&self) -> String {
        let ids = |section: &[(String, Value)]| -> Vec<String> {
            section.iter().map(|(id, _)| id.clone()).collect()
        };
        let map = |section: &[(String, Value)]| -> Map<String, Value> {
            section.iter().cloned().collect()
        };
        let pipeline = json!({
            "receivers": ["otlp"],
            "processors": ids(&self.processors),
            "exporters": ids(&self.exporters),
        });
        let pipelines: Map<_, _> = self
            .signals
            .iter()
            .map(|signal| (signal.name().to_owned(), pipeline.clone()))
            .chain(self.pipelines.clone())
            .collect();
        let config = json!({
            "receivers": {"otlp": self.receiver},
            "processors": map(&self.processors),
            "exporters": map(&self.exporters),
            "extensions": map(&self.extensions),
            "connectors": map(&self.connectors),
            "service": {
                "extensions": ids(&self.extensions),
                "pipelines": pipelines,
                "telemetry": {"logs": {"encoding": "json"}, "metrics": self.metrics},
            },
        });
        // A dollar sign would begin a reference to the environment.
        serde_json::to_string_pretty(&config).unwrap().replace('$', "$$")
    }
}
