//! Results as Markdown tables, ready for the README.

use std::io::{self, Write};

/// Rows under a heading; the columns are as wide as what stands in them.
#[derive(Debug)]
pub struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Self { title: title.to_owned(), rows: vec![columns.iter().map(|c| (*c).into()).collect()] }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// To stdout.
    ///
    /// # Errors
    ///
    /// Where stdout is closed.
    pub fn print(&self) -> io::Result<()> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut out = io::stdout().lock();
        writeln!(out, "\n### {}\n", self.title)?;
        for (index, row) in self.rows.iter().enumerate() {
            write_row(&mut out, row, &widths)?;
            if index == 0 {
                write_row(&mut out, &rule, &widths)?;
            }
        }
        out.flush()
    }
}

fn write_row(out: &mut impl Write, row: &[String], widths: &[usize]) -> io::Result<()> {
    for (index, width) in widths.iter().enumerate() {
        let cell = row.get(index).map_or("", String::as_str);
        write!(out, "| {cell:width$} ")?;
    }
    writeln!(out, "|")
}

/// With two digits after the point.
pub fn fixed(value: f64) -> String {
    format!("{value:.2}")
}

/// How often `value` is in `other`; a dash where there is nothing to compare.
pub fn ratio(value: f64, other: f64) -> String {
    if value > 0.0 && other > 0.0 { format!("{:.2}x", other / value) } else { "-".to_owned() }
}
