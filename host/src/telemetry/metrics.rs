//! The gateway's own metrics: one registry, counters handed out per component when it is built, so
//! that counting on the data path is one atomic addition. Names and labels are the Collector's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use crate::batch::Signal;

/// One counter per signal, in the order of [`Signal::ALL`].
#[derive(Clone, Debug)]
pub struct PerSignal([IntCounter; 3]);

impl PerSignal {
    pub fn add(&self, signal: Signal, items: usize) {
        self.0[signal.index()].inc_by(items as u64);
    }

    pub fn get(&self, signal: Signal) -> u64 {
        self.0[signal.index()].get()
    }
}

/// What a receiver counts: every item that arrived is in exactly one of the three.
#[derive(Clone, Debug)]
pub struct ReceiverMetrics {
    /// Pushed into the pipelines.
    pub accepted: PerSignal,
    /// The pipeline said no.
    pub refused: PerSignal,
    /// An internal error of the receiver.
    pub failed: PerSignal,
}

/// What an exporter counts.
#[derive(Clone, Debug)]
pub struct ExporterMetrics {
    /// The backend accepted.
    pub sent: PerSignal,
    /// Given up: permanent error, or retries ended.
    pub send_failed: PerSignal,
    /// The sending queue had no room.
    pub enqueue_failed: PerSignal,
    /// Requests waiting in the sending queue.
    pub queue_size: IntGauge,
    pub queue_capacity: IntGauge,
}

/// What the host counts about every processor. Incoming items are outgoing, dropped, refused or held.
#[derive(Clone, Debug)]
pub struct ProcessorMetrics {
    pub incoming: PerSignal,
    pub outgoing: PerSignal,
    /// Removed on purpose.
    pub dropped: PerSignal,
    /// Answered with an error.
    pub refused: PerSignal,
}

/// The registry behind `/metrics`. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    registry: Registry,
    families: Arc<Mutex<HashMap<String, Family>>>,
}

/// All label sets of one metric name.
#[derive(Clone, Debug)]
enum Family {
    Counter(IntCounterVec),
    Gauge(IntGaugeVec),
    Histogram(HistogramVec),
}

impl Metrics {
    /// For metrics that a module defines itself, and for the `/metrics` endpoint.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// `otelcol_receiver_{accepted,refused,failed}_<items>{receiver,transport}`.
    pub fn receiver(&self, id: &str, transport: &str) -> ReceiverMetrics {
        let labels = [("receiver", id), ("transport", transport)];
        let family = |verb: &str, help: &str| self.per_signal("receiver", verb, help, &labels);
        ReceiverMetrics {
            accepted: family("accepted", "successfully pushed into the pipeline"),
            refused: family("refused", "that could not be pushed into the pipeline"),
            failed: family("failed", "that failed for an internal error of the receiver"),
        }
    }

    /// `otelcol_exporter_{sent,send_failed,enqueue_failed}_<items>{exporter}` and the queue's gauges.
    pub fn exporter(&self, id: &str) -> ExporterMetrics {
        let labels = [("exporter", id)];
        let family = |verb: &str, help: &str| self.per_signal("exporter", verb, help, &labels);
        ExporterMetrics {
            sent: family("sent", "successfully sent to the destination"),
            send_failed: family("send_failed", "in failed attempts to send to the destination"),
            enqueue_failed: family("enqueue_failed", "that failed to be added to the queue"),
            queue_size: self.gauge("otelcol_exporter_queue_size", "Requests in the queue", &labels),
            queue_capacity: self.gauge(
                "otelcol_exporter_queue_capacity",
                "Capacity of the queue in requests",
                &labels,
            ),
        }
    }

    /// `otelcol_processor_{incoming,outgoing}_items{processor,otel_signal}` and
    /// `tamis_processor_{dropped,refused}_items`.
    pub fn processor(&self, id: &str) -> ProcessorMetrics {
        let family = |name: &str, help: &str| {
            PerSignal(Signal::ALL.map(|signal| {
                let labels = [("processor", id), ("otel_signal", signal.name())];
                self.counter(name, help, &labels)
            }))
        };
        ProcessorMetrics {
            incoming: family("otelcol_processor_incoming_items", "Items passed to the processor"),
            outgoing: family("otelcol_processor_outgoing_items", "Items the processor passed on"),
            dropped: family("tamis_processor_dropped_items", "Items the processor removed"),
            refused: family("tamis_processor_refused_items", "Items the processor failed on"),
        }
    }

    /// A counter; asking again for the same name and labels gives the same counter.
    ///
    /// # Panics
    ///
    /// Where one name is asked for with two kinds or two sets of label names: a mistake in our code.
    pub fn counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> IntCounter {
        let family = self.family(
            name,
            |names| IntCounterVec::new(Opts::new(name, help), names).map(Family::Counter),
            labels,
        );
        match family {
            Family::Counter(family) => family.with_label_values(&values(labels)),
            other => panic!("{name} is registered as {other:?}"),
        }
    }

    /// A gauge; like [`Metrics::counter`].
    pub fn gauge(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> IntGauge {
        let family = self.family(
            name,
            |names| IntGaugeVec::new(Opts::new(name, help), names).map(Family::Gauge),
            labels,
        );
        match family {
            Family::Gauge(family) => family.with_label_values(&values(labels)),
            other => panic!("{name} is registered as {other:?}"),
        }
    }

    /// A histogram with the given upper bounds; like [`Metrics::counter`].
    pub fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[(&str, &str)],
    ) -> Histogram {
        let family = self.family(
            name,
            |names| {
                let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
                HistogramVec::new(opts, names).map(Family::Histogram)
            },
            labels,
        );
        match family {
            Family::Histogram(family) => family.with_label_values(&values(labels)),
            other => panic!("{name} is registered as {other:?}"),
        }
    }

    #[expect(clippy::expect_used, reason = "a wrong name or label set is a mistake in our code")]
    fn family(
        &self,
        name: &str,
        new: impl FnOnce(&[&str]) -> prometheus::Result<Family>,
        labels: &[(&str, &str)],
    ) -> Family {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.get(name) {
            return family.clone();
        }
        let names: Vec<&str> = labels.iter().map(|(name, _)| *name).collect();
        let family = new(&names).expect("metric and label names are valid");
        let registered = match &family {
            Family::Counter(family) => self.registry.register(Box::new(family.clone())),
            Family::Gauge(family) => self.registry.register(Box::new(family.clone())),
            Family::Histogram(family) => self.registry.register(Box::new(family.clone())),
        };
        registered.expect("the name is not in the registry yet");
        families.insert(name.to_owned(), family.clone());
        family
    }

    fn per_signal(&self, kind: &str, verb: &str, help: &str, labels: &[(&str, &str)]) -> PerSignal {
        PerSignal(Signal::ALL.map(|signal| {
            let items = signal.item_name();
            let help = format!("Number of {} {help}", items.replace('_', " "));
            self.counter(&format!("otelcol_{kind}_{verb}_{items}"), &help, labels)
        }))
    }
}

fn values<'a>(labels: &[(&str, &'a str)]) -> Vec<&'a str> {
    labels.iter().map(|(_, value)| *value).collect()
}
