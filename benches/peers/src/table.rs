//! Ratios as a table, in Markdown.

use crate::workloads::race::{mean, ratio, time};
use std::fmt;

/// Times as multiples of native Rust: a row per workload, a column per peer.
pub struct Table {
    what: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// What peers say of rows: the peer, the row, and that.
    pub notes: Vec<(String, String, String)>,
}

/// A workload.
pub struct Row {
    pub name: String,
    native: f64,
    /// One for each column; None when the peer has not got the workload.
    pub ratios: Vec<Option<f64>>,
}

impl Table {
    pub fn new(what: &str, columns: Vec<String>) -> Self {
        Self {
            what: what.to_owned(),
            columns,
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub fn push(&mut self, name: &str, native: f64, ratios: Vec<Option<f64>>) {
        let name = name.to_owned();
        self.rows.push(Row {
            name,
            native,
            ratios,
        });
    }

    /// The geometric mean of a column over the workloads it has.
    pub fn mean(&self, column: usize) -> Option<f64> {
        mean(self.rows.iter().filter_map(|row| row.ratios[column]))
    }

    /// How many times the first column's time a column takes, in geometric mean over what it has.
    fn beside_first(&self, column: usize) -> Option<f64> {
        let beside = |row: &Row| Some(row.ratios[column]? / row.ratios[0]?);
        mean(self.rows.iter().filter_map(beside))
    }

    /// As nanoseconds for each of `n` times around a loop.
    pub fn around_a_loop(&self, n: i64) -> String {
        let mut lines = vec![
            format!("| {} | native | {} |", self.what, self.columns.join(" | ")),
            format!("|---|---:|{}", "---:|".repeat(self.columns.len())),
        ];
        for row in &self.rows {
            let each = row.native * 1e9 / n as f64;
            let ratios = std::iter::once(Some(1.0)).chain(row.ratios.iter().copied());
            let cells = ratios.map(|ratio| cell(ratio.map(|ratio| ratio * each)));
            lines.push(format!(
                "| {} | {} |",
                row.name,
                Vec::from_iter(cells).join(" | ")
            ));
        }
        lines.join("\n") + "\n"
    }
}

/// A number that may be missing.
fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), ratio)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &str, native: &str, cells: Vec<String>| {
            writeln!(f, "| {name} | {native} | {} |", cells.join(" | "))
        };
        line(f, &self.what, "native", self.columns.clone())?;
        writeln!(f, "|---|---:|{}", "---:|".repeat(self.columns.len()))?;
        for row in &self.rows {
            let cells = row.ratios.iter().copied().map(cell).collect();
            line(f, &row.name, &time(row.native), cells)?;
        }
        let all = 0..self.columns.len();
        let means = all.clone().map(|column| cell(self.mean(column))).collect();
        line(f, "geometric mean", "1", means)?;
        let beside = all.map(|column| cell(self.beside_first(column))).collect();
        let beside_what = format!("times that of {}", self.columns[0]);
        line(f, &beside_what, "", beside)?;
        if !self.notes.is_empty() {
            writeln!(f)?;
        }
        for (peer, row, says) in &self.notes {
            writeln!(f, "- {peer}, {row}: {says}")?;
        }
        Ok(())
    }
}
