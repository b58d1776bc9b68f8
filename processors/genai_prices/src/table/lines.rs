//! Finds the lines of a table.

use super::{Provider, Row};
use crate::registry::Builder;

/// The version of the format.
const FORMAT: &str = "1";

/// A part of the table's text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Its lines.
    pub(crate) fn lines(self, text: &str) -> impl Iterator<Item = Self> {
        let mut start = self.start;
        self.of(text).split_terminator('\n').map(move |line| {
            let span = Self { start, end: start + line.len() as u32 };
            start = span.end + 1;
            span
        })
    }
}

/// Reads the lines in order.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The line that is read, counted from 1.
    pub(super) line: usize,
    has_format: bool,
    pub(super) version: String,
    pub(super) units: Builder<'t>,
    pub(super) providers: Vec<Provider>,
    pub(super) rows: Vec<Row>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            line: 0,
            has_format: false,
            version: String::new(),
            units: Builder::default(),
            providers: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(super) fn read(&mut self) -> Result<(), String> {
        let mut rest = self.text;
        while !rest.is_empty() {
            let (line, next) = split_once(rest, b'\n').unwrap_or((rest, ""));
            rest = next;
            self.line += 1;
            if !line.is_empty() && !line.starts_with('#') {
                self.read_line(line)?;
            }
        }
        if !self.has_format {
            return Err("not a price table: `tamis-prices` is missing".to_owned());
        }
        Ok(())
    }

    fn read_line(&mut self, line: &'t str) -> Result<(), String> {
        let (kind, rest) = split_once(line, b'\t').unwrap_or(line.split_at(line.len()));
        if !self.has_format {
            return match (kind, rest) {
                ("tamis-prices", FORMAT) => {
                    self.has_format = true;
                    Ok(())
                }
                ("tamis-prices", _) => Err(format!("this version reads format {FORMAT}")),
                _ => Err("not a price table: `tamis-prices` is missing".to_owned()),
            };
        }
        let span = self.span(rest);
        match kind {
            "model" => self.model(rest),
            "price" | "variant" | "audio_minimum" => self.more(line),
            "source" => {
                rest.clone_into(&mut self.version);
                Ok(())
            }
            "date" => {
                self.version = format!("{} ({rest})", self.version);
                Ok(())
            }
            "unit" => self.units.unit(rest),
            "provider" => {
                let rows = self.rows.len()..self.rows.len();
                self.providers.push(Provider { id: span, rows, ..Provider::default() });
                Ok(())
            }
            "known" | "serves" | "fallback" => {
                let provider = self.providers.last_mut().ok_or("no provider before it")?;
                match kind {
                    "known" => provider.known = span,
                    "serves" => provider.serves = span,
                    _ => provider.fallback = span,
                }
                Ok(())
            }
            _ => Err("expected provider, model, price or another word of the format".to_owned()),
        }
    }

    fn model(&mut self, rest: &str) -> Result<(), String> {
        let provider = self.providers.last_mut().ok_or("no provider before it")?;
        let fields = split_once(rest, b'\t').and_then(|(id, rest)| {
            let (matching, prices) = split_once(rest, b'\t')?;
            Some((id, matching, prices))
        });
        let (id, matching, prices) = fields.ok_or("expected id, clauses and prices")?;
        provider.rows.end += 1;
        let (id, matching, prices) = (self.span(id), self.span(matching), self.span(prices));
        let more = Span { start: prices.end + 1, end: prices.end + 1 };
        self.rows.push(Row { id, matching, prices, more });
        Ok(())
    }

    /// A line that belongs to the model before it.
    fn more(&mut self, line: &str) -> Result<(), String> {
        let end = self.span(line).end;
        let row = self.rows.last_mut().ok_or("no model before it")?;
        let provider = self.providers.last().ok_or("no provider before it")?;
        if provider.rows.is_empty() {
            return Err("no model before it".to_owned());
        }
        row.more.end = end;
        Ok(())
    }

    /// Where this part of the current line is.
    fn span(&self, part: &str) -> Span {
        let start = part.as_ptr().addr() - self.text.as_ptr().addr();
        Span { start: start as u32, end: (start + part.len()) as u32 }
    }
}

/// As `str::split_once`, which looks at one byte at a time.
fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let place = memchr::memchr(separator, text.as_bytes())?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}
