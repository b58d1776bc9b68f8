//! The way through a batch: what is to be removed?

use tamis_ottl::{Conditions, EvalError, Item, Owner, Point};
use tamis_sdk::edit::Patch;
use tamis_sdk::otlp::metrics::{
    ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, SummaryDataPoint,
};
use tamis_sdk::otlp::trace::{Event, Span};
use tamis_sdk::wire::{self, Field, Message};
use tamis_sdk::{Error, Signal};

use crate::report::Report;
use crate::rules::Rules;

// The three signals have one shape: an Export request has resources, a resource has scopes, a scope
// has items, with the same field numbers.
const RESOURCES: u32 = 1;
const SCOPES: u32 = 2;
const ITEMS: u32 = 2;
/// Of every kind of metric data.
const DATA_POINTS: u32 = 1;

/// One batch on its way through one group of rules.
pub(crate) struct Walk<'w> {
    signal: Signal,
    rules: &'w Rules,
    report: &'w mut Report,
    removed: Vec<Patch>,
}

pub(crate) struct Findings {
    /// The records that go, ascending; none lies within another.
    pub(crate) removed: Vec<Patch>,
    /// Not one resource is left.
    pub(crate) is_all_removed: bool,
}

/// What becomes of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Stays,
    Goes,
}

impl Verdict {
    fn goes_if(goes: bool) -> Self {
        if goes { Self::Goes } else { Self::Stays }
    }
}

impl<'w> Walk<'w> {
    pub(crate) fn new(signal: Signal, rules: &'w Rules, report: &'w mut Report) -> Self {
        Self { signal, rules, report, removed: Vec::new() }
    }

    pub(crate) fn batch(mut self, batch: &[u8]) -> Result<Findings, Error> {
        let is_empty = self.each(Message::new(batch), RESOURCES, Self::resource)?;
        let failed = self.rules.is_legacy.then(|| self.report.failure()).flatten();
        match failed {
            Some(error) => Err(error),
            None => Ok(Findings { removed: self.removed, is_all_removed: is_empty }),
        }
    }

    /// Visits the records of that number; those that go are noted in place of what was noted within
    /// them. True: none is left.
    fn each<'a>(
        &mut self,
        message: Message<'a>,
        number: u32,
        mut visit: impl FnMut(&mut Self, Field<'a>) -> Result<Verdict, Error>,
    ) -> Result<bool, Error> {
        let mut is_empty = true;
        for field in message.fields_of(number) {
            let field = field?;
            let noted = self.removed.len();
            match visit(self, field)? {
                Verdict::Stays => is_empty = false,
                Verdict::Goes => {
                    self.removed.truncate(noted);
                    self.removed.push(Patch::remove(field.record().start));
                }
            }
        }
        Ok(is_empty)
    }

    /// None: that could not be told; then nothing happens to the item and what is in it.
    fn holds(
        &mut self,
        conditions: &Option<Conditions>,
        item: &Item<'_>,
    ) -> Result<Option<bool>, Error> {
        let Some(conditions) = conditions else { return Ok(Some(false)) };
        match conditions.eval(item, |condition, error| self.report.ignore(condition, error)) {
            Ok(holds) => Ok(Some(holds)),
            Err(EvalError::Malformed(error)) => Err(error.into()),
            Err(error) => {
                self.report.fail(error);
                Ok(None)
            }
        }
    }

    fn resource(&mut self, field: Field<'_>) -> Result<Verdict, Error> {
        let group = field.message()?;
        let resource = Owner::of(group)?;
        let rules = self.rules;
        match self.holds(&rules.resource, &Item::resource(resource))? {
            None => return Ok(Verdict::Stays),
            Some(true) => {
                for scope in group.fields_of(SCOPES) {
                    self.drop_items(scope?.message()?)?;
                }
                return Ok(Verdict::Goes);
            }
            Some(false) => {}
        }
        let is_empty = match rules.has_scope() {
            true => self.each(group, SCOPES, |walk, field| walk.scope(resource, field))?,
            false => group.fields_of(SCOPES).next().is_none(),
        };
        Ok(Verdict::goes_if(is_empty))
    }

    fn scope(&mut self, resource: Owner<'_>, field: Field<'_>) -> Result<Verdict, Error> {
        let group = field.message()?;
        let scope = Owner::of(group)?;
        let rules = self.rules;
        match self.holds(&rules.scope, &Item::scope(resource, scope))? {
            None => return Ok(Verdict::Stays),
            Some(true) => {
                self.drop_items(group)?;
                return Ok(Verdict::Goes);
            }
            Some(false) => {}
        }
        let is_empty = match (rules.has_item(), self.signal) {
            (false, _) => group.fields_of(ITEMS).next().is_none(),
            (true, Signal::Traces) => {
                self.each(group, ITEMS, |walk, field| walk.span(resource, scope, field))?
            }
            (true, Signal::Metrics) => {
                self.each(group, ITEMS, |walk, field| walk.metric(resource, scope, field))?
            }
            (true, Signal::Logs) => self.each(group, ITEMS, |walk, field| {
                let record = field.message()?.into();
                let goes = walk.holds(&rules.item, &Item::log(resource, scope, record))?;
                walk.report.dropped += u64::from(goes == Some(true));
                Ok(Verdict::goes_if(goes == Some(true)))
            })?,
        };
        Ok(Verdict::goes_if(is_empty))
    }

    /// A span stays when its events go.
    fn span(
        &mut self,
        resource: Owner<'_>,
        scope: Owner<'_>,
        field: Field<'_>,
    ) -> Result<Verdict, Error> {
        let message = field.message()?;
        let span = Span::from(message);
        let rules = self.rules;
        match self.holds(&rules.item, &Item::span(resource, scope, span))? {
            None => return Ok(Verdict::Stays),
            Some(true) => {
                self.report.dropped += 1;
                return Ok(Verdict::Goes);
            }
            Some(false) if rules.part.is_none() => return Ok(Verdict::Stays),
            Some(false) => {}
        }
        self.each(message, Span::EVENTS, |walk, field| {
            let event = Event::from(field.message()?);
            let item = Item::span_event(resource, scope, span, event);
            Ok(Verdict::goes_if(walk.holds(&rules.part, &item)? == Some(true)))
        })?;
        Ok(Verdict::Stays)
    }

    /// A metric goes when its data points go, or when it has none.
    fn metric(
        &mut self,
        resource: Owner<'_>,
        scope: Owner<'_>,
        field: Field<'_>,
    ) -> Result<Verdict, Error> {
        let message = field.message()?;
        let metric = Metric::from(message);
        let rules = self.rules;
        match self.holds(&rules.item, &Item::metric(resource, scope, metric))? {
            None => return Ok(Verdict::Stays),
            Some(true) => {
                self.report.dropped += data_points(message)?;
                return Ok(Verdict::Goes);
            }
            Some(false) if rules.part.is_none() => return Ok(Verdict::Stays),
            Some(false) => {}
        }
        for data in message.fields() {
            let data = data?;
            let Some(point_of) = point_of(data.number()) else { continue };
            let is_empty = self.each(data.message()?, DATA_POINTS, |walk, field| {
                let point = point_of(field.message()?);
                let item = Item::data_point(resource, scope, metric, point);
                let goes = walk.holds(&rules.part, &item)? == Some(true);
                walk.report.dropped += u64::from(goes);
                Ok(Verdict::goes_if(goes))
            })?;
            return Ok(Verdict::goes_if(is_empty));
        }
        // Without data there is nothing that could go.
        Ok(Verdict::Stays)
    }

    /// Counts what goes with its scope.
    fn drop_items(&mut self, scope: Message<'_>) -> Result<(), Error> {
        for item in scope.fields_of(ITEMS) {
            self.report.dropped += match self.signal {
                Signal::Metrics => data_points(item?.message()?)?,
                Signal::Traces | Signal::Logs => item.map(|_| 1)?,
            };
        }
        Ok(())
    }
}

/// How the data points of a metric are seen, by the field that holds its data.
fn point_of(number: u32) -> Option<for<'a> fn(Message<'a>) -> Point<'a>> {
    Some(match number {
        Metric::GAUGE | Metric::SUM => |point| Point::Number(NumberDataPoint::from(point)),
        Metric::HISTOGRAM => |point| Point::Histogram(HistogramDataPoint::from(point)),
        Metric::EXPONENTIAL_HISTOGRAM => {
            |point| Point::Exponential(ExponentialHistogramDataPoint::from(point))
        }
        Metric::SUMMARY => |point| Point::Summary(SummaryDataPoint::from(point)),
        _ => return None,
    })
}

fn data_points(metric: Message<'_>) -> Result<u64, wire::Error> {
    let mut count = 0;
    for data in metric.fields() {
        let data = data?;
        if point_of(data.number()).is_some() {
            for point in data.message()?.fields_of(DATA_POINTS) {
                count += point.map(|_| 1)?;
            }
        }
    }
    Ok(count)
}
