//! A data point, read once.

use std::borrow::Cow;

use tamis_sdk::otlp::metrics::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
};
use tamis_sdk::wire::{Error, Field, Message, WireType};

use crate::Kind;
use crate::summary::Summary;

/// A data point without its attributes. Buckets stay bytes until they are added.
#[derive(Clone, Debug, Default)]
pub struct Point<'a> {
    /// Nanoseconds since the Unix epoch; 0: unknown.
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    pub time: u64,
    /// See [`no_recorded_value`](Self::no_recorded_value).
    pub flags: u32,
    /// What was reported.
    pub value: Value<'a>,
    /// Encoded records of [`Exemplar::FILTERED_ATTRIBUTES`]: the attributes that the point loses on
    /// its way into a total. Exemplars that are kept get them. Empty after reading.
    pub stripped: &'a [u8],
    /// The message, where it has exemplars, and their field number.
    exemplars: Option<(Message<'a>, u32)>,
}

/// The value of a data point, unchecked.
#[derive(Clone, Debug, Default)]
pub enum Value<'a> {
    /// A number without a value, or a summary.
    #[default]
    None,
    /// Of a gauge or a sum.
    Int(i64),
    /// Of a gauge or a sum.
    Double(f64),
    /// Of a histogram.
    Explicit(Explicit<'a>),
    /// Of an exponential histogram.
    Exponential(Exponential<'a>),
}

/// The value of a histogram.
#[derive(Clone, Debug, Default)]
pub struct Explicit<'a> {
    pub(crate) summary: Summary,
    /// Little-endian numbers of 64 bits.
    pub(crate) counts: Cow<'a, [u8]>,
    pub(crate) bounds: Cow<'a, [u8]>,
}

/// The value of an exponential histogram.
#[derive(Clone, Debug, Default)]
pub struct Exponential<'a> {
    pub(crate) summary: Summary,
    pub(crate) scale: i32,
    pub(crate) zero_count: u64,
    pub(crate) zero_threshold: f64,
    pub(crate) positive: Option<Message<'a>>,
    pub(crate) negative: Option<Message<'a>>,
}

/// Bit of the flags: there was nothing to report.
const NO_RECORDED_VALUE: u32 = 1;

impl<'a> Point<'a> {
    /// Reads a data point of a metric of that kind.
    pub fn read(kind: Kind, message: Message<'a>) -> Result<Self, Error> {
        let mut point = Self::default();
        match kind {
            Kind::Gauge | Kind::Sum { .. } => point.read_number(message)?,
            Kind::Histogram { .. } => point.read_explicit(message)?,
            Kind::Exponential { .. } => point.read_exponential(message)?,
            Kind::Summary => point.read_summary(message)?,
        }
        Ok(point)
    }

    /// Whether the sender says that there was nothing to report.
    #[must_use]
    pub fn no_recorded_value(&self) -> bool {
        self.flags & NO_RECORDED_VALUE != 0
    }

    /// The exemplars, unread.
    pub(crate) fn exemplars(&self) -> impl Iterator<Item = Exemplar<'a>> {
        let fields = self.exemplars.into_iter().flat_map(|(message, number)| {
            let fields = message.fields().filter_map(Result::ok);
            fields.filter(move |field| field.number() == number)
        });
        fields.filter_map(|field| field.message().ok()).map(Exemplar::from)
    }

    /// Takes in one field of the data point of a gauge or a sum: for who goes through its fields anyway.
    #[inline]
    pub fn read_number_field(
        &mut self,
        message: Message<'a>,
        field: &Field<'a>,
    ) -> Result<(), Error> {
        match field.number() {
            NumberDataPoint::AS_DOUBLE => self.value = Value::Double(double(field)?),
            NumberDataPoint::AS_INT => self.value = Value::Int(field.fixed64()? as i64),
            NumberDataPoint::START_TIME_UNIX_NANO => self.start = field.fixed64()?,
            NumberDataPoint::TIME_UNIX_NANO => self.time = field.fixed64()?,
            NumberDataPoint::FLAGS => self.flags = uint32(field)?,
            NumberDataPoint::EXEMPLARS => self.exemplars = Some((message, field.number())),
            _ => {}
        }
        Ok(())
    }

    fn read_number(&mut self, message: Message<'a>) -> Result<(), Error> {
        message.fields().try_for_each(|field| self.read_number_field(message, &field?))
    }

    fn read_explicit(&mut self, message: Message<'a>) -> Result<(), Error> {
        type Wire<'a> = HistogramDataPoint<'a>;
        let mut value = Explicit::default();
        for field in message.fields() {
            let field = field?;
            match field.number() {
                Wire::COUNT => value.summary.count = field.fixed64()?,
                Wire::SUM => value.summary.sum = Some(double(&field)?),
                Wire::MIN => value.summary.min = Some(double(&field)?),
                Wire::MAX => value.summary.max = Some(double(&field)?),
                Wire::BUCKET_COUNTS => append(&mut value.counts, &field)?,
                Wire::EXPLICIT_BOUNDS => append(&mut value.bounds, &field)?,
                Wire::START_TIME_UNIX_NANO => self.start = field.fixed64()?,
                Wire::TIME_UNIX_NANO => self.time = field.fixed64()?,
                Wire::FLAGS => self.flags = uint32(&field)?,
                Wire::EXEMPLARS => self.exemplars = Some((message, field.number())),
                _ => {}
            }
        }
        self.value = Value::Explicit(value);
        Ok(())
    }

    fn read_exponential(&mut self, message: Message<'a>) -> Result<(), Error> {
        type Wire<'a> = ExponentialHistogramDataPoint<'a>;
        let view = Wire::from(message);
        let mut value = Exponential::default();
        for field in message.fields() {
            let field = field?;
            match field.number() {
                Wire::COUNT => value.summary.count = field.fixed64()?,
                Wire::SUM => value.summary.sum = Some(double(&field)?),
                Wire::MIN => value.summary.min = Some(double(&field)?),
                Wire::MAX => value.summary.max = Some(double(&field)?),
                Wire::SCALE => value.scale = zigzag(field.varint()?),
                Wire::ZERO_COUNT => value.zero_count = field.fixed64()?,
                Wire::ZERO_THRESHOLD => value.zero_threshold = double(&field)?,
                // The views refuse what is there twice.
                Wire::POSITIVE if value.positive.replace(field.message()?).is_some() => {
                    view.positive()?;
                }
                Wire::NEGATIVE if value.negative.replace(field.message()?).is_some() => {
                    view.negative()?;
                }
                Wire::POSITIVE | Wire::NEGATIVE => {}
                Wire::START_TIME_UNIX_NANO => self.start = field.fixed64()?,
                Wire::TIME_UNIX_NANO => self.time = field.fixed64()?,
                Wire::FLAGS => self.flags = uint32(&field)?,
                Wire::EXEMPLARS => self.exemplars = Some((message, field.number())),
                _ => {}
            }
        }
        self.value = Value::Exponential(value);
        Ok(())
    }

    fn read_summary(&mut self, message: Message<'a>) -> Result<(), Error> {
        for field in message.fields() {
            let field = field?;
            match field.number() {
                SummaryDataPoint::START_TIME_UNIX_NANO => self.start = field.fixed64()?,
                SummaryDataPoint::TIME_UNIX_NANO => self.time = field.fixed64()?,
                SummaryDataPoint::FLAGS => self.flags = uint32(&field)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Protobuf takes the lower 32 bits of a varint for the 32-bit types.
fn uint32(field: &Field<'_>) -> Result<u32, Error> {
    field.varint().map(|value| value as u32)
}

fn double(field: &Field<'_>) -> Result<f64, Error> {
    field.fixed64().map(f64::from_bits)
}

pub(crate) fn zigzag(value: u64) -> i32 {
    let value = value as u32;
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// Numbers that come one by one, or in several packed records, have the payloads of one packed record.
#[inline]
fn append<'a>(to: &mut Cow<'a, [u8]>, field: &Field<'a>) -> Result<(), Error> {
    if field.wire_type() != WireType::Length {
        field.fixed64()?;
    }
    match to {
        Cow::Borrowed([]) => *to = Cow::Borrowed(field.payload()),
        _ => to.to_mut().extend_from_slice(field.payload()),
    }
    Ok(())
}
