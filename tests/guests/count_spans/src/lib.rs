//! A guest that feeds a pipeline of metrics: at each tick it emits how many spans it has seen.
//!
//! It proves `emitter` and `watcher`. The metric is called what the file `name_file` holds, else
//! `spans`; an empty file is refused.

use tamis_sdk::emitter::emit;
use tamis_sdk::otlp::trace::ExportTraceServiceRequest;
use tamis_sdk::wire::{Message, Writer};
use tamis_sdk::{
    Configuration, Context, Descriptor, Error, Outcome, Partition, Problem, Processor, Signal,
    Ticker, WatchedFile, Watcher,
};

/// How often the count is told, in milliseconds.
const TICK_MS: u32 = 50;

/// `AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u64 = 2;

struct CountSpans {
    name: String,
    feeds: bool,
    count: u64,
    told: Option<(String, u64)>,
}

impl Processor for CountSpans {
    fn configure(configuration: Configuration) -> Result<(Self, Descriptor), Vec<Problem>> {
        let file = configuration.read(|section| section.string("name_file"))?;
        let mut descriptor = Descriptor::new("count_spans", "0.1.0", &[Signal::Traces]);
        descriptor.partition = Partition::Whole;
        descriptor.tick_interval = Some(TICK_MS);
        descriptor
            .files
            .extend(file.map(|name| WatchedFile { path: vec!["name_file".to_owned()], name }));
        let feeds = configuration.feeds.contains(&Signal::Metrics);
        Ok((Self { name: "spans".to_owned(), feeds, count: 0, told: None }, descriptor))
    }

    fn process(&mut self, _: &Context, batch: &[u8]) -> Result<Outcome, Error> {
        let mut count = 0;
        for resource in ExportTraceServiceRequest::from(Message::new(batch)).resource_spans() {
            for scope in resource?.scope_spans() {
                for span in scope?.spans() {
                    span?;
                    count += 1;
                }
            }
        }
        self.count += count;
        Ok(Outcome::Unchanged)
    }
}

impl Ticker for CountSpans {
    fn tick(&mut self, now: u64) -> Result<(), Error> {
        let news = (self.name.clone(), self.count);
        if self.feeds
            && self.told.as_ref() != Some(&news)
            && emit(Signal::Metrics, &request(&self.name, self.count, now))
        {
            self.told = Some(news);
        }
        Ok(())
    }

    fn flush(&mut self, now: u64) -> Result<(), Error> {
        self.tick(now)
    }
}

impl Watcher for CountSpans {
    fn file(&mut self, _: &str, content: &[u8]) -> Result<(), String> {
        let name = String::from_utf8_lossy(content).trim().to_owned();
        if name.is_empty() {
            return Err("it holds no name".to_owned());
        }
        self.name = name;
        Ok(())
    }
}

/// An Export request with one monotonic sum.
fn request(name: &str, count: u64, now: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).message(1, |resource| {
        resource.message(2, |scope| {
            scope.message(2, |metric| {
                metric.bytes(1, name);
                metric.message(7, |sum| {
                    sum.message(1, |point| {
                        point.fixed64(3, now);
                        point.fixed64(6, count);
                    });
                    sum.varint(2, CUMULATIVE);
                    sum.varint(3, 1);
                });
            });
        });
    });
    bytes
}

tamis_sdk::export!(CountSpans, ticker, watcher);
