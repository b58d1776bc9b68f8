//! The way through a batch to everything that has attributes.

use tamis_re2::Scanner;
use tamis_sdk::otlp::common::{AnyValue, InstrumentationScope};
use tamis_sdk::otlp::logs::LogRecord;
use tamis_sdk::otlp::metrics::{
    ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, SummaryDataPoint,
};
use tamis_sdk::otlp::resource::Resource;
use tamis_sdk::otlp::trace::{Event, Span};
use tamis_sdk::wire::{Field, Message};
use tamis_sdk::{Hit, Signal};

use crate::examine::Examiner;
use crate::value::Fault;

// The three signals have one shape: an Export request has resources, a resource has scopes, a scope
// has items, with the same field numbers.
const RESOURCES: u32 = 1;
const RESOURCE: u32 = 1;
const SCOPES: u32 = 2;
const SCOPE: u32 = 1;
const ITEMS: u32 = 2;
/// Of every kind of metric data.
const DATA_POINTS: u32 = 1;

/// Tells which parts of a batch can hold anything to redact.
#[derive(Debug)]
pub(crate) enum Sieve<'a> {
    /// All.
    Open,
    /// Those with a hit of the host's scan; ascending.
    Hits(&'a [Hit]),
    /// Those where this finds something.
    Scan(&'a Scanner),
}

impl Sieve<'_> {
    fn holds_back(&self, batch: &[u8], message: Message<'_>) -> bool {
        let range = message.range();
        match self {
            Self::Open => true,
            Self::Scan(scanner) => scanner.is_hit(&batch[range]),
            Self::Hits(hits) => {
                let next = hits.partition_point(|hit| (hit.offset as usize) < range.start);
                hits.get(next).is_some_and(|hit| (hit.offset as usize) < range.end)
            }
        }
    }
}

/// One batch on its way through.
pub(crate) struct Walk<'w, 'a> {
    pub(crate) examiner: &'w mut Examiner,
    pub(crate) batch: &'a [u8],
    pub(crate) sieve: Sieve<'w>,
    pub(crate) signal: Signal,
}

impl<'a> Walk<'_, 'a> {
    pub(crate) fn batch(&mut self) -> Result<(), Fault> {
        for resource in of_number(Message::new(self.batch), RESOURCES) {
            for field in resource?.message()?.fields() {
                let field = field?;
                match field.number() {
                    RESOURCE => self.attributes(field.message()?, Resource::ATTRIBUTES)?,
                    SCOPES => self.scope(field.message()?)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn scope(&mut self, scope: Message<'a>) -> Result<(), Fault> {
        for field in scope.fields() {
            let field = field?;
            match field.number() {
                SCOPE => self.attributes(field.message()?, InstrumentationScope::ATTRIBUTES)?,
                ITEMS => {
                    let item = field.message()?;
                    match self.signal {
                        Signal::Traces => self.span(item)?,
                        Signal::Metrics => self.metric(item)?,
                        Signal::Logs => self.log_record(item)?,
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn attributes(&mut self, owner: Message<'a>, number: u32) -> Result<(), Fault> {
        if self.sieve.holds_back(self.batch, owner) {
            self.examiner.attributes(self.batch, owner, number)?;
        }
        Ok(())
    }

    fn span(&mut self, span: Message<'a>) -> Result<(), Fault> {
        if !self.sieve.holds_back(self.batch, span) {
            return Ok(());
        }
        self.examiner.attributes(self.batch, span, Span::ATTRIBUTES)?;
        for event in of_number(span, Span::EVENTS) {
            self.examiner.attributes(self.batch, event?.message()?, Event::ATTRIBUTES)?;
        }
        Ok(())
    }

    fn metric(&mut self, metric: Message<'a>) -> Result<(), Fault> {
        if !self.sieve.holds_back(self.batch, metric) {
            return Ok(());
        }
        for data in metric.fields() {
            let data = data?;
            let attributes = match data.number() {
                Metric::GAUGE | Metric::SUM => NumberDataPoint::ATTRIBUTES,
                Metric::HISTOGRAM => HistogramDataPoint::ATTRIBUTES,
                Metric::EXPONENTIAL_HISTOGRAM => ExponentialHistogramDataPoint::ATTRIBUTES,
                Metric::SUMMARY => SummaryDataPoint::ATTRIBUTES,
                _ => continue,
            };
            for point in of_number(data.message()?, DATA_POINTS) {
                self.attributes(point?.message()?, attributes)?;
            }
        }
        Ok(())
    }

    fn log_record(&mut self, record: Message<'a>) -> Result<(), Fault> {
        // A body is redacted whatever its type, and the text of a number is nowhere in the bytes.
        if self.sieve.holds_back(self.batch, record) || !has_text_body(record)? {
            self.examiner.log_record(self.batch, record)?;
        }
        Ok(())
    }
}

/// Is the body nothing but a string, or absent?
fn has_text_body(record: Message<'_>) -> Result<bool, Fault> {
    for body in of_number(record, LogRecord::BODY) {
        for member in body?.message()?.fields() {
            if member?.number() != AnyValue::STRING_VALUE {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn of_number(
    message: Message<'_>,
    number: u32,
) -> impl Iterator<Item = Result<Field<'_>, tamis_sdk::wire::Error>> {
    message.fields().filter(move |field| match field {
        Ok(field) => field.number() == number,
        Err(_) => true,
    })
}
