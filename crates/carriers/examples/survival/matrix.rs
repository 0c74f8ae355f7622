//! The table: carriers in rows, what happened in columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use carriers::{Leak, read};
use fingerprint::Reading;

use crate::material::{Row, Sample};

/// Readings from which on a cell is held against the gate.
const READINGS_MIN: u64 = 200;
const WRONG_MAX: f64 = 0.005;
const RIGHT_MIN: f64 = 0.95;

#[derive(Clone, Copy, Debug, Default)]
pub struct Cell {
    pub right: u64,
    pub wrong: u64,
    pub sites: u64,
}

/// What happened to copies, and whether rank 1 to 3 must survive it.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: &'static str,
    pub must_survive: bool,
}

pub fn column(name: &'static str) -> Column {
    Column {
        name,
        must_survive: false,
    }
}

pub fn decisive(name: &'static str) -> Column {
    Column {
        name,
        must_survive: true,
    }
}

#[derive(Debug)]
pub struct Matrix {
    title: &'static str,
    columns: Vec<Column>,
    cells: BTreeMap<(Row, usize), Cell>,
    /// Columns that could not be run, and why.
    pub missing: Vec<String>,
    /// Wrong readings, for whoever wants to know.
    wrong: Vec<String>,
    /// What was read with weights.
    pub doubt: Doubt,
}

/// Readings with weights, and how often their likeliest value is not what the copy says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doubt {
    readings: u64,
    wrong: u64,
    /// How many would be wrong if the weights were exact.
    expected: f64,
    variance: f64,
}

impl Doubt {
    fn add(&mut self, weights: &[(u64, f64)], truth: &BTreeSet<u64>) {
        let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let Some((top, weight)) = weights.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return;
        };
        let chance = 1.0 - weight / sum;
        self.readings += 1;
        self.wrong += u64::from(!truth.contains(top));
        self.expected += chance;
        self.variance += chance * (1.0 - chance);
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            readings: self.readings + other.readings,
            wrong: self.wrong + other.wrong,
            expected: self.expected + other.expected,
            variance: self.variance + other.variance,
        }
    }

    /// Not wrong more often than the weights say, by three standard deviations.
    pub fn is_honest(&self) -> bool {
        self.wrong as f64 <= self.expected + 3.0 * self.variance.sqrt()
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} readings with weights: the likeliest value is wrong in {}, and {:.1} would be by the weights",
            self.readings, self.wrong, self.expected
        )
    }
}

impl Matrix {
    pub fn new(title: &'static str, columns: Vec<Column>) -> Matrix {
        Matrix {
            title,
            columns,
            cells: BTreeMap::new(),
            missing: Vec::new(),
            wrong: Vec::new(),
            doubt: Doubt::default(),
        }
    }

    /// Notes that a column cannot be run.
    pub fn lacks(&mut self, name: &str, why: &str) {
        self.missing.push(format!("{name}: {why}"));
    }

    /// Reads a leak over a sample's master; a value of `other` is as right where two copies were merged.
    pub fn read(&mut self, name: &str, sample: &Sample, other: Option<&Sample>, leak: &Leak) {
        let at = self.columns.iter().position(|c| c.name == name);
        let at = at.unwrap_or_else(|| panic!("no column {name}"));
        let readings = read(&sample.master, leak);
        for (site, reading) in readings.iter().enumerate() {
            let Some(row) = sample.row(site) else {
                continue;
            };
            let cell = self.cells.entry((row, at)).or_default();
            cell.sites += 1;
            let truth: BTreeSet<u64> = [Some(sample), other]
                .into_iter()
                .flatten()
                .map(|s| s.symbols[site])
                .collect();
            let values: Vec<u64> = match &reading.reading {
                Reading::Erased => continue,
                Reading::Values { values, .. } => values.clone(),
                Reading::Soft { weights, .. } => {
                    self.doubt.add(weights, &truth);
                    continue;
                }
            };
            let is_right = values.iter().any(|value| truth.contains(value));
            match (is_right, values.len()) {
                (true, 1) => cell.right += 1,
                (true, _) => {}
                (false, _) => {
                    cell.wrong += 1;
                    let shape = &sample.master.sites()[site];
                    self.wrong.push(format!(
                        "{name}: {}:{} {} shows {:?}",
                        sample.master.file_name(),
                        shape.line,
                        shape.label,
                        reading.seen
                    ));
                }
            }
        }
    }

    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    pub fn readings(&self) -> u64 {
        self.cells.values().map(|c| c.right + c.wrong).sum()
    }

    pub fn wrong(&self) -> u64 {
        self.cells.values().map(|c| c.wrong).sum()
    }

    /// Cells that fail the gate.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for ((row, at), cell) in &self.cells {
            if let Some(why) = self.failing(*row, *at, cell) {
                failures.push(format!(
                    "{} x {}: {why}",
                    row.name(),
                    self.columns[*at].name
                ));
            }
        }
        failures
    }

    fn failing(&self, row: Row, at: usize, cell: &Cell) -> Option<String> {
        let readings = cell.right + cell.wrong;
        let wrong = cell.wrong as f64 / readings.max(1) as f64;
        if readings >= READINGS_MIN && wrong > WRONG_MAX {
            return Some(format!(
                "{:.2} % of {readings} readings wrong",
                wrong * 100.0
            ));
        }
        let right = cell.right as f64 / cell.sites.max(1) as f64;
        if self.columns[at].must_survive && row.rank() <= 3 && right < RIGHT_MIN {
            return Some(format!("{:.1} % of {} right", right * 100.0, cell.sites));
        }
        None
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (% right / % wrong of all sites, sites)", self.title)?;
        let rows: BTreeSet<Row> = self.cells.keys().map(|(row, _)| *row).collect();
        let mut table = vec![vec!["rank and carrier".to_owned()]];
        table[0].extend(self.columns.iter().map(|c| c.name.to_owned()));
        for row in rows {
            let mut line = vec![format!("{} {}", row.rank(), row.name())];
            for at in 0..self.columns.len() {
                line.push(match self.cells.get(&(row, at)) {
                    None => "-".to_owned(),
                    Some(cell) => {
                        let of = |n: u64| n as f64 * 100.0 / cell.sites.max(1) as f64;
                        let mark = if self.failing(row, at, cell).is_some() {
                            "!"
                        } else {
                            ""
                        };
                        format!(
                            "{:.1}/{:.2} {}{mark}",
                            of(cell.right),
                            of(cell.wrong),
                            cell.sites
                        )
                    }
                });
            }
            table.push(line);
        }
        let widths: Vec<usize> = (0..table[0].len())
            .map(|at| {
                table
                    .iter()
                    .map(|line| line[at].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for line in &table {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                text.push_str(&format!("{cell:<width$}  "));
            }
            writeln!(f, "  {}", text.trim_end())?;
        }
        writeln!(f, "  {}", self.doubt)?;
        for missing in &self.missing {
            writeln!(f, "  not run: {missing}")?;
        }
        for failure in self.failures() {
            writeln!(f, "  ! {failure}")?;
        }
        let mut wrong = self.wrong.clone();
        wrong.sort();
        wrong.dedup();
        for one in wrong.iter().take(12) {
            writeln!(f, "    wrong: {one}")?;
        }
        if wrong.len() > 12 {
            writeln!(f, "    and {} more", wrong.len() - 12)?;
        }
        Ok(())
    }
}
