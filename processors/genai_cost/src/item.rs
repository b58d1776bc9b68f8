//! A span or a log record, read in one pass.

use tamis_sdk::otlp::logs::LogRecord;
use tamis_sdk::otlp::trace::{Event, Span, Status, StatusCode};
use tamis_sdk::wire::{Error, Message};

use crate::names::Names;
use crate::object;
use crate::seen::{Seen, tells_of_limit};
use crate::value::{self, Value};

/// What is not an attribute of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) message: Message<'a>,
    pub(crate) is_span: bool,
    pub(crate) trace_id: &'a [u8],
    pub(crate) span_id: &'a [u8],
    pub(crate) parent_span_id: &'a [u8],
    /// Nanoseconds since the Unix epoch; 0: unknown.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// What kind of event a log record tells of.
    pub(crate) event_name: &'a [u8],
    /// The status or an event of a span says something.
    tells_more: bool,
}

impl<'a> Item<'a> {
    fn new(message: Message<'a>, is_span: bool) -> Self {
        let (trace_id, span_id, parent_span_id, event_name) = Default::default();
        Self {
            message,
            is_span,
            trace_id,
            span_id,
            parent_span_id,
            start: 0,
            end: 0,
            event_name,
            tells_more: false,
        }
    }

    #[inline]
    pub(crate) fn span(
        message: Message<'a>,
        names: &Names,
        seen: &mut Seen<'a>,
    ) -> Result<Self, Error> {
        let mut span = Self::new(message, true);
        for field in message.fields() {
            let field = field?;
            match field.number() {
                Span::ATTRIBUTES => seen.attribute(names, field.message()?)?,
                Span::TRACE_ID => span.trace_id = field.bytes()?,
                Span::SPAN_ID => span.span_id = field.bytes()?,
                Span::PARENT_SPAN_ID => span.parent_span_id = field.bytes()?,
                Span::START_TIME_UNIX_NANO => span.start = field.fixed64()?,
                Span::END_TIME_UNIX_NANO => span.end = field.fixed64()?,
                Span::EVENTS | Span::STATUS => span.tells_more |= !field.payload().is_empty(),
                _ => {}
            }
        }
        Ok(span)
    }

    pub(crate) fn log_record(
        message: Message<'a>,
        names: &Names,
        seen: &mut Seen<'a>,
    ) -> Result<Self, Error> {
        let mut record = Self::new(message, false);
        let mut observed = 0;
        for field in message.fields() {
            let field = field?;
            match field.number() {
                LogRecord::ATTRIBUTES => seen.attribute(names, field.message()?)?,
                LogRecord::BODY => object::body(names, Value::read(Some(field.message()?))?, seen)?,
                LogRecord::TRACE_ID => record.trace_id = field.bytes()?,
                LogRecord::SPAN_ID => record.span_id = field.bytes()?,
                LogRecord::TIME_UNIX_NANO => record.start = field.fixed64()?,
                LogRecord::OBSERVED_TIME_UNIX_NANO => observed = field.fixed64()?,
                LogRecord::EVENT_NAME => record.event_name = field.bytes()?,
                _ => {}
            }
        }
        if record.start == 0 {
            record.start = observed;
        }
        Ok(record)
    }

    /// When the call began, which decides its price; `received` where nothing is said.
    pub(crate) fn time(&self, received: u64) -> u64 {
        [self.start, self.end].into_iter().find(|time| *time > 0).unwrap_or(received)
    }

    /// What the status and the events of a span tell: when output began, and whether the call was
    /// refused for its rate.
    pub(crate) fn more(&self, seen: &mut Seen<'a>) -> Result<(), Error> {
        if !self.tells_more {
            return Ok(());
        }
        for field in self.message.fields() {
            let field = field?;
            match field.number() {
                Span::EVENTS => self.event(Event::from(field.message()?), seen)?,
                Span::STATUS => {
                    let status = Status::from(field.message()?);
                    let failed = status.code()? == StatusCode::ERROR;
                    seen.is_rate_limited |=
                        failed && tells_of_limit(&status.message()?.to_string_lossy());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn event(&self, event: Event<'a>, seen: &mut Seen<'a>) -> Result<(), Error> {
        let name = event.name()?;
        if FIRST_OUTPUT.contains(&name.as_bytes()) {
            if let Some(after) = event.time_unix_nano()?.checked_sub(self.start) {
                seen.first_token_after(after as f64 / 1e9);
            }
        } else if name == "exception" {
            for attribute in event.attributes() {
                let (key, any) = value::pair(attribute?.wire())?;
                if key == b"exception.type" {
                    let text = Value::read(any)?.text().unwrap_or_default();
                    seen.is_rate_limited |= tells_of_limit(&text);
                }
            }
        }
        Ok(())
    }
}

/// Events that are written when output begins; of those that are written for each piece, the first.
const FIRST_OUTPUT: &[&[u8]] = &[
    b"First Token Stream Event",
    b"ai.stream.firstChunk",
    b"llm.content.completion.chunk",
    b"gen_ai.content.completion.chunk",
    b"gen_ai.first_token",
];
