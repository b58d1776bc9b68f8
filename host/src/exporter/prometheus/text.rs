//! The text formats: the classic one, version 0.0.4, and OpenMetrics.

use std::borrow::Cow;

use super::escape::{Escaping, is_plain};
use super::model::{Exemplar, Family, Histogram, Kind, Label, Sample, Summary, Value};
use super::number;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Classic,
    OpenMetrics,
}

pub(super) fn write(families: &[Family], dialect: Dialect, escaping: Escaping) -> String {
    let mut writer = Writer { out: String::new(), dialect, escaping };
    for family in families {
        writer.family(family);
    }
    if dialect == Dialect::OpenMetrics {
        writer.out.push_str("# EOF\n");
    }
    writer.out
}

struct Writer {
    out: String,
    dialect: Dialect,
    escaping: Escaping,
}

/// What stands in one line beside the labels of the series.
#[derive(Clone, Copy, Default)]
struct Line<'a> {
    suffix: &'static str,
    /// `le` or `quantile`.
    extra: Option<(&'static str, f64)>,
    exemplar: Option<&'a Exemplar>,
}

impl Writer {
    fn family(&mut self, family: &Family) {
        let name = self.escaping.escape(&family.name);
        // In OpenMetrics the suffix belongs to the sample, not to the family.
        let trimmed = match (self.dialect, family.kind) {
            (Dialect::OpenMetrics, Kind::Counter) => name.strip_suffix("_total"),
            _ => None,
        };
        let is_counter = family.kind == Kind::Counter;
        let kind = if self.dialect == Dialect::OpenMetrics && is_counter && trimmed.is_none() {
            "unknown"
        } else {
            family.kind.name()
        };
        let title = quoted(trimmed.unwrap_or(&name));
        let quotes = self.dialect == Dialect::OpenMetrics;
        let help = escaped(&family.help, quotes);
        self.out.push_str(&format!("# HELP {title} {help}\n# TYPE {title} {kind}\n"));
        for sample in &family.samples {
            self.sample(&name, sample);
        }
    }

    fn sample(&mut self, name: &str, sample: &Sample) {
        match &sample.value {
            Value::Gauge(value) => {
                let value = self.float(*value);
                self.line(name, sample, Line::default(), &value);
            }
            Value::Counter(counter) => {
                let value = self.float(counter.value);
                let exemplar = counter.exemplar.as_ref();
                self.line(name, sample, Line { exemplar, ..Line::default() }, &value);
            }
            Value::Summary(summary) => self.summary(name, sample, summary),
            Value::Histogram(histogram) => self.histogram(name, sample, histogram),
        }
    }

    fn summary(&mut self, name: &str, sample: &Sample, summary: &Summary) {
        for (quantile, value) in &summary.quantiles {
            let value = self.float(*value);
            let extra = Some(("quantile", *quantile));
            self.line(name, sample, Line { extra, ..Line::default() }, &value);
        }
        self.sum_and_count(name, sample, summary.sum, summary.count);
    }

    /// A native histogram has no buckets here but the last.
    fn histogram(&mut self, name: &str, sample: &Sample, histogram: &Histogram) {
        let bucket =
            |bound: f64| Line { suffix: "_bucket", extra: Some(("le", bound)), ..Line::default() };
        for each in &histogram.buckets {
            let count = self.whole(each.cumulative_count);
            let exemplar = each.exemplar.as_ref();
            self.line(name, sample, Line { exemplar, ..bucket(each.upper_bound) }, &count);
        }
        let last = histogram.buckets.last().map(|bucket| bucket.upper_bound);
        if last != Some(f64::INFINITY) {
            let count = self.whole(histogram.count);
            self.line(name, sample, bucket(f64::INFINITY), &count);
        }
        self.sum_and_count(name, sample, histogram.sum, histogram.count);
    }

    fn sum_and_count(&mut self, name: &str, sample: &Sample, sum: f64, count: u64) {
        let (sum, count) = (self.float(sum), self.whole(count));
        self.line(name, sample, Line { suffix: "_sum", ..Line::default() }, &sum);
        self.line(name, sample, Line { suffix: "_count", ..Line::default() }, &count);
    }

    fn line(&mut self, name: &str, sample: &Sample, line: Line<'_>, value: &str) {
        let name = format!("{name}{}", line.suffix);
        self.name_and_labels(&name, &sample.labels, line.extra);
        self.out.push(' ');
        self.out.push_str(value);
        if let Some(millis) = sample.time {
            let time = match self.dialect {
                Dialect::Classic => millis.to_string(),
                Dialect::OpenMetrics => number::open_metrics(millis as f64 / 1000.0),
            };
            self.out.push(' ');
            self.out.push_str(&time);
        }
        if let Some(exemplar) = line.exemplar {
            self.exemplar(exemplar);
        }
        self.out.push('\n');
    }

    /// Only OpenMetrics has exemplars, and one without labels would lead nowhere.
    fn exemplar(&mut self, exemplar: &Exemplar) {
        if self.dialect == Dialect::Classic || exemplar.labels.is_empty() {
            return;
        }
        self.out.push_str(" # ");
        self.name_and_labels("", &exemplar.labels, None);
        self.out.push(' ');
        self.out.push_str(&number::open_metrics(exemplar.value));
        if let Some(time) = exemplar.time {
            self.out.push(' ');
            self.out.push_str(&number::open_metrics(time.seconds()));
        }
    }

    /// A name that needs quotes stands among the labels.
    fn name_and_labels(&mut self, name: &str, labels: &[Label], extra: Option<(&str, f64)>) {
        let mut separator = '{';
        if !name.is_empty() && !is_plain(name) {
            self.out.push(separator);
            separator = ',';
        }
        self.out.push_str(&quoted(name));
        for label in labels {
            self.out.push(separator);
            self.out.push_str(&quoted(&self.escaping.escape(&label.name)));
            self.out.push_str("=\"");
            self.out.push_str(&escaped(&label.value, true));
            self.out.push('"');
            separator = ',';
        }
        if let Some((label, value)) = extra {
            let value = self.float(value);
            self.out.push_str(&format!("{separator}{label}=\"{value}\""));
            separator = ',';
        }
        if separator == ',' {
            self.out.push('}');
        }
    }

    fn float(&self, value: f64) -> String {
        match self.dialect {
            Dialect::Classic => number::classic(value),
            Dialect::OpenMetrics => number::open_metrics(value),
        }
    }

    /// A count: the classic format has only one kind of number.
    fn whole(&self, value: u64) -> String {
        match self.dialect {
            Dialect::Classic => number::classic(value as f64),
            Dialect::OpenMetrics => value.to_string(),
        }
    }
}

fn quoted(name: &str) -> Cow<'_, str> {
    if name.is_empty() || is_plain(name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", escaped(name, true)))
    }
}

fn escaped(text: &str, quotes: bool) -> Cow<'_, str> {
    if !text.contains(['\\', '\n', '"']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
